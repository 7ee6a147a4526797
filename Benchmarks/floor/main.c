// The floor: what this machine allows a log server that syncs before it acknowledges and does nothing else. One thread
// serves all sockets, checks each batch's CRC and gathers groups; the disk thread writes them to segments and journal
// and syncs once per group. There is no checking of producers, no index on disk and no recovery. It shows how far a
// real server is from the limit.
//   floor PORT FOLDER PARTITIONS
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "requests.h"
#include "wire.h"

enum { CONNECTIONS = 4096, READ_BYTES = 256 << 10 };

Partition *partitions;
uint32_t partition_count;

static Connection connections[CONNECTIONS];
static int poller;
static uint16_t port;
static Group groups[2];
static Group *gathering = &groups[0], *committing;

static int64_t milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void watch(Connection *connection, int operation) {
  struct epoll_event event = {
      .events = EPOLLIN | (connection->wants_to_write ? EPOLLOUT : 0), .data.ptr = connection};
  epoll_ctl(poller, operation, connection->socket, &event);
}

static void close_connection(Connection *connection) {
  close(connection->socket);
  connection->is_open = connection->wants_to_write = false;
  connection->generation++;
  connection->filled = connection->parked_size = 0;
  connection->piece_count = connection->next_piece = connection->piece_sent = 0;
  connection->output_size = connection->output_sent = 0;
}

static void send_output(Connection *connection) {
  bool before = connection->wants_to_write;
  if (!output_send(connection)) return close_connection(connection);
  if (before != connection->wants_to_write) watch(connection, EPOLL_CTL_MOD);
}

static void park(Connection *connection, const uint8_t *frame, size_t size) {
  connection->parked = realloc(connection->parked, size);
  if (!connection->parked) fail("memory");
  memcpy(connection->parked, frame, size);
  connection->parked_size = size;
  Reader reader = {frame, frame + size, false};
  take(&reader, 8);
  uint16_t name = read16(&reader);
  if (name != UINT16_MAX) take(&reader, name);
  skip_tags(&reader);
  take(&reader, 4);
  connection->parked_until = milliseconds() + (int64_t)read32(&reader);
}

// Hands the frames that have come as a whole on, while the group has room. False where the connection must go.
static bool take_frames(Connection *connection) {
  size_t place = 0;
  while (connection->filled - place >= 4) {
    Reader reader = {connection->input + place, connection->input + place + 4, false};
    size_t size = read32(&reader);
    if (size > LARGEST_FRAME) return false;
    if (connection->filled - place < 4 + size) break;
    if (gathering->size + size > GROUP_BYTES || gathering->count == GROUP_ENTRIES) break;
    const uint8_t *frame = connection->input + place + 4;
    switch (answer(connection, frame, size, gathering, port)) {
      case REFUSED: return false;
      case PARKED: park(connection, frame, size); break;
      case ANSWERED: case ACCEPTED: break;
    }
    place += 4 + size;
  }
  connection->filled -= place;
  if (place && connection->filled) memmove(connection->input, connection->input + place, connection->filled);
  return true;
}

