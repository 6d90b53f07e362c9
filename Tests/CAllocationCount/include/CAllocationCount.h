#ifndef CALLOCATIONCOUNT_H
#define CALLOCATIONCOUNT_H

/// How often the calling thread has asked the C library for memory: the Swift runtime does so for every object.
/// Always 0 in builds with a sanitizer, which has an allocator of its own.
unsigned long allocation_count(void);

#endif
