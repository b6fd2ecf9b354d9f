/* test_sudden_end.c: where the program must end at once: files half written are removed, the terminal is given back,
 * the reason is said and the session saved, in this order, whatever thread it happens on; and temporary files: names,
 * locks, links, and what killed runs left. Every case is a process of its own. */
#include "check.h"

#include "base/atomic_file.h"
#include "base/mem.h"
#include "base/sudden_end.h"
#include "base/temporary_file.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a child said on standard error, and how it ended. */
static char said[4096];
static int ended;

/* Runs `work` in a child, which exits with 0 where it returns. */
static void child(void (*work)(void)) {
    int fd[2];
    if (pipe(fd) != 0) exit(1);
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) exit(1);
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        dup2(fd[1], STDERR_FILENO);
        close(fd[0]);
        close(fd[1]);
        sudden_end_catch();
        work();
        _exit(0);
    }
    close(fd[1]);
    size_t n = 0;
    for (ssize_t got; n + 1 < sizeof said && (got = read(fd[0], said + n, sizeof said - 1 - n)) > 0;) n += (size_t)got;
    said[n] = 0;
    close(fd[0]);
    waitpid(pid, &ended, 0);
}

static bool exited(int status) {
    return WIFEXITED(ended) && WEXITSTATUS(ended) == status;
}

static bool signalled(int number) {
    return WIFSIGNALED(ended) && WTERMSIG(ended) == number;
}

static void give_back(void *context) {
    (void)context;
    if (write(STDERR_FILENO, "<given back>", 12) != 12) _exit(9);
}

static void save(void *context) {
    fprintf(stderr, "<saved %s>", (const char *)context);
}

static char session[] = "it";

static atomic_file out;

/* What a command has going on: a terminal, a session, and a file that is half written. */
static void begin(void) {
    scry_error err = {0};
    sudden_end_set(SUDDEN_TERMINAL, give_back, NULL);
    sudden_end_set(SUDDEN_SESSION, save, session);
    if (!atomic_file_begin(&out, scratch("out/file"), &err)) _exit(8);
    fputs("half", out.file);
    fflush(out.file);
}

static void no_memory(void) {
    begin();
    free(mem_new(SIZE_MAX / 4, 1));
}

static void *no_memory_there(void *context) {
    (void)context;
    free(mem_new(SIZE_MAX / 4, 1));
    return NULL;
}

static void no_memory_on_a_thread(void) {
    begin();
    pthread_t thread;
    if (pthread_create(&thread, NULL, no_memory_there, NULL) != 0) _exit(7);
    pthread_join(thread, NULL);
}

/* The limit is real, 64 MB above what is used now: everything that allocates meets it, cJSON and streams too. */
static void limit(void) {
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f || fscanf(f, "%lu", &pages) != 1) _exit(5);
    fclose(f);
    const rlim_t most = pages * (rlim_t)sysconf(_SC_PAGESIZE) + (64 << 20);
    setrlimit(RLIMIT_AS, &(struct rlimit){most, most});
}

static void json_without_memory(void) {
    size_t size = 48 << 20;
    char *text = mem_resize(NULL, size, 1);
    memset(text, 'a', size);
    text[0] = text[size - 1] = '"';
    begin();
    limit();
    cJSON_Delete(json_parse(text, size));
}

static void stream_without_memory(void) {
    begin();
    limit();
    char *text;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    for (int i = 0; i < 400 << 10; i++) fprintf(f, "%1023d\n", i);
    mem_stream_end(f);
}

static void line_without_memory(void) {
    begin();
    limit();
    char *line = NULL;
    size_t room = 0;
    FILE *f = fopen("/dev/zero", "re");
    while (mem_line(&line, &room, f) > 0) continue;
}

