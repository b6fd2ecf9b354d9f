#include "twin.h"
#include "twin_read.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 32, BLOCK = 32, MAX_SHARDS = 64 };

/* ---- the scores: what a token, or a pair, with activation (difference) h adds ---- */

static double term_itself(double h) {
    return h;
}
static double term_square(double h) {
    return h * h;
}

/* Pairs have a sum of their own: icl's term is for tests. */
static const struct {
    const char *name;
    double (*term)(double h);
    int is_mean; /* over the set, else a sum */
} scores[] = {{"act", term_itself, 0}, {"act2", term_square, 1}, {"icl", term_square, 0}};
enum { SCORES = sizeof scores / sizeof *scores };

/* ---- the study ---------------------------------------------------------- */

typedef struct {
    const cJSON *json; /* NULL: the study has no such capture */
    int loaded;
    int is_residual;
    int shards;
    twin_tensor shard[MAX_SHARDS];
    int first_row; /* of the joined shards; not 0 only with "rows" */
    int rows, columns;
    int has_tokens;
    int samples;
    char **sample_id;
    int *start;   /* samples + 1 row numbers */
    char **token; /* one a row */
    int *kept;    /* one a row */
} capture;

/* sums over pairs, one double a latent */
typedef struct {
    int done;
    long long n;           /* pairs */
    double *sq, *absolute; /* sums of (other - base)^2 and |other - base| */
    /* Sums of h - first and of (h - first)^2, first being h of the first pair:
     * exact for a latent that is constant, and never far from it otherwise. */
    double *base_first, *base_sum, *base_square;
    double *other_first, *other_sum, *other_square;
    long long base_rows, other_rows; /* denominators of the firing rates */
    double *base_fired, *other_fired;
} pair_sums;

typedef struct {
    char *name;
    double change;
    capture base, icl, control;
    int means_done;
    double *mean[SCORES]; /* E_t of each score's term over the base capture */
    pair_sums pairs, control_pairs;
} domain;

enum { CONDITIONS = 5, CONTROL = 4 };
static const char *const conditions[CONDITIONS] = {"base", "icl", "sft", "rl", "control"};

struct twin {
    cJSON *json;
    char *folder;
    const char *pairing; /* NULL: choose */
    int F, d;
    int has_sae;
    double *W;     /* [blocks of BLOCK latents][d][BLOCK], zeros beyond F */
    double *b_enc; /* padded likewise */
    double *minus; /* what is taken off the input: b_dec or zeros */
    capture train[CONDITIONS];
    pair_sums shift[CONDITIONS][CONDITIONS]; /* from, to */
    int domains;
    domain *domain;
};

static char *path_in(const twin *t, const char *path) {
    return path[0] == '/' ? twin_copy_of(path) : twin_joined(t->folder, "/", path);
}

static void read_tokens(const twin *t, capture *c, const char *name) {
    char *path = path_in(t, name);
    FILE *f = fopen(path, "rb");
    if (!f) twin_die("%s: %s", path, strerror(errno));
    int row = 0;
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, f) > 0) {
        if (line[strspn(line, " \t\r\n")] == '\0') continue;
        cJSON *json = cJSON_Parse(line);
        const cJSON *tokens = twin_get(json, "tokens"), *one;
        const char *id = twin_get_string(json, "id", NULL);
        if (!id || !cJSON_IsArray(tokens)) twin_die("%s: a line without \"id\" or \"tokens\"", path);
        size_t s = (size_t)c->samples;
        c->sample_id = realloc(c->sample_id, (s + 1) * sizeof *c->sample_id);
        c->start = realloc(c->start, (s + 2) * sizeof *c->start);
        if (!c->sample_id || !c->start) twin_die("out of memory");
        for (size_t i = 0; i < s; i++)
            if (strcmp(c->sample_id[i], id) == 0) twin_die("%s: id %s twice", path, id);
        c->sample_id[s] = twin_copy_of(id);
        c->start[s] = row;
        cJSON_ArrayForEach (one, tokens) {
            if (!cJSON_IsString(one)) twin_die("%s: sample %s: a token is not a string", path, id);
            if (row >= c->rows) twin_die("%s: more tokens than the %d rows", path, c->rows);
            c->token[row++] = twin_copy_of(one->valuestring);
        }
        c->start[s + 1] = row;
        c->samples++;
        cJSON_Delete(json);
    }
    if (row != c->rows) twin_die("%s: %d tokens, %d rows", path, row, c->rows);
    free(line);
    fclose(f);
    free(path);
}

