/* dense.c: row 1: indexing dense feature dumps, against reading the same files with cat. */
#include "bench.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ACTIVE = 64 };

static void fill(void *context, uint64_t r, float *out) {
    uint64_t state = *(uint64_t *)context + r * 1000003;
    memset(out, 0, scale.dense_cols * sizeof *out);
    for (int i = 0; i < ACTIVE; i++) out[random_below(&state, scale.dense_cols)] = (float)-log(uniform(&state));
}

void bench_dense(void) {
    static const char *const keys[] = {"base", "icl"};
    uint32_t captures = scale.dense_captures;
    char **cat = calloc(captures + 2, sizeof *cat), *study = path_in("dense.json"), *index = path_in("dense.scry");
    if (!cat) die("out of memory");
    cat[0] = (char *)"cat";
    FILE *f = fopen(study, "we");
    if (!f) die("%s cannot be written", study);
    fprintf(f, "{\"scry_study\": 1, \"name\": \"dense\", \"pairing\": \"row\", \"train\": {\"name\": \"t\"");
    for (uint32_t c = 0; c < captures; c++) {
        uint64_t seed = c + 1;
        cat[c + 1] = path_in("dense%u.npy", c);
        write_npy(cat[c + 1], scale.dense_rows, scale.dense_cols, fill, &seed);
        if (c < 2) fprintf(f, ", \"%s\": {\"features\": \"dense%u.npy\"}", keys[c], c);
        else
            fprintf(f, "%s{\"name\": \"d%u\", \"change\": -%u, \"base\": {\"features\": \"dense%u.npy\"}}",
                    c == 2 ? "}, \"domains\": [" : ", ", c, c, c);
    }
    fprintf(f, "]}\n");
    fclose(f);
    double bytes = (double)captures * scale.dense_rows * scale.dense_cols * 4;
    double reading = INFINITY, indexing = INFINITY;
    char *make[] = {(char *)scry, (char *)"index", study, (char *)"-o", index, NULL};
    run(cat, NULL, false); /* into the page cache */
    for (int i = 0; i < scale.repeats; i++) {
        reading = fmin(reading, run(cat, NULL, false).seconds);
        indexing = fmin(indexing, run(make, NULL, false).seconds);
    }
    say("%u captures of %u x %u float32, %.2f GB, %d active a row; best of %d", captures, scale.dense_rows,
        scale.dense_cols, bytes * 1e-9, ACTIVE, scale.repeats);
    row(text("1 index dense dumps, %u of %u x %u", captures, scale.dense_rows, scale.dense_cols),
        text("%.3f s, %.2f GB/s", indexing, bytes / indexing * 1e-9),
        text("cat %.3f s, %.2f GB/s", reading, bytes / reading * 1e-9), text("%.2fx", indexing / reading), "<= 1.25x",
        indexing / reading <= 1.25);
    size_row("dense dump", index);
    for (uint32_t c = 0; c < captures; c++) free(cat[c + 1]);
    free(cat);
    free(study);
    free(index);
}