static void serve(Connection *connection) {
  if (connection->input_room < connection->filled + READ_BYTES) {
    connection->input_room = connection->filled + 2 * READ_BYTES;
    connection->input = realloc(connection->input, connection->input_room);
    if (!connection->input) fail("memory");
  }
  ssize_t count = recv(
      connection->socket, connection->input + connection->filled, connection->input_room - connection->filled, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return close_connection(connection);
  connection->filled += (size_t)count;
  if (!take_frames(connection)) return close_connection(connection);
  send_output(connection);
}

static void accept_all(int listener) {
  for (;;) {
    int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
    Connection *free_place = NULL;
    for (size_t i = 0; i < CONNECTIONS && !free_place; i++) if (!connections[i].is_open) free_place = &connections[i];
    if (!free_place) {
      close(socket);
      continue;
    }
    free_place->socket = socket;
    free_place->is_open = true;
    watch(free_place, EPOLL_CTL_ADD);
  }
}

static void commit(void) {
  if (committing || gathering->count == 0) return;
  committing = gathering;
  gathering = gathering == &groups[0] ? &groups[1] : &groups[0];
  gathering->size = gathering->count = 0;
  disk_commit(committing);
}

static void answer_fetches(void) {
  int64_t now = milliseconds();
  for (size_t i = 0; i < CONNECTIONS; i++) {
    Connection *connection = &connections[i];
    if (!connection->is_open || connection->parked_size == 0) continue;
    if (answer_parked(connection, connection->parked_until <= now)) send_output(connection);
  }
}

// Everybody whose batch is in the group gets the answer, each connection in one piece.
static void committed(void) {
  for (size_t i = 0; i < committing->count; i++) {
    const Entry *entry = &committing->entries[i];
    Partition *partition = &partitions[entry->partition];
    partition->durable_offset = entry->next_offset;
    partition->durable_position = entry->position + entry->size;
    partition->durable_rows++;
    bool is_there = entry->connection->is_open && entry->connection->generation == entry->generation;
    if (is_there) answer_produced(entry->connection, entry);
  }
  for (size_t i = 0; i < committing->count; i++) {
    Connection *connection = committing->entries[i].connection;
    if (connection->is_open && connection->piece_count > 0 && !connection->wants_to_write) send_output(connection);
  }
  committing = NULL;
  commit();
  for (size_t i = 0; i < CONNECTIONS; i++) {  // frames that found the group full
    if (connections[i].is_open && connections[i].filled > 0 && !take_frames(&connections[i])) {
      close_connection(&connections[i]);
    }
  }
  answer_fetches();
}

static int timeout(void) {
  int64_t next = INT64_MAX;
  for (size_t i = 0; i < CONNECTIONS; i++) {
    if (connections[i].is_open && connections[i].parked_size && connections[i].parked_until < next) {
      next = connections[i].parked_until;
    }
  }
  if (next == INT64_MAX) return -1;
  int64_t left = next - milliseconds();
  return left < 0 ? 0 : (int)left;
}

static int listen_on(uint16_t number) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(number), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) fail("bind");
  if (listen(listener, 1024) != 0) fail("listen");
  return listener;
}

static void prepare(const char *folder) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  partitions = calloc(partition_count, sizeof(Partition));
  if (!partitions) fail("memory");
  for (uint32_t i = 0; i < partition_count; i++) partitions[i].file = disk_open_segment(folder, i);
  for (int i = 0; i < 2; i++) {
    groups[i].bytes = aligned_alloc(BLOCK_BYTES, GROUP_BYTES + BLOCK_BYTES);
    groups[i].entries = malloc(GROUP_ENTRIES * sizeof(Entry));
    if (!groups[i].bytes || !groups[i].entries) fail("memory");
  }
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: floor PORT FOLDER PARTITIONS\n");
    return 64;
  }
  port = (uint16_t)atoi(arguments[1]);
  partition_count = (uint32_t)atoi(arguments[3]);
  prepare(arguments[2]);
  poller = epoll_create1(EPOLL_CLOEXEC);
  int listener = listen_on(port), done = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  disk_start(arguments[2], done);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  event.data.ptr = groups;
  epoll_ctl(poller, EPOLL_CTL_ADD, done, &event);
  printf("floor ready kafka=127.0.0.1:%u\n", port);
  fflush(stdout);
  for (;;) {
    struct epoll_event events[256];
    int ready = epoll_wait(poller, events, 256, timeout());
    for (int i = 0; i < ready; i++) {
      Connection *connection = events[i].data.ptr;
      if (!connection) {
        accept_all(listener);
      } else if (events[i].data.ptr == groups) {
        uint64_t finished;
        if (read(done, &finished, sizeof finished) == sizeof finished && committing) committed();
      } else if (connection->is_open) {
        if (events[i].events & EPOLLOUT) send_output(connection);
        if (connection->is_open && events[i].events & ~EPOLLOUT) serve(connection);
      }
    }
    commit();
    if (ready == 0) answer_fetches();
  }
}