static void load(const twin *t, capture *c) {
    if (c->loaded) return;
    if (!c->json) twin_die("the study has no such capture");
    c->loaded = 1;

    const cJSON *data = twin_get(c->json, "residual");
    c->is_residual = data != NULL;
    if (!data) data = twin_get(c->json, "features");
    const char *kind = c->is_residual ? "residual" : "features";
    const char *name = twin_get_string(c->json, "tensor", NULL);
    c->shards = cJSON_IsArray(data) ? cJSON_GetArraySize(data) : 1;
    if (!data || c->shards < 1 || c->shards > MAX_SHARDS)
        twin_die("a capture without \"residual\" or \"features\", or with too many shards");
    for (int i = 0; i < c->shards; i++) {
        const cJSON *item = cJSON_IsArray(data) ? cJSON_GetArrayItem(data, i) : data;
        if (!cJSON_IsString(item)) twin_die("\"%s\" is not a file name", kind);
        char *path = path_in(t, item->valuestring);
        c->shard[i] = twin_ends_with(path, ".npy") ? twin_read_npy(path) : twin_read_safetensors(path, name, kind);
        if (c->shard[i].columns != c->shard[0].columns)
            twin_die("%s: %d columns, the first shard has %d", path, c->shard[i].columns, c->shard[0].columns);
        c->rows += c->shard[i].rows;
        free(path);
    }
    c->columns = c->shard[0].columns;
    const cJSON *rows = twin_get(c->json, "rows");
    if (rows) {
        if (cJSON_GetArraySize(rows) != 2) twin_die("\"rows\" is not [from, to]");
        int from = cJSON_GetArrayItem(rows, 0)->valueint;
        int to = cJSON_GetArrayItem(rows, 1)->valueint;
        if (from < 0 || to < from || to > c->rows) twin_die("\"rows\" [%d, %d] of %d rows", from, to, c->rows);
        c->first_row = from;
        c->rows = to - from;
    }

    c->token = twin_zeros((size_t)c->rows, sizeof *c->token);
    c->kept = twin_zeros((size_t)c->rows, sizeof *c->kept);
    const char *tokens = twin_get_string(c->json, "tokens", NULL);
    const cJSON *skip = twin_get(c->json, "skip_first"), *exclude = twin_get(c->json, "exclude");
    const cJSON *word;
    int skip_first = skip ? skip->valueint : 0;
    c->has_tokens = tokens != NULL;
    if (tokens) {
        read_tokens(t, c, tokens);
    } else {
        if (skip_first > 0 || cJSON_GetArraySize(exclude) > 0) twin_die("skip_first or exclude without \"tokens\"");
        c->samples = 1;
        c->sample_id = twin_zeros(1, sizeof *c->sample_id);
        c->sample_id[0] = twin_copy_of("");
        c->start = twin_zeros(2, sizeof *c->start);
        c->start[1] = c->rows;
        for (int r = 0; r < c->rows; r++) c->token[r] = twin_copy_of("");
    }
    for (int s = 0; s < c->samples; s++)
        for (int r = c->start[s]; r < c->start[s + 1]; r++) {
            c->kept[r] = r - c->start[s] >= skip_first;
            cJSON_ArrayForEach (word, exclude)
                if (cJSON_IsString(word) && strcmp(word->valuestring, c->token[r]) == 0) c->kept[r] = 0;
        }
}

