/* synth/synth.c: the files of a planted study: folder, texts, labels, manifest, and the known answers. */
#include "synth/plan.h"
#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAMPLE_TOKENS = 128, LABEL_RANKS = 1000, TRUTH_RANKS = 1000 };

/* Write folder/name atomically. Takes over text, or json. False and the plan's err when it cannot be written. */
static bool write_file(synth_plan *p, const char *name, char *text, size_t size) {
    char *path = mem_format("%s/%s", p->folder, name);
    bool ok = atomic_file_write(path, text, size, p->err);
    if (ok) synth_add_file(p, path, size);
    else free(path);
    free(text);
    return ok;
}

static bool write_json(synth_plan *p, const char *name, cJSON *json) {
    char *text = cJSON_Print(json);
    cJSON_Delete(json);
    size_t length = strlen(text);
    char *line = mem_format("%s\n", text);
    cJSON_free(text);
    return write_file(p, name, line, length + 1);
}

static bool make_folder(synth_plan *p, const char *path) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
    return scry_fail(p->err, "%s: cannot be made: %s", path, strerror(errno));
}

/* Make the folder and folder/acts. A study there must be one of synth's; its manifest is removed first, so that none
 * ever stands with captures that are not its own. */
static bool make_folders(synth_plan *p) {
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

/* Remove what this run wrote, and the folders where they are empty. */
static void remove_files(synth_plan *p) {
    for (size_t i = 0; i < p->made_count; i++) unlink(p->made[i]);
    char *acts = mem_format("%s/acts", p->folder);
    rmdir(acts);
    rmdir(p->folder);
    free(acts);
}

static const char *const words[] = {" the",   " a",     " of",    " is",    " and",   " so",    " we",    " then",
                                    " sum",   " root",  " line",  " point", " set",   " proof", " each",  " number",
                                    " prime", " angle", " graph", " limit", " equal", " step",  " cell",  " acid",
                                    " law",   " king",  " coast", " trade", " price", " mind",  " river", " stone",
                                    " lamp",  " north", " seven", " =",     " +",     ",",      ".",      " x"};

/* folder/NAME.tokens.jsonl: samples of SAMPLE_TOKENS words drawn from a few; number seeds them. */
static bool write_tokens(synth_plan *p, const char *name, uint64_t number) {
    char *text = NULL, *file = mem_format("%s.tokens.jsonl", name);
    size_t size = 0;
    FILE *f = mem_stream(&text, &size);
    uint64_t state = p->o->seed ^ 0x746f6b656e73u ^ number << 48;
    for (uint32_t t = 0; t < p->T; t++) {
        bool first = t % SAMPLE_TOKENS == 0, last = t % SAMPLE_TOKENS == SAMPLE_TOKENS - 1 || t + 1 == p->T;
        if (first)
            fprintf(f, "{\"id\": \"%s-%" PRIu32 "\", \"subject\": \"%s\", \"tokens\": [", name, t / SAMPLE_TOKENS,
                    name);
        uint32_t word = random_below(&state, sizeof words / sizeof *words);
        fprintf(f, "%s\"%s\"%s", first ? "" : ", ", words[word], last ? "]}\n" : "");
    }
    mem_stream_end(f);
    bool ok = write_file(p, file, text, size);
    free(file);
    return ok;
}

/* folder/labels.jsonl: of the first ranks by icl or by sft. */
static bool write_labels(synth_plan *p) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = mem_stream(&text, &size);
    for (uint32_t i = 0; i < 2 * LABEL_RANKS; i++) {
        uint32_t r = i / 2 < p->F ? i / 2 : p->F - 1;
        if (i % 2) r = synth_swapped(p, r);
        if (i / 2 >= p->F || (i % 2 && r < LABEL_RANKS)) continue; /* the second of a pair that is there */
        fprintf(f,
                "{\"latent\": %" PRIu32 ", \"label\": \"planted: rank %" PRIu32 " by icl, %" PRIu32 " by sft, %s\"}\n",
                synth_latent_at(p, r), r + 1, synth_swapped(p, r) + 1,
                synth_direction(p, synth_latent_at(p, r)) > 0 ? "rises" : "falls");
    }
    mem_stream_end(f);
    return write_file(p, "labels.jsonl", text, size);
}

