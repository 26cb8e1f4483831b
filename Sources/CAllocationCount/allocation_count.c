#include "allocation_count.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_OWN_ALLOCATOR 1
#endif
#endif

static atomic_uint_fast64_t allocations;
// Thread-locals of the program itself lie at a fixed place, so that reading one cannot call malloc.
static _Thread_local __attribute__((tls_model("initial-exec"))) uint64_t thread_allocations;
static _Thread_local __attribute__((tls_model("initial-exec"))) uint64_t thread_frees;

uint64_t vv_allocations(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }

uint64_t vv_thread_allocations(void) { return thread_allocations; }

uint64_t vv_thread_frees(void) { return thread_frees; }

#ifdef HAS_OWN_ALLOCATOR

bool vv_counts_allocations(void) { return false; }

#else

bool vv_counts_allocations(void) { return true; }

// glibc exports its allocator under these names too, for programs that wrap it.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void *__libc_valloc(size_t size);
extern void *__libc_pvalloc(size_t size);
extern void __libc_free(void *block);

static void *counted(void *block) {
    if (block) {
        atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
        thread_allocations += 1;
    }
    return block;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }

void *realloc(void *block, size_t size) { return counted(__libc_realloc(block, size)); }

void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

void *valloc(size_t size) { return counted(__libc_valloc(size)); }

void *pvalloc(size_t size) { return counted(__libc_pvalloc(size)); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
    void *aligned = counted(__libc_memalign(alignment, size));
    if (!aligned) return ENOMEM;
    *block = aligned;
    return 0;
}

void free(void *block) {
    if (block) thread_frees += 1;
    __libc_free(block);
}

#endif