static void load_sae(twin *t, const char *sae) {
    char *place = path_in(t, sae), *weights;
    if (twin_ends_with(place, ".safetensors")) {
        weights = twin_copy_of(place);
        char *slash = strrchr(place, '/');
        *slash = '\0';
    } else {
        weights = twin_joined(place, "/", "sae_weights.safetensors");
    }
    char *cfg_path = twin_joined(place, "/", "cfg.json");
    cJSON *cfg = twin_read_json(cfg_path);
    if (strcmp(twin_get_string(cfg, "architecture", "standard"), "standard") != 0 ||
        strcmp(twin_get_string(cfg, "activation_fn_str", "relu"), "relu") != 0)
        twin_die("%s: only the standard ReLU architecture", cfg_path);
    if (strcmp(twin_get_string(cfg, "normalize_activations", "none"), "none") != 0 &&
        strcmp(twin_get_string(cfg, "normalize_activations", "none"), "expected_average_only_in") != 0)
        twin_die("%s: normalize_activations", cfg_path);
    int apply = !cJSON_IsFalse(twin_get(cfg, "apply_b_dec_to_input"));

    twin_tensor W = twin_read_safetensors(weights, "W_enc", "");
    twin_tensor b_enc = twin_read_safetensors(weights, "b_enc", "");
    twin_tensor b_dec = twin_read_safetensors(weights, "b_dec", "");
    t->d = W.rows;
    t->F = W.columns;
    if (b_enc.rows * b_enc.columns != t->F || b_dec.rows * b_dec.columns != t->d)
        twin_die("%s: shapes of W_enc, b_enc, b_dec disagree", weights);
    int blocks = (t->F + BLOCK - 1) / BLOCK;
    t->W = twin_zeros((size_t)blocks * (size_t)t->d * BLOCK, sizeof(double));
    t->b_enc = twin_doubles(blocks * BLOCK);
    t->minus = twin_doubles(t->d);
    for (int k = 0; k < t->d; k++)
        for (int j = 0; j < t->F; j++)
            t->W[((size_t)(j / BLOCK) * (size_t)t->d + (size_t)k) * BLOCK + (size_t)(j % BLOCK)] =
                twin_value_at(&W, (size_t)k * (size_t)t->F + (size_t)j);
    for (int j = 0; j < t->F; j++) t->b_enc[j] = twin_value_at(&b_enc, (size_t)j);
    for (int k = 0; k < t->d && apply; k++) t->minus[k] = twin_value_at(&b_dec, (size_t)k);
    t->has_sae = 1;
    free(W.bytes);
    free(b_enc.bytes);
    free(b_dec.bytes);
    cJSON_Delete(cfg);
    free(cfg_path);
    free(weights);
    free(place);
}

twin *twin_open(const char *study_json) {
    twin *t = twin_zeros(1, sizeof *t);
    t->json = twin_read_json(study_json);
    t->folder = twin_copy_of(study_json);
    char *slash = strrchr(t->folder, '/');
    if (slash) *slash = '\0';
    else strcpy(t->folder, ".");
    t->pairing = twin_get_string(t->json, "pairing", NULL);
    if (t->pairing && strcmp(t->pairing, "token") != 0 && strcmp(t->pairing, "sample") != 0 &&
        strcmp(t->pairing, "row") != 0)
        twin_die("pairing %s", t->pairing);

    const cJSON *train = twin_get(t->json, "train");
    if (cJSON_IsArray(train)) train = cJSON_GetArrayItem(train, 0);
    for (int i = 0; i < CONDITIONS; i++) t->train[i].json = twin_get(train, conditions[i]);

    const cJSON *list = twin_get(t->json, "domains"), *item;
    t->domains = cJSON_GetArraySize(list);
    t->domain = twin_zeros((size_t)t->domains, sizeof *t->domain);
    int d = 0;
    cJSON_ArrayForEach (item, list) {
        domain *one = &t->domain[d++];
        const cJSON *change = twin_get(item, "change");
        if (cJSON_IsObject(change)) change = twin_get(change, twin_get_string(train, "name", ""));
        one->name = twin_copy_of(twin_get_string(item, "name", ""));
        one->change = cJSON_IsNumber(change) ? change->valuedouble : (double)NAN;
        one->base.json = twin_get(item, "base");
        one->icl.json = twin_get(item, "icl");
        one->control.json = twin_get(item, "control");
    }

    const char *sae = twin_get_string(t->json, "sae", NULL);
    if (sae) {
        load_sae(t, sae);
    } else {
        capture *any = t->train[0].json ? &t->train[0] : t->domains ? &t->domain[0].base : NULL;
        if (!any) twin_die("%s: no captures", study_json);
        load(t, any);
        if (any->is_residual) twin_die("%s: residuals without an SAE", study_json);
        t->F = any->columns;
    }
    return t;
}

