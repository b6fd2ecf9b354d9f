/* memory_faults.c: loaded with LD_PRELOAD, makes allocations fail once main has begun.
 *
 * FAULT_LOG=FILE: a line for each allocation, "NUMBER STACK", STACK being a hash of its callers.
 * FAULT_AT=N: the N-th fails. FAULT_FROM=N: the N-th and all after it. FAULT_SAY: its callers on standard error.
 * Whatever is asked for, getpriority(MARK, 0) tells a tracer that main begins. */
#include <stdlib.h>

#ifdef __GLIBC__
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "faults.h"

enum { DEPTH = 12, LOG_FD = 901 };

/* The C library's own, as dlsym itself allocates. */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t),
    *__libc_memalign(size_t, size_t);

static atomic_bool begun;
static atomic_long count;
static long at = -1, from = -1;
static int log_to = -1;
static bool say;
static __thread bool inside;
static int (*real_main)(int, char **, char **);

static uint64_t hash_of_stack(void **stack, int depth) {
    uint64_t hash = 1469598103934665603U;
    for (int i = 2; i < depth; i++) hash = (hash ^ (uintptr_t)stack[i]) * 1099511628211U;
    return hash;
}

static bool must_fail(void) {
    if (!atomic_load(&begun) || inside) return false;
    inside = true;
    long n = atomic_fetch_add(&count, 1) + 1;
    bool fail = n == at || (from >= 0 && n >= from);
    if (log_to >= 0 || (fail && say)) {
        void *stack[DEPTH];
        int depth = backtrace(stack, DEPTH);
        char line[64];
        int length = snprintf(line, sizeof line, "%ld %llx\n", n, (unsigned long long)hash_of_stack(stack, depth));
        if (log_to >= 0 && write(log_to, line, (size_t)length) < 0) _exit(99);
        if (fail && say) backtrace_symbols_fd(stack, depth, STDERR_FILENO);
    }
    inside = false;
    if (fail) errno = ENOMEM;
    return fail;
}

void *malloc(size_t size) {
    return must_fail() ? NULL : __libc_malloc(size);
}
void *calloc(size_t n, size_t size) {
    return must_fail() ? NULL : __libc_calloc(n, size);
}
void *realloc(void *p, size_t size) {
    return must_fail() ? NULL : __libc_realloc(p, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
    return must_fail() ? NULL : __libc_memalign(alignment, size);
}
int posix_memalign(void **p, size_t alignment, size_t size) {
    if (must_fail()) return ENOMEM;
    *p = __libc_memalign(alignment, size);
    return *p ? 0 : ENOMEM;
}

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : -1;
}

static int begin(int argc, char **argv, char **environment) {
    void *stack[2];
    backtrace(stack, 2); /* the first one allocates */
    const char *log = getenv("FAULT_LOG");
    at = number("FAULT_AT");
    from = number("FAULT_FROM");
    say = getenv("FAULT_SAY") != NULL;
    if (log) {
        int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        log_to = fcntl(fd, F_DUPFD_CLOEXEC, LOG_FD);
        close(fd);
    }
    unsetenv("LD_PRELOAD");
    getpriority((__priority_which_t)FAULT_MARK, 0);
    atomic_store(&begun, true);
    int status = real_main(argc, argv, environment);
    atomic_store(&begun, false);
    return status;
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end);
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end) {
    int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = main;
    return real(begin, argc, argv, init, fini, rtld_fini, stack_end);
}
#else
_Noreturn void memory_faults_are_not_for_this_library(void);
#endif
