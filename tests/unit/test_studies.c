/* test_studies.c: small random studies against the slow twin: formats, shards, pairings, skip_first and exclude,
 * samples in another order, samples missing on one side. */
#include "twin_compare.h"

/* ---- making studies ------------------------------------------------------------------------- */

enum { LATENTS = 700, WIDTH = 24, SAMPLES = 110, LONGEST = 14 };

typedef struct plan {
    const char *label, *pairing; /* pairing NULL: not said */
    bool demonstrations;         /* in front of the samples of icl and rl (and control) */
    bool common;                 /* only the samples that some_missing leaves on both sides */
    bool residual, safetensors, no_tokens, shuffled, some_missing, extra_rows, no_icl_domain;
    bool control; /* captured, but not of the domain "law" */
    number_type type;
    int shards;
    const char *rest; /* ", \"skip_first\": 1": more keys of each capture */
} plan;

static const char *const words[] = {"<bos>", "the", " a", "=", "\\n", "\\\"", "\\u00e9", " x1", "\\ud83d\\ude00", "$"};

static uint64_t seed_of(const char *set, int sample, int position, int what) {
    uint64_t h = 1469598103934665603u;
    for (const char *c = set; *c; c++) h = (h ^ (uint8_t)*c) * 1099511628211u;
    h = (h ^ (uint64_t)sample) * 1099511628211u;
    h = (h ^ (uint64_t)position) * 1099511628211u;
    h = (h ^ (uint64_t)what) * 1099511628211u;
    for (int i = 0; i < 3; i++) roll(&h);
    return h;
}

static int length_of(const char *set, int sample) {
    uint64_t s = seed_of(set, sample, 0, -1);
    return sample % 17 == 5 ? 1 : 1 + (int)roll_below(&s, LONGEST);
}

/* One row. Whole multiples of 1/64 below 4, which every type holds exactly; ties are plenty. */
static void fill_row(const plan *p, const char *set, const char *condition, int sample, int position, double *row) {
    uint64_t same = seed_of(set, sample, position, 0), other = seed_of(condition, sample, position, *set);
    bool base = strcmp(condition, "base") == 0;
    for (int j = 0; j < (p->residual ? WIDTH : LATENTS); j++) {
        double h = p->residual                 ? (double)roll_below(&same, 255) - 127
                   : roll_below(&same, 10) < 7 ? 0
                                               : roll_below(&same, 256);
        uint32_t moved = roll_below(&other, 100);
        double change = (double)roll_below(&other, 64) - 32;
        if (!base && moved < 20) h = p->residual ? fmin(127, fmax(-127, h + change)) : fmax(0, fmin(255, h + change));
        if (!p->residual && j == 0) h = 0;   /* never fires */
        if (!p->residual && j == 1) h = 192; /* always, alike */
        if (!p->residual && j == 2) h = base ? 0 : 64;
        row[j] = h / 64;
    }
}

/* Which samples a capture holds, in which order. */
static int samples_of(const plan *p, const char *condition, int *sample) {
    int n = 0;
    bool base = strcmp(condition, "base") == 0;
    for (int s = 0; s < SAMPLES; s++) {
        if (p->some_missing && s % (base ? 7 : 9) == 3) continue;
        if (p->common && (s % 7 == 3 || s % 9 == 3)) continue;
        sample[n++] = s;
    }
    uint64_t seed = seed_of(condition, n, 0, 7);
    for (int i = n; i > 1 && p->shuffled && !base; i--) {
        int k = (int)roll_below(&seed, (uint32_t)i), swap = sample[i - 1];
        sample[i - 1] = sample[k], sample[k] = swap;
    }
    return n;
}

/* Tokens in front of a sample that base has not. */
static int front(const plan *p, const char *condition, int sample) {
    return p->demonstrations && strcmp(condition, "base") != 0 ? sample % 3 * 2 : 0;
}

