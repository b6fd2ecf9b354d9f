/* shell/system.h: this machine, and the matrix kernels that OpenBLAS chose for it. */
#ifndef SCRY_SHELL_SYSTEM_H
#define SCRY_SHELL_SYSTEM_H

/* A distribution's OpenBLAS can mistake a new or virtual processor for an old one and run at a fraction of its speed.
 * If it did, sets OPENBLAS_CORETYPE and executes this program again, before any work; else returns. */
void system_mend_blas(char **argv);

/* Prints what scry info --system prints; returns the exit status. */
int system_report(void);

#endif