static void map_cut_short(void) {
    scry_error err = {0};
    mapped_file map;
    begin();
    if (!mapped_file_open(&map, scratch("mapped"), NULL, &err) || truncate(scratch("mapped"), 10) != 0) _exit(6);
    volatile uint8_t sum = 0;
    for (uint64_t i = 0; i < map.size; i++) sum = (uint8_t)(sum + map.data[i]);
}

static void map_closed(void) {
    scry_error err = {0};
    mapped_file map;
    if (!mapped_file_open(&map, scratch("mapped"), NULL, &err)) _exit(6);
    volatile const uint8_t *at = map.data;
    mapped_file_close(&map);
    (void)*at; /* of nobody any more */
}

static void crash(void) {
    begin();
    raise(SIGSEGV);
}

static void trap(void) {
    begin();
    raise(SIGTRAP);
}

static void save_badly(void *context) {
    (void)context;
    free(mem_new(SIZE_MAX / 4, 1));
}

static void saving_fails(void) {
    begin();
    sudden_end_set(SUDDEN_SESSION, save_badly, NULL);
    free(mem_new(SIZE_MAX / 4, 1));
}

static void hostile_name(void) {
    sudden_end("a\033]52;c;QQ==\a\xc2\x9b"
               "31mb");
}

static void ends(void) {
    if (SANITIZED) {
        check_skip("sudden ends: the sanitizer has limits, handlers and messages of its own");
        return;
    }
    scratch_folder("out");
    uint8_t *bytes = calloc(1, 1 << 20);
    static const struct {
        void (*work)(void);
        const char *what, *says;
        int status, number;
    } cases[] = {{no_memory, "an allocation that is too large", "out of memory: asked for", 1, 0},
                 {no_memory_on_a_thread, "the same on a thread", "out of memory: asked for", 1, 0},
                 {json_without_memory, "cJSON without memory", "out of memory", 1, 0},
                 {stream_without_memory, "a stream in memory without memory", "out of memory", 1, 0},
                 {line_without_memory, "a line without memory", "out of memory", 1, 0},
                 {map_cut_short, "a mapped file cut short", "became shorter", 1, 0},
                 {crash, "a crash", "", 0, SIGSEGV},
                 {trap, "a signal that nobody takes", "", 0, SIGTRAP}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *what = cases[i].what;
        write_text(scratch("out/file"), "before");
        write_bytes(scratch("mapped"), bytes, 1 << 20);
        child(cases[i].work);
        check(cases[i].number ? signalled(cases[i].number) : exited(cases[i].status), "%s: ends as it should (%x)",
              what, (unsigned)ended);
        const char *back = strstr(said, "<given back>"), *why = strstr(said, cases[i].says),
                   *saved = strstr(said, "<saved it>");
        check(back && why && saved && back <= why && why <= saved, "%s: the terminal, the reason, the session: %s",
              what, said);
        check_is(count_names(scratch("out"), ".tmp."), 0, "%s: nothing half written is left", what);
        size_t size;
        uint8_t *kept = read_bytes(scratch("out/file"), &size);
        check(size == 6 && memcmp(kept, "before", 6) == 0, "%s: what was there stays", what);
        free(kept);
    }
    free(bytes);
    child(map_cut_short);
    child(map_closed);
    check(signalled(SIGSEGV), "an address that was mapped once is a crash (%x)", (unsigned)ended);
    child(saving_fails);
    check(exited(1) && strstr(said, "asked for"), "saving that fails itself ends it too: %s", said);
    child(hostile_name);
    check(exited(1) && !strchr(said, '\033') && !strchr(said, '\a') && !strstr(said, "\xc2\x9b"),
          "control characters of a message are not sent: %s", said);
}

/* ---- temporary files ---- */

static const char *folder, *target;

static void killed(void) {
    scry_error err = {0};
    if (!atomic_file_begin(&out, target, &err)) _exit(8);
    raise(SIGKILL);
}

