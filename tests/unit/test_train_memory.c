/* test_train_memory.c: training stays within --memory, also while it streams residuals from a larger file and evaluates
 * at the end; measured in a child process. */
#include "check.h"
#include "train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { D = 256, F = 512, BATCH = 256, ROWS = 120000, STEPS = 200, MEGABYTES = 72 };

/* Written row by row: a child inherits what its parent has in memory. */
static const char *write_residuals(uint64_t rows) {
    const char *path = scratch("residuals.npy");
    char header[118];
    float row[D];
    uint64_t state = 5;
    FILE *f = fopen(path, "wb");
    if (!f) abort();
    snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%llu, %d), }",
             (unsigned long long)rows, D);
    fprintf(f, "\x93NUMPY\1%c%c%c%-117s\n", 0, 118, 0, header);
    for (uint64_t r = 0; r < rows; r++) {
        for (int i = 0; i < D; i++) row[i] = (float)(roll_unit(&state) - 0.5);
        row[r % D] += 8;
        if (fwrite(row, sizeof *row, D, f) != D) abort();
    }
    if (fclose(f) != 0) abort();
    return path;
}

static void run_child(scry_arch arch, const char *residuals, const char *out) {
    scry_error err = {0};
    scry_train_result result;
    scry_train_input input = {.path = &residuals, .paths = 1, .condition = -1};
    scry_train_run run = {.threads = 2, .memory = (uint64_t)MEGABYTES << 20};
    scry_train_undecided(&run.settings);
    run.settings.arch = arch;
    run.settings.width = F;
    run.settings.batch = BATCH;
    run.settings.steps = STEPS;
    bool ok = scry_train(out, &input, &run, &result, NULL, &err);
    if (!ok) fprintf(stderr, "%s\n", err.text);
    ok = ok && result.settings.window < (double)result.rows / 2; /* else nothing is streamed */
    _exit(!ok);
}

static void test_peak(scry_arch arch, const char *residuals, uint64_t rows) {
    const char *name = scry_arch_names[arch], *out = scratch("peak-%s", name);
    struct rusage used = {0};
    int status = 1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) run_child(arch, residuals, out);
    bool ended = child > 0 && wait4(child, &status, 0, &used) == child && status == 0;
    if (!check(ended, "%s: trains on a file of which less than half fits into %d MiB", name, MEGABYTES)) return;
    unsigned long long most = (unsigned long long)used.ru_maxrss >> 10;
    if (SANITIZED) check_skip("%s: peak of memory: the sanitizer's own is counted", name);
    else
        check(most <= MEGABYTES, "%s: %llu MiB of residuals, peak of %llu MiB, allowed %d", name,
              (unsigned long long)(rows * D * sizeof(float) >> 20), most, MEGABYTES);
}

int main(void) {
    const char *residuals = write_residuals(ROWS);
    for (scry_arch arch = SCRY_RELU; arch < SCRY_ARCHS; arch++) test_peak(arch, residuals, ROWS);
    unlink(residuals);
    return check_end();
}
