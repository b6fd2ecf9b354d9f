/* diff/recovery_open.c: the SAE of a recovery, where it belongs, and the figures of the result. */
#include "base/mem.h"
#include "capture/sae_hook.h"
#include "diff/recovery_internal.h"
#include "stats/ratio_error.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const char *find_sae(const recovery *r, scry_error *err) {
    const scry_index *x = r->query->diff->index;
    const scry_info *info = x ? scry_index_info(x) : NULL;
    if (r->query->sae) return r->query->sae;
    if (info && *info->sae_path) return info->sae_path;
    if (info)
        scry_misuse(
            err,
            "%s: --recover needs an SAE, found none in the study; name its folder with --sae DIR, or as \"sae\" "
            "in the study's manifest, and index it again",
            info->path);
    else scry_misuse(err, "--recover needs an SAE: name its folder with --sae DIR");
    return NULL;
}

static bool load_sae(recovery *r, const char *path, scry_notes *notes, scry_error *err) {
    const scry_diff_query *q = r->query->diff;
    const scry_info *info = q->index ? scry_index_info(q->index) : NULL;
    const char *format = !r->query->sae && info && *info->sae_format ? info->sae_format : NULL;
    const uint64_t memory = q->memory ? q->memory : SCRY_MEMORY;
    if (!sae_load(&r->sae, path, format, notes, err)) return false;
    r->sae_path = mem_copy_string(path);
    const uint64_t bytes = 2 * (uint64_t)r->sae.d_sae * r->sae.d_in * sizeof(float);
    if (!r->sae.W_dec)
        return scry_misuse(err, "%s: found an SAE without a decoder, expected W_dec to patch the stream with", path);
    if (bytes > memory / 4)
        return scry_misuse(err,
                           "%s: the SAE's weights take %" PRIu64
                           " MiB, expected at most a quarter of --memory, %" PRIu64 " MiB; raise --memory",
                           path, (bytes >> 20) + 1, memory >> 22);
    return true;
}

/* The study's hook, or the SAE's, which agree where both are known. */
static bool find_hook(recovery *r, scry_error *err) {
    const scry_index *x = r->query->diff->index;
    const char *of_study = x ? scry_index_info(x)->hook : "";
    scry_hook own = {0};
    char found[SCRY_HOOK_TEXT], text[SCRY_HOOK_TEXT];
    bool has = false;
    scry_error unread = {0};
    if (!sae_hook(r->sae_path, false, &own, &has, &unread)) has = false;
    if (!*of_study && !has)
        return scry_misuse(err,
                           "%s: neither the %s says at which hook it reads; put \"hook\" into the study, or "
                           "\"hook_name\" into the SAE's cfg.json, such as \"blocks.3.hook_resid_post\"",
                           r->sae_path, x ? "study nor the SAE" : "SAE nor a study");
    r->out.hook = own;
    if (*of_study) {
        scry_error why = {0};
        const bool known = scry_hook_parse(of_study, &r->out.hook, &why);
        if (!known && !has) return scry_fail(err, "%s: \"hook\": %s", scry_index_info(x)->path, why.text);
        if (!known) r->out.hook = own;
    }
    const scry_hook hook = r->out.hook;
    if (has && (own.layer != hook.layer || own.point != hook.point))
        return scry_misuse(err, "%s: reads %s, expected %s, the study's hook", r->sae_path, scry_hook_text(own, found),
                           scry_hook_text(hook, text));
    if (hook.point == SCRY_ATTN_OUT || hook.point == SCRY_MLP_OUT)
        return scry_misuse(err,
                           "%s: hook %s is not the stream itself; expected an SAE of hook_resid_pre, hook_resid_mid or "
                           "hook_resid_post",
                           r->sae_path, scry_hook_text(hook, text));
    return true;
}

/* What the query says, else the files of the SAE, else the study whose SAE it is. */
static scry_reads reads_of(const recovery *r) {
    const scry_index *x = r->query->diff->index;
    if (r->query->reads >= 0) return (scry_reads)r->query->reads;
    if (r->sae.difference) return SCRY_READS_DIFFERENCE;
    return !r->query->sae && x && scry_index_info(x)->difference ? SCRY_READS_DIFFERENCE : SCRY_READS_STREAM;
}

