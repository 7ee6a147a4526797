// The disk thread of the floor: segments in the page cache, one recycled journal, one sync for each group. Where the
// file system allows it, the journal is written past the page cache, in whole blocks, durable when the write returns.
#define _GNU_SOURCE
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static Group *given;
static int journal, done_event;
static bool syncs_itself;
static size_t journal_place;

void fail(const char *what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void write_all(int file, const uint8_t *bytes, size_t count, int64_t place) {
  while (count > 0) {
    ssize_t written = pwrite(file, bytes, count, place);
    if (written <= 0) fail("write");
    bytes += written, count -= (size_t)written, place += written;
  }
}

// Batches of one partition that follow each other in the segment go there in one call.
static void write_segments(const Group *group) {
  struct iovec parts[256];
  for (size_t first = 0; first < group->count;) {
    const Entry *start = &group->entries[first];
    int count = 0;
    int64_t end = start->position;
    while (first < group->count && count < 256) {
      const Entry *entry = &group->entries[first];
      if (entry->partition != start->partition || entry->position != end) break;
      parts[count++] = (struct iovec){group->bytes + entry->place, entry->size};
      end += entry->size;
      first++;
    }
    if (pwritev(partitions[start->partition].file, parts, count, start->position) != end - start->position) {
      fail("segment");
    }
  }
}

static void *serve(void *unused) {
  (void)unused;
  for (;;) {
    pthread_mutex_lock(&lock);
    while (!given) pthread_cond_wait(&wake, &lock);
    Group *group = given;
    given = NULL;
    pthread_mutex_unlock(&lock);
    write_segments(group);
    size_t size = (group->size + BLOCK_BYTES - 1) & ~(size_t)(BLOCK_BYTES - 1);
    memset(group->bytes + group->size, 0, size - group->size);
    if (journal_place + size > JOURNAL_BYTES) journal_place = 0;
    write_all(journal, group->bytes, size, (int64_t)journal_place);
    journal_place += size;
    if (!syncs_itself && fdatasync(journal) != 0) fail("sync");
    uint64_t one = 1;
    if (write(done_event, &one, sizeof one) != sizeof one) fail("event");
  }
  return NULL;
}

// The journal is written once from end to end, so that later writes change no metadata.
void disk_start(const char *folder, int done) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/journal", folder);
  journal = open(path, O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600);
  if (journal < 0) fail(path);
  uint8_t *zeros = calloc(1, 1 << 20);
  if (!zeros) fail("memory");
  for (size_t place = 0; place < JOURNAL_BYTES; place += 1 << 20) write_all(journal, zeros, 1 << 20, (int64_t)place);
  free(zeros);
  if (fsync(journal) != 0) fail("sync");
  int direct = open(path, O_RDWR | O_DIRECT | O_DSYNC | O_CLOEXEC);
  if (direct >= 0) journal = direct, syncs_itself = true;
  done_event = done;
  pthread_t thread;
  if (pthread_create(&thread, NULL, serve, NULL) != 0) fail("thread");
}

void disk_commit(Group *group) {
  pthread_mutex_lock(&lock);
  given = group;
  pthread_cond_signal(&wake);
  pthread_mutex_unlock(&lock);
}

int disk_open_segment(const char *folder, uint32_t partition) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%u.log", folder, partition);
  int file = open(path, O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail(path);
  return file;
}
