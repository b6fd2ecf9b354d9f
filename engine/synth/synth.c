/* synth/synth.c: the manifest of a planted study, and its known answers. */
#include "synth/plan.h"
#include "base/clock.h"
#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { TRUTH_RANKS = 1000 };

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
    for (size_t d = 0; d < p->D; d++) {
        cJSON *domain = cJSON_CreateObject();
        char text[24];
        synth_domain_name(p, d, text);
        cJSON_AddStringToObject(domain, "name", text);
        cJSON_AddNumberToObject(domain, "change", p->change[d]);
        add_capture(domain, "base", text);
        add_capture(domain, "icl", text);
        cJSON_AddItemToArray(domains, domain);
    }
    return synth_write_json(p, "study.json", root);
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
    return synth_write_json(p, "truth.json", root);
}

bool scry_synth(const char *folder, const synth_options *options, synth_result *result, scry_error *err) {
    if (!synth_check_options(options, err)) return false;
    double began = clock_seconds();
    synth_plan p;
    synth_plan_make(&p, folder, options, err);
    bool folders = synth_make_folders(&p), ok = folders && synth_write_train(&p) && synth_write_tokens(&p, "train", 0);
    for (size_t d = 0; d < p.D && ok; d++) {
        char name[24];
        synth_domain_name(&p, d, name);
        ok = synth_write_domain(&p, d) && synth_write_tokens(&p, name, d + 1);
    }
    ok = ok && synth_write_labels(&p) && write_truth(&p) && write_study(&p);
    if (folders && !ok) synth_remove_files(&p);
    p.result.seconds = clock_seconds() - began;
    if (result) *result = p.result;
    synth_plan_free(&p);
    return ok;
}
