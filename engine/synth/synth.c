/* synth/synth.c: a study with planted, known answers. synth.h has the formulas.
 *
 * How they are planted. Each latent fires once a capture, on token (latent + a shift) mod T, so that
 * every token has about F / T latents and an average over tokens is one value over T. A latent
 * fires a second time, on another token, where training moved it: the difference is then that value
 * itself, not what rounding leaves of a sum. Latents that fall have it in base and lose it. */
#include "synth.h"
#include "base/clock.h"
#include "base/atomic_file.h"
#include "base/mem.h"
#include "base/random.h"
#include "io/formats/safetensors_write.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAMPLE_TOKENS = 128, TRUTH_RANKS = 1000, LABEL_RANKS = 1000, MOST_DOMAINS = 4096, MOST_LAYERS = 3 };

static const uint32_t truth_sizes[] = {10, 100, 1000}, truth_overlaps[] = {50, 100, 200};

typedef struct plan {
    const synth_options *o;
    const char *folder;
    uint32_t F, D, T;
    uint32_t columns; /* latents a token, rounded up */
    uint32_t head, half;
    uint64_t multiplier, offset;
    double *u, *v, *u_icl; /* [D] weights; v behind the head */
    double *change;        /* [D] as measured: drops */
    char **made;           /* files written in this run */
    size_t made_count;
    synth_result result;
    scry_error *err;
} plan;

/* ---- the formulas --------------------------------------------------------------------------- */

static uint32_t latent_at(const plan *p, uint32_t rank) {
    return (uint32_t)((rank * p->multiplier + p->offset) % p->F);
}

/* The rank by sft of what icl ranks at r, and the other way round. */
static uint32_t swapped(const plan *p, uint32_t r) {
    if (r < p->half) return r % 2 ? r + p->half : r;
    return r < 2 * p->half && (r - p->half) % 2 ? r - p->half : r;
}

static float size_at(uint32_t rank) {
    return (float)(SYNTH_AMPLITUDE / sqrt((double)rank + 1));
}

/* Latents of every fourth column fall, the others rise. */
static int direction(const plan *p, uint32_t latent) {
    return latent / p->T % 4 == 3 ? -1 : 1;
}

static double tilt(const plan *p, size_t domain, uint32_t rank) {
    uint64_t state = p->o->seed ^ (uint64_t)(domain + 1) << 40 ^ rank / 2;
    bool up = (random_next(&state) >> 63) != (rank & 1);
    return up ? 1 + SYNTH_TILT : 1 - SYNTH_TILT;
}

/* w g (1 +- e): the activation on the one token of a domain where a latent is active, or the square of its difference
 * between icl and base there. */
static double cell(const plan *p, bool icl, size_t domain, uint32_t rank) {
    const double *weight = rank >= p->head ? p->v : icl ? p->u_icl : p->u;
    uint32_t pair = (rank < p->head ? rank : p->head) / 2; /* the same for all behind the head */
    return weight[domain] * tilt(p, domain, rank) / (pair + 1);
}

/* The domain's STS of the top n by icl. */
static double sts(const plan *p, scry_score score, size_t domain, uint32_t n) {
    bool icl = scry_scores[score].condition == SCRY_ICL;
    double sum = 0;
    for (uint32_t r = 0; r < n; r++) {
        double one = cell(p, icl, domain, r);
        sum += scry_score_term(score, icl ? sqrt(one) : one);
    }
    return scry_score_aggregate(score, sum / p->T, n);
}

static uint32_t overlap_at(const plan *p, uint32_t n) {
    uint32_t below = n < p->half ? n : p->half, from = n > p->half ? n - p->half : 0;
    return n - (below > from ? below / 2 - from / 2 : 0); /* odd numbers in [from, below) are half */
}

static double harmonic(uint32_t n) {
    double sum = 0;
    for (uint32_t i = n; i > 0; i--) sum += 1.0 / i; /* small ones first */
    return sum;
}

