// The answers of the floor: as little as the load generator needs.
#include "requests.h"

#include <isa-l.h>
#include <stdlib.h>

#include "wire.h"

enum { PRODUCE = 0, FETCH = 1, LIST_OFFSETS = 2, METADATA = 3, API_VERSIONS = 18 };

// The one version of each API that is served; ApiVersions is answered in any version.
static const struct {
  uint16_t key, version;
} served[] = {{PRODUCE, 12}, {FETCH, 12}, {LIST_OFFSETS, 6}, {METADATA, 9}, {API_VERSIONS, 4}};

// Where an answer's length goes once it is known; nothing must be sent before.
static uint8_t *begin(Connection *connection, uint32_t correlation, size_t room, bool has_tags) {
  uint8_t *at = output_room(connection, room + 16) + 4;
  at = write32(at, correlation);
  return has_tags ? write8(at, 0) : at;
}

static void end(Connection *connection, uint8_t *at, size_t beside) {
  uint8_t *start = connection->output + connection->output_size;
  size_t size = (size_t)(at - start);
  write32(start, (uint32_t)(size - 4 + beside));
  output_add(connection, size);
}

static void answer_versions(Connection *connection, uint32_t correlation, uint16_t version) {
  uint32_t count = sizeof served / sizeof served[0];
  uint8_t *at = begin(connection, correlation, 256, false);
  at = write16(at, 0);
  at = version >= 3 ? write_varint(at, count + 1) : write32(at, count);
  for (uint32_t i = 0; i < count; i++) {
    at = write16(write16(write16(at, served[i].key), served[i].version), served[i].version);
    if (version >= 3) at = write8(at, 0);
  }
  if (version >= 1) at = write32(at, 0);
  if (version >= 3) at = write8(at, 0);
  end(connection, at, 0);
}

// Every topic that is asked for is there.
static void answer_metadata(Connection *connection, uint32_t correlation, Reader *reader, uint16_t port) {
  uint32_t topics = read_count(reader);
  uint8_t *at = begin(connection, correlation, 512 + topics * (300 + (size_t)partition_count * 32), true);
  at = write32(at, 0);
  at = write32(write_varint(at, 2), 1);
  at = write_text(at, "127.0.0.1", 9);
  at = write8(write8(write32(at, port), 0), 0);
  at = write32(write8(at, 0), 1);
  at = write_varint(at, topics + 1);
  for (uint32_t topic = 0; topic < topics && !reader->broken; topic++) {
    Text name = read_text(reader);
    skip_tags(reader);
    if (name.count > 249) reader->broken = true;
    at = write_text(write16(at, 0), name.bytes, reader->broken ? 0 : name.count);
    at = write_varint(write8(at, 0), partition_count + 1);
    for (uint32_t i = 0; i < partition_count; i++) {
      at = write32(write32(write32(write16(at, 0), i), 1), 0);
      at = write32(write_varint(at, 2), 1);
      at = write32(write_varint(at, 2), 1);
      at = write8(write_varint(at, 1), 0);
    }
    at = write8(write32(at, 0), 0);
  }
  at = write8(write32(at, 0), 0);
  end(connection, at, 0);
}

static void answer_offsets(Connection *connection, uint32_t correlation, Reader *reader) {
  take(reader, 5);
  uint32_t topics = read_count(reader);
  uint8_t *at = begin(connection, correlation, 64 + (size_t)(reader->end - reader->at) * 4, true);
  at = write_varint(write32(at, 0), topics + 1);
  for (uint32_t topic = 0; topic < topics && !reader->broken; topic++) {
    Text name = read_text(reader);
    at = write_text(at, name.bytes, name.count);
    uint32_t asked = read_count(reader);
    at = write_varint(at, asked + 1);
    for (uint32_t i = 0; i < asked && !reader->broken; i++) {
      uint32_t partition = read32(reader);
      take(reader, 4);
      int64_t time = (int64_t)read64(reader);
      skip_tags(reader);
      bool is_known = partition < partition_count;
      at = write16(write32(at, partition), is_known ? 0 : 3);
      at = write64(at, (uint64_t)-1);
      at = write64(at, is_known && time == -1 ? (uint64_t)partitions[partition].durable_offset : 0);
      at = write8(write32(at, 0), 0);
    }
    skip_tags(reader);
    at = write8(at, 0);
  }
  end(connection, write8(at, 0), 0);
}

