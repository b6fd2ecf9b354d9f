/* base/sudden_end.c: puts things in order when the program must end at once. */
#include "base/sudden_end.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Nodes are reused and never freed, so that a handler may walk the lists while other threads change them. */
struct sudden_file {
    sudden_file *next;
    atomic_bool taken, there; /* there: path is to be removed */
    char path[PATH_MAX];
};
struct sudden_map {
    sudden_map *next;
    _Atomic(const uint8_t *) data; /* NULL: unused */
    size_t size;
    const char *path;
};

enum { RESCUE_SECONDS = 5, RESERVE = 4 << 20, ALTERNATE_STACK = 512 << 10, SIGNALS_MOST = 32 };

/* Signals whose usual action ends a program. */
static const int deadly[] = {SIGHUP,  SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU,
                             SIGPIPE, SIGIO,  SIGPWR,  SIGTRAP, SIGABRT, SIGSYS,  SIGSEGV, SIGBUS,    SIGFPE,  SIGILL};
enum { DEADLY = sizeof deadly / sizeof *deadly };

/* The one process that ends: its steps, lists and signals. */
static struct {
    pthread_mutex_t lock; /* of the lists' heads and of unused nodes */
    _Atomic(sudden_file *) files;
    _Atomic(sudden_map *) maps;
    struct {
        void (*_Atomic run)(void *context);
        void *context;
    } step[SUDDEN_STEPS];
    atomic_long ender; /* the thread that ends the program; 0: none yet */
    pthread_t main;
    atomic_bool caught;
    struct sigaction before[SIGNALS_MOST];
    void *reserve; /* freed for saving the session where memory is used up */
} own = {.lock = PTHREAD_MUTEX_INITIALIZER};

void sudden_end_set(sudden_step step, void (*run)(void *context), void *context) {
    if (step == SUDDEN_SESSION && run && !own.reserve) own.reserve = malloc(RESERVE);
    atomic_store(&own.step[step].run, NULL);
    own.step[step].context = context;
    atomic_store(&own.step[step].run, run);
}

/* ---- lists ---- */

static void *node(size_t size) {
    void *new = calloc(1, size);
    if (!new) sudden_end("out of memory: asked for %zu bytes", size);
    return new;
}

sudden_file *sudden_end_reserve(void) {
    pthread_mutex_lock(&own.lock);
    sudden_file *f = atomic_load(&own.files);
    while (f && atomic_load(&f->taken)) f = f->next;
    if (!f) {
        pthread_mutex_unlock(&own.lock); /* node may end the program */
        f = node(sizeof *f);
        pthread_mutex_lock(&own.lock);
        f->next = atomic_load(&own.files);
        atomic_store(&own.files, f);
    }
    atomic_store(&f->taken, true);
    pthread_mutex_unlock(&own.lock);
    return f;
}

void sudden_end_remove(sudden_file *file, const char *path) {
    size_t length = strlen(path);
    if (length >= sizeof file->path) return;
    memcpy(file->path, path, length + 1);
    atomic_store(&file->there, true);
}

void sudden_end_forget(sudden_file *file) {
    if (!file) return;
    atomic_store(&file->there, false);
    atomic_store(&file->taken, false);
}

sudden_map *sudden_end_map(const void *data, size_t size, const char *path) {
    pthread_mutex_lock(&own.lock);
    sudden_map *m = atomic_load(&own.maps);
    while (m && atomic_load(&m->data)) m = m->next;
    if (!m) {
        pthread_mutex_unlock(&own.lock);
        m = node(sizeof *m);
        pthread_mutex_lock(&own.lock);
        m->next = atomic_load(&own.maps);
        atomic_store(&own.maps, m);
    }
    m->size = size;
    m->path = path;
    atomic_store(&m->data, (const uint8_t *)data);
    pthread_mutex_unlock(&own.lock);
    return m;
}

void sudden_end_unmap(sudden_map *map) {
    if (map) atomic_store(&map->data, NULL);
}

