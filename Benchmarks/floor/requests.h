#pragma once
#include "connection.h"
#include "floor.h"

typedef enum {
  ANSWERED,
  ACCEPTED,  // joined the group; the answer follows its sync
  PARKED,    // a fetch that waits
  REFUSED,   // close the connection
} Outcome;

// Answers the frame, or lets its batch join the group.
Outcome answer(Connection *connection, const uint8_t *frame, size_t size, Group *group, uint16_t port);
// Tells the producer that its batch is synced.
void answer_produced(Connection *connection, const Entry *entry);
// Answers the parked fetch if there are records now, or if it is late.
bool answer_parked(Connection *connection, bool is_late);