static const char *write_tokens(const plan *p, const char *folder, const char *set, const char *condition, int *rows) {
    int sample[SAMPLES], n = samples_of(p, condition, sample);
    const char *name = text_of("%s.%s.jsonl", set, condition);
    FILE *f = fopen(text_of("%s/%s", folder, name), "w");
    if (!f) abort();
    *rows = 0;
    for (int i = 0; i < n; i++) {
        fprintf(f, "{\"id\": \"%s-%d\", \"n\": %d, \"tokens\": [", set, sample[i], i);
        int before = front(p, condition, sample[i]);
        *rows += before;
        for (int k = 0; k < before; k++) fprintf(f, "\"demo\", ");
        for (int k = 0; k < length_of(set, sample[i]); k++, ++*rows) {
            uint64_t s = seed_of(set, sample[i], k, 99);
            fprintf(f, "%s\"%s\"", k ? ", " : "", words[roll_below(&s, sizeof words / sizeof *words)]);
        }
        fprintf(f, "]}%s\n", i == 3 ? "\n" : "");
    }
    fclose(f);
    return name;
}

/* Writes one capture; returns its JSON. */
static const char *write_capture(const plan *p, const char *folder, const char *set, const char *condition) {
    int sample[SAMPLES], n = samples_of(p, condition, sample), rows;
    const char *tokens = write_tokens(p, folder, set, condition, &rows);
    size_t cols = p->residual ? WIDTH : LATENTS, extra = p->extra_rows ? 5 : 0, all = (size_t)rows + 2 * extra,
           at = extra;
    double *values = calloc(all * cols, sizeof *values);
    if (!values) abort();
    for (size_t i = 0; i < extra * cols; i++) values[i] = 1, values[all * cols - 1 - i] = 2; /* outside "rows" */
    for (int i = 0; i < n; i++)
        for (int k = -front(p, condition, sample[i]); k < length_of(set, sample[i]); k++)
            fill_row(p, set, condition, sample[i], k < 0 ? k + 100 : k, values + at++ * cols);
    const char *files = "";
    for (int s = 0; s < p->shards; s++) {
        size_t from = all * (size_t)s / (size_t)p->shards, to = all * (size_t)(s + 1) / (size_t)p->shards;
        const char *name = text_of("%s.%s.%d.%s", set, condition, s, p->safetensors ? "safetensors" : "npy");
        const char *path = text_of("%s/%s", folder, name);
        specimen both[] = {{"h", p->type, to - from, cols, values + from * cols}, {"other", F32, 1, 2, values}};
        if (p->safetensors) write_safetensors(path, both, 2);
        else write_npy(path, p->type, to - from, cols, values + from * cols);
        files = text_of("%s%s\"%s\"", files, s ? ", " : "", name);
    }
    free(values);
    return text_of("{\"%s\": [%s]%s%s%s%s}", p->residual ? "residual" : "features", files,
                   p->no_tokens ? "" : text_of(", \"tokens\": \"%s\"", tokens),
                   p->safetensors ? ", \"tensor\": \"h\"" : "",
                   extra ? text_of(", \"rows\": [%zu, %zu]", extra, extra + (size_t)rows) : "", p->rest ? p->rest : "");
}

static void write_sae(const char *folder) {
    uint64_t seed = 77;
    double *W = malloc(2 * WIDTH * LATENTS * sizeof *W), *b = malloc((LATENTS + WIDTH) * sizeof *b);
    if (!W || !b) abort();
    for (size_t i = 0; i < 2 * WIDTH * LATENTS; i++) W[i] = roll_unit(&seed) - 0.5;
    for (size_t i = 0; i < LATENTS + WIDTH; i++) b[i] = roll_unit(&seed) - (i < LATENTS ? 2 : 0.5);
    specimen all[] = {{"W_enc", F32, WIDTH, LATENTS, W},
                      {"b_enc", F32, LATENTS, 0, b},
                      {"W_dec", BF16, LATENTS, WIDTH, W + WIDTH * LATENTS},
                      {"b_dec", F16, WIDTH, 0, b + LATENTS}};
    write_safetensors(text_of("%s/sae_weights.safetensors", folder), all, 4);
    write_text(text_of("%s/cfg.json", folder),
               "{\"architecture\": \"standard\", \"d_in\": %d, \"d_sae\": %d, \"activation_fn_str\": \"relu\","
               " \"apply_b_dec_to_input\": true, \"normalize_activations\": \"none\"}",
               WIDTH, LATENTS);
    free(W);
    free(b);
}

