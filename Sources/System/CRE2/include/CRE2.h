#ifndef CRE2_H
#define CRE2_H

/* The few calls of RE2 that the server needs, as C: Swift cannot read a C++ header. No call throws or logs. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

/* A compiled pattern that uses at most `memory` bytes, compiled and matching; null where it is not valid, or would need
   more, and then up to `capacity - 1` bytes of the reason and a zero stand in `reason`. */
cre2_pattern *cre2_compile(const char *text, size_t length, int64_t memory, char *reason, size_t capacity);

/* Whether the whole text matches. Any thread may ask, several at a time. */
bool cre2_matches(const cre2_pattern *pattern, const char *text, size_t length);

/* Frees a compiled pattern. */
void cre2_free(cre2_pattern *pattern);

#ifdef __cplusplus
}
#endif

#endif