void answer_produced(Connection *connection, const Entry *entry) {
  uint8_t *at = begin(connection, entry->correlation, 128, true);
  at = write_text(write_varint(at, 2), "t", 1);
  at = write16(write32(write_varint(at, 2), entry->partition), 0);
  at = write64(write64(write64(at, (uint64_t)entry->offset), (uint64_t)-1), 0);
  at = write8(write8(write8(write_varint(at, 1), 0), 0), 0);  // no record errors, no message; tags
  end(connection, write8(write32(at, 0), 0), 0);
}

// The first batch of the first partition: more are not sent by who knows this server.
static bool accept(Connection *connection, uint32_t correlation, Reader *reader, Group *group) {
  read_text(reader);
  take(reader, 6);
  if (read_count(reader) != 1) return false;
  read_text(reader);
  if (read_count(reader) != 1) return false;
  uint32_t partition = read32(reader);
  Text batch = read_text(reader);
  if (reader->broken || partition >= partition_count || batch.count < 61) return false;
  Reader header = {batch.bytes + 17, batch.bytes + 27, false};
  uint32_t checksum = read32(&header);
  read16(&header);
  uint32_t last_delta = read32(&header);
  if (~crc32_iscsi((unsigned char *)batch.bytes + 21, (int)batch.count - 21, ~0u) != checksum) return false;
  Partition *to = &partitions[partition];
  Entry *entry = &group->entries[group->count++];
  *entry = (Entry){
      .connection = connection, .correlation = correlation, .partition = partition, .size = batch.count,
      .offset = to->next_offset, .position = to->next_position, .next_offset = to->next_offset + last_delta + 1,
      .place = group->size, .generation = connection->generation};
  memcpy(group->bytes + group->size, batch.bytes, batch.count);
  write64(group->bytes + group->size, (uint64_t)to->next_offset);
  group->size += batch.count;
  if (to->row_count == to->row_room) {
    to->row_room = to->row_room ? to->row_room * 2 : 1024;
    to->rows = realloc(to->rows, to->row_room * sizeof(Row));
    if (!to->rows) fail("memory");
  }
  to->rows[to->row_count++] = (Row){to->next_offset, to->next_position};
  to->next_offset = entry->next_offset;
  to->next_position += batch.count;
  return true;
}

// The row that holds `offset`: mostly the one behind the last that was read.
static size_t row_of(Partition *partition, int64_t offset) {
  size_t low = 0, high = partition->durable_rows, hint = partition->hint;
  if (hint < high && partition->rows[hint].offset == offset) return hint;
  while (low + 1 < high) {
    size_t middle = (low + high) / 2;
    if (partition->rows[middle].offset <= offset) low = middle; else high = middle;
  }
  return low;
}

static int64_t end_of(const Partition *partition, size_t row) {
  return row + 1 < partition->durable_rows ? partition->rows[row + 1].position : partition->durable_position;
}

