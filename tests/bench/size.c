/* size.c: row 8: size of an index for its content. */
#include "bench.h"

#include "index/format/container.h"
#include "scry.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void size_row(const char *what, const char *path) {
    scry_error err = {0};
    scry_index *index = scry_open(path, false, &err);
    container c;
    if (!index || !container_open(&c, path, false, &err)) die("%s", err.text);
    const scry_info *info = scry_index_info(index);
    double nnz = (double)info->nnz, postings = 0, statistics = 0, decoder = 0, rest;
    for (uint32_t i = 0; i < c.sections; i++) {
        const char *name = c.section[i].name;
        double size = (double)c.section[i].size;
        if (strncmp(name, "post/", 5) == 0) postings += size;
        else if (strncmp(name, "dec/", 4) == 0) decoder += size;
        else if (strncmp(name, "shift/", 6) == 0 || strncmp(name, "score/", 6) == 0 || strncmp(name, "fires/", 6) == 0)
            statistics += size;
    }
    double all = (double)info->file_size / nnz;
    rest = (double)info->file_size - postings - statistics - decoder;
    row(text("8 bytes an activation, %s", what), text("%.2f", all),
        text("postings %.2f, statistics %.2f, decoder %.2f, rest %.2f", postings / nnz, statistics / nnz, decoder / nnz,
             rest / nnz),
        text("%.2f", all / 6), "<= 6", all <= 6);
    say("%s: %u latents, %zu domains, %.0f activations, %.1f MB", what, info->d_sae, info->domains, nnz,
        (double)info->file_size * 1e-6);
    container_close(&c);
    scry_close(index);
}

void bench_size(void) {
    static const char study[] = "../shared/studies/mmlu-pocket/study.json";
    char *wide = path_in("wide.scry"), *pocket = path_in("pocket.scry");
    size_row("synth 1,048,576 x 14", wide);
    if (access(study, R_OK) == 0) {
        char *make[] = {(char *)scry, (char *)"index", (char *)study, (char *)"-o", pocket, NULL};
        run(make, NULL, false);
        size_row("mmlu-pocket", pocket);
    }
    free(wide);
    free(pocket);
}
