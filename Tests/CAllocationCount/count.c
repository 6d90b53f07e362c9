// Counts allocations in the test program: its `malloc` stands before the C library's and passes on to it.
#include "CAllocationCount.h"
#include <stddef.h>

static _Thread_local unsigned long count;

unsigned long allocation_count(void) { return count; }

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t items, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size) {
    count += 1;
    return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
    count += 1;
    return __libc_calloc(items, size);
}

void *realloc(void *old, size_t size) {
    count += 1;
    return __libc_realloc(old, size);
}
#endif

// In the Swift runtime, for errors without and with their type; null addresses where it has none.
extern void *_swift_willThrow __attribute__((weak));
extern void *_swift_willThrowTypedImpl __attribute__((weak));

static void *hooks[2];

static void *exchange(void **place, void *hook) {
    return place ? __atomic_exchange_n(place, hook, __ATOMIC_SEQ_CST) : NULL;
}

void silence_thrown_error_hooks(void) {
    hooks[0] = exchange(&_swift_willThrow, NULL);
    hooks[1] = exchange(&_swift_willThrowTypedImpl, NULL);
}

void restore_thrown_error_hooks(void) {
    exchange(&_swift_willThrow, hooks[0]);
    exchange(&_swift_willThrowTypedImpl, hooks[1]);
}