// False where there is nothing to read and the fetch may still wait.
static bool fetch(Connection *connection, uint32_t correlation, Reader reader, bool may_wait) {
  take(&reader, 4 + 4 + 4);
  uint32_t left = read32(&reader);
  take(&reader, 1 + 4 + 4);
  bool has_records = false;
  size_t pieces = connection->piece_count, output = connection->output_size, beside = 0;
  size_t start = output;
  uint8_t *at = begin(connection, correlation, 64 + (size_t)(reader.end - reader.at) * 4, true);
  uint32_t topics = read_count(&reader);
  at = write_varint(write32(write16(write32(at, 0), 0), 0), topics + 1);
  for (uint32_t topic = 0; topic < topics && !reader.broken; topic++) {
    Text name = read_text(&reader);
    at = write_text(at, name.bytes, name.count);
    uint32_t asked = read_count(&reader);
    at = write_varint(at, asked + 1);
    for (uint32_t i = 0; i < asked && !reader.broken; i++) {
      uint32_t number = read32(&reader);
      take(&reader, 4);
      int64_t offset = (int64_t)read64(&reader);
      take(&reader, 4 + 8);
      uint32_t most = read32(&reader);
      skip_tags(&reader);
      Partition *partition = &partitions[number < partition_count ? number : 0];
      size_t first = 0, behind = 0;
      int64_t end_position = 0;
      if (number < partition_count && offset < partition->durable_offset && left > 0) {
        first = row_of(partition, offset);
        int64_t limit = partition->rows[first].position + (int64_t)(most < left ? most : left);
        behind = first + 1;
        while (behind < partition->durable_rows && end_of(partition, behind) <= limit) behind++;
        end_position = end_of(partition, behind - 1);
        partition->hint = behind;
        has_records = true;
      }
      size_t size = behind ? (size_t)(end_position - partition->rows[first].position) : 0;
      at = write16(write32(at, number), number < partition_count ? 0 : 3);
      at = write64(write64(write64(at, (uint64_t)partition->durable_offset), (uint64_t)partition->durable_offset), 0);
      at = write32(write8(at, 0), (uint32_t)-1);
      at = write_varint(at, (uint32_t)size + 1);
      if (size) {
        output_add(connection, (size_t)(at - (connection->output + connection->output_size)));
        output_file(connection, partition->file, partition->rows[first].position, size);
        at = output_room(connection, (size_t)(reader.end - reader.at) * 4 + 64);
        beside += size;
        left = left > size ? left - (uint32_t)size : 0;
      }
      at = write8(at, 0);
    }
    skip_tags(&reader);
    at = write8(at, 0);
  }
  at = write8(at, 0);
  output_add(connection, (size_t)(at - (connection->output + connection->output_size)));
  if (!has_records && may_wait) {
    connection->piece_count = pieces, connection->output_size = output;
    return false;
  }
  size_t memory = connection->output_size - start;
  write32(connection->output + start, (uint32_t)(memory - 4 + beside));
  return true;
}

bool answer_parked(Connection *connection, bool is_late) {
  Reader reader = {connection->parked, connection->parked + connection->parked_size, false};
  take(&reader, 4);
  uint32_t correlation = read32(&reader);
  uint16_t name = read16(&reader);
  if (name != UINT16_MAX) take(&reader, name);
  skip_tags(&reader);
  if (!fetch(connection, correlation, reader, !is_late)) return false;
  connection->parked_size = 0;
  return true;
}

Outcome answer(Connection *connection, const uint8_t *frame, size_t size, Group *group, uint16_t port) {
  Reader reader = {frame, frame + size, false};
  uint16_t key = read16(&reader), version = read16(&reader);
  uint32_t correlation = read32(&reader);
  uint16_t name = read16(&reader);
  if (name != UINT16_MAX) take(&reader, name);
  if (key == API_VERSIONS) {
    answer_versions(connection, correlation, version);
    return reader.broken ? REFUSED : ANSWERED;
  }
  bool is_served = false;
  for (size_t i = 0; i < sizeof served / sizeof served[0]; i++) {
    is_served |= served[i].key == key && served[i].version == version;
  }
  if (!is_served) return REFUSED;
  skip_tags(&reader);
  switch (key) {
    case METADATA: answer_metadata(connection, correlation, &reader, port); break;
    case LIST_OFFSETS: answer_offsets(connection, correlation, &reader); break;
    case PRODUCE: return accept(connection, correlation, &reader, group) ? ACCEPTED : REFUSED;
    default: return fetch(connection, correlation, reader, true) ? ANSWERED : PARKED;
  }
  return reader.broken ? REFUSED : ANSWERED;
}