static void clears(void) {
    folder = scratch_folder("cleared");
    target = scratch("cleared/target.json");
    scry_error err = {0};
    for (int i = 0; i < 3; i++) child(killed);
    check(count_names(folder, "target.json.tmp.") >= 1, "a killed run leaves its file");
    atomic_file mine, other, long_name;
    check(atomic_file_begin(&other, target, &err), "a run begins %s", err.text);
    check_is(count_names(folder, "target.json.tmp."), 1, "and takes away what killed ones left");
    check(atomic_file_begin(&mine, target, &err), "another one begins beside it %s", err.text);
    check_is(count_names(folder, "target.json.tmp."), 2, "and leaves the file of a run that writes");
    struct stat st;
    check(lstat(other.temporary.path, &st) == 0 && S_ISREG(st.st_mode), "it is a regular file");
    write_text(scratch("cleared/target.json.tmp.12"), "not ours");
    write_text(scratch("cleared/target.json.tmp.zzzzzzzzzzzzzzzz"), "not ours");
    write_text(scratch("cleared/target.json.tmp.00000000000000000"), "not ours");
    if (symlink(scratch("victim"), scratch("cleared/target.json.tmp.0123456789abcdef")) != 0) exit(1);
    write_text(scratch("victim"), "precious");
    fputs("mine", mine.file);
    fputs("other", other.file);
    check(atomic_file_end(&mine, true, &err) && atomic_file_end(&other, true, &err), "both end %s", err.text);
    temporary_file_clear(target);
    check_is(count_names(folder, "target.json.tmp."), 4, "other names and links stay");
    size_t size;
    uint8_t *bytes = read_bytes(target, &size);
    check(size == 5 && memcmp(bytes, "other", 5) == 0, "the last to end stands");
    free(bytes);
    char name[256];
    memset(name, 'n', 255);
    name[255] = 0;
    const char *longest = scratch("cleared/%s", name);
    check(atomic_file_begin(&long_name, longest, &err) && atomic_file_end(&long_name, true, &err),
          "the longest name can be written %s", err.text);
    check(file_exists(longest), "under its own name");
}

static void permissions(void) {
    scry_error err = {0};
    struct stat st;
    const char *path = scratch("private");
    write_text(path, "x");
    chmod(path, 0600);
    check(atomic_file_write(path, "y", 1, &err) && stat(path, &st) == 0 && (st.st_mode & 0777) == 0600,
          "a file that only its owner reads stays so (%o)", (unsigned)(st.st_mode & 0777));
}

/* Another user's link, in a folder that is shared. */
static void links(void) {
    scry_error err = {0};
    const char *victim = scratch("precious"), *own = scratch("own-link"), *theirs = scratch("their-link"),
               *log = scratch("their-log");
    write_text(victim, "precious");
    if (symlink(victim, own) != 0 || symlink(victim, theirs) != 0 || symlink(victim, log) != 0) exit(1);
    struct stat st;
    check(atomic_file_write(own, "through", 7, &err) && lstat(own, &st) == 0 && S_ISLNK(st.st_mode),
          "one's own link is followed and stays %s", err.text);
    if (geteuid() != 0) {
        check_skip("another user's link cannot be made by this user");
        return;
    }
    if (lchown(theirs, 4321, 4321) != 0 || lchown(log, 4321, 4321) != 0) exit(1);
    check(!atomic_file_write(theirs, "attack", 6, &err), "another user's link is not followed");
    check_says(err.text, SAYS("link of another user", "4321", "elsewhere"), "and named");
    check(!atomic_file_append(log, true, &err), "nor to append to");
    size_t size;
    uint8_t *bytes = read_bytes(victim, &size);
    check(size == 7 && memcmp(bytes, "through", 7) == 0, "the file behind it stays");
    free(bytes);
    if (chown(victim, 4321, 4321) != 0) exit(1);
    check(atomic_file_write(theirs, "theirs", 6, &err), "a link to a file that is theirs may be followed %s", err.text);
}

int main(void) {
    scratch("made before the children");
    ends();
    clears();
    permissions();
    links();
    return check_end();
}