static const char *write_study(const plan *p) {
    static int number;
    const char *folder = scratch_folder("study%d", number++);
    if (p->residual) write_sae(folder);
    const char *domains = "";
    static const char *const names[] = {"physics", "law", "physics.2", "caf\\u00e9", "train"};
    for (int d = 0; d < 5; d++) {
        const char *file = text_of("d%d", d), *base = write_capture(p, folder, file, "base");
        const char *control =
            p->control && d != 1 ? text_of(", \"control\": %s", write_capture(p, folder, file, "control")) : "";
        domains = text_of(
            "%s%s{\"name\": \"%s\"%s, \"base\": %s%s%s}", domains, d ? ", " : "", names[d],
            d == 4 ? "" : text_of(", \"change\": %g", (d - 1.5) * (d + 2)), base,
            p->no_icl_domain && d == 1 ? "" : text_of(", \"icl\": %s", write_capture(p, folder, file, "icl")), control);
    }
    /* the training text as a domain too: its mean activation is mean_base, its icl the shift */
    const char *base = write_capture(p, folder, "train", "base"), *icl = write_capture(p, folder, "train", "icl");
    const char *control = p->control ? text_of(", \"control\": %s", write_capture(p, folder, "train", "control")) : "";
    domains =
        text_of("%s, {\"name\": \"twice\", \"change\": 1, \"base\": %s, \"icl\": %s%s}", domains, base, icl, control);
    const char *path = text_of("%s/study.json", folder);
    write_text(path,
               "{\"scry_study\": 1%s%s,\n \"train\": {\"name\": \"t\", \"base\": %s, \"icl\": %s, \"rl\": %s%s},\n "
               "\"domains\": [%s]}\n",
               p->residual ? ", \"sae\": \".\"" : "", p->pairing ? text_of(", \"pairing\": \"%s\"", p->pairing) : "",
               base, icl, write_capture(p, folder, "train", "rl"), control, domains);
    return path;
}

/* ---- comparing ------------------------------------------------------------------------------ */

/* The domain "twice" is the training text: other code paths must reach the same figures. */
static void same_text_twice(const char *label, const scry_index *x, bool all_paired) {
    const scry_info *info = scry_index_info(x);
    size_t D = info->domains, d = D - 1;
    worst w = {.tolerance = 1e-7};
    for (size_t j = 0; j < info->d_sae; j++) {
        double sq = scry_shift(x, 0, SCRY_ICL, SCRY_SQ)[j], mean = scry_mean_base(x, 0, SCRY_ICL, (uint32_t)j);
        worst_add(&w, (double)scry_contribution(x, SCRY_SCORE_ICL, (uint32_t)j)[d], sq, fabs(sq), "icl of latent %zu",
                  j);
        if (all_paired) {
            worst_add(&w, (double)scry_contribution(x, SCRY_ACT, (uint32_t)j)[d], mean, fabs(mean),
                      "mean_base of latent %zu", j);
            worst_add(&w, scry_domain_rate(x, (uint32_t)j, d), scry_rate_base(x, 0, SCRY_ICL, (uint32_t)j), 1,
                      "rate_base of latent %zu", j);
        }
        double moved = scry_mean_shifted(x, 0, SCRY_ICL, (uint32_t)j) - mean,
               shift = scry_shift(x, 0, SCRY_ICL, SCRY_MEAN)[j];
        worst_add(&w, shift, moved, mean + fabs(moved), "mean of latent %zu", j);
        worst_add(&w, scry_shift(x, 0, SCRY_ICL, SCRY_RATE)[j],
                  scry_rate_shifted(x, 0, SCRY_ICL, (uint32_t)j) - scry_rate_base(x, 0, SCRY_ICL, (uint32_t)j), 1e-6,
                  "rate of latent %zu", j);
    }
    worst_line(&w, "%s: the training text as a domain, means and rates agree", label);
}

