/* explorer_session.c: the session is restored when the index is opened again, however the explorer ended. */
#include "explorer_driver.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char state[600];

static term *open_index(const char *index, const char *option) {
    char *argv[] = {(char *)scry, (char *)index, (char *)option, NULL}, *env[] = {state, NULL};
    term *t = term_start(ROWS, COLS, NULL, argv, env);
    if (!t) exit(1);
    await_text(t, "rho ");
    return t;
}

static term *open_kept(const char *option) {
    return open_index(study_index, option);
}

static void begin(const char *name) {
    snprintf(state, sizeof state, "XDG_STATE_HOME=%s/state-%s", work, name);
    free(shell(NULL, "rm -rf '%s/state-%s'", work, name));
}

static void pause_ms(long ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* Until the session file has the last of the keys: the focus on the domains. */
static void await_saved(term *t, const char *name) {
    bool saved = false;
    for (int i = 0; i < WAIT / 50 && !saved; i++) {
        char *last = shell(NULL, "tail -n 1 '%s/state-%s/scry/sessions/'*.session 2>/dev/null", work, name);
        saved = strcmp(last, "pane domains") == 0 || strcmp(last, "pane domains\n") == 0;
        free(last);
        if (!saved) pause_ms(50);
    }
    check(saved, t, "at rest, the session is saved", "found none, or one of before");
}

/* Ends it in some way after these keys, opens it again and compares. */
static void ends(const char *name, int number, int status, bool idle) {
    char what[120];
    begin(name);
    term *t = open_kept(NULL);
    term_keys(t, "j Space j Space u s Tab Tab");
    await_count(t, 99);
    rest(t);
    if (idle) await_saved(t, name);
    term_keys(t, "Esc");
    term_settle(t, 60);
    int above = domains_row(t); /* below, the bars are as long as was best then */
    char *before = picture(t, above, COLS);
    if (number) kill(term_pid(t), number);
    else term_keys(t, "q");
    int found = term_wait_exit(t, WAIT);
    snprintf(what, sizeof what, "%s: exit status %d", name, status);
    check(found == status, t, what, "found %d", found);
    if (number != SIGKILL) {
        snprintf(what, sizeof what, "%s: the terminal is as it was", name);
        check_restored(t, what);
    }
    term_free(t);
    t = open_kept(NULL);
    snprintf(what, sizeof what, "%s: opened again, it says that the session is restored", name);
    check(await_message(t, "restored; --fresh starts a new one"), t, what, "found \"%s\"", footer(t));
    rest(t);
    term_keys(t, "Esc");
    term_settle(t, 60);
    char *after = picture(t, above, COLS);
    snprintf(what, sizeof what, "%s: opened again, the same screen", name);
    check(strcmp(before, after) == 0, t, what, "found another one");
    term_keys(t, "C-r");
    snprintf(what, sizeof what, "%s: what was undone can be done again", name);
    check(await_count(t, 98), t, what, "found %d, expected 98", count(t));
    term_keys(t, "u u");
    snprintf(what, sizeof what, "%s: and all of it undone", name);
    check(await_count(t, 100), t, what, "found %d, expected 100", count(t));
    free(before);
    free(after);
    leave(t);
}

static void anew(void) {
    begin("anew");
    term *t = open_kept(NULL);
    check(!strstr(footer(t), "session of"), t, "the first time, nothing is restored", "found \"%s\"", footer(t));
    term_keys(t, "Space");
    await_count(t, 99);
    leave(t);
    static const char *const options[] = {"--fresh", "--top=100", "--by=icl"};
    for (int i = 0; i < 3; i++) {
        char what[80];
        t = open_kept(options[i]);
        rest(t);
        snprintf(what, sizeof what, "%s begins anew", options[i]);
        check(count(t) == 100 && !strstr(footer(t), "session of"), t, what, "found N %d, \"%s\"", count(t), footer(t));
        leave(t);
    }
    t = open_kept(NULL);
    check(await_count(t, 99), t, "and looking on takes nothing away", "found N %d, expected 99", count(t));
    leave(t);
}

/* Two of them on one index: each writes a whole file, the last one stands. */
static void two(void) {
    begin("two");
    term *a = open_kept(NULL), *b = open_kept(NULL);
    for (int i = 0; i < 4; i++) {
        term_keys(a, "Space j");
        term_keys(b, "Space j Space j");
        term_settle(a, 60);
        term_settle(b, 60);
    }
    await_count(a, 96);
    await_count(b, 92);
    leave(b);
    term_keys(a, "Space"); /* so that it has something to write: its clock may have saved the rest before b's end */
    await_count(a, 95);
    leave(a);
    term *t = open_kept(NULL);
    check(await_count(t, 95), t, "two explorers on one index: the last to write stands", "found N %d, expected 95",
          count(t));
    leave(t);
}

/* The index is cut short under the explorer, as by a copy over it. */
static void cut_short(void) {
    char index[300];
    begin("cut");
    free(shell(NULL, "cp '%s' '%s/cut.scry'", study_index, work));
    snprintf(index, sizeof index, "%s/cut.scry", work);
    term *t = open_index(index, NULL);
    term_keys(t, "Space");
    await_count(t, 99);
    check(truncate(index, 4096) == 0, t, "the index is cut short", "found it cannot be");
    term_keys(t, "G g 2 p q 1 v v v v");
    int status = term_wait_exit(t, WAIT);
    check(status == 1, t, "an index that becomes shorter ends it with status 1", "found %d", status);
    check_restored(t, "an index that becomes shorter: the terminal is as it was");
    check(term_has(t, "became shorter"), t, "and it says why", "found nothing of it");
    check(term_has(t, "the session is saved in"), t, "and where the session is", "found nothing of it");
    term_free(t);
    free(shell(NULL, "cp '%s' '%s'", study_index, index));
    t = open_index(index, NULL);
    check(await_count(t, 99), t, "what was done before is there again", "found N %d, expected 99", count(t));
    leave(t);
}

/* A home that cannot be written is said on the screen and at the end; everything else goes on. */
static void unwritable(void) {
    snprintf(state, sizeof state, "XDG_STATE_HOME=/dev/null/no");
    term *t = open_kept(NULL);
    term_keys(t, "Space");
    check(await_count(t, 99) && await_message(t, "latent "), t, "no place for a session: no words about it",
          "found \"%s\"", footer(t));
    term_resize(t, 24, 200);
    bool told = false;
    for (int i = 0; i < WAIT / 50 && !told; i++) { /* until it has tried to save */
        term_settle(t, 50);
        told = strstr(footer(t), "session /dev/null/no") && strstr(footer(t), ":session FILE moves it");
    }
    check(told, t, "that it is not saved is said, and what to do", "found \"%s\"", footer(t));
    command(t, "info");
    term_settle(t, 60);
    check(await_message(t, "session /dev/null/no"), t, ":info says so", "found \"%s\"", footer(t));
    term_keys(t, "q"); /* the page */
    term_settle(t, 60);
    term_keys(t, "q");
    check(await_message(t, "q again quits"), t, "q asks before the session is lost", "found \"%s\"", footer(t));
    term_keys(t, "q");
    int status = term_wait_exit(t, WAIT);
    check(status == 1, t, "a session that is lost is a failure", "found %d, expected 1", status);
    check(term_has(t, "scry: the session is lost: "), t, "and said at the end", "found nothing of it");
    term_free(t);
}

/* Takes in what is drawn, at least something, until the program rests. */
static void take_until_rest(int master, pid_t pid) {
    char drawn[4096];
    struct pollfd in = {.fd = master, .events = POLLIN};
    for (bool any = false;;) {
        if (poll(&in, 1, 300) == 0 && any && !term_is_working(pid)) return;
        if (!(in.revents & (POLLIN | POLLHUP))) continue;
        if (read(master, drawn, sizeof drawn) <= 0) return;
        any = true;
    }
}

/* The program on a terminal that is not its controlling one, so that no signal tells it that the terminal has gone: it
 * must notice by itself, not ask it for keys for ever. */
static pid_t start_unsignalled(int *master) {
    int slave;
    struct winsize size = {ROWS, COLS, 0, 0};
    if (openpty(master, &slave, NULL, NULL, &size) < 0) exit(1);
    pid_t pid = fork();
    if (pid < 0) exit(1);
    if (pid == 0) {
        for (int i = 0; i < 3; i++) dup2(slave, i);
        close(slave);
        close(*master);
        setsid();
        setenv("TERM", "xterm-256color", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        putenv(state);
        execl(scry, scry, study_index, (char *)NULL);
        _exit(126);
    }
    close(slave);
    take_until_rest(*master, pid);
    return pid;
}

static void gone(void) {
    begin("gone");
    int master, status = -1;
    pid_t pid = start_unsignalled(&master), ended = 0;
    check(write(master, "j ", 2) == 2, NULL, "keys to a terminal that will go", "found a closed one");
    take_until_rest(master, pid);
    close(master);
    for (int i = 0; i < WAIT / 20 && !ended; i++) {
        ended = waitpid(pid, &status, WNOHANG);
        if (!ended) pause_ms(20);
    }
    if (!ended) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    check(ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGHUP, NULL,
          "a terminal that goes without a signal ends it", "found status %d, expected exit %d", status, 128 + SIGHUP);
    term *t = open_kept(NULL);
    check(await_message(t, "restored; --fresh starts a new one"), t, "and the session is there", "found \"%s\"",
          footer(t));
    leave(t);
}

void test_session(void) {
    gone();
    ends("q", 0, 0, false);
    ends("SIGHUP", SIGHUP, 129, false);
    ends("SIGTERM", SIGTERM, 143, false);
    ends("SIGUSR1", SIGUSR1, 138, false);
    ends("SIGXCPU", SIGXCPU, 152, false);
    ends("SIGTRAP", SIGTRAP, 133, false);
    ends("SIGSEGV", SIGSEGV, 139, false);
    cut_short();
    ends("SIGSEGV after a rest", SIGSEGV, 139, true);
    ends("kill -9 after a rest", SIGKILL, 137, true);
    anew();
    two();
    unwritable();
}
