/* test_tui_worker_thread.c: each job's end is reported once and on the calling thread; a cancelled job is reported as
 * cancelled; nothing waits for a cancelled job. */
#include "check.h"

#include "base/worker_thread.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void rest_ms(long ms) {
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* What came of a job. `sum` is the result: of 1..`terms`. */
typedef struct task {
    long terms, sum;
    bool endless;     /* works until it is stopped */
    atomic_bool held; /* and goes on until it is let go, stopped or not */
    atomic_int begun; /* 2: and done */
    int ended, whole, place;
    pthread_t on, told_on;
} task;

static int told; /* ends so far */

static void work(void *context, const scry_cancel *stop) {
    task *t = context;
    t->on = pthread_self();
    atomic_store(&t->begun, 1);
    while ((t->endless && !scry_cancelled(stop)) || atomic_load(&t->held)) rest_ms(1);
    for (long i = 1; i <= t->terms; i++) t->sum += i;
    atomic_store(&t->begun, 2);
}

static void end(void *context, bool whole) {
    task *t = context;
    t->ended++;
    t->whole = whole;
    t->place = ++told;
    t->told_on = pthread_self();
}

static void begin(worker_thread *b, task *t) {
    worker_begin(b, (worker_job){work, end, t});
}

static void wait_begun(task *t) {
    while (!atomic_load(&t->begun)) rest_ms(1);
}

static void test_result(void) {
    worker_thread *b = worker_new(-1);
    check(!worker_is_busy(b) && !worker_collect(b), "nothing is there at first");
    task t = {.terms = 1000};
    begin(b, &t);
    check(worker_is_busy(b), "a job that has begun makes it busy");
    check(worker_finish(b), "a whole job is told so");
    check(t.ended == 1 && t.whole && t.sum == 500500, "its end is told once, whole: %d %d, sum %ld", t.ended, t.whole,
          t.sum);
    check(!pthread_equal(t.on, pthread_self()) && pthread_equal(t.told_on, pthread_self()),
          "the work is on another thread, its end is told on this one");
    check(!worker_is_busy(b), "then nothing is left");
    worker_free(b);
    check(t.ended == 1, "and nothing is told again");
}

static void test_cancel(void) {
    worker_thread *b = worker_new(-1);
    task first = {.endless = true, .held = true, .terms = 3}, second = {.endless = true}, third = {.terms = 4};
    begin(b, &first);
    wait_begun(&first);
    begin(b, &second); /* never begins: the third takes its place, unless the first has gone already */
    begin(b, &third);
    check(atomic_load(&first.begun) == 1, "to begin another does not wait for the one that works");
    atomic_store(&first.held, false);
    check(worker_finish(b), "the last is whole");
    check(first.ended == 1 && !first.whole, "the first was cancelled");
    check(second.ended == 1 && !second.whole, "the second too");
    check(third.ended == 1 && third.whole && third.sum == 10 && third.place == told,
          "the third is whole, and told last: place %d of %d", third.place, told);
    worker_free(b);
}

static void test_cancel_late(void) {
    int bell[2];
    if (!check(pipe(bell) == 0, "a pipe")) return;
    worker_thread *b = worker_new(bell[1]);
    struct pollfd in = {.fd = bell[0], .events = POLLIN};
    task late = {.terms = 5};
    begin(b, &late);
    check(poll(&in, 1, -1) == 1 && atomic_load(&late.begun) == 2, "the bell rings behind the work");
    worker_cancel(b);
    check(!worker_finish(b) && late.ended == 1 && !late.whole, "cancelled after its work, before its end was told");
    worker_free(b);
    close(bell[0]);
    close(bell[1]);
}

static void test_free(void) {
    worker_thread *b = worker_new(-1);
    task running = {.endless = true}, waiting = {.endless = true};
    begin(b, &running);
    wait_begun(&running);
    begin(b, &waiting);
    worker_free(b);
    check(running.ended == 1 && !running.whole && waiting.ended == 1 && !waiting.whole,
          "whoever leaves cancels, and is told of both");
    b = worker_new(-1);
    worker_free(b);
    worker_free(NULL);
}

static void test_bell(void) {
    int bell[2];
    if (!check(pipe(bell) == 0, "a pipe")) return;
    worker_thread *b = worker_new(bell[1]);
    struct pollfd in = {.fd = bell[0], .events = POLLIN};
    check(poll(&in, 1, 0) == 0, "the bell is silent at first");
    task t = {.terms = 10};
    begin(b, &t);
    check(poll(&in, 1, -1) == 1, "it rings when the job has ended");
    check(t.ended == 0, "whose end is reported only on request");
    check(worker_collect(b) && t.ended == 1, "and then is");
    worker_free(b);
    close(bell[0]);
    close(bell[1]);
}

/* Many begun in a row: each is told once, and the last of them is whole. */
static void test_storm(void) {
    enum { MANY = 2000 };
    worker_thread *b = worker_new(-1);
    task *t = calloc(MANY, sizeof *t);
    if (!t) abort();
    for (int i = 0; i < MANY; i++) {
        t[i].terms = i % 7 * 100;
        t[i].endless = i % 3 == 0 && i + 1 < MANY;
        begin(b, &t[i]);
        if (i % 5 == 0) worker_collect(b);
    }
    worker_finish(b);
    size_t wrong = 0;
    for (int i = 0; i < MANY; i++) wrong += t[i].ended != 1 || (t[i].endless && t[i].whole);
    check(wrong == 0, "%d jobs: %zu told wrongly", MANY, wrong);
    check(t[MANY - 1].whole, "the last is whole");
    free(t);
    worker_free(b);
}

int main(void) {
    alarm(300); /* what waits for ever has failed */
    test_result();
    test_cancel();
    test_cancel_late();
    test_free();
    test_bell();
    test_storm();
    return check_end();
}
