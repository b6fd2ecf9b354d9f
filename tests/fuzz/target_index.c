/* target_index.c: damaged indexes, as they are and with repaired checksums. */
#include "fuzz.h"
#include "json_edits.h"

#include "baselines.h"
#include "export.h"
#include "index/format/container.h"
#include "labels.h"
#include "latent.h"
#include "logits.h"
#include "session.h"
#include "store/sidecar.h" /* scry_fingerprint_latents */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *input, *made;

/* ---- all that can be asked of an index -------------------------------------------------------- */

static void about_latent(const scry_index *x, scry_token_pairing *pairs, uint32_t latent) {
    const scry_info *info = scry_index_info(x);
    scry_example example[8];
    scry_latent_activations *fires = scry_latent_activations_read(x, latent);
    bool *use = calloc(info->captures + 1, sizeof *use);
    float near[9];
    if (!use) abort();
    static const char *const picks[] = {"top", "q1", "q5", "random", "moved"};
    for (size_t i = 0; i < sizeof picks / sizeof *picks; i++) {
        scry_example_query pick = {.capture = -1, .versus = SCRY_ICL, .seed = 1};
        scry_error err = {0};
        if (!scry_example_query_read(&pick, picks[i], &err)) abort();
        size_t n = scry_example_query_run(x, pairs, fires, &pick, 8, example);
        for (size_t e = 0; e < n; e++) {
            const scry_example *at = &example[e];
            if (at->capture >= info->captures || at->token >= info->capture[at->capture].rows) abort();
            uint64_t from = at->token > 4 ? at->token - 4 : 0, left = info->capture[at->capture].rows - from;
            scry_activations(x, latent, at->capture, from, left < 9 ? (size_t)left : 9, near);
            for (uint64_t row = from; row < from + (left < 9 ? left : 9); row++)
                if (!scry_token(x, at->capture, row)) abort();
            if (info->capture[at->capture].samples) {
                scry_sample sample = scry_sample_at(x, at->capture, scry_sample_of(x, at->capture, at->token));
                if (!sample.id || !sample.metadata) abort();
                (void)(strlen(sample.id) + strlen(sample.metadata));
            }
        }
    }
    scry_top_tokens(x, latent, -1, true, 8, example);
    for (size_t c = 0; c < info->captures; c++) use[c] = c % 2 == 0;
    scry_distribution spread = scry_distribution_of(x, fires, use);
    scry_bins bins = {.logarithmic = true, .count = 8, .low = spread.least, .high = spread.most};
    uint64_t counts[8];
    if (spread.fires && spread.least > 0 && spread.most > spread.least) scry_histogram(x, fires, use, &bins, counts);
    scry_profile *profile = calloc(info->domains + 1, sizeof *profile);
    if (!profile) abort();
    scry_profile_of(x, pairs, fires, profile);
    for (size_t d = 0; d < info->domains; d++) scry_domain_rate(x, latent, d);
    const char *label = scry_label(x, latent);
    if (label) (void)strlen(label);
    for (int k = 0; k < SCRY_KEY_PIECES; k++) {
        const char *piece = scry_key_piece(x, latent, k);
        if (piece) (void)strlen(piece);
    }
    for (int side = 0; side < SCRY_LOGIT_SIDES; side++) {
        scry_token_logit kept[SCRY_LOGITS_KEPT];
        size_t n = scry_kept_logits(x, latent, (scry_logit_side)side, kept);
        for (size_t k = 0; k < n; k++) (void)strlen(kept[k].token);
    }
    free(profile);
    free(use);
    scry_latent_activations_free(fires);
}

static void neighbours(const scry_index *x, uint32_t latent) {
    scry_error err = {0};
    scry_neighbour near[5];
    scry_coactive mate[5];
    scry_decoder_neighbours *n = scry_decoder_neighbours_start(x, latent, 1, &err);
    fuzz_answered(n != NULL, &err);
    if (n) {
        scry_decoder_neighbours_work(n, 0);
        scry_decoder_neighbours_list(n, true, 5, near);
    }
    scry_decoder_neighbours_free(n);
    scry_coactivation *t = scry_coactivation_start(x, latent, -1, 1);
    scry_coactivation_work(t, 0);
    scry_coactivation_list(t, SCRY_BY_PMI, 5, mate);
    scry_coactivation_free(t);
}

static void rank_and_score(const scry_index *x, size_t train, scry_condition source) {
    scry_error err = {0};
    uint32_t F = scry_index_info(x)->d_sae;
    scry_session *s = scry_session_new(x, train, source, SCRY_SQ, 10, SCRY_ACT, &err);
    fuzz_answered(s != NULL, &err);
    if (!s) return;
    for (int m = 0; m < SCRY_METRICS; m++) {
        bool ok = scry_session_rank_by(s, source, (scry_metric)m, &err);
        if (ok) scry_cumulative(scry_session_ranking(s), F - 1);
        scry_shift_of(x, train, source, (scry_metric)m, F - 1);
    }
    for (int score = 0; score < SCRY_SCORES; score++) {
        scry_session_set_score(s, (scry_score)score, &err);
        uint32_t some[] = {0, F / 2};
        scry_session_toggle(s, some, F > 1 ? 2 : 1);
        const scry_result *r = scry_session_result(s);
        (void)r;
        float *rho = calloc(F, sizeof *rho);
        if (!rho) abort();
        scry_what_if(x, scry_session_scorer(s), scry_session_set(s), scry_session_scope(s), NULL, F, rho);
        free(rho);
        scry_result interval = {0};
        scry_result_fit(&interval, x, scry_session_scorer(s), scry_session_scope(s));
        scry_blocks *b = scry_blocks_new(x, (scry_score)score, scry_session_set(s), SCRY_SAMPLES, NULL, &err);
        scry_blocks_free(b);
        scry_result_free(&interval);
    }
    scry_baselines_free(scry_baselines_new(x, scry_session_ranking(s), 10, scry_session_scope(s), 1, NULL));
    scry_mean_base(x, train, source, F - 1);
    scry_rate_shifted(x, train, source, 0);
    scry_export(
        &(scry_export_request){
            .set = scry_session_set(s), .index = x, .ranking = scry_session_ranking(s), .top = 10, .score = SCRY_ACT},
        made, NULL, &err);
    scry_session_free(s);
}

