/* shell/system.c: this machine, and the matrix kernels that OpenBLAS chose for it. */
#include "shell/system.h"
#include "scry.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#if defined(__x86_64__)
/* The kernels that use this processor's instructions, best first; empty when any will do. */
static const char *const *fitting(void) {
    static const char *const wide[] = {"SkylakeX", "Cooperlake", "SapphireRapids", NULL};
    static const char *const middle[] = {"Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids", NULL};
    static const char *const any[] = {NULL};
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
        return wide;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return middle;
    return any;
}
#else
static const char *const *fitting(void) {
    static const char *const any[] = {NULL};
    return any;
}
#endif

/* The kernels that OpenBLAS should have chosen; NULL when it chose well. */
static const char *better_core(void) {
    const char *const *fit = fitting();
    const char *chosen = openblas_get_corename();
    for (int i = 0; fit[i]; i++)
        if (strcasecmp(fit[i], chosen) == 0) return NULL;
    return fit[0];
}

void system_mend_blas(char **argv) {
    const char *better = better_core();
    if (!better || getenv("OPENBLAS_CORETYPE")) return; /* the user's choice stands */
    setenv("OPENBLAS_CORETYPE", better, 1);
    setenv("SCRY_BLAS_WAS", openblas_get_corename(), 1);
    execv("/proc/self/exe", argv);
    /* Could not start again: slower, not wrong. */
    unsetenv("OPENBLAS_CORETYPE");
    unsetenv("SCRY_BLAS_WAS");
}

int system_report(void) {
    const char *was = getenv("SCRY_BLAS_WAS"), *better = better_core();
    printf("scry      %s\n", scry_version());
    printf("blas      %s\n", openblas_get_config());
    printf("kernels   %s", openblas_get_corename());
    if (was) printf(" (OpenBLAS chose %s; scry changed it)", was);
    else if (better) printf(" (%s would be faster: unset OPENBLAS_CORETYPE)", better);
    printf("\nthreads   %ld processors\n", sysconf(_SC_NPROCESSORS_ONLN));
    return 0;
}
