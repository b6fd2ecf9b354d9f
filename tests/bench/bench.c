/* bench.c: runs one group of measures and adds its rows to the table; functions that the measures share. */
#include "bench.h"

#include "base/random.h"
#include "shell/system.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const bench_scale scales[] = {
    {"small", 4, 4000, 16384, 2000, 8192, 120, 8, 5},
    {"full", 4, 10000, 28672, 10000, 32768, 400, 24, 7},
};
bench_scale scale;
const char *folder, *scry;
static const char *table;

static const struct {
    const char *name;
    void (*measure)(void);
} groups[] = {{"dense", bench_dense},   {"encode", bench_encode}, {"toggle", bench_toggle},
              {"frames", bench_frames}, {"size", bench_size},     {"reference", bench_reference},
              {"train", bench_train},   {"model", bench_model},   {"ablate", bench_ablate},
              {"causal", bench_causal}};

/* ---- words ------------------------------------------------------------------------------------ */

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    exit(1);
}

char *path_in(const char *format, ...) {
    char *name, *path;
    va_list args;
    va_start(args, format);
    if (vasprintf(&name, format, args) < 0 || asprintf(&path, "%s/%s", folder, name) < 0) die("out of memory");
    va_end(args);
    free(name);
    return path;
}

void say(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("  ", stdout);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

const char *text(const char *format, ...) {
    static char buffer[8][256];
    static unsigned next;
    char *to = buffer[next++ % 8];
    va_list args;
    va_start(args, format);
    vsnprintf(to, sizeof buffer[0], format, args);
    va_end(args);
    return to;
}

void row(const char *what, const char *measured, const char *other, const char *ratio, const char *target,
         int reached) {
    FILE *f = fopen(table, "ae");
    if (!f) die("%s: %s", table, strerror(errno));
    fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\n", what, measured, other, ratio, target,
            reached < 0 ? ""
            : reached   ? "reached"
                        : "not reached");
    fclose(f);
}

/* ---- programs --------------------------------------------------------------------------------- */

double number_in(const char *path, const char *key) {
    char bytes[1 << 14];
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(bytes, 1, sizeof bytes - 1, f) : 0;
    if (f) fclose(f);
    cJSON *json = cJSON_ParseWithLength(bytes, n);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    double value = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
    cJSON_Delete(json);
    return value;
}

ran run(char *const argv[], const char *out, bool may_fail) {
    char *errors = path_in("stderr");
    double start = now();
    pid_t pid = fork();
    if (pid < 0) die("fork: %s", strerror(errno));
    if (pid == 0) {
        int to = open(out ? out : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        int err = open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(to, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        execvp(argv[0], argv);
        _exit(127);
    }
    int status;
    struct rusage usage;
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR) die("wait4: %s", strerror(errno));
    ran r = {now() - start, (double)usage.ru_maxrss / 1024,
             WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
    if (r.status && !may_fail) {
        FILE *f = fopen(errors, "re");
        char line[1024];
        while (f && fgets(line, sizeof line, f)) fputs(line, stderr);
        die("%s %s: exit status %d", argv[0], argv[1] ? argv[1] : "", r.status);
    }
    free(errors);
    return r;
}

/* ---- numbers ---------------------------------------------------------------------------------- */

double uniform(uint64_t *state) {
    return ((double)(random_next(state) >> 11) + 0.5) * 0x1p-53;
}

float normal(uint64_t *state) {
    uint64_t bits = random_next(state);
    int sum = 0;
    for (int i = 0; i < 4; i++) sum += (int)(bits >> (16 * i) & 0xffff);
    return (float)(sum - 2 * 65535) * (1.0F / 37837.0F); /* of variance 1 */
}

void write_npy(const char *path, uint64_t rows, uint64_t cols, void (*fill)(void *, uint64_t, float *), void *context) {
    FILE *f = fopen(path, "wbe");
    if (!f) die("%s: %s", path, strerror(errno));
    char head[128];
    memset(head, ' ', sizeof head);
    memcpy(head, "\x93NUMPY\x01\x00\x76\x00", 10);
    int n = snprintf(head + 10, sizeof head - 10, "{'descr': '<f4', 'fortran_order': False, 'shape': (%llu, %llu), }",
                     (unsigned long long)rows, (unsigned long long)cols);
    head[10 + n] = ' ';
    head[127] = '\n';
    float *values = malloc(cols * sizeof *values);
    bool ok = values && fwrite(head, 1, sizeof head, f) == sizeof head;
    for (uint64_t r = 0; r < rows && ok; r++) {
        fill(context, r, values);
        ok = fwrite(values, sizeof *values, cols, f) == cols;
    }
    free(values);
    if (fclose(f) || !ok) die("%s: cannot be written: %s", path, strerror(errno));
}

/* ---- the program ------------------------------------------------------------------------------ */

int main(int argc, char **argv) {
    if (argc != 4) die("usage: bench GROUP FOLDER TABLE");
    /* What stands in OPENBLAS_CORETYPE is our own mending, or a person's wish that would spoil the comparison. */
    if (getenv("OPENBLAS_CORETYPE") && !getenv("SCRY_BLAS_WAS")) {
        unsetenv("OPENBLAS_CORETYPE");
        execv("/proc/self/exe", argv);
    }
    system_mend_blas(argv);
    unsetenv("OPENBLAS_CORETYPE"); /* scry is to mend it by itself */
    unsetenv("SCRY_BLAS_WAS");
    folder = argv[2];
    table = argv[3];
    const char *wanted = getenv("BENCH_SCALE");
    scry = getenv("SCRY") ? getenv("SCRY") : "build/scry";
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
        if (strcmp(wanted && *wanted ? wanted : "small", scales[i].name) == 0) scale = scales[i];
    if (!scale.name) die("BENCH_SCALE: found \"%s\", expected small or full", wanted);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (strcmp(argv[1], groups[i].name) == 0) {
            groups[i].measure();
            return 0;
        }
    die("no group \"%s\"", argv[1]);
}
