/* test_data_watch.c: loops over the rows of a training run stop soon after they are told to. */
#include "check.h"
#include "base/clock.h"
#include "train/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct patience {
    double until; /* told to stop from then on */
    double told;
    int asked;
} patience;

static bool goes_on(void *context) {
    patience *p = context;
    p->asked++;
    if (clock_seconds() < p->until) return true;
    if (p->told <= 0) p->told = clock_seconds();
    return false;
}

static void splitting(double share) {
    patience p = {.until = clock_seconds() + 0.3};
    data_watch watch = {.goes_on = goes_on, .context = &p};
    data_source source = {.name = (char *)(uintptr_t) "rows", .rows = (uint64_t)1 << 40};
    train_data data = {.watch = &watch, .d = 1, .source = &source, .sources = 1};
    scry_error err = {0};
    const double begun = clock_seconds();
    bool ok = data_split(&data, share, 1, &err);
    const double end = clock_seconds();
    check(!ok && err.status == 1 && strstr(err.text, "interrupted"), "2^40 rows, %g held out: %s", share, err.text);
    check(p.told > 0 && end - p.told < (SANITIZED ? 2 : 0.1), "%.3f s after it was told to stop", end - p.told);
    check(p.asked >= 2 && p.asked <= 2 + (int)((end - begun) / 0.1), "asked %d times", p.asked);
    check(!data_goes_on(&data, NULL) && p.asked <= 2 + (int)((end - begun) / 0.1), "and it stays so");
    free(data.train.chunk);
    free(data.held.chunk);
}

static void reading(void) {
    patience p = {0};
    data_watch watch = {.goes_on = goes_on, .context = &p};
    data_source source = {.name = (char *)(uintptr_t) "rows", .rows = 64};
    train_data data = {.watch = &watch, .d = 1, .source = &source, .sources = 1};
    const data_chunk chunk = {.length = 64};
    float out[64] = {0};
    scry_error err = {0};
    check(!data_read(&data, NULL, &chunk, 1, out, &err) && strstr(err.text, "interrupted"), "nor are rows read: %s",
          err.text);
    data.watch = NULL;
    check(data_goes_on(&data, &err), "without a watch all go on");
}

int main(void) {
    splitting(0);
    splitting(0.05);
    splitting(0.5);
    reading();
    return check_end();
}