static void free_capture(capture *c) {
    for (int i = 0; i < c->shards; i++) free(c->shard[i].bytes);
    for (int i = 0; i < c->samples; i++) free(c->sample_id[i]);
    for (int i = 0; c->token && i < c->rows; i++) free(c->token[i]);
    free(c->sample_id);
    free(c->start);
    free(c->token);
    free(c->kept);
}

static void free_sums(pair_sums *p) {
    free(p->sq);
    free(p->absolute);
    free(p->base_first);
    free(p->base_sum);
    free(p->base_square);
    free(p->other_first);
    free(p->other_sum);
    free(p->other_square);
    free(p->base_fired);
    free(p->other_fired);
}

void twin_free(twin *t) {
    if (!t) return;
    for (int i = 0; i < CONDITIONS; i++) {
        free_capture(&t->train[i]);
        for (int k = 0; k < CONDITIONS; k++) free_sums(&t->shift[i][k]);
    }
    for (int d = 0; d < t->domains; d++) {
        free_capture(&t->domain[d].base);
        free_capture(&t->domain[d].icl);
        free_capture(&t->domain[d].control);
        free_sums(&t->domain[d].pairs);
        free_sums(&t->domain[d].control_pairs);
        free(t->domain[d].name);
        for (int s = 0; s < SCORES; s++) free(t->domain[d].mean[s]);
    }
    free(t->domain);
    free(t->W);
    free(t->b_enc);
    free(t->minus);
    free(t->folder);
    cJSON_Delete(t->json);
    free(t);
}

int twin_latents(twin *t) {
    return t->F;
}

int twin_domains(twin *t) {
    return t->domains;
}

const char *twin_domain_name(twin *t, int d) {
    return t->domain[d].name;
}

double twin_change(twin *t, int d) {
    return t->domain[d].change;
}

/* ---- activations -------------------------------------------------------- */

static void row_of(const twin *t, const capture *c, int row, double *out) {
    int expected = c->is_residual ? t->d : t->F;
    if (c->columns != expected) twin_die("a capture has %d columns, %d expected", c->columns, expected);
    row += c->first_row;
    int i = 0;
    while (row >= c->shard[i].rows) row -= c->shard[i++].rows;
    for (int k = 0; k < c->columns; k++)
        out[k] = twin_value_at(&c->shard[i], (size_t)row * (size_t)c->columns + (size_t)k);
}

/* h of up to TILE rows: out[i * F + j] */
static void activations(const twin *t, const capture *c, const int *rows, int n, double *out) {
    size_t F = (size_t)t->F;
    if (!c->is_residual) {
        for (int i = 0; i < n; i++) row_of(t, c, rows[i], out + (size_t)i * F);
        return;
    }
    if (!t->has_sae) twin_die("residuals without an SAE");
    size_t d = (size_t)t->d;
    double *z = twin_zeros((size_t)n * d, sizeof *z);
    for (int i = 0; i < n; i++) {
        row_of(t, c, rows[i], z + (size_t)i * d);
        for (size_t k = 0; k < d; k++) z[(size_t)i * d + k] -= t->minus[k];
    }
    for (size_t j0 = 0; j0 < F; j0 += BLOCK) {
        const double *W = t->W + j0 * d;
        for (size_t i = 0; i < (size_t)n; i++) {
            double sum[BLOCK] = {0};
            for (size_t k = 0; k < d; k++) {
                double x = z[i * d + k];
                for (size_t j = 0; j < BLOCK; j++) sum[j] += x * W[k * BLOCK + j];
            }
            for (size_t j = j0; j < j0 + BLOCK && j < F; j++) {
                double pre = sum[j - j0] + t->b_enc[j];
                out[i * F + j] = pre > 0 ? pre : 0;
            }
        }
    }
    free(z);
}

