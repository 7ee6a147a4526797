#define _GNU_SOURCE
#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "floor.h"

static void *grown(void *memory, size_t *room, size_t needed, size_t unit) {
  if (needed <= *room) return memory;
  size_t size = *room ? *room : 64;
  while (size < needed) size *= 2;
  void *larger = realloc(memory, size * unit);
  if (!larger) fail("memory");
  *room = size;
  return larger;
}

uint8_t *output_room(Connection *connection, size_t size) {
  connection->output =
      grown(connection->output, &connection->output_room, connection->output_size + size, sizeof(uint8_t));
  return connection->output + connection->output_size;
}

static void add_piece(Connection *connection, Piece piece) {
  connection->pieces =
      grown(connection->pieces, &connection->piece_room, connection->piece_count + 1, sizeof(Piece));
  connection->pieces[connection->piece_count++] = piece;
}

void output_add(Connection *connection, size_t size) {
  Piece *last = connection->piece_count ? &connection->pieces[connection->piece_count - 1] : NULL;
  connection->output_size += size;
  if (last && last->file < 0) {
    last->size += size;
  } else {
    add_piece(connection, (Piece){-1, 0, size});
  }
}

void output_file(Connection *connection, int file, int64_t place, size_t size) {
  add_piece(connection, (Piece){file, place, size});
}

bool output_send(Connection *connection) {
  while (connection->next_piece < connection->piece_count) {
    Piece *piece = &connection->pieces[connection->next_piece];
    size_t left = piece->size - connection->piece_sent;
    bool is_last = connection->next_piece + 1 == connection->piece_count;
    ssize_t sent;
    if (piece->file < 0) {
      int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (is_last ? 0 : MSG_MORE);
      sent = send(connection->socket, connection->output + connection->output_sent, left, flags);
    } else {
      off_t place = piece->place + (int64_t)connection->piece_sent;
      sent = sendfile(connection->socket, piece->file, &place, left);
    }
    if (sent < 0 && errno == EAGAIN) {
      connection->wants_to_write = true;
      return true;
    }
    if (sent <= 0) return false;
    if (piece->file < 0) connection->output_sent += (size_t)sent;
    connection->piece_sent += (size_t)sent;
    if (connection->piece_sent == piece->size) connection->next_piece++, connection->piece_sent = 0;
  }
  connection->piece_count = connection->next_piece = 0;
  connection->output_size = connection->output_sent = 0;
  connection->wants_to_write = false;
  return true;
}
