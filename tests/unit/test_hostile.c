/* test_hostile.c: small files that ask for much memory or point outside themselves; each once crashed scry under
 * tests/fuzz. Each is refused by name before anything is allocated for it. */
#include "check.h"
#include "index/format/container.h"
#include "scry.h"
#include "train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- a capture that names latent 2^26 - 3 ------------------------------------------------------ */

static void far_latent(void) {
    struct {
        int64_t indices[2];
        float acts[2];
    } data = {{3, ((int64_t)1 << 26) - 3}, {1, 2}};
    write_safetensors_raw(scratch("far.safetensors"),
                          "{\"top_indices\":{\"dtype\":\"I64\",\"shape\":[2,1],\"data_offsets\":[0,16]},"
                          "\"top_acts\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[16,24]}}",
                          &data, sizeof data);
    const char *study = scratch("far.json");
    write_text(study, "{\"scry_study\": 1, \"train\": {\"base\": {\"features\": \"far.safetensors\"}, \"icl\": "
                      "{\"features\": \"far.safetensors\"}}, \"domains\": [{\"name\": \"a\", \"change\": 1, \"base\": "
                      "{\"features\": \"far.safetensors\"}}]}");
    scry_error err = {0};
    check(!scry_index_build(study, scratch("far.scry"), NULL, NULL, NULL, &err), "latent 2^26 - 3 in 200 bytes");
    check_says(err.text, SAYS("--memory", "67108862 latents", "expected at least"), "is refused for lack of memory");
}

/* ---- training sets times domains: each pair of them has a change --------------------------------- */

enum { MANY = 30000 };

/* A list of MANY objects, each "one" with its number in it. */
static char *many(const char *before, const char *one, const char *after, size_t *length) {
    char *text = NULL;
    FILE *f = open_memstream(&text, length);
    if (!f) abort();
    fputs(before, f);
    for (int i = 0; i < MANY; i++) {
        fputs(i ? "," : "", f);
        fprintf(f, "{\"name\": \"%d\", %s}", i, one);
    }
    fputs(after, f);
    fclose(f);
    return text;
}

static void many_changes(void) {
    const double h[4] = {1};
    size_t size;
    scry_error err = {0};
    const char *study = scratch("many.json"), *path = scratch("many.scry"),
               *base = "\"base\": {\"features\": \"a.npy\"}";
    write_npy(scratch("a.npy"), F32, 2, 2, h);
    char *trains = many("[", text_of("%s, \"icl\": {\"features\": \"a.npy\"}", base), "]", &size);
    char *domains = many("[", base, "]", &size);
    write_text(study, "{\"scry_study\": 1, \"train\": %s, \"domains\": %s}", trains, domains);
    check(!scry_index_build(study, path, NULL, NULL, NULL, &err), "a study of 30,000 training sets and domains");
    check_says(err.text, SAYS("many.json", "30000 training sets", "30000 domains", "at most 16777216"),
               "is refused with the limit");
    const char *meta = text_of("{\"d_sae\": 2, \"latents\": 2, \"pairing\": \"row\", \"captures\": [{}], \"trains\": "
                               "%s, \"domains\": %s}",
                               trains, domains);
    free(trains);
    free(domains);
    err = (scry_error){0};
    container_writer *w = container_create(path, &err);
    container_begin(w, "meta");
    container_write(w, meta, strlen(meta));
    if (!check(container_finish(w, &err), "an index of as many is written %s", err.text)) return;
    check(!scry_open(path, true, &err), "an index of as many");
    check_says(err.text, SAYS("many.scry", "training sets and domains"), "is refused");
}

/* ---- checkpoints ------------------------------------------------------------------------------- */

static bool stop_at_once(void *context, const scry_train_progress *progress) {
    (void)context;
    (void)progress;
    return false;
}

static bool train(const char *folder, const char *rows, bool resume, scry_error *err) {
    scry_train_input input = {.path = &rows, .paths = rows != NULL, .condition = -1};
    scry_train_run run = {.threads = 1, .progress = stop_at_once, .resume = resume};
    scry_train_result result;
    scry_train_undecided(&run.settings);
    run.settings.width = 12;
    run.settings.batch = 8;
    return scry_train(folder, &input, &run, &result, NULL, err);
}

/* The bytes of number `at` of a tensor of 8-byte numbers. */
static uint8_t *number_in(uint8_t *file, size_t size, const char *name, size_t at) {
    uint64_t header;
    memcpy(&header, file, 8);
    char *text = strndup((char *)file + 8, (size_t)header), *entry = text ? strstr(text, name) : NULL;
    char *offsets = entry ? strstr(entry, "\"data_offsets\":[") : NULL;
    size_t begin = offsets ? strtoul(offsets + strlen("\"data_offsets\":["), NULL, 10) : size;
    free(text);
    if (!offsets || 8 + header + begin + 8 * at + 8 > size) abort();
    return file + 8 + header + begin + 8 * at;
}

typedef struct falsified {
    const char *tensor;
    size_t at; /* number in it: settings as in SCRY_TRAIN_SETTINGS, place as in checkpoint.h */
    bool real;
    double value;
    const char *says;
} falsified;

static void checkpoints(void) {
    static const falsified all[] = {
        {"\"place\"", 2, false, 1e12, "place beyond"},      {"\"place\"", 3, false, 1e12, "place beyond"},
        {"\"settings\"", 2, true, 1 << 26, "parameters"},   {"\"settings\"", 24, true, 1e-40, ""},
        {"\"settings\"", 25, true, 5e35, "seed"},           {"\"settings\"", 25, true, (double)NAN, "seed"},
        {"\"settings\"", 24, true, (double)NAN, "held_out"}};
    double x[64 * 6];
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) x[i] = roll_unit(&seed) - 0.5;
    const char *rows = scratch("rows.npy"), *folder = scratch("run"), *path = scratch("run/checkpoint.safetensors");
    write_npy(rows, F32, 64, 6, x);
    scry_error err = {0};
    train(folder, rows, false, &err);
    if (!check(file_exists(path), "a run is stopped and leaves a checkpoint")) return;
    size_t size;
    uint8_t *good = read_bytes(path, &size);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const falsified *f = &all[i];
        uint8_t *hurt = malloc(size), *at;
        if (!hurt) abort();
        memcpy(hurt, good, size);
        at = number_in(hurt, size, f->tensor, f->at);
        uint64_t whole = (uint64_t)(f->real ? 0 : f->value);
        memcpy(at, f->real ? (const void *)&f->value : &whole, 8);
        write_bytes(path, hurt, size);
        free(hurt);
        err = (scry_error){0};
        bool done = train(folder, NULL, true, &err);
        check(!done && strstr(err.text, *f->says ? f->says : "train"), "number %zu of %s is %g: %s", f->at, f->tensor,
              f->value, err.text);
    }
    free(good);
}

int main(void) {
    far_latent();
    many_changes();
    checkpoints();
    return check_end();
}
