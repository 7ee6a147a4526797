// What the floor's parts share. One thread owns connections and partitions; the disk thread owns the group it is given.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  GROUP_BYTES = 64 << 20,   // a group that is full holds up the sockets
  GROUP_ENTRIES = 1 << 16,
  JOURNAL_BYTES = 512 << 20,
  BLOCK_BYTES = 4096,
  LARGEST_FRAME = 16 << 20,
};

// A batch on disk: where its offsets and its bytes begin.
typedef struct {
  int64_t offset, position;
} Row;

typedef struct {
  int file;
  Row *rows;
  size_t row_count, row_room, durable_rows;
  int64_t next_offset, next_position;        // behind what was accepted
  int64_t durable_offset, durable_position;  // behind what is synced: what readers see
  size_t hint;                               // the row that the last reader reached
} Partition;

typedef struct Connection Connection;

// A batch of a group, and who waits for it.
typedef struct {
  Connection *connection;
  uint32_t correlation, partition, size;
  int64_t offset, position, next_offset;
  size_t place;  // in the group's bytes
  uint64_t generation;
} Entry;

typedef struct {
  uint8_t *bytes;  // whole blocks; there is room for one more
  size_t size;
  Entry *entries;
  size_t count;
} Group;

extern Partition *partitions;
extern uint32_t partition_count;

// The disk thread: writes and syncs `group`, then makes `done` readable.
void disk_start(const char *folder, int done);
void disk_commit(Group *group);
int disk_open_segment(const char *folder, uint32_t partition);
void fail(const char *what);
