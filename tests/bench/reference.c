/* reference.c: row 2: the job of the authors' notebook, in PyTorch as published and with scry. */
#include "bench.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TOP = 100, REPEATS = 2, RUNS = 3 };

static cJSON *read_json(const char *path) {
    FILE *f = fopen(path, "re");
    size_t room = 1 << 22, n = 0;
    char *bytes = malloc(room);
    if (f && bytes) n = fread(bytes, 1, room, f);
    if (f) fclose(f);
    cJSON *json = cJSON_ParseWithLength(bytes, n);
    if (!json) die("%s: not JSON", path);
    free(bytes);
    return json;
}

static double number(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static double apart(double a, double b) {
    return a == b ? 0 : fabs(a - b) / fmax(fabs(a), fabs(b));
}

/* The place of a latent in list[TOP], or -1. */
static int find(const int *list, int latent) {
    for (int i = 0; i < TOP; i++)
        if (list[i] == latent) return i;
    return -1;
}

/* Compares the two and says what differs; true when all agree. */
static bool compare(const cJSON *notebook, const cJSON *rank, const cJSON *score) {
    const cJSON *theirs = cJSON_GetObjectItem(notebook, "latents"), *ours = cJSON_GetObjectItem(rank, "latents");
    if (cJSON_GetArraySize(theirs) != TOP || cJSON_GetArraySize(ours) != TOP) die("not %d latents", TOP);
    int a[TOP], b[TOP], strange = 0, swapped = 0, moved = 0;
    double shift_a[TOP], shift_b[TOP], shifts = 0, scores = 0;
    for (int i = 0; i < TOP; i++) {
        a[i] = (int)number(cJSON_GetArrayItem(theirs, i), "latent");
        shift_a[i] = number(cJSON_GetArrayItem(theirs, i), "shift");
        b[i] = (int)number(cJSON_GetArrayItem(ours, i), "latent");
        shift_b[i] = number(cJSON_GetArrayItem(ours, i), "shift");
    }
    for (int i = 0; i < TOP; i++) {
        int at = find(b, a[i]);
        moved += at != i;
        if (at >= 0) shifts = fmax(shifts, apart(shift_a[i], shift_b[at]));
        if (at < 0 && apart(shift_a[i], shift_b[TOP - 1]) > 1e-5) strange++;
        else swapped += at < 0;
        if (find(a, b[i]) < 0 && apart(shift_b[i], shift_a[TOP - 1]) > 1e-5) strange++;
    }
    const cJSON *domain, *theirs_sts = cJSON_GetObjectItem(notebook, "scores");
    cJSON_ArrayForEach (domain, cJSON_GetObjectItem(score, "domains")) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(domain, "name"));
        double difference = apart(number(domain, "sts"), number(theirs_sts, name));
        if (!(difference <= scores)) scores = difference; /* also NaN */
    }
    double rho_a = number(notebook, "rho"), rho_b = number(score, "pearson"), rho = fabs(rho_a - rho_b);
    bool ok = !strange && scores <= 1e-6 && rho <= 1e-6;
    say("top %d: %s (%d of equal shift changed places at the cut, %d other ranks), shifts within %.1e; act2 within "
        "%.1e, rho %.9f and %.9f",
        TOP, strange ? "DIFFERENT SETS" : "the same set", swapped, moved, shifts, scores, rho_a, rho_b);
    row(text("2 the same answer (top %d, act2, rho)", TOP), text("act2 %.1e, rho %.1e apart", scores, rho),
        strange ? "another set" : "the same set", "", "<= 1e-6", ok);
    return ok;
}

void bench_reference(void) {
    const char *python = getenv("BENCH_PYTHON") && *getenv("BENCH_PYTHON") ? getenv("BENCH_PYTHON") : "python3";
    char *check[] = {(char *)python, (char *)"-c", (char *)"import torch, numpy", NULL};
    if (run(check, NULL, true).status) {
        say("skipped: %s has no torch and numpy; BENCH_PYTHON names one that has", python);
        row("2 the reference notebook's job", "skipped", text("no torch: %.200s", python), "", "1/20", -1);
        return;
    }
    char rows[16];
    snprintf(rows, sizeof rows, "%u", scale.reference_rows);
    char *answer = path_in("notebook.json"), *study = path_in("study.json"), *index = path_in("reference.scry");
    char *rank_json = path_in("rank.json"), *score_json = path_in("score.json");
    char *make[] = {(char *)python, (char *)"tests/bench/make_reference.py", (char *)folder, rows, NULL};
    char *notebook[] = {(char *)python, (char *)"tests/bench/reference.py", (char *)folder, rows, NULL};
    char *build[] = {(char *)scry, (char *)"index", study, (char *)"-o", index, NULL};
    char *rank[] = {(char *)scry,  (char *)"rank",   index, (char *)"--by", (char *)"icl", (char *)"--top",
                    (char *)"100", (char *)"--json", NULL};
    char *score[] = {(char *)scry,   (char *)"score",  index,         (char *)"--score",
                     (char *)"act2", (char *)"--by",   (char *)"icl", (char *)"--top",
                     (char *)"100",  (char *)"--json", NULL};
    double t = now();
    run(make, NULL, false);
    say("ten .pt files of %s x 28672 float32 made in %.0f s", rows, now() - t);
    double slow = INFINITY, slow_job = INFINITY, slow_memory = 0, fast = INFINITY, fast_memory = INFINITY;
    double first = INFINITY;
    double parts[3] = {0};
    for (int i = 0; i < REPEATS; i++) {
        ran r = run(notebook, answer, false);
        cJSON *json = read_json(answer);
        slow = fmin(slow, r.seconds);
        slow_job = fmin(slow_job, number(json, "seconds"));
        slow_memory = r.megabytes;
        cJSON_Delete(json);
        /* The notebook's memory pushes files out of the page cache: the first run brings them back. */
        for (int k = 0; k < RUNS; k++) {
            ran one = run(build, NULL, false), two = run(rank, rank_json, false), three = run(score, score_json, false);
            double all = one.seconds + two.seconds + three.seconds;
            if (k == 0) first = fmin(first, all);
            if (all < fast) parts[0] = one.seconds, parts[1] = two.seconds, parts[2] = three.seconds;
            fast = fmin(fast, all);
            fast_memory = fmin(fast_memory, fmax(one.megabytes, fmax(two.megabytes, three.megabytes)));
        }
    }
    say("notebook %.2f s (%.2f s without importing torch), best of %d; scry index %.3f, rank %.3f, score %.3f s, best "
        "of "
        "%d; right after the notebook, which takes the page cache: %.2f s",
        slow, slow_job, REPEATS, parts[0], parts[1], parts[2], REPEATS * RUNS, first);
    row(text("2 notebook's job, ten of %s x 28672: time", rows), text("%.2f s", fast),
        text("PyTorch %.2f s without import", slow_job), text("1/%.1f", slow_job / fast), "1/20",
        slow_job / fast >= 20);
    row("2 the same: peak resident", text("%.0f MB", fast_memory), text("PyTorch %.0f MB", slow_memory),
        text("1/%.1f", slow_memory / fast_memory), "1/20", slow_memory / fast_memory >= 20);
    cJSON *a = read_json(answer), *b = read_json(rank_json), *c = read_json(score_json);
    compare(a, b, c);
    cJSON_Delete(a);
    cJSON_Delete(b);
    cJSON_Delete(c);
    char *owned[] = {answer, study, index, rank_json, score_json};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}
