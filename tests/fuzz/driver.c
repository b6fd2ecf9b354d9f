/* driver.c: fuzz_run [--seconds S | --runs N] [--keep DIR] [--file INPUT] [TARGET ...]
 *
 * Runs each target on changed copies of its good inputs, in a process of its own: input after input follows from the
 * target's name and a number, so that a run can be had again. --seconds is for each target. An input that brings it
 * down (a signal, a sanitizer, 10 seconds, too much memory) goes to DIR/TARGET-NUMBER; --file runs one such input.
 * Prints a line a target as tests do. */
#include "fuzz.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = SANITIZED ? 30 : 10, HITS_MOST = 20 };
#define MEMORY ((rlim_t)4 << 30)

typedef struct settings {
    double seconds;
    uint64_t runs;
    const char *keep, *file;
} settings;

/* Shared with the process that runs the target: what it is at. */
typedef struct shared {
    uint64_t done;
    size_t size;
    uint8_t bytes[FUZZ_MOST];
} shared;

static uint64_t state_of(const char *name, uint64_t number) {
    uint64_t state = number * 0x9e3779b97f4a7c15u;
    while (*name) state = (state ^ (uint8_t)*name++) * 0x100000001b3u;
    roll(&state);
    return state;
}

/* The inputs before the first change are the good ones themselves. */
static void make_input(const fuzz_target *t, uint64_t number, shared *s) {
    const fuzz_input *seed;
    size_t seeds = fuzz_seeds(&seed);
    uint64_t state = state_of(t->name, number);
    const fuzz_input *from = &seed[number < seeds ? number : roll_below(&state, (uint32_t)seeds)];
    s->size = from->size;
    if (from->size) memcpy(s->bytes, from->bytes, from->size);
    if (number >= seeds)
        s->size = fuzz_mutate(&state, s->bytes, s->size, FUZZ_MOST, &seed[roll_below(&state, (uint32_t)seeds)]);
}

static void run_one(const fuzz_target *t, const shared *s) {
    uint8_t *exact = malloc(s->size ? s->size : 1); /* so that a byte too far is seen */
    if (!exact) abort();
    if (s->size) memcpy(exact, s->bytes, s->size);
    alarm(PATIENCE);
    t->run(exact, s->size);
    alarm(0);
    free(exact);
}

static void quiet(const settings *set, const char *name) {
    int null = open("/dev/null", O_WRONLY);
    int said = open(text_of("%s/%s.txt", set->keep, name), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (null < 0 || said < 0 || dup2(null, 1) < 0 || dup2(said, 2) < 0) abort();
    close(null);
    close(said);
}

/* The process that may fall. */
static void work(const fuzz_target *t, const settings *set, shared *s, double end) {
    quiet(set, t->name);
    struct rlimit memory = {MEMORY, MEMORY}, core = {0, 0};
    if (!SANITIZED) setrlimit(RLIMIT_AS, &memory);
    setrlimit(RLIMIT_CORE, &core);
    fuzz_begin();
    t->begin();
    while (set->seconds > 0 ? clock_seconds() < end : s->done < set->runs) {
        make_input(t, s->done, s);
        run_one(t, s);
        s->done++;
    }
    check_end();
    exit(0);
}

static const char *how(int status) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return text_of("took more than %d seconds", PATIENCE);
    if (WIFSIGNALED(status)) return text_of("ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    return text_of("ended with status %d", WEXITSTATUS(status));
}

static bool fuzz(const fuzz_target *t, const settings *set, shared *s) {
    double begun = clock_seconds(), end = begun + set->seconds;
    size_t hits = 0;
    *s = (shared){0};
    while (hits < HITS_MOST && (set->seconds > 0 ? clock_seconds() < end : s->done < set->runs)) {
        fflush(stdout);
        pid_t child = fork();
        if (child < 0) abort();
        if (!child) work(t, set, s, end);
        int status;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
        const char *path = text_of("%s/%s-%llu", set->keep, t->name, (unsigned long long)s->done);
        write_bytes(path, s->bytes, s->size);
        rename(text_of("%s/%s.txt", set->keep, t->name), text_of("%s.txt", path));
        printf("# %s: %s; the input is in %s\n", t->name, how(status), path);
        hits++;
        s->done++;
    }
    if (!hits) unlink(text_of("%s/%s.txt", set->keep, t->name));
    double seconds = clock_seconds() - begun;
    return check(!hits, "%s: %llu changed inputs, each answered by an error or a result (%.0f a second)%s", t->name,
                 (unsigned long long)s->done, (double)s->done / seconds, hits ? text_of("; %zu were not", hits) : "");
}

static bool wanted(const char *name, char **words, int count) {
    for (int i = 0; i < count; i++)
        if (strcmp(words[i], name) == 0) return true;
    return count == 0;
}

static void again(const fuzz_target *t, const char *path) {
    size_t size;
    uint8_t *bytes = read_bytes(path, &size);
    fuzz_begin();
    t->begin();
    shared *s = calloc(1, sizeof *s);
    if (!s || size > FUZZ_MOST) abort();
    s->size = size;
    memcpy(s->bytes, bytes, size);
    run_one(t, s);
    free(s);
    free(bytes);
}

static int list(void) {
    const fuzz_target *t;
    for (size_t i = 0; (t = fuzz_target_at(i)) != NULL; i++) puts(t->name);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int main(int argc, char **argv) {
    settings set = {.runs = SANITIZED ? 50 : 200, .keep = "build/fuzz-found"};
    int at = 1;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--seconds") == 0) set.seconds = atof(argv[at + 1]);
        else if (strcmp(argv[at], "--runs") == 0) set.runs = strtoull(argv[at + 1], NULL, 10);
        else if (strcmp(argv[at], "--keep") == 0) set.keep = argv[at + 1];
        else if (strcmp(argv[at], "--file") == 0) set.file = argv[at + 1];
        else if (strcmp(argv[at], "--list") == 0) return list();
    }
    char here[4096];
    if (!getcwd(here, sizeof here)) return 1;
    if (set.keep[0] != '/') set.keep = text_of("%s/%s", here, set.keep);
    mkdir(set.keep, 0777);
    shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) return 1;
    /* in memory, where there is such a place: most inputs are written to a file */
    char work_folder[] = "/dev/shm/scry-fuzz-XXXXXX";
    bool own = mkdtemp(work_folder) != NULL;
    if (own) setenv("WORK", work_folder, 1);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    const fuzz_target *t;
    for (size_t i = 0; (t = fuzz_target_at(i)) != NULL; i++) {
        if (!wanted(t->name, argv + at, argc - at)) continue;
        if (set.file) again(t, set.file);
        else fuzz(t, &set, s);
    }
    if (own) nftw(work_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return check_end();
}