/* ---- planting rho --------------------------------------------------------------------------- */

static double unit_random(uint64_t *state) {
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

static double normal_random(uint64_t *state) {
    double radius = sqrt(-2 * log(1 - unit_random(state)));
    return radius * cos(2 * 3.14159265358979323846 * unit_random(state));
}

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* Takes the mean and the parts along the unit vectors out of x, and scales it to length 1. False
 * (and x all 0) when nothing is left. Twice, since once leaves rounding. */
static bool orthogonal(double *x, size_t n, const double *const *units, size_t count) {
    double before = sqrt(dot(x, x, n));
    for (int pass = 0; pass < 2; pass++) {
        double mean = 0;
        for (size_t i = 0; i < n; i++) mean += x[i] / (double)n;
        for (size_t i = 0; i < n; i++) x[i] -= mean;
        for (size_t k = 0; k < count; k++) {
            double along = dot(x, units[k], n);
            for (size_t i = 0; i < n; i++) x[i] -= along * units[k][i];
        }
    }
    double length = sqrt(dot(x, x, n));
    bool left = length > 1e-9 * before;
    for (size_t i = 0; i < n; i++) x[i] = left ? x[i] / length : 0;
    return left;
}

/* out = middle + spread * x, x scaled so that its largest is 1. */
static void stretch(const double *x, size_t n, double middle, double spread, double *out) {
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fabs(x[i]) > most ? fabs(x[i]) : most;
    for (size_t i = 0; i < n; i++) out[i] = middle + (most > 0 ? spread * x[i] / most : 0);
}

/* A random direction away from `unit`, mixed with it so that the correlation is rho. */
static void correlated(const double *unit, size_t n, double rho, uint64_t *state, double *out) {
    do {
        for (size_t i = 0; i < n; i++) out[i] = normal_random(state);
    } while (!orthogonal(out, n, &unit, 1));
    for (size_t i = 0; i < n; i++) out[i] = rho * unit[i] + sqrt(1 - rho * rho) * out[i];
}

static void plant_domains(plan *p) {
    size_t D = p->D;
    uint64_t state = p->o->seed ^ 0x646f6d61696e73u;
    double **array[] = {&p->u, &p->v, &p->u_icl, &p->change};
    for (size_t i = 0; i < sizeof array / sizeof *array; i++) *array[i] = mem_new(D, sizeof(double));
    double *unit_u = mem_new(D, sizeof(double)), *unit_y = mem_new(D, sizeof(double)), *x = mem_new(D, sizeof(double));
    do {
        for (size_t d = 0; d < D; d++) unit_u[d] = p->u[d] = 0.5 + 1.5 * unit_random(&state);
    } while (!orthogonal(unit_u, D, NULL, 0));
    if (p->o->is_null) {
        for (size_t d = 0; d < D; d++) {
            p->change[d] = 4 * normal_random(&state);
            unit_y[d] = fabs(p->change[d]);
            p->u_icl[d] = 0.5 + 1.5 * unit_random(&state);
        }
        orthogonal(unit_y, D, NULL, 0);
    } else {
        correlated(unit_u, D, p->o->rho, &state, unit_y);
        stretch(unit_y, D, -5, -4, p->change);
        correlated(unit_y, D, p->o->rho, &state, x);
        stretch(x, D, 1.25, 0.75, p->u_icl);
    }
    /* y counts only beyond what u has of it, so that the two are at right angles; nothing remains
     * where rho is 1 or -1. */
    for (size_t d = 0; d < D; d++) x[d] = normal_random(&state);
    const double *units[] = {unit_u, unit_y};
    bool more = orthogonal(unit_y, D, units, 1);
    orthogonal(x, D, units, more ? 2 : 1); /* 0 for three domains: v is then the same for all */
    stretch(x, D, 1, 0.4, p->v);
    free(unit_u);
    free(unit_y);
    free(x);
}

/* ---- setting up ----------------------------------------------------------------------------- */

static uint32_t common_divisor(uint32_t a, uint32_t b) {
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static bool check_options(const synth_options *o, scry_error *err) {
    if (o->latents < 16 || o->latents > SYNTH_MOST_LATENTS)
        return scry_misuse(err, "width: found %" PRIu32 " latents, expected 16 to %d", o->latents, SYNTH_MOST_LATENTS);
    if (o->tokens < 8 || o->tokens > o->latents)
        return scry_misuse(err, "tokens: found %" PRIu32 ", expected 8 to as many as there are latents, %" PRIu32,
                           o->tokens, o->latents);
    if (o->domains < 3 || o->domains > MOST_DOMAINS)
        return scry_misuse(err, "domains: found %" PRIu32 ", expected 3 (fewer have no correlation) to %d", o->domains,
                           MOST_DOMAINS);
    if (!(o->rho >= -1 && o->rho <= 1)) return scry_misuse(err, "rho: found %g, expected -1 to 1", o->rho);
    return true;
}

static void plan_make(plan *p, const char *folder, const synth_options *o, scry_error *err) {
    *p = (plan){.o = o, .folder = folder, .F = o->latents, .D = o->domains, .T = o->tokens, .err = err};
    p->columns = (p->F + p->T - 1) / p->T;
    p->half = p->F / 2;
    p->head = p->F < 2 * SYNTH_HEAD ? p->half & ~1u : SYNTH_HEAD;
    uint64_t state = o->seed;
    uint32_t multiplier = p->F / 4 + random_below(&state, p->half);
    while (common_divisor(multiplier, p->F) != 1) multiplier++;
    p->multiplier = multiplier;
    p->offset = random_below(&state, p->F);
    plant_domains(p);
}

static void plan_free(plan *p) {
    for (size_t i = 0; i < p->made_count; i++) free(p->made[i]);
    free(p->made);
    double *owned[] = {p->u, p->v, p->u_icl, p->change};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Remembers the file, so that it can be taken away again. */
static const char *made(plan *p, char *path, uint64_t size) {
    p->made = mem_resize(p->made, p->made_count + 1, sizeof *p->made);
    p->made[p->made_count++] = path;
    p->result.bytes += size;
    return path;
}

/* Writes folder/name. Takes text over. */
static bool write_file(plan *p, const char *name, char *text, size_t size) {
    char *path = mem_format("%s/%s", p->folder, name);
    bool ok = atomic_file_write(path, text, size, p->err);
    if (ok) made(p, path, size);
    else free(path);
    free(text);
    return ok;
}

static bool write_json(plan *p, const char *name, cJSON *json) {
    char *text = cJSON_Print(json);
    cJSON_Delete(json);
    size_t length = strlen(text);
    char *line = mem_format("%s\n", text);
    cJSON_free(text);
    return write_file(p, name, line, length + 1);
}

static bool make_folder(plan *p, const char *path) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
    return scry_fail(p->err, "%s: cannot be made: %s", path, strerror(errno));
}

/* The folder and folder/acts. What is there must have come from here; its manifest goes first, so
 * that there is never one beside other captures than its own. */
static bool make_folders(plan *p) {
    char *study = mem_format("%s/study.json", p->folder), *truth = mem_format("%s/truth.json", p->folder);
    char *acts = mem_format("%s/acts", p->folder);
    bool ok = make_folder(p, p->folder);
    if (ok && access(study, F_OK) == 0) {
        if (access(truth, F_OK) != 0)
            ok = scry_fail(p->err,
                           "%s: there is a study that synth has not written (no truth.json beside it); "
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

static void take_away(plan *p) {
    for (size_t i = 0; i < p->made_count; i++) unlink(p->made[i]);
    char *acts = mem_format("%s/acts", p->folder);
    rmdir(acts); /* both only when they are empty */
    rmdir(p->folder);
    free(acts);
}

/* ---- captures ------------------------------------------------------------------------------- */

/* Activations that latents have on token (latent + shift) mod T. */
typedef struct layer {
    uint32_t shift;
    int only;           /* 1, -1: latents that rise, that fall; 0: all */
    const float *value; /* [F] by latent; NULL: SYNTH_BASE */
} layer;

typedef struct capture {
    char name[40];
    layer layer[MOST_LAYERS];
    int layers;
    uint32_t width; /* pairs a token */
} capture;

static void add_layer(const plan *p, capture *c, uint32_t shift, int only, const float *value) {
    uint32_t falling = p->columns / 4;
    c->layer[c->layers++] = (layer){shift, only, value};
    c->width += only == 0 ? p->columns : only < 0 ? falling : p->columns - falling;
}

/* A token's pairs, latents ascending. The last column of latents may be short: the last pair is
 * then repeated with activation 0. Returns how many there are without those. */
static uint32_t fill_row(const plan *p, const capture *c, uint32_t token, int32_t *index, float *value) {
    uint32_t first[MOST_LAYERS], n = 0;
    int order[MOST_LAYERS];
    for (int i = 0; i < c->layers; i++) {
        first[i] = (token + p->T - c->layer[i].shift) % p->T;
        int at = i;
        for (; at && first[order[at - 1]] > first[i]; at--) order[at] = order[at - 1];
        order[at] = i;
    }
    for (uint32_t column = 0; column < p->columns; column++) {
        int way = column % 4 == 3 ? -1 : 1;
        for (int i = 0; i < c->layers; i++) {
            const layer *l = &c->layer[order[i]];
            uint32_t latent = column * p->T + first[order[i]];
            if (latent >= p->F || (l->only && l->only != way)) continue;
            index[n] = (int32_t)latent;
            value[n++] = l->value ? l->value[latent] : (float)SYNTH_BASE;
        }
    }
    for (uint32_t i = n; i < c->width; i++) {
        index[i] = index[n - 1];
        value[i] = 0;
    }
    return n;
}

static bool write_capture(plan *p, const capture *c) {
    char *path = mem_format("%s/acts/%s.safetensors", p->folder, c->name);
    safetensors_item items[] = {{"indices", TENSOR_I32, 2, {p->T, c->width}},
                                {"values", TENSOR_F32, 2, {p->T, c->width}}};
    safetensors_writer w;
    bool ok = safetensors_create(&w, path, items, 2, p->err);
    int32_t *index = mem_new(c->width, sizeof *index);
    float *value = mem_new(c->width, sizeof *value);
    for (uint32_t token = 0; token < p->T && ok; token++) {
        p->result.activations += fill_row(p, c, token, index, value);
        safetensors_put(&w, index, c->width * sizeof *index);
    }
    for (uint32_t token = 0; token < p->T && ok; token++) {
        fill_row(p, c, token, index, value);
        safetensors_put(&w, value, c->width * sizeof *value);
    }
    free(index);
    free(value);
    ok = ok && safetensors_finish(&w, p->err);
    if (!ok) {
        free(path);
        return false;
    }
    made(p, path, w.size);
    p->result.tokens += p->T;
    p->result.captures++;
    uint64_t all = (uint64_t)p->T * (3 + 2 * (uint64_t)p->D);
    return !p->o->progress || p->o->progress(p->o->context, "writing", p->result.tokens, all) ||
           scry_fail(p->err, "%s: cancelled", p->folder);
}

static bool write_train(plan *p) {
    float *icl = mem_new(p->F, sizeof *icl), *sft = mem_new(p->F, sizeof *sft);
    for (uint32_t r = 0; r < p->F; r++) {
        icl[latent_at(p, r)] = size_at(r);
        sft[latent_at(p, r)] = size_at(swapped(p, r));
    }
    uint32_t there = p->T / 3, beyond = 2 * there;
    capture base = {.name = "train.base"}, by_icl = {.name = "train.icl"}, by_sft = {.name = "train.sft"};
    capture *all[] = {&base, &by_icl, &by_sft};
    for (size_t i = 0; i < 3; i++) add_layer(p, all[i], 0, 0, NULL);
    add_layer(p, &base, there, -1, icl);
    add_layer(p, &base, beyond, -1, sft);
    /* what rises is gained; what falls is lost, and keeps what the other training takes from it */
    add_layer(p, &by_icl, there, 1, icl);
    add_layer(p, &by_icl, beyond, -1, sft);
    add_layer(p, &by_sft, beyond, 1, sft);
    add_layer(p, &by_sft, there, -1, icl);
    bool ok = true;
    for (size_t i = 0; i < 3 && ok; i++) ok = write_capture(p, all[i]);
    free(icl);
    free(sft);
    return ok;
}

static void domain_name(const plan *p, size_t domain, char name[24]) {
    snprintf(name, 24, "domain-%0*zu", p->D > 99 ? 4 : 2, domain + 1);
}

static bool write_domain(plan *p, size_t domain) {
    float *base = mem_new(p->F, sizeof *base), *icl = mem_new(p->F, sizeof *icl);
    for (uint32_t r = 0; r < p->F; r++) {
        uint32_t latent = latent_at(p, r);
        base[latent] = (float)cell(p, false, domain, r);
        icl[latent] = (float)((double)base[latent] + sqrt(cell(p, true, domain, r)));
    }
    uint32_t shift = (uint32_t)((domain + 1) * 37 % p->T);
    char name[24];
    domain_name(p, domain, name);
    bool ok = true;
    for (int i = 0; i < 2 && ok; i++) {
        capture c = {0};
        snprintf(c.name, sizeof c.name, "%s.%s", name, i ? "icl" : "base");
        add_layer(p, &c, shift, 0, i ? icl : base);
        ok = write_capture(p, &c);
    }
    free(base);
    free(icl);
    return ok;
}

/* ---- text ----------------------------------------------------------------------------------- */

static const char *const words[] = {" the",   " a",     " of",    " is",    " and",   " so",    " we",    " then",
                                    " sum",   " root",  " line",  " point", " set",   " proof", " each",  " number",
                                    " prime", " angle", " graph", " limit", " equal", " step",  " cell",  " acid",
                                    " law",   " king",  " coast", " trade", " price", " mind",  " river", " stone",
                                    " lamp",  " north", " seven", " =",     " +",     ",",      ".",      " x"};

/* folder/NAME.tokens.jsonl: samples of SAMPLE_TOKENS words drawn from a few. */
static bool write_tokens(plan *p, const char *name, uint64_t number) {
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
    bool ok = write_file(p, file, text, size);
    free(file);
    return ok;
}

/* folder/labels.jsonl: what is among the first ranks by icl or by sft. */
static bool write_labels(plan *p) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = mem_check(open_memstream(&text, &size));
    for (uint32_t i = 0; i < 2 * LABEL_RANKS; i++) {
        uint32_t r = i / 2 < p->F ? i / 2 : p->F - 1;
        if (i % 2) r = swapped(p, r);
        if (i / 2 >= p->F || (i % 2 && r < LABEL_RANKS)) continue; /* the second of a pair that is there */
        fprintf(f,
                "{\"latent\": %" PRIu32 ", \"label\": \"planted: rank %" PRIu32 " by icl, %" PRIu32 " by sft, %s\"}\n",
                latent_at(p, r), r + 1, swapped(p, r) + 1, direction(p, latent_at(p, r)) > 0 ? "rises" : "falls");
    }
    fclose(f);
    mem_check(text);
    return write_file(p, "labels.jsonl", text, size);
}

/* ---- the manifest and the truth ------------------------------------------------------------- */

static void add_capture(cJSON *group, const char *condition, const char *name) {
    cJSON *c = cJSON_AddObjectToObject(group, condition);
    char *acts = mem_format("acts/%s.%s.safetensors", name, condition), *tokens = mem_format("%s.tokens.jsonl", name);
    cJSON_AddStringToObject(c, "features", acts);
    cJSON_AddStringToObject(c, "tokens", tokens);
    free(acts);
    free(tokens);
}

static bool write_study(plan *p) {
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
        domain_name(p, d, text);
        cJSON_AddStringToObject(domain, "name", text);
        cJSON_AddNumberToObject(domain, "change", p->change[d]);
        add_capture(domain, "base", text);
        add_capture(domain, "icl", text);
        cJSON_AddItemToArray(domains, domain);
    }
    return write_json(p, "study.json", root);
}

static cJSON *truth_ranking(const plan *p, bool sft) {
    cJSON *list = cJSON_CreateArray();
    double total = harmonic(p->F), held = 0;
    for (uint32_t r = 0; r < p->F && r < TRUTH_RANKS; r++) {
        uint32_t latent = latent_at(p, sft ? swapped(p, r) : r);
        double share = 1 / (r + 1.0) / total, a = SYNTH_AMPLITUDE;
        held += share;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "rank", r + 1);
        cJSON_AddNumberToObject(item, "latent", latent);
        cJSON_AddNumberToObject(item, "shift", a * a / (r + 1.0) / p->T);
        cJSON_AddNumberToObject(item, "share", share);
        cJSON_AddNumberToObject(item, "cumulative", held);
        cJSON_AddNumberToObject(item, "abs", a / sqrt(r + 1.0) / p->T);
        cJSON_AddNumberToObject(item, "mean", direction(p, latent) * a / sqrt(r + 1.0) / p->T);
        cJSON_AddNumberToObject(item, "rate", direction(p, latent) / (double)p->T);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *truth_score(const plan *p, scry_score score) {
    cJSON *list = cJSON_CreateArray();
    double *x = mem_new(p->D, sizeof *x), *y = mem_new(p->D, sizeof *y);
    for (size_t d = 0; d < p->D; d++) y[d] = fabs(p->change[d]);
    for (size_t i = 0; i < sizeof truth_sizes / sizeof *truth_sizes; i++) {
        if (truth_sizes[i] > p->F) continue;
        for (size_t d = 0; d < p->D; d++) x[d] = sts(p, score, d, truth_sizes[i]);
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

static cJSON *truth_overlap(const plan *p) {
    cJSON *list = cJSON_CreateArray();
    double total = harmonic(p->F);
    for (size_t i = 0; i < sizeof truth_overlaps / sizeof *truth_overlaps; i++) {
        uint32_t n = truth_overlaps[i];
        if (n > p->F) continue;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "n", n);
        cJSON_AddNumberToObject(item, "overlap", overlap_at(p, n));
        cJSON_AddNumberToObject(item, "share_a", harmonic(n) / total);
        cJSON_AddNumberToObject(item, "share_b", harmonic(n) / total);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static bool write_truth(plan *p) {
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
    return write_json(p, "truth.json", root);
}

bool scry_synth(const char *folder, const synth_options *options, synth_result *result, scry_error *err) {
    if (!check_options(options, err)) return false;
    double began = clock_seconds();
    plan p;
    plan_make(&p, folder, options, err);
    bool folders = make_folders(&p), ok = folders && write_train(&p) && write_tokens(&p, "train", 0);
    for (size_t d = 0; d < p.D && ok; d++) {
        char name[24];
        domain_name(&p, d, name);
        ok = write_domain(&p, d) && write_tokens(&p, name, d + 1);
    }
    ok = ok && write_labels(&p) && write_truth(&p) && write_study(&p);
    if (folders && !ok) take_away(&p);
    p.result.seconds = clock_seconds() - began;
    if (result) *result = p.result;
    plan_free(&p);
    return ok;
}