static bool check_models(const recovery *r, scry_error *err) {
    for (int m = 0; m < 2; m++) {
        const scry_model_info *info = scry_model_info_of(r->d.pair.model[m]);
        if (info->d_model != r->sae.d_in)
            return scry_misuse(err,
                               "%s: its stream has width %" PRIu32 ", expected %" PRIu32 ", which the SAE %s reads",
                               info->path, info->d_model, r->sae.d_in, r->sae_path);
        if (!scry_model_has_hook(r->d.pair.model[m], r->out.hook, err)) return false;
    }
    return true;
}

bool recovery_open(recovery *r, scry_notes *notes, scry_error *err) {
    const char *path = find_sae(r, err);
    r->d.query = r->query->diff;
    if (!path || !load_sae(r, path, notes, err) || !find_hook(r, err)) return false;
    r->out.reads = reads_of(r);
    return diff_open(&r->d, notes, err) && check_models(r, err);
}

/* ---- figures -------------------------------------------------------------------------------- */

/* Of texts first..first + count. */
static void fill_figures(const recovery *r, size_t first, size_t count, scry_recovery_group *out) {
    double sum[STREAMS] = {0};
    for (int v = 0; v < STREAMS; v++)
        for (size_t i = first; i < first + count; i++) sum[v] += r->kl[v][i];
    const double tokens = (double)out->tokens;
    out->kl = sum[AS_IT_IS] / tokens;
    out->kl_patched = sum[PATCHED] / tokens;
    out->kl_exact = sum[EXACT] / tokens;
    const bool any = sum[AS_IT_IS] > 0;
    out->won_back = any ? 1 - sum[PATCHED] / sum[AS_IT_IS] : (double)NAN;
    out->won_back_se = any ? ratio_error(r->kl[PATCHED] + first, r->kl[AS_IT_IS] + first, count) : (double)NAN;
    out->most = any ? 1 - sum[EXACT] / sum[AS_IT_IS] : (double)NAN;
}

static void fill(recovery *r) {
    const diff_texts *texts = &r->d.texts;
    scry_recovery *out = &r->out;
    out->base = r->d.out.base;
    out->tuned = r->d.out.tuned;
    out->sae = r->sae_path;
    out->kind = r->sae.description;
    out->groups = texts->groups;
    out->group = mem_new(texts->groups + 1, sizeof *out->group);
    for (size_t g = 0; g < texts->groups; g++) {
        const scry_diff_group *of = &texts->group[g];
        out->group[g] = (scry_recovery_group){.name = of->name,
                                              .is_train = of->is_train,
                                              .samples = of->samples,
                                              .left_out = of->left_out,
                                              .tokens = of->tokens};
        fill_figures(r, texts->first[g], texts->first[g + 1] - texts->first[g], &out->group[g]);
        out->all.samples += of->samples;
        out->all.left_out += of->left_out;
        out->all.tokens += of->tokens;
    }
    fill_figures(r, 0, texts->count, &out->all);
}

scry_recovery *scry_recovery_run(const scry_recovery_query *query, const scry_cancel *cancel, scry_notes *notes,
                                 scry_error *err) {
    recovery *r = mem_new(1, sizeof *r);
    r->query = query;
    r->out.seed = query->diff->seed;
    const bool ok = recovery_open(r, notes, err) && recovery_run(r, cancel, notes, err);
    if (ok) fill(r);
    r->query = NULL;
    r->d.query = NULL;
    if (ok) return &r->out;
    scry_recovery_free(&r->out);
    return NULL;
}

void scry_recovery_free(scry_recovery *out) {
    recovery *r = (recovery *)(void *)out;
    if (!r) return;
    for (int v = 0; v < STREAMS; v++) free(r->kl[v]);
    free(r->out.group);
    free(r->sae_path);
    sae_free(&r->sae);
    diff_close(&r->d);
    free(r);
}
