// Counts a process's allocations: preloaded, it adds one to a number in the file that MILLRACE_ALLOCATIONS names for
// each call that asks for memory. The number is there to read while the process runs.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t unseen;
static _Atomic uint64_t *count = &unseen;
static void *(*real_malloc)(size_t);
static void *(*real_realloc)(void *, size_t);
static void *(*real_calloc)(size_t, size_t);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static void (*real_free)(void *);
static _Thread_local int is_resolving;

// dlsym itself may ask for memory before it can answer: it gets it from here, and never gives it back.
static char early[1 << 16] __attribute__((aligned(16)));
static _Atomic size_t early_used;

static void *from_early(size_t size) {
  size_t place = atomic_fetch_add(&early_used, (size + 15) & ~(size_t)15);
  return place + size <= sizeof early ? early + place : NULL;
}

static int is_early(const void *memory) {
  return (const char *)memory >= early && (const char *)memory < early + sizeof early;
}

// Finds the real functions at the first call, whoever makes it: libraries are set up before this one. 0 while it does.
static int is_ready(void) {
  if (real_free) return 1;
  if (is_resolving) return 0;
  is_resolving = 1;
  real_malloc = dlsym(RTLD_NEXT, "malloc");
  real_realloc = dlsym(RTLD_NEXT, "realloc");
  real_calloc = dlsym(RTLD_NEXT, "calloc");
  real_posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
  real_aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
  real_free = dlsym(RTLD_NEXT, "free");
  is_resolving = 0;
  return 1;
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("MILLRACE_ALLOCATIONS");
  int file = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (file < 0 || ftruncate(file, sizeof *count) != 0) return;
  void *shared = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared != MAP_FAILED) count = shared;
  close(file);
}

static void add(void) { atomic_fetch_add_explicit(count, 1, memory_order_relaxed); }

void *malloc(size_t size) {
  add();
  return is_ready() ? real_malloc(size) : from_early(size);
}

void *calloc(size_t units, size_t size) {
  add();
  return is_ready() ? real_calloc(units, size) : from_early(units * size);
}

void *realloc(void *old, size_t size) {
  add();
  if (is_ready() && !is_early(old)) return real_realloc(old, size);
  void *moved = malloc(size);
  size_t behind = old ? (size_t)(early + sizeof early - (char *)old) : 0;
  if (moved) memcpy(moved, old, behind < size ? behind : size);
  return moved;
}

int posix_memalign(void **found, size_t alignment, size_t size) {
  add();
  return is_ready() ? real_posix_memalign(found, alignment, size) : 12;
}

void *aligned_alloc(size_t alignment, size_t size) {
  add();
  return is_ready() ? real_aligned_alloc(alignment, size) : NULL;
}

void free(void *memory) {
  if (!is_early(memory) && is_ready()) real_free(memory);
}
