/* faults.c: runs a command again and again, each time with one allocation or one call on files failing, and judges what
 * it leaves.
 *
 *     faults memory|files MOST TEMPLATE LIBRARY [--varies NAME]... -- COMMAND...
 *
 * TEMPLATE is a folder; COMMAND runs in a copy of it. First without faults: that is right. Of the allocations, the
 * first and the last from each place in the program are tried, of the calls on files all, at most MOST (evenly spread).
 * LIBRARY is the one made of memory_faults.c. --varies: files whose bytes differ from run to run ("-": standard
 * output).
 *
 * A run may end with status 0 and the right output (or another one and a warning), or with another status, a message,
 * and every file either as it was before or as it should be. Everything else is a fault, told by a line "not ok". */
#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SECONDS = 60, FILES_MOST = 4096, VARIES_MOST = 16, SHOWN_MOST = 8, PLACES = 1 << 16 };

typedef struct file_state {
    char *name; /* below the folder */
    uint64_t hash;
} file_state;

typedef struct folder_state {
    file_state file[FILES_MOST];
    size_t count;
} folder_state;

static char work[] = "/tmp/scry-faults-XXXXXX", folder[PATH_MAX], out[PATH_MAX], said[PATH_MAX], log_name[PATH_MAX];
static const char *template, *library, *varies[VARIES_MOST];
static size_t varies_count;
static char **command;
static folder_state before, right, found;
static uint64_t right_out;

static _Noreturn void stop(const char *what) {
    printf("not ok - %s: %s: %s\n", command ? command[1] : "faults", what, strerror(errno));
    exit(1);
}

/* ---- folders ---- */

static uint64_t hash_of(const char *path) {
    FILE *f = fopen(path, "rbe");
    if (!f) return 0;
    static char bytes[1 << 16];
    XXH3_state_t *state = XXH3_createState();
    XXH3_64bits_reset(state);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, f)) > 0;) XXH3_64bits_update(state, bytes, n);
    uint64_t hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    fclose(f);
    return hash;
}

static bool does_vary(const char *name) {
    for (size_t i = 0; i < varies_count; i++)
        if (fnmatch(varies[i], name, 0) == 0) return true;
    return false;
}

static char *joined(const char *above, const char *name) {
    char *both;
    if (asprintf(&both, "%s%s%s", above, *above ? "/" : "", name) < 0) stop(name);
    return both;
}

static void add_files(folder_state *s, const char *below) {
    char *path = *below ? joined(folder, below) : strdup(folder);
    DIR *dir = opendir(path);
    if (!dir) stop(path);
    free(path);
    for (const struct dirent *e; (e = readdir(dir));) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        char *name = joined(below, e->d_name);
        path = joined(folder, name);
        bool there = lstat(path, &st) == 0;
        if (there && S_ISDIR(st.st_mode)) add_files(s, name);
        else if (there && !does_vary(name) && s->count < FILES_MOST)
            s->file[s->count++] = (file_state){strdup(name), hash_of(path)};
        free(path);
        free(name);
    }
    closedir(dir);
}

static void take(folder_state *s) {
    for (size_t i = 0; i < s->count; i++) free(s->file[i].name);
    s->count = 0;
    add_files(s, "");
}

static const file_state *find(const folder_state *s, const char *name) {
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->file[i].name, name) == 0) return &s->file[i];
    return NULL;
}

/* A fresh copy of the template. */
static void prepare(void) {
    char line[3 * PATH_MAX];
    snprintf(line, sizeof line, "rm -rf '%s' && cp -a '%s' '%s'", folder, template, folder);
    if (system(line) != 0) stop("cp");
}

/* ---- runs ---- */