/* The path of the mapped file that an address lies in, or NULL. */
static const char *mapped_at(const void *address) {
    for (const sudden_map *m = atomic_load(&own.maps); m; m = m->next) {
        const uint8_t *data = atomic_load(&m->data);
        if (data && (const uint8_t *)address >= data && (size_t)((const uint8_t *)address - data) < m->size)
            return m->path;
    }
    return NULL;
}

/* ---- ending ---- */

static void say(const char *text, size_t length) {
    for (size_t done = 0; done < length;) {
        ssize_t n = write(STDERR_FILENO, text + done, length - done);
        if (n <= 0) return;
        done += (size_t)n;
    }
}

/* Control characters of a name must not reach a terminal. */
static void clean(char *text) {
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if (*c < ' ' || *c == 0x7f) *c = '?';
        if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) c[0] = c[1] = '?';
    }
}

static void run(sudden_step step) {
    void (*what)(void *) = atomic_exchange(&own.step[step].run, NULL);
    if (what) what(own.step[step].context);
}

/* True for the thread that ends the program. The others stop here; false where ending it failed itself. */
static bool is_ender(void) {
    long none = 0, self = syscall(SYS_gettid);
    if (atomic_compare_exchange_strong(&own.ender, &none, self)) return true;
    while (none != self) pause();
    return false;
}

/* message NULL: nothing is said. */
static void put_in_order(const char *message) {
    run(SUDDEN_TERMINAL);
    for (sudden_file *f = atomic_load(&own.files); f; f = f->next)
        if (atomic_exchange(&f->there, false)) unlink(f->path);
    if (message) say(message, strlen(message));
    if (!atomic_load(&own.step[SUDDEN_SESSION].run)) return;
    if (atomic_load(&own.caught) && !pthread_equal(pthread_self(), own.main))
        pthread_kill(own.main, SIGBUS); /* which stops it in is_ender */
    signal(SIGALRM, SIG_DFL);           /* where a lock that another thread holds is needed, give up */
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    alarm(RESCUE_SECONDS);
    free(own.reserve);
    own.reserve = NULL;
    run(SUDDEN_SESSION);
    alarm(0);
}

void sudden_end(const char *format, ...) {
    if (!is_ender()) _exit(1);
    char text[PATH_MAX + 512] = "scry: ";
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, sizeof text - used - 1, format, args);
    va_end(args);
    clean(text);
    strcat(text, "\n");
    put_in_order(text);
    _exit(1);
}

/* ---- signals ---- */

static struct sigaction *action_before(int number) {
    for (size_t i = 0; i < DEADLY; i++)
        if (deadly[i] == number) return &own.before[i];
    return NULL;
}

static void leave_to_former(int number) {
    const struct sigaction *before = action_before(number);
    if (before) sigaction(number, before, NULL);
    else signal(number, SIG_DFL);
}

void sudden_end_by(int number) {
    if (is_ender()) put_in_order(NULL);
    leave_to_former(number);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    const char *path = number == SIGBUS && info->si_code > 0 ? mapped_at(info->si_addr) : NULL;
    if (path)
        sudden_end("%s: became shorter or cannot be read any more; another program wrote to it or its disk failed; "
                   "start again once it is whole",
                   path);
    bool fault = number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL;
    if (!fault || info->si_code <= 0) {
        sudden_end_by(number);
        return;
    }
    if (is_ender()) put_in_order(NULL);
    leave_to_former(number); /* the instruction fails again, for a debugger or a sanitizer to see */
}

static void catch_one(int number, struct sigaction *before) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    struct sigaction now;
    if (sigaction(number, NULL, &now) != 0 || (!(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_IGN)) return;
    if (before) *before = now;
    sigaction(number, &action, NULL);
}

void sudden_end_catch_again(int number) {
    if (atomic_load(&own.caught)) catch_one(number, NULL);
    else signal(number, SIG_DFL);
}

void sudden_end_catch(void) {
    static char alternate[ALTERNATE_STACK]; /* where the stack itself ran out */
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    own.main = pthread_self();
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < DEADLY; i++) catch_one(deadly[i], &own.before[i]);
    signal(SIGXFSZ, SIG_IGN);
    atomic_store(&own.caught, true);
}
