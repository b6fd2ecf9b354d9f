/* test_tui_signals.c: a command that is told to end does so in its own time; told again, at once, and leaves nothing.
 */
#include "check.h"

#include "base/atomic_file.h"
#include "base/sudden_end.h"
#include "shell/cli_context.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void rest_ms(long ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* A command that writes a file while signals come; the status it ends with: 7 where it was told, 8 where not. */
static int work(int first, int second, long between, bool ignored) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) exit(1);
    if (pid == 0) {
        atomic_file out;
        scry_error err = {0};
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        if (ignored) signal(first, SIG_IGN);
        sudden_end_catch();
        if (!atomic_file_begin(&out, scratch("here/file"), &err)) _exit(9);
        cli_catch_interrupt();
        raise(first);
        bool told = cli_interrupted();
        rest_ms(between);
        if (second) raise(second);
        atomic_file_end(&out, false, &err);
        cli_release_interrupt();
        _exit(told ? 7 : 8);
    }
    int status;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* After the command none is in the way of another one's end. */
static int after(int number) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) exit(1);
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        sudden_end_catch();
        cli_catch_interrupt();
        cli_release_interrupt();
        raise(number);
        _exit(8);
    }
    int status;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(void) {
    static const struct {
        int number;
        const char *name;
        bool counts; /* the second one ends at once */
    } signals[] = {{SIGINT, "SIGINT", true},    {SIGTERM, "SIGTERM", true},  {SIGHUP, "SIGHUP", true},
                   {SIGUSR1, "SIGUSR1", false}, {SIGXCPU, "SIGXCPU", false}, {SIGALRM, "SIGALRM", false}};
    const char *here = scratch_folder("here");
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int number = signals[i].number;
        const char *name = signals[i].name;
        check_is((uint64_t)work(number, 0, 0, false), 7, "%s: the command is told", name);
        check_is((uint64_t)work(number, number, 300, false), signals[i].counts ? 128U + (unsigned)number : 7,
                 "%s: twice", name);
        check_is((uint64_t)work(number, number, 0, false), 7, "%s: twice at the same time is once", name);
        check_is((uint64_t)after(number), 128U + (unsigned)number, "%s: after the command it ends the program", name);
        check_is(count_names(here, "tmp"), 0, "%s: nothing half written is left", name);
    }
    check_is((uint64_t)work(SIGTERM, SIGINT, 300, false), 128 + SIGINT, "another one the second time ends at once too");
    check_is((uint64_t)work(SIGHUP, 0, 0, true), 8, "SIGHUP that is ignored stays so, as under nohup");
    check_is((uint64_t)work(SIGUSR1, 0, 0, true), 8, "and so does SIGUSR1");
    return check_end();
}
