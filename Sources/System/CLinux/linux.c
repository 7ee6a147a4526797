#include "CLinux.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(LINUX_FALLOC_FL_KEEP_SIZE == FALLOC_FL_KEEP_SIZE, "");
_Static_assert(LINUX_O_DIRECT == O_DIRECT, "");
_Static_assert(LINUX_SYNC_FILE_RANGE_WRITE == SYNC_FILE_RANGE_WRITE, "");
_Static_assert(LINUX_RWF_NOWAIT == RWF_NOWAIT, "");
_Static_assert(LINUX_SOCK_NONBLOCK == SOCK_NONBLOCK, "");
_Static_assert(LINUX_SOCK_CLOEXEC == SOCK_CLOEXEC, "");
_Static_assert(LINUX_MSG_NOSIGNAL == MSG_NOSIGNAL, "");
_Static_assert(LINUX_MSG_MORE == MSG_MORE, "");

int linux_fallocate_keep_size(int fd, off_t offset, off_t length) {
  return fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, length);
}

int linux_start_writeback(int fd, off_t offset, off_t length) {
  return sync_file_range(fd, offset, length, SYNC_FILE_RANGE_WRITE);
}

ssize_t linux_preadv_nowait(int fd, const struct iovec *parts, int count, off_t offset) {
  return preadv2(fd, parts, count, offset, RWF_NOWAIT);
}

int linux_accept4(int fd, struct sockaddr *address, uint32_t *length, int flags) {
  return accept4(fd, address, length, flags);
}

int linux_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }

static void *sync_volume(void *argument) {
  struct linux_volume_sync *sync = argument;
  sync->failed = syncfs(sync->folder) != 0;
  return NULL;
}

void linux_volume_sync_begin(struct linux_volume_sync *sync) {
  sync->is_beside = pthread_create(&sync->thread, NULL, sync_volume, sync) == 0;
}

int linux_volume_sync_end(struct linux_volume_sync *sync) {
  if (sync->is_beside) {
    pthread_join(sync->thread, NULL);
  } else {
    sync_volume(sync);
  }
  return sync->failed ? -1 : 0;
}

ssize_t linux_getrandom(void *bytes, size_t count) { return getrandom(bytes, count, 0); }

int linux_is_cached(int fd, off_t offset, size_t count) {
  enum { PAGES = 1024 };
  unsigned char pages[PAGES];
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t before = (size_t)offset % page;
  size_t length = before + count;
  // Nothing of the mapping is touched: it is only there to be asked about.
  char *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, offset - (off_t)before);
  if (map == MAP_FAILED) return 0;
  int all = 1;
  for (size_t at = 0; all && at < length; at += PAGES * page) {
    size_t some = length - at < PAGES * page ? length - at : PAGES * page;
    if (mincore(map + at, some, pages) != 0) all = 0;
    for (size_t i = 0; all && i < (some + page - 1) / page; i++) all = pages[i] & 1;
  }
  munmap(map, length);
  return all;
}
