/* base/worker_thread.c: jobs on a thread of their own, one at a time. */
#include "base/worker_thread.h"
#include "base/mem.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct job {
    worker_job of;
    worker_thread *in;
    atomic_bool cancelled;
    atomic_int done; /* hundredths, as reported */
    struct job *next;
} job;

struct worker_thread {
    int bell;
    pthread_t thread;
    bool started, leaving;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;  /* the worker: there is a job, or it is to leave */
    pthread_cond_t rest;  /* a job has ended */
    job *running, *waiting;
    job *ended, **last; /* oldest first */
};

static bool is_cancelled(void *context) {
    return atomic_load_explicit(&((job *)context)->cancelled, memory_order_relaxed);
}

void worker_ring(int bell) {
    if (bell < 0) return;
    ssize_t ignored = write(bell, "", 1); /* EAGAIN is fine: a wake-up is already pending */
    (void)ignored;
}

/* On the worker's thread, or on those that help it. */
static void has_done(void *context, double share) {
    job *j = context;
    int done = (int)(share * 100), before = atomic_load(&j->done);
    while (done > before && !atomic_compare_exchange_weak(&j->done, &before, done)) continue;
    if (done > before) worker_ring(j->in->bell);
}

/* With the lock held. */
static void has_ended(worker_thread *b, job *j) {
    *b->last = j;
    b->last = &j->next;
    pthread_cond_signal(&b->rest);
    worker_ring(b->bell);
}

static void do_job(job *j) {
    scry_cancel stop = {.is_cancelled = is_cancelled, .context = j, .report_progress = has_done};
    if (!is_cancelled(j)) j->of.work(j->of.context, &stop);
}

static void *work_on(void *context) {
    worker_thread *b = context;
    pthread_mutex_lock(&b->lock);
    for (;;) {
        while (!b->waiting && !b->leaving) pthread_cond_wait(&b->wake, &b->lock);
        if (!b->waiting) break;
        job *j = b->running = b->waiting;
        b->waiting = NULL;
        pthread_mutex_unlock(&b->lock);
        do_job(j);
        pthread_mutex_lock(&b->lock);
        b->running = NULL;
        has_ended(b, j);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

/* The main thread handles all signals but those of a crash, which restore the terminal on any thread. */
static bool start_thread(worker_thread *b) {
    sigset_t all, before;
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
    sigfillset(&all);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&all, own[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&b->thread, NULL, work_on, b) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

worker_thread *worker_new(int bell) {
    worker_thread *b = mem_new(1, sizeof *b);
    b->bell = bell;
    b->last = &b->ended;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->wake, NULL);
    pthread_cond_init(&b->rest, NULL);
    return b;
}

/* With the lock held. Cancels jobs that have ended too: their results are no longer wanted. */
static void cancel_all(worker_thread *b) {
    if (b->running) atomic_store(&b->running->cancelled, true);
    for (job *j = b->ended; j; j = j->next) atomic_store(&j->cancelled, true);
    if (!b->waiting) return;
    atomic_store(&b->waiting->cancelled, true);
    has_ended(b, b->waiting);
    b->waiting = NULL;
}

void worker_cancel(worker_thread *b) {
    pthread_mutex_lock(&b->lock);
    cancel_all(b);
    pthread_mutex_unlock(&b->lock);
}

void worker_begin(worker_thread *b, worker_job of) {
    job *j = mem_new(1, sizeof *j);
    j->of = of;
    j->in = b;
    atomic_init(&j->done, 0);
    atomic_init(&j->cancelled, false);
    if (!b->started) b->started = start_thread(b);
    if (!b->started) do_job(j); /* no thread available: run it here */
    pthread_mutex_lock(&b->lock);
    cancel_all(b);
    if (b->started) b->waiting = j;
    else has_ended(b, j);
    pthread_cond_signal(&b->wake);
    pthread_mutex_unlock(&b->lock);
}

bool worker_is_busy(worker_thread *b) {
    pthread_mutex_lock(&b->lock);
    bool busy = b->running || b->waiting || b->ended;
    pthread_mutex_unlock(&b->lock);
    return busy;
}

double worker_progress(worker_thread *b) {
    pthread_mutex_lock(&b->lock);
    double share = b->running ? atomic_load(&b->running->done) / 100.0 : 0;
    pthread_mutex_unlock(&b->lock);
    return share;
}

bool worker_collect(worker_thread *b) {
    pthread_mutex_lock(&b->lock);
    job *j = b->ended;
    b->ended = NULL;
    b->last = &b->ended;
    pthread_mutex_unlock(&b->lock);
    bool any = false;
    while (j) {
        job *next = j->next;
        bool whole = !is_cancelled(j);
        j->of.end(j->of.context, whole);
        any = any || whole;
        free(j);
        j = next;
    }
    return any;
}

bool worker_finish(worker_thread *b) {
    pthread_mutex_lock(&b->lock);
    while (b->running || b->waiting) pthread_cond_wait(&b->rest, &b->lock);
    pthread_mutex_unlock(&b->lock);
    return worker_collect(b);
}

void worker_free(worker_thread *b) {
    if (!b) return;
    pthread_mutex_lock(&b->lock);
    cancel_all(b);
    b->leaving = true;
    pthread_cond_signal(&b->wake);
    pthread_mutex_unlock(&b->lock);
    if (b->started) pthread_join(b->thread, NULL);
    worker_collect(b);
    pthread_cond_destroy(&b->wake);
    pthread_cond_destroy(&b->rest);
    pthread_mutex_destroy(&b->lock);
    free(b);
}