void run_here(const run_place *place) {
    int to = open(place->out, O_WRONLY | O_CREAT | O_TRUNC, 0600),
        err = open(place->said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int in = open("/dev/null", O_RDONLY);
    if (to < 0 || err < 0 || in < 0 || chdir(place->folder) != 0) _exit(97);
    dup2(in, STDIN_FILENO);
    dup2(to, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    for (int fd = 3; fd < 64; fd++) close(fd);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    setenv("LD_PRELOAD", library, 1);
    execv(place->argv[0], place->argv);
    _exit(96);
}

static void on_alarm(int number) {
    (void)number;
}

run_end run_wait(pid_t child) {
    run_end end = {0};
    alarm(SECONDS);
    while (waitpid(child, &end.status, 0) < 0 && errno == EINTR) {
        end.late = true;
        kill(child, SIGKILL);
    }
    alarm(0);
    return end;
}

static void with(const char *name, long n) {
    char text[32];
    snprintf(text, sizeof text, "%ld", n);
    if (n >= 0) setenv(name, text, 1);
    else unsetenv(name);
}

static run_end run_plain(void) {
    run_place place = {folder, out, said, command};
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) stop("fork");
    if (child == 0) run_here(&place);
    return run_wait(child);
}

/* ---- judging ---- */

static struct { size_t tried, same, told, warned, wrong, shown; } sum;

static void complain(const char *fault, const char *what, const char *name) {
    if (sum.shown++ >= SHOWN_MOST) return;
    char line[300] = "", next[300];
    FILE *f = fopen(said, "re");
    while (f && fgets(next, sizeof next, f)) memcpy(line, next, sizeof line); /* the last one */
    if (f) fclose(f);
    line[strcspn(line, "\n")] = 0;
    printf("# %s: %s%s%s; said: %s\n", fault, what, *name ? ": " : "", name, line);
}

/* Whether the run said what it went on without. */
static bool warned(void) {
    char line[600];
    bool found_one = false;
    FILE *f = fopen(said, "re");
    while (f && !found_one && fgets(line, sizeof line, f)) found_one = strstr(line, "warning: ") != NULL;
    if (f) fclose(f);
    return found_one;
}

/* What is wrong with a run, or NULL; name: the file that shows it. */
static const char *fault_of(const run_end *end, const char **name) {
    static char signal_text[40];
    struct stat st;
    *name = "";
    if (end->late) return "did not end";
    if (WIFSIGNALED(end->status)) {
        snprintf(signal_text, sizeof signal_text, "killed by signal %d", WTERMSIG(end->status));
        return signal_text;
    }
    bool ok = WEXITSTATUS(end->status) == 0;
    if (!ok && WEXITSTATUS(end->status) > 2) return "an exit status that is not 0, 1 or 2";
    take(&found);
    for (size_t i = 0; i < found.count; i++) {
        const file_state *f = &found.file[i], *r = find(&right, f->name), *b = find(&before, f->name);
        *name = f->name;
        if (!r && !b) return "a file that nobody asked for";
        if (r && f->hash == r->hash) continue;
        if (ok && warned()) continue;
        if (ok) return "status 0 and a wrong file";
        if (!b) return "a file that is half";
        if (f->hash != b->hash) return "an earlier file that is spoilt";
    }
    for (size_t i = 0; i < (ok ? right.count : before.count); i++) {
        const file_state *f = ok ? &right.file[i] : &before.file[i];
        *name = f->name;
        if (find(&found, f->name) || (ok && warned())) continue;
        if (ok || find(&right, f->name)) return ok ? "status 0 and a file lacks" : "an earlier file is lost";
    }
    *name = "";
    if (ok && !does_vary("-") && hash_of(out) != right_out && !warned()) return "status 0 and a wrong output";
    if (!ok && (stat(said, &st) != 0 || st.st_size == 0)) return "no message";
    return NULL;
}

static void judge(const run_end *end, const char *fault) {
    const char *name, *what = fault_of(end, &name);
    sum.tried++;
    if (what) {
        sum.wrong++;
        complain(fault, what, name);
    } else if (WEXITSTATUS(end->status) == 0) sum.same++;
    else sum.told++;
}

/* The reference: without faults it must succeed, twice the same. */
static void take_reference(void) {
    prepare();
    take(&before);
    setenv("FAULT_LOG", log_name, 1);
    run_end end = run_plain();
    unsetenv("FAULT_LOG");
    if (end.late || !WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0) {
        errno = 0;
        complain("without faults", "it fails", "");
        stop("without faults it does not succeed");
    }
    take(&right);
    right_out = hash_of(out);
    prepare();
    end = run_plain();
    const char *name, *what = fault_of(&end, &name);
    if (!what) return;
    complain("without faults", what, name);
    errno = 0;
    stop("two runs without faults differ; name what varies");
}

/* ---- allocations ---- */

/* The numbers of the allocations to try: the first and the last of each place. */
static size_t choose_allocations(long *chosen, size_t most) {
    static struct {
        uint64_t stack;
        long first, last;
    } place[PLACES];
    size_t places = 0, count = 0;
    FILE *f = fopen(log_name, "re");
    if (!f) stop(log_name);
    long n;
    unsigned long long stack;
    while (fscanf(f, "%ld %llx", &n, &stack) == 2) {
        size_t i = 0;
        while (i < places && place[i].stack != stack) i++;
        if (i == PLACES) continue;
        if (i == places) place[places++].first = n;
        place[i].stack = stack;
        place[i].last = n;
    }
    fclose(f);
    for (size_t i = 0; i < places && count < most; i++) {
        size_t at = places > most ? i * places / most : i;
        if (places > most && i >= most) break;
        chosen[count++] = place[at].first;
        if (place[at].last != place[at].first && count < most) chosen[count++] = place[at].last;
    }
    return count;
}

static void try_memory(size_t most) {
    long *chosen = calloc(most + 1, sizeof *chosen);
    size_t count = choose_allocations(chosen, most);
    for (size_t i = 0; i < count; i++)
        for (int lasting = 0; lasting < 2; lasting++) {
            char fault[64];
            snprintf(fault, sizeof fault, "allocation %ld%s", chosen[i], lasting ? " and all after it" : "");
            with("FAULT_AT", lasting ? -1 : chosen[i]);
            with("FAULT_FROM", lasting ? chosen[i] : -1);
            prepare();
            run_end end = run_plain();
            judge(&end, fault);
        }
    free(chosen);
}

/* ---- calls on files ---- */

/* False where this machine cannot trace. */
static bool try_files(size_t most) {
    static const struct {
        int number;
        const char *name;
    } errors[] = {{EIO, "EIO"}, {ENOSPC, "ENOSPC"}, {ENOMEM, "ENOMEM"}, {ERROR_SHORT, "half"}};
    run_place place = {folder, out, said, command};
    for (size_t e = 0; e < sizeof errors / sizeof *errors; e++) {
        long calls, none;
        run_end end;
        prepare();
        if (!run_traced(&place, 0, errors[e].number, &calls, log_name, &end)) return false;
        long each = (long)(most / (sizeof errors / sizeof *errors)), step = calls > each && each > 0 ? calls / each : 1;
        FILE *names = fopen(log_name, "re");
        char name[32] = "?", file[256] = "?";
        long number = 0;
        for (long n = 1; n <= calls; n += step) {
            char fault[400];
            while (names && number < n && fscanf(names, "%ld %31s %255s", &number, name, file) == 3) continue;
            snprintf(fault, sizeof fault, "call %ld, %s of %s, fails: %s", n, name, file, errors[e].name);
            prepare();
            if (!run_traced(&place, n, errors[e].number, &none, NULL, &end)) return false;
            judge(&end, fault);
        }
        if (names) fclose(names);
    }
    return true;
}

int main(int argc, char **argv) {
    if (argc < 7) return 2;
    bool memory = strcmp(argv[1], "memory") == 0;
    size_t most = (size_t)atol(argv[2]);
    template = argv[3];
    library = argv[4];
    int i = 5;
    for (; i + 1 < argc && strcmp(argv[i], "--varies") == 0 && varies_count < VARIES_MOST; i += 2)
        varies[varies_count++] = argv[i + 1];
    command = &argv[i + 1];
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
    if (!mkdtemp(work)) stop(work);
    snprintf(folder, sizeof folder, "%s/run", work);
    snprintf(out, sizeof out, "%s/out", work);
    snprintf(said, sizeof said, "%s/said", work);
    snprintf(log_name, sizeof log_name, "%s/log", work);
    static const char *const homes[] = {"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "HOME"};
    for (size_t h = 0; h < sizeof homes / sizeof *homes; h++) setenv(homes[h], folder, 1);
    take_reference();
    const char *what = memory ? "allocations" : "calls on files";
    bool able = true;
    if (memory) try_memory(most);
    else able = try_files(most);
    if (!able) printf("skip - %s: %s: this machine cannot trace\n", command[1], what);
    else
        printf("%s - %s: %s that fail: %zu tried, %zu told, %zu without effect, %zu faults\n",
               sum.wrong ? "not ok" : "ok", command[1], what, sum.tried, sum.told, sum.same, sum.wrong);
    char line[PATH_MAX];
    snprintf(line, sizeof line, "rm -rf '%s'", work);
    return system(line) != 0 || sum.wrong > 0;
}