static const uint32_t truth_sizes[] = {10, 100, 1000}, truth_overlaps[] = {50, 100, 200};

static void add_capture(cJSON *group, const char *condition, const char *name) {
    cJSON *c = cJSON_AddObjectToObject(group, condition);
    char *acts = mem_format("acts/%s.%s.safetensors", name, condition), *tokens = mem_format("%s.tokens.jsonl", name);
    cJSON_AddStringToObject(c, "features", acts);
    cJSON_AddStringToObject(c, "tokens", tokens);
    free(acts);
    free(tokens);
}

static bool write_study(synth_plan *p) {
    cJSON *root = cJSON_CreateObject();
    char *name =
        mem_format("synthetic, %" PRIu32 " latents, %s", p->F, p->o->is_null ? "changes at random" : "planted");
    cJSON_AddNumberToObject(root, "scry_study", 1);
    cJSON_AddStringToObject(root, "name", name);
    cJSON_AddStringToObject(root, "model", "none");
    cJSON_AddStringToObject(root, "pairing", "token");
    cJSON_AddStringToObject(root, "correlate", "absolute");
    cJSON_AddStringToObject(root, "labels", "labels.jsonl");
    free(name);
    cJSON *train = cJSON_AddObjectToObject(root, "train"), *domains = cJSON_AddArrayToObject(root, "domains");
    cJSON_AddStringToObject(train, "name", "planted");
    for (int c = 0; c < SCRY_RL; c++) add_capture(train, scry_condition_name((scry_condition)c), "train");
    if (p->o->has_control) add_capture(train, "control", "train");
    for (size_t d = 0; d < p->D; d++) {
        cJSON *domain = cJSON_CreateObject();
        char text[24];
        synth_domain_name(p, d, text);
        cJSON_AddStringToObject(domain, "name", text);
        cJSON_AddNumberToObject(domain, "change", p->change[d]);
        add_capture(domain, "base", text);
        add_capture(domain, "icl", text);
        if (p->o->has_control) add_capture(domain, "control", text);
        cJSON_AddItemToArray(domains, domain);
    }
    return write_json(p, "study.json", root);
}

static cJSON *truth_ranking(const synth_plan *p, bool sft) {
    cJSON *list = cJSON_CreateArray();
    double total = synth_harmonic(p->F), held = 0;
    for (uint32_t r = 0; r < p->F && r < TRUTH_RANKS; r++) {
        uint32_t latent = synth_latent_at(p, sft ? synth_swapped(p, r) : r);
        double share = 1 / (r + 1.0) / total, a = SYNTH_AMPLITUDE;
        held += share;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "rank", r + 1);
        cJSON_AddNumberToObject(item, "latent", latent);
        cJSON_AddNumberToObject(item, "shift", a * a / (r + 1.0) / p->T);
        cJSON_AddNumberToObject(item, "share", share);
        cJSON_AddNumberToObject(item, "cumulative", held);
        cJSON_AddNumberToObject(item, "abs", a / sqrt(r + 1.0) / p->T);
        cJSON_AddNumberToObject(item, "mean", synth_direction(p, latent) * a / sqrt(r + 1.0) / p->T);
        cJSON_AddNumberToObject(item, "rate", synth_direction(p, latent) / (double)p->T);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *truth_score(const synth_plan *p, scry_score score) {
    cJSON *list = cJSON_CreateArray();
    double *x = mem_new(p->D, sizeof *x), *y = mem_new(p->D, sizeof *y);
    for (size_t d = 0; d < p->D; d++) y[d] = fabs(p->change[d]);
    for (size_t i = 0; i < sizeof truth_sizes / sizeof *truth_sizes; i++) {
        if (truth_sizes[i] > p->F) continue;
        for (size_t d = 0; d < p->D; d++) x[d] = synth_sts(p, score, d, truth_sizes[i]);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "n", truth_sizes[i]);
        double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
        for (size_t d = 0; d < p->D; d++) mx += x[d] / p->D, my += y[d] / p->D;
        for (size_t d = 0; d < p->D; d++) {
            xx += (x[d] - mx) * (x[d] - mx);
            yy += (y[d] - my) * (y[d] - my);
            xy += (x[d] - mx) * (y[d] - my);
        }
        cJSON_AddNumberToObject(item, "pearson", xy / sqrt(xx * yy));
        cJSON_AddItemToObject(item, "sts", cJSON_CreateDoubleArray(x, (int)p->D));
        cJSON_AddItemToArray(list, item);
    }
    free(x);
    free(y);
    return list;
}