/* the same for one latent and one row; z has room for a row */
static double activation_of(const twin *t, const capture *c, int row, int latent, double *z) {
    row_of(t, c, row, z);
    if (!c->is_residual) return z[latent];
    if (!t->has_sae) twin_die("residuals without an SAE");
    const double *W = t->W + (size_t)(latent / BLOCK) * (size_t)t->d * BLOCK + latent % BLOCK;
    double sum = 0;
    for (int k = 0; k < t->d; k++) sum += (z[k] - t->minus[k]) * W[(size_t)k * BLOCK];
    double pre = sum + t->b_enc[latent];
    return pre > 0 ? pre : 0;
}

/* ---- pairs -------------------------------------------------------------- */

static void add_pair(pair_sums *p, int F, const double *base, const double *other) {
    if (p->n++ == 0)
        for (int j = 0; j < F; j++) {
            p->base_first[j] = base[j];
            p->other_first[j] = other[j];
        }
    for (int j = 0; j < F; j++) {
        double difference = other[j] - base[j];
        double b = base[j] - p->base_first[j];
        double x = other[j] - p->other_first[j];
        p->sq[j] += difference * difference;
        p->absolute[j] += fabs(difference);
        p->base_sum[j] += b;
        p->base_square[j] += b * b;
        p->other_sum[j] += x;
        p->other_square[j] += x * x;
    }
}

static void add_fired(double *fired, int F, const double *h) {
    for (int j = 0; j < F; j++) fired[j] += h[j] > 0 ? 1 : 0;
}

static int sample_with_id(const capture *c, const char *id) {
    for (int s = 0; s < c->samples; s++)
        if (strcmp(c->sample_id[s], id) == 0) return s;
    return -1;
}

/* means[s * F + j] over the kept rows of sample s, of which there are count[s];
 * as first + mean of (h - first), so that the mean of equal numbers is that number */
static void sample_means(const twin *t, const capture *c, double *means, int *count, double *fired, long long *rows) {
    int F = t->F;
    double *h = twin_doubles(F), *first = twin_doubles(F);
    for (int s = 0; s < c->samples; s++) {
        double *mean = means + (size_t)s * (size_t)F;
        for (int r = c->start[s]; r < c->start[s + 1]; r++) {
            if (!c->kept[r]) continue;
            activations(t, c, &r, 1, h);
            add_fired(fired, F, h);
            for (int j = 0; j < F; j++) {
                if (count[s] == 0) first[j] = h[j];
                mean[j] += h[j] - first[j];
            }
            count[s]++;
            ++*rows;
        }
        for (int j = 0; j < F && count[s]; j++) mean[j] = first[j] + mean[j] / count[s];
    }
    free(h);
    free(first);
}

static void pair_by_sample(const twin *t, const capture *of, const capture *base, const capture *other, pair_sums *p) {
    size_t F = (size_t)t->F;
    double *mean_b = twin_zeros((size_t)base->samples * F, sizeof *mean_b);
    double *mean_x = twin_zeros((size_t)other->samples * F, sizeof *mean_x);
    int *count_b = twin_zeros((size_t)base->samples, sizeof *count_b);
    int *count_x = twin_zeros((size_t)other->samples, sizeof *count_x);
    sample_means(t, base, mean_b, count_b, p->base_fired, &p->base_rows);
    sample_means(t, other, mean_x, count_x, p->other_fired, &p->other_rows);
    for (int s = 0; s < base->samples; s++) {
        int o = sample_with_id(other, base->sample_id[s]);
        if (o >= 0 && count_b[s] > 0 && count_x[o] > 0 && sample_with_id(of, base->sample_id[s]) >= 0)
            add_pair(p, t->F, mean_b + (size_t)s * F, mean_x + (size_t)o * F);
    }
    free(mean_b);
    free(mean_x);
    free(count_b);
    free(count_x);
}

/* the partner of each base row, -1 for none */
static void partners_by_token(const capture *base, const capture *other, int *partner) {
    if (base->samples != other->samples) twin_die("token pairing: %d samples and %d", base->samples, other->samples);
    for (int s = 0; s < base->samples; s++) {
        int o = sample_with_id(other, base->sample_id[s]);
        if (o < 0) twin_die("token pairing: sample %s has no partner", base->sample_id[s]);
        int length = base->start[s + 1] - base->start[s];
        if (other->start[o + 1] - other->start[o] != length)
            twin_die("token pairing: sample %s differs in length", base->sample_id[s]);
        for (int i = 0; i < length; i++) partner[base->start[s] + i] = other->start[o] + i;
    }
}

