// Counts heap use of the program that links this target, so that a test can say "none" and a benchmark can say how
// much. Only for tests and benchmarks: linking it replaces malloc and its family by wrappers around glibc's own.
//
// Counted: every successful malloc, calloc, realloc, memalign, aligned_alloc, posix_memalign, valloc and pvalloc, from
// whatever library; and every free of a non-null pointer (a realloc counts as an allocation only). The counters cost a
// relaxed atomic and a thread-local addition each, take no lock and allocate nothing themselves.

#ifndef ALLOCATION_COUNT_H
#define ALLOCATION_COUNT_H

#include <stdbool.h>
#include <stdint.h>

/// Whether allocations are counted. False in builds with a sanitizer that brings its own allocator; a test that counts
/// must be skipped then, because all counters stay 0.
bool vv_counts_allocations(void);

/// Allocations of all threads since the program started. Any thread.
uint64_t vv_allocations(void);

/// Allocations of the calling thread since it started. What the thread did between two calls is their difference.
uint64_t vv_thread_allocations(void);

/// Blocks freed by the calling thread since it started: on a real-time thread as bad as allocating them.
uint64_t vv_thread_frees(void);

#endif