static void use_index(const char *path, bool verify) {
    scry_error err = {0};
    scry_index *x = scry_open(path, verify, &err);
    fuzz_answered(x != NULL, &err);
    if (!x) return;
    const scry_info *info = scry_index_info(x);
    scry_notes notes = {0};
    scry_warnings(x, &notes);
    scry_notes_free(&notes);
    scry_fingerprint(x);
    const char *name;
    uint64_t bytes;
    for (size_t i = 0; scry_section(x, i, &name, &bytes); i++) (void)strlen(name);
    uint32_t F = info->d_sae, *alive = calloc(F + 1u, sizeof *alive);
    if (!alive) abort();
    uint32_t n = scry_active_latents(x, alive);
    if (n > F) abort();
    free(alive);
    for (uint32_t j = 0; j < F && j < 2000; j++) scry_postings(x, j);
    for (uint32_t p = 0; p < scry_pieces(x) && p < 2000; p++) (void)strlen(scry_piece(x, p));
    for (size_t t = 0; F && t < info->trains; t++) {
        scry_condition source[SCRY_CONDITIONS];
        int sources = scry_train_sources(x, t, source);
        for (int i = 0; i < sources; i++) rank_and_score(x, t, source[i]);
    }
    scry_token_pairing *pairs = scry_token_pairing_new(x);
    const uint32_t some[] = {0, 1, 20, F / 2, F - 1};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        if (some[i] < F) about_latent(x, pairs, some[i]);
    for (size_t c = 0; c < info->captures; c++) {
        for (int a = 0; a < 3; a++) scry_residual_sum(x, c, (scry_residual_sum_kind)a);
        if (info->capture[c].samples) scry_sample_at(x, c, info->capture[c].samples - 1);
        scry_paired_count(pairs, c);
    }
    if (F) neighbours(x, F / 2);
    scry_token_pairing_free(pairs);
    scry_close(x);
}

/* ---- targets -------------------------------------------------------------------------------- */

static void begin_index(void) {
    input = scratch("x.scry");
    made = scratch("set.csv");
    for (int kind = 0; kind < FUZZ_INDEXES; kind++) fuzz_seed_file(fuzz_index((fuzz_index_kind)kind));
}

static void run_index(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    use_index(input, true);
    use_index(input, false);
}

static void run_mended(const uint8_t *data, size_t size) {
    fuzz_write(input, data, size, FUZZ_INDEX);
    use_index(input, true);
}

/* The meta data of an index, changed as JSON; the first byte chooses the index, four more are an edit each. */
static void begin_meta(void) {
    input = scratch("meta.scry");
    made = scratch("set.csv");
    for (uint8_t kind = 0; kind < FUZZ_INDEXES; kind++) {
        fuzz_index((fuzz_index_kind)kind);
        for (uint8_t at = 0; at < 250; at = (uint8_t)(at + 10))
            fuzz_seed((const uint8_t[]){kind, at, 0, (uint8_t)(at % 16 + at), at}, 5);
    }
}

static void run_meta(const uint8_t *data, size_t size) {
    container from;
    scry_error err = {0};
    if (!size || !container_open(&from, fuzz_index((fuzz_index_kind)(data[0] % FUZZ_INDEXES)), true, &err)) return;
    container_writer *to = container_create(input, &err);
    if (!to) abort();
    for (uint32_t i = 0; i < from.sections; i++) {
        const container_section *s = &from.section[i];
        const char *bytes = (const char *)from.map.data + s->offset;
        container_begin(to, s->name);
        if (strcmp(s->name, "meta") != 0) {
            container_write(to, bytes, s->size);
            continue;
        }
        char *text = fuzz_text((const uint8_t *)bytes, s->size), *edited = json_edited(text, data + 1, size - 1);
        container_write(to, edited, strlen(edited));
        free(edited);
        free(text);
    }
    container_close(&from);
    if (!container_finish(to, &err)) abort();
    use_index(input, false);
}

static void begin_merge(void) {
    input = scratch("shard.scry");
    made = scratch("merged.scry");
    fuzz_seed_file(fuzz_index(FUZZ_SHARD_1));
    fuzz_seed_file(fuzz_index(FUZZ_SHARD_2));
}

static void run_merge(const uint8_t *data, size_t size) {
    fuzz_write(input, data, size, FUZZ_INDEX);
    for (int other = FUZZ_SHARD_1; other <= FUZZ_SHARD_2; other++) {
        char *paths[] = {(char *)(uintptr_t)input, (char *)(uintptr_t)fuzz_index((fuzz_index_kind)other)};
        scry_error err = {0};
        bool ok = scry_merge(paths, 2, made, &err);
        fuzz_answered(ok, &err);
        scry_index *x = ok ? scry_open(made, true, &err) : NULL;
        scry_close(x);
    }
}

const fuzz_target fuzz_index_targets[] = {
    {"index", begin_index, run_index},
    {"index-mended", begin_index, run_mended},
    {"index-meta", begin_meta, run_meta},
    {"merge", begin_merge, run_merge},
    {NULL, NULL, NULL},
};