static void pair_by_rows(const twin *t, const capture *base, const capture *other, int by_token, pair_sums *p) {
    size_t F = (size_t)t->F;
    int *partner = twin_zeros((size_t)base->rows, sizeof *partner);
    for (int r = 0; r < base->rows; r++) partner[r] = r < other->rows ? r : -1;
    if (by_token) partners_by_token(base, other, partner);

    double *h_b = twin_zeros(TILE * F, sizeof *h_b), *h_x = twin_zeros(TILE * F, sizeof *h_x);
    int rows_b[TILE], rows_x[TILE], n = 0;
    for (int r = 0; r <= base->rows; r++) {
        if (n == TILE || (r == base->rows && n > 0)) {
            activations(t, base, rows_b, n, h_b);
            activations(t, other, rows_x, n, h_x);
            for (int i = 0; i < n; i++) {
                add_pair(p, t->F, h_b + (size_t)i * F, h_x + (size_t)i * F);
                add_fired(p->base_fired, t->F, h_b + (size_t)i * F);
                add_fired(p->other_fired, t->F, h_x + (size_t)i * F);
            }
            n = 0;
        }
        if (r < base->rows && partner[r] >= 0 && base->kept[r] && other->kept[partner[r]]) {
            rows_b[n] = r;
            rows_x[n++] = partner[r];
        }
    }
    p->base_rows = p->other_rows = p->n;
    free(partner);
    free(h_b);
    free(h_x);
}

/* of: the group's base, which is `base` itself or finds its partners for it. */
static void sum_pairs(const twin *t, capture *of, capture *base, capture *other, pair_sums *p) {
    if (p->done) return;
    load(t, of);
    load(t, base);
    load(t, other);
    p->sq = twin_doubles(t->F);
    p->absolute = twin_doubles(t->F);
    p->base_first = twin_doubles(t->F);
    p->base_sum = twin_doubles(t->F);
    p->base_square = twin_doubles(t->F);
    p->other_first = twin_doubles(t->F);
    p->other_sum = twin_doubles(t->F);
    p->other_square = twin_doubles(t->F);
    p->base_fired = twin_doubles(t->F);
    p->other_fired = twin_doubles(t->F);

    int tokens = base->has_tokens && other->has_tokens;
    const char *pairing = t->pairing ? t->pairing : tokens ? "token" : "row";
    if (strcmp(pairing, "row") != 0 && !tokens) twin_die("%s pairing needs token files", pairing);
    if (strcmp(pairing, "sample") == 0) pair_by_sample(t, of, base, other, p);
    else pair_by_rows(t, base, other, strcmp(pairing, "token") == 0, p);
    if (p->n == 0) twin_die("no pairs");
    p->done = 1;
}

static int condition_of(const twin *t, const char *name) {
    int x = 0;
    while (x < CONDITIONS && strcmp(conditions[x], name) != 0) x++;
    if (x == CONDITIONS || !t->train[x].json) twin_die("no condition %s", name);
    return x;
}

void twin_shift(twin *t, const char *source, const char *metric, double *out) {
    twin_shift_against(t, "base", source, metric, out);
}

void twin_shift_against(twin *t, const char *reference, const char *source, const char *metric, double *out) {
    int from = condition_of(t, reference), x = condition_of(t, source);
    pair_sums *p = &t->shift[from][x];
    sum_pairs(t, &t->train[0], &t->train[from], &t->train[x], p);
    double n = (double)p->n, n_b = (double)p->base_rows, n_x = (double)p->other_rows;
    for (int j = 0; j < t->F; j++) {
        double mean = p->other_first[j] - p->base_first[j] + (p->other_sum[j] - p->base_sum[j]) / n;
        if (strcmp(metric, "sq") == 0) {
            out[j] = p->sq[j] / n;
        } else if (strcmp(metric, "abs") == 0) {
            out[j] = p->absolute[j] / n;
        } else if (strcmp(metric, "mean") == 0) {
            out[j] = mean;
        } else if (strcmp(metric, "rate") == 0) {
            /* over a common denominator: whole numbers up to the one division,
             * so that equal differences are equal in the last bit */
            out[j] = (p->other_fired[j] * n_b - p->base_fired[j] * n_x) / (n_b * n_x);
        } else if (strcmp(metric, "d") == 0) {
            double var_b = (p->base_square[j] - p->base_sum[j] * p->base_sum[j] / n) / n;
            double var_x = (p->other_square[j] - p->other_sum[j] * p->other_sum[j] / n) / n;
            double pooled = sqrt((var_x + var_b) / 2);
            out[j] = pooled > 0 ? mean / pooled : 0;
        } else {
            twin_die("no metric %s", metric);
        }
    }
}

