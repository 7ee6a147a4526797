// Linux calls and constants that the Glibc module hides: epoll and friends, and all that needs _GNU_SOURCE.
#pragma once
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/vfs.h>

enum : int32_t {
  LINUX_FALLOC_FL_KEEP_SIZE = 1,
  LINUX_O_DIRECT = 040000,
  LINUX_SYNC_FILE_RANGE_WRITE = 2,
  LINUX_RWF_NOWAIT = 8,
  LINUX_SOCK_NONBLOCK = 04000,
  LINUX_SOCK_CLOEXEC = 02000000,
  LINUX_MSG_NOSIGNAL = 0x4000,
  LINUX_MSG_MORE = 0x8000,
};

int linux_fallocate_keep_size(int fd, off_t offset, off_t length);
int linux_start_writeback(int fd, off_t offset, off_t length);
ssize_t linux_preadv_nowait(int fd, const struct iovec *parts, int count, off_t offset);
/// 1: all of the range is in the page cache; 0: not, or the system does not say.
int linux_is_cached(int fd, off_t offset, size_t count);
int linux_accept4(int fd, struct sockaddr *address, uint32_t *length, int flags);
int linux_set_thread_name(const char *name);

/* A syncfs on a thread of its own. The structure stays where it is from `begin` to `end`, which waits and answers 0 or -1.
   Where no thread can be had, `end` does all of it. */
struct linux_volume_sync {
  int folder;
  int failed;
  int is_beside;
  pthread_t thread;
};
void linux_volume_sync_begin(struct linux_volume_sync *sync);
int linux_volume_sync_end(struct linux_volume_sync *sync);

ssize_t linux_getrandom(void *bytes, size_t count);
