/* synth/files.c: the folder of a planted study, its texts and labels. */
#include "synth/plan.h"
#include "base/atomic_file.h"
#include "base/mem.h"
#include "base/random.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAMPLE_TOKENS = 128, LABEL_RANKS = 1000 };

void synth_domain_name(const synth_plan *p, size_t domain, char name[24]) {
    snprintf(name, 24, "domain-%0*zu", p->D > 99 ? 4 : 2, domain + 1);
}

/* ---- files ---------------------------------------------------------------------------------- */

const char *synth_add_file(synth_plan *p, char *path, uint64_t size) {
    p->made = mem_resize(p->made, p->made_count + 1, sizeof *p->made);
    p->made[p->made_count++] = path;
    p->result.bytes += size;
    return path;
}

bool synth_write_file(synth_plan *p, const char *name, char *text, size_t size) {
    char *path = mem_format("%s/%s", p->folder, name);
    bool ok = atomic_file_write(path, text, size, p->err);
    if (ok) synth_add_file(p, path, size);
    else free(path);
    free(text);
    return ok;
}

bool synth_write_json(synth_plan *p, const char *name, cJSON *json) {
    char *text = cJSON_Print(json);
    cJSON_Delete(json);
    size_t length = strlen(text);
    char *line = mem_format("%s\n", text);
    cJSON_free(text);
    return synth_write_file(p, name, line, length + 1);
}

static bool make_folder(synth_plan *p, const char *path) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
    return scry_fail(p->err, "%s: cannot be made: %s", path, strerror(errno));
}

bool synth_make_folders(synth_plan *p) {
    char *study = mem_format("%s/study.json", p->folder), *truth = mem_format("%s/truth.json", p->folder);
    char *acts = mem_format("%s/acts", p->folder);
    bool ok = make_folder(p, p->folder);
    if (ok && access(study, F_OK) == 0) {
        if (access(truth, F_OK) != 0)
            ok = scry_fail(p->err,
                           "%s: holds a study that synth did not write (its folder has no truth.json); "
                           "expected an empty or a new folder",
                           study);
        else if (unlink(study) != 0) ok = scry_fail(p->err, "%s: cannot be replaced: %s", study, strerror(errno));
    }
    ok = ok && make_folder(p, acts);
    free(study);
    free(truth);
    free(acts);
    return ok;
}

void synth_remove_files(synth_plan *p) {
    for (size_t i = 0; i < p->made_count; i++) unlink(p->made[i]);
    char *acts = mem_format("%s/acts", p->folder);
    rmdir(acts); /* both only when they are empty */
    rmdir(p->folder);
    free(acts);
}

/* ---- text ----------------------------------------------------------------------------------- */

static const char *const words[] = {" the",   " a",     " of",    " is",    " and",   " so",    " we",    " then",
                                    " sum",   " root",  " line",  " point", " set",   " proof", " each",  " number",
                                    " prime", " angle", " graph", " limit", " equal", " step",  " cell",  " acid",
                                    " law",   " king",  " coast", " trade", " price", " mind",  " river", " stone",
                                    " lamp",  " north", " seven", " =",     " +",     ",",      ".",      " x"};

/* Samples of SAMPLE_TOKENS words drawn from a few. */
bool synth_write_tokens(synth_plan *p, const char *name, uint64_t number) {
    char *text = NULL, *file = mem_format("%s.tokens.jsonl", name);
    size_t size = 0;
    FILE *f = mem_check(open_memstream(&text, &size));
    uint64_t state = p->o->seed ^ 0x746f6b656e73u ^ number << 48;
    for (uint32_t t = 0; t < p->T; t++) {
        bool first = t % SAMPLE_TOKENS == 0, last = t % SAMPLE_TOKENS == SAMPLE_TOKENS - 1 || t + 1 == p->T;
        if (first)
            fprintf(f, "{\"id\": \"%s-%" PRIu32 "\", \"subject\": \"%s\", \"tokens\": [", name, t / SAMPLE_TOKENS,
                    name);
        uint32_t word = random_below(&state, sizeof words / sizeof *words);
        fprintf(f, "%s\"%s\"%s", first ? "" : ", ", words[word], last ? "]}\n" : "");
    }
    fclose(f);
    mem_check(text);
    bool ok = synth_write_file(p, file, text, size);
    free(file);
    return ok;
}

bool synth_write_labels(synth_plan *p) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = mem_check(open_memstream(&text, &size));
    for (uint32_t i = 0; i < 2 * LABEL_RANKS; i++) {
        uint32_t r = i / 2 < p->F ? i / 2 : p->F - 1;
        if (i % 2) r = synth_swapped(p, r);
        if (i / 2 >= p->F || (i % 2 && r < LABEL_RANKS)) continue; /* the second of a pair that is there */
        fprintf(f,
                "{\"latent\": %" PRIu32 ", \"label\": \"planted: rank %" PRIu32 " by icl, %" PRIu32 " by sft, %s\"}\n",
                synth_latent_at(p, r), r + 1, synth_swapped(p, r) + 1,
                synth_direction(p, synth_latent_at(p, r)) > 0 ? "rises" : "falls");
    }
    fclose(f);
    mem_check(text);
    return synth_write_file(p, "labels.jsonl", text, size);
}