static cJSON *truth_overlap(const synth_plan *p) {
    cJSON *list = cJSON_CreateArray();
    double total = synth_harmonic(p->F);
    for (size_t i = 0; i < sizeof truth_overlaps / sizeof *truth_overlaps; i++) {
        uint32_t n = truth_overlaps[i];
        if (n > p->F) continue;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "n", n);
        cJSON_AddNumberToObject(item, "overlap", synth_overlap_at(p, n));
        cJSON_AddNumberToObject(item, "share_a", synth_harmonic(n) / total);
        cJSON_AddNumberToObject(item, "share_b", synth_harmonic(n) / total);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static bool write_truth(synth_plan *p) {
    cJSON *root = cJSON_CreateObject();
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"scry_synth", 1},
                   {"latents", p->F},
                   {"domains", p->D},
                   {"tokens", p->T},
                   {"seed", p->o->seed},
                   {"multiplier", (double)p->multiplier},
                   {"offset", (double)p->offset},
                   {"head", p->head},
                   {"amplitude", SYNTH_AMPLITUDE},
                   {"base", SYNTH_BASE},
                   {"tilt", SYNTH_TILT}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        cJSON_AddNumberToObject(root, numbers[i].name, numbers[i].value);
    if (p->o->has_control) cJSON_AddStringToObject(root, "against", "control"); /* what is said of icl */
    cJSON_AddItemToObject(root, "rho", p->o->is_null ? cJSON_CreateNull() : cJSON_CreateNumber(p->o->rho));
    const double *vectors[] = {p->change, p->u, p->v, p->u_icl};
    static const char *const names[] = {"change", "u", "v", "u_icl"};
    for (size_t i = 0; i < 4; i++)
        cJSON_AddItemToObject(root, names[i], cJSON_CreateDoubleArray(vectors[i], (int)p->D));
    cJSON *rank = cJSON_AddObjectToObject(root, "rank"), *score = cJSON_AddObjectToObject(root, "score");
    cJSON_AddItemToObject(rank, "icl", truth_ranking(p, false));
    cJSON_AddItemToObject(rank, "sft", truth_ranking(p, true));
    for (int s = 0; s < SCRY_SCORES; s++)
        cJSON_AddItemToObject(score, scry_score_name((scry_score)s), truth_score(p, (scry_score)s));
    cJSON_AddItemToObject(root, "overlap", truth_overlap(p));
    return write_json(p, "truth.json", root);
}

bool scry_synth(const char *folder, const synth_options *options, synth_result *result, scry_error *err) {
    if (!synth_check_options(options, err)) return false;
    double began = clock_seconds();
    synth_plan p;
    synth_plan_make(&p, folder, options, err);
    bool folders = make_folders(&p), ok = folders && synth_write_train(&p) && write_tokens(&p, "train", 0);
    for (size_t d = 0; d < p.D && ok; d++) {
        char name[24];
        synth_domain_name(&p, d, name);
        ok = synth_write_domain(&p, d) && write_tokens(&p, name, d + 1);
    }
    ok = ok && write_labels(&p) && write_truth(&p) && write_study(&p);
    if (folders && !ok) remove_files(&p);
    p.result.seconds = clock_seconds() - began;
    if (result) *result = p.result;
    synth_plan_free(&p);
    return ok;
}
