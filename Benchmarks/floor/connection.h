// A connection of the floor: bytes come in as frames, answers go out as pieces of memory and of files.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A piece of an answer: `size` bytes of memory, or of a file.
typedef struct {
  int file;  // -1: memory
  int64_t place;
  size_t size;
} Piece;

struct Connection {
  int socket;
  bool is_open, wants_to_write;
  uint64_t generation;  // tells this use of the place from earlier ones
  uint8_t *input;
  size_t input_room, filled;
  uint8_t *output;  // the memory of all pieces, in order
  size_t output_room, output_size, output_sent;
  Piece *pieces;
  size_t piece_count, piece_room, next_piece, piece_sent;
  uint8_t *parked;  // a fetch that waits for records
  size_t parked_size;
  int64_t parked_until;  // milliseconds
};

typedef struct Connection Connection;

// Makes room for `size` bytes of an answer and returns where they go; `output_add` says how many were written.
uint8_t *output_room(Connection *connection, size_t size);
void output_add(Connection *connection, size_t size);
void output_file(Connection *connection, int file, int64_t place, size_t size);
// Sends what the socket takes; false where the connection is broken.
bool output_send(Connection *connection);