static void compare(const plan *p) {
    const char *study = write_study(p);
    scry_index *x = built(study, text_of("%s.scry", study), p->label);
    if (!x) return;
    against_twin(p->label, study, x, p->residual ? 1e-5 : 1e-6, p->residual,
                 SAYS("train.base", "train.icl", "train.rl", "law", "physics.icl", "physics.2.icl"));
    bool by_sample = p->pairing && strcmp(p->pairing, "sample") == 0;
    if (p->control)
        same_text_twice(text_of("%s, against control", p->label), scry_index_against(x, SCRY_AGAINST_CONTROL, NULL),
                        false);
    same_text_twice(p->label, x, !by_sample && !p->some_missing && !(p->pairing && strcmp(p->pairing, "row") == 0));
    scry_close(x);
}

/* Token pairing finds partners by id and takes the end of a longer sample: the shift is that of a
 * study without the other samples and demonstrations, which is all that the twin reads. */
static void found_partners(void) {
    plan full = {.label = "demonstrations, missing",
                 .pairing = "token",
                 .type = F32,
                 .shards = 2,
                 .shuffled = true,
                 .some_missing = true,
                 .demonstrations = true,
                 .control = true};
    plan reduced = full;
    reduced.some_missing = reduced.demonstrations = false;
    reduced.common = true;
    const char *study = write_study(&full), *plain = write_study(&reduced);
    scry_index *x = built(study, text_of("%s.scry", study), full.label);
    if (!x) return;
    against a = {.label = full.label, .tolerance = 1e-6, .x = x, .t = twin_open(plain)};
    a.F = twin_latents(a.t);
    a.D = twin_domains(a.t);
    a.expected = malloc((size_t)a.F * sizeof *a.expected);
    if (!a.expected) abort();
    for (int r = 0; r < SCRY_REFERENCES; r++) {
        a.x = scry_index_against(x, (scry_reference)r, NULL);
        a.label = text_of("%s, against %s", full.label, scry_reference_name((scry_reference)r));
        for (int m = 0; m < SCRY_METRICS; m++) {
            against_shift(&a, SCRY_ICL, (scry_metric)m);
            against_shift(&a, SCRY_RL, (scry_metric)m);
            against_order(&a, SCRY_ICL, (scry_metric)m);
        }
        against_contributions(&a, SCRY_SCORE_ICL);
    }
    free(a.expected);
    twin_free(a.t);
    scry_close(x);
}

int main(void) {
    static const char *const rest = ", \"skip_first\": 1, \"exclude\": [\"<bos>\", \"\\u00e9\"]";
    static const plan plans[] = {
        {.label = "features f4, token", .pairing = "token", .type = F32, .shards = 1},
        {.label = "features f2, 3 shards, shuffled", .type = F16, .shards = 3, .shuffled = true},
        {.label = "features f8, skip and exclude",
         .pairing = "token",
         .type = F64,
         .shards = 2,
         .shuffled = true,
         .control = true,
         .rest = rest},
        {.label = "safetensors BF16, rows",
         .safetensors = true,
         .type = BF16,
         .shards = 2,
         .extra_rows = true,
         .rest = rest},
        {.label = "features, sample, missing",
         .pairing = "sample",
         .type = F32,
         .shards = 1,
         .shuffled = true,
         .some_missing = true},
        {.label = "features, sample, skip",
         .pairing = "sample",
         .control = true,
         .type = F32,
         .shards = 2,
         .shuffled = true,
         .some_missing = true,
         .rest = rest},
        {.label = "features, row, skip",
         .pairing = "row",
         .control = true,
         .type = F32,
         .shards = 1,
         .shuffled = true,
         .some_missing = true,
         .rest = rest},
        {.label = "features without tokens", .no_tokens = true, .type = F32, .shards = 4, .some_missing = true},
        {.label = "a domain without icl", .pairing = "token", .type = F32, .shards = 1, .no_icl_domain = true},
        {.label = "residuals f4, token",
         .residual = true,
         .control = true,
         .pairing = "token",
         .type = F32,
         .shards = 2,
         .shuffled = true},
        {.label = "residuals F16, sample",
         .residual = true,
         .control = true,
         .safetensors = true,
         .pairing = "sample",
         .type = F16,
         .shards = 1,
         .shuffled = true,
         .some_missing = true,
         .rest = rest},
        {.label = "residuals F64, row",
         .residual = true,
         .safetensors = true,
         .pairing = "row",
         .type = F64,
         .shards = 3,
         .extra_rows = true},
    };
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) compare(&plans[i]);
    found_partners();
    return check_end();
}