void twin_base(twin *t, const char *metric, double *out) {
    capture *c = &t->train[0];
    load(t, c);
    size_t F = (size_t)t->F;
    int all = 0;
    double *h = twin_zeros(F, sizeof *h);
    for (size_t j = 0; j < F; j++) out[j] = 0;
    for (int r = 0; r < c->rows; r++) {
        if (!c->kept[r]) continue;
        activations(t, c, &r, 1, h);
        all++;
        for (size_t j = 0; j < F; j++) {
            if (strcmp(metric, "sq") == 0) out[j] += h[j] * h[j];
            else if (strcmp(metric, "abs") == 0) out[j] += fabs(h[j]);
            else if (strcmp(metric, "mean") == 0) out[j] += h[j];
            else if (strcmp(metric, "rate") == 0) out[j] += h[j] > 0;
            else twin_die("no metric %s of base alone", metric);
        }
    }
    for (size_t j = 0; j < F; j++) out[j] /= all;
    free(h);
}

typedef struct {
    double size;
    int latent;
} ranked;

static int compare_ranked(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return x->latent < y->latent ? -1 : x->latent > y->latent;
}

void twin_order(const double *shift, int F, int *order) {
    ranked *list = twin_zeros((size_t)F, sizeof *list);
    for (int j = 0; j < F; j++) {
        list[j].size = fabs(shift[j]);
        list[j].latent = j;
    }
    qsort(list, (size_t)F, sizeof *list, compare_ranked);
    for (int j = 0; j < F; j++) order[j] = list[j].latent;
    free(list);
}

/* ---- scores ------------------------------------------------------------- */

static void domain_means(const twin *t, domain *one) {
    if (one->means_done) return;
    capture *c = &one->base;
    load(t, c);
    size_t F = (size_t)t->F;
    for (int s = 0; s < SCORES; s++) one->mean[s] = twin_doubles(t->F);
    double *h = twin_zeros(TILE * F, sizeof *h);
    int rows[TILE], n = 0, all = 0;
    for (int r = 0; r <= c->rows; r++) {
        if (n == TILE || (r == c->rows && n > 0)) {
            activations(t, c, rows, n, h);
            for (size_t i = 0; i < (size_t)n; i++)
                for (int s = 0; s < SCORES; s++)
                    for (size_t j = 0; j < F; j++) one->mean[s][j] += scores[s].term(h[i * F + j]);
            all += n;
            n = 0;
        }
        if (r < c->rows && c->kept[r]) rows[n++] = r;
    }
    if (all == 0) twin_die("domain %s has no kept tokens", one->name);
    for (int s = 0; s < SCORES; s++)
        for (size_t j = 0; j < F; j++) one->mean[s][j] /= all;
    free(h);
    one->means_done = 1;
}

static int score_of(const char *name) {
    for (int s = 0; s < SCORES; s++)
        if (strcmp(scores[s].name, name) == 0) return s;
    twin_die("no score %s", name);
}

double twin_term(const char *score, double h) {
    return scores[score_of(score)].term(h);
}

int twin_is_mean(const char *score) {
    return scores[score_of(score)].is_mean;
}

void twin_contribution(twin *t, const char *score, int d, double *out) {
    twin_contribution_against(t, "base", score, d, out);
}

