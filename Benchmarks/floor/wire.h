// The bytes of the few requests that the floor answers: readers that stop at the end of what there is, and a writer.
#pragma once
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
  const uint8_t *at, *end;
  bool broken;
} Reader;

static inline const uint8_t *take(Reader *reader, size_t count) {
  if ((size_t)(reader->end - reader->at) < count) {
    reader->broken = true;
    reader->at = reader->end;
    return NULL;
  }
  const uint8_t *found = reader->at;
  reader->at += count;
  return found;
}

static inline uint16_t read16(Reader *reader) {
  uint16_t value = 0;
  const uint8_t *bytes = take(reader, sizeof value);
  if (bytes) memcpy(&value, bytes, sizeof value);
  return be16toh(value);
}

static inline uint32_t read32(Reader *reader) {
  uint32_t value = 0;
  const uint8_t *bytes = take(reader, sizeof value);
  if (bytes) memcpy(&value, bytes, sizeof value);
  return be32toh(value);
}

static inline uint64_t read64(Reader *reader) {
  uint64_t value = 0;
  const uint8_t *bytes = take(reader, sizeof value);
  if (bytes) memcpy(&value, bytes, sizeof value);
  return be64toh(value);
}

static inline uint32_t read_varint(Reader *reader) {
  uint32_t value = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    const uint8_t *byte = take(reader, 1);
    if (!byte) return 0;
    value |= (uint32_t)(*byte & 0x7f) << shift;
    if (*byte < 0x80) return value;
  }
  reader->broken = true;
  return 0;
}

typedef struct {
  const uint8_t *bytes;
  uint32_t count;
} Text;

// A compact string or byte array; null reads as empty.
static inline Text read_text(Reader *reader) {
  uint32_t count = read_varint(reader);
  if (count <= 1) return (Text){NULL, 0};
  const uint8_t *bytes = take(reader, count - 1);
  return (Text){bytes, bytes ? count - 1 : 0};
}

// How many entries an array has that can be there at all; null reads as none.
static inline uint32_t read_count(Reader *reader) {
  uint32_t count = read_varint(reader);
  if (count == 0) return 0;
  if (count - 1 > (size_t)(reader->end - reader->at)) reader->broken = true;
  return reader->broken ? 0 : count - 1;
}

static inline void skip_tags(Reader *reader) {
  for (uint32_t left = read_varint(reader); left > 0 && !reader->broken; left--) {
    read_varint(reader);
    take(reader, read_varint(reader));
  }
}

// Who writes sees to it that there is room.
static inline uint8_t *write8(uint8_t *at, uint8_t value) {
  *at = value;
  return at + 1;
}

static inline uint8_t *write16(uint8_t *at, uint16_t value) {
  value = htobe16(value);
  memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

static inline uint8_t *write32(uint8_t *at, uint32_t value) {
  value = htobe32(value);
  memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

static inline uint8_t *write64(uint8_t *at, uint64_t value) {
  value = htobe64(value);
  memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

static inline uint8_t *write_varint(uint8_t *at, uint32_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
  *at++ = (uint8_t)value;
  return at;
}

static inline uint8_t *write_text(uint8_t *at, const void *bytes, uint32_t count) {
  at = write_varint(at, count + 1);
  if (count) memcpy(at, bytes, count);
  return at + count;
}
