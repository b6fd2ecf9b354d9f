/* peak_memory.h: measures the peak memory of indexing, in a child process. */
#ifndef SCRY_TESTS_UNIT_PEAK_MEMORY_H
#define SCRY_TESTS_UNIT_PEAK_MEMORY_H

#include "check.h"
#include "scry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Indexes in a child; its peak of resident memory in bytes, 0 when it failed. */
static inline uint64_t peak_of(const char *study, const char *out, uint64_t memory) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        scry_error err = {0};
        scry_build_options o = {.memory = memory, .threads = 2};
        bool ok = scry_index_build(study, out, &o, NULL, NULL, &err);
        if (!ok) fprintf(stderr, "%s\n", err.text);
        _exit(!ok);
    }
    int status = 0;
    struct rusage used = {0};
    if (child < 0 || wait4(child, &status, 0, &used) != child || status != 0) return 0;
    return (uint64_t)used.ru_maxrss * 1024;
}

/* The index of `input` bytes stays within `memory` while it is made, and its bytes are those made with 4 GiB. */
static inline void check_peak(const char *label, const char *study, uint64_t input, uint64_t memory) {
    const char *small = text_of("%s.small", study), *large = text_of("%s.large", study);
    uint64_t most = peak_of(study, small, memory), plenty = peak_of(study, large, (uint64_t)4 << 30);
    if (!check(most && plenty, "%s: indexed with %llu MiB and with 4096", label, (unsigned long long)(memory >> 20)))
        return;
    check(same_content(small, large), "%s: the same bytes with %llu MiB as with 4096", label,
          (unsigned long long)(memory >> 20));
    if (SANITIZED) check_skip("%s: peak of memory: the sanitizer's own is counted", label);
    else
        check(most <= memory, "%s: %llu MiB of input, peak of %llu MiB, allowed %llu (with 4096 allowed: %llu)", label,
              (unsigned long long)(input >> 20), (unsigned long long)(most >> 20), (unsigned long long)(memory >> 20),
              (unsigned long long)(plenty >> 20));
    unlink(small);
    unlink(large);
}

#endif