void twin_contribution_against(twin *t, const char *reference, const char *score, int d, double *out) {
    if (d < 0 || d >= t->domains) twin_die("no domain %d", d);
    domain *one = &t->domain[d];
    int s = score_of(score);
    if (strcmp(score, "icl") == 0) {
        int base = strcmp(reference, "base") == 0;
        pair_sums *p = base ? &one->pairs : &one->control_pairs;
        sum_pairs(t, &one->base, base ? &one->base : &one->control, &one->icl, p);
        for (int j = 0; j < t->F; j++) out[j] = p->sq[j] / (double)p->n;
    } else {
        domain_means(t, one);
        for (int j = 0; j < t->F; j++) out[j] = one->mean[s][j];
    }
}

double twin_score(const char *score, const double *contribution, const int *set, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += contribution[set[i]];
    if (twin_is_mean(score)) return n ? sum / n : 0;
    return sum;
}

static int all_equal(const double *x, int n) {
    for (int i = 1; i < n; i++)
        if (x[i] != x[0]) return 0;
    return 1;
}

void twin_correlate(const double *x, const double *y, int n, double *pearson, double *slope, double *intercept) {
    *pearson = *slope = *intercept = (double)NAN;
    if (n < 2 || all_equal(x, n)) return;
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;
    for (int i = 0; i < n; i++) {
        mean_x += x[i];
        mean_y += y[i];
    }
    mean_x /= n;
    mean_y /= n;
    for (int i = 0; i < n; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
    }
    *slope = xy / xx;
    *intercept = mean_y - *slope * mean_x;
    if (!all_equal(y, n)) *pearson = xy / sqrt(xx * yy);
}

/* ---- top tokens --------------------------------------------------------- */

static capture *find_capture(twin *t, const char *name) {
    if (strncmp(name, "train.", 6) == 0)
        for (int i = 0; i < CONDITIONS; i++)
            if (strcmp(name + 6, conditions[i]) == 0) return t->train[i].json ? &t->train[i] : NULL;
    for (int d = 0; d < t->domains; d++) {
        domain *one = &t->domain[d];
        size_t n = strlen(one->name);
        if (strncmp(name, one->name, n) != 0) continue;
        if (name[n] == '\0' || strcmp(name + n, ".base") == 0) return one->base.json ? &one->base : NULL;
        if (strcmp(name + n, ".icl") == 0) return one->icl.json ? &one->icl : NULL;
        if (strcmp(name + n, ".control") == 0) return one->control.json ? &one->control : NULL;
    }
    return NULL;
}

int twin_has(twin *t, const char *name) {
    return find_capture(t, name) != NULL;
}

static capture *need_capture(twin *t, const char *name) {
    capture *c = find_capture(t, name);
    if (!c) twin_die("no capture %s", name);
    load(t, c);
    return c;
}

int twin_top(twin *t, int latent, const char *name, int K, int *sample, int *position, double *activation) {
    if (latent < 0 || latent >= t->F) twin_die("no latent %d", latent);
    capture *c = need_capture(t, name);
    double *z = twin_doubles(c->columns);
    int n = 0;
    for (int s = 0; s < c->samples; s++)
        for (int r = c->start[s]; r < c->start[s + 1]; r++) {
            if (!c->kept[r]) continue;
            double h = activation_of(t, c, r, latent, z);
            if (!(h > 0)) continue;
            /* the list is sorted; an equal one that came earlier stays in front */
            int at = n;
            while (at > 0 && activation[at - 1] < h) at--;
            if (at >= K) continue;
            if (n < K) n++;
            for (int i = n - 1; i > at; i--) {
                sample[i] = sample[i - 1];
                position[i] = position[i - 1];
                activation[i] = activation[i - 1];
            }
            sample[at] = s;
            position[at] = r - c->start[s];
            activation[at] = h;
        }
    free(z);
    return n;
}

const char *twin_sample_id(twin *t, const char *name, int sample) {
    capture *c = need_capture(t, name);
    if (sample < 0 || sample >= c->samples) twin_die("no sample %d in %s", sample, name);
    return c->sample_id[sample];
}

const char *twin_token(twin *t, const char *name, int sample, int position) {
    capture *c = need_capture(t, name);
    if (sample < 0 || sample >= c->samples || position < 0 || position >= c->start[sample + 1] - c->start[sample])
        twin_die("no token %d of sample %d in %s", position, sample, name);
    return c->token[c->start[sample] + position];
}
