#include "CRE2.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <re2/re2.h>

struct cre2_pattern {
  RE2 pattern;
  cre2_pattern(re2::StringPiece text, const RE2::Options &options) : pattern(text, options) {}
};

static void explain(const char *text, size_t length, char *reason, size_t capacity) {
  if (capacity == 0) return;
  size_t count = std::min(length, capacity - 1);
  std::memcpy(reason, text, count);
  reason[count] = 0;
}

cre2_pattern *cre2_compile(const char *text, size_t length, int64_t memory, char *reason, size_t capacity) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory);
  options.set_never_capture(true);
  try {
    cre2_pattern *pattern = new cre2_pattern(re2::StringPiece(text, length), options);
    if (pattern->pattern.ok()) return pattern;
    explain(pattern->pattern.error().data(), pattern->pattern.error().size(), reason, capacity);
    delete pattern;
  } catch (const std::exception &) {
    explain("out of memory", 13, reason, capacity);
  }
  return nullptr;
}

bool cre2_matches(const cre2_pattern *pattern, const char *text, size_t length) {
  try {
    return RE2::FullMatchN(re2::StringPiece(text, length), pattern->pattern, nullptr, 0);
  } catch (const std::exception &) {
    return false;
  }
}

void cre2_free(cre2_pattern *pattern) { delete pattern; }
