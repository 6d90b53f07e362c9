#ifndef CALLOCATIONCOUNT_H
#define CALLOCATIONCOUNT_H

/// How often the calling thread has asked the C library for memory: the Swift runtime does so for every object.
/// Always 0 in builds with a sanitizer, which has an allocator of its own.
unsigned long allocation_count(void);

/// Takes away what the Swift runtime calls for every error that is thrown, until `restore_thrown_error_hooks`. Swift
/// Testing has it keep a backtrace of each, which allocates; programs have none. Not for two threads at once.
void silence_thrown_error_hooks(void);
void restore_thrown_error_hooks(void);

#endif
