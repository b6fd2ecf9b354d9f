/* index.c: scry index and scry merge: make an index from a study, or from shards. */
#include "shell/cli_context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_pairs_line(const char *text, void *unused) {
    (void)unused;
    output_say("paired %s", text);
}

/* Prints the result. A shard cannot be opened by itself, so its warnings are printed by the merge. */
static int report(const options *o, const scry_build_result *r, bool whole) {
    scry_error err = {0};
    scry_notes notes = {0};
    scry_index *index = whole ? scry_open(o->out, false, &err) : NULL;
    if (whole && !index) return output_error(&err);
    if (index) scry_warnings(index, &notes);
    output_warnings(&notes);
    cJSON *row = cJSON_CreateObject();
    result_text(row, "index", o->out);
    result_numbers(row, {"latents", r->latents}, {"tokens", (double)r->tokens}, {"nnz", (double)r->nnz},
                   {"outliers", (double)r->outliers}, {"seconds", r->seconds});
    if (index) cJSON_AddItemToObject(row, "pairs", pairs_list(index));
    if (index && !o->json && !o->csv) pairs_lines(index, print_pairs_line, NULL);
    scry_close(index);
    if (!o->json && !o->csv)
        output_say("%s: %u latents, %llu tokens, %llu activations, %.2f s", o->out, r->latents,
                   (unsigned long long)r->tokens, (unsigned long long)r->nnz, r->seconds);
    static const result_column columns[] = {{"index", "index", NULL, 0},
                                            {"latents", "latents", "%.0f", 0},
                                            {"tokens", "tokens", "%.0f", 0},
                                            {"nnz", "activations", "%.0f", 0},
                                            {"outliers", "outliers", "%.0f", 0},
                                            {"seconds", "seconds", "%.3f", 0},
                                            {0}};
    return output_print_row(o, row, columns);
}

static bool read_shard(const options *o, scry_build_options *build, scry_error *err) {
    if (!o->shard) return true;
    char part[32];
    const char *slash = strchr(o->shard, '/');
    size_t length = slash ? (size_t)(slash - o->shard) : sizeof part;
    if (length >= sizeof part) return scry_misuse(err, "--shard: found \"%.40s\", expected I/N such as 1/4", o->shard);
    snprintf(part, sizeof part, "%.*s", (int)length, o->shard);
    return options_number("--shard I/N: I", part, 1, 0, &build->shard, err) &&
           options_number("--shard I/N: N", slash + 1, 1, 0, &build->shards, err);
}

int shell_index(const options *o) {
    scry_error err = {0};
    cli_progress progress = {0};
    scry_build_options build = {.progress = cli_show_progress, .context = &progress};
    if (o->words != 1) scry_misuse(&err, "index: expected one study manifest; scry index STUDY -o X.scry");
    else if (!o->out) scry_misuse(&err, "index: -o is missing; scry index %s -o X.scry", o->word[0]);
    if (err.status || !cli_build_options(o, &build, &err) || !read_shard(o, &build, &err)) return output_error(&err);
    char *study = cli_study_path(o->word[0], &err);
    if (!study) return output_error(&err);
    scry_build_result result;
    cli_catch_interrupt();
    bool ok = scry_index_build(study, o->out, &build, &result, NULL, &err);
    cli_release_interrupt();
    cli_end_progress(&progress);
    free(study);
    return ok ? report(o, &result, build.shards < 2) : output_error(&err);
}

int shell_merge(const options *o) {
    scry_error err = {0};
    if (!o->words || !o->out) scry_misuse(&err, "merge: expected shards and -o; scry merge A.scry B.scry -o X.scry");
    if (err.status || !scry_merge((char *const *)(void *)o->word, (size_t)o->words, o->out, &err))
        return output_error(&err);
    scry_index *index = scry_open(o->out, false, &err);
    if (!index) return output_error(&err);
    const scry_info *info = scry_index_info(index);
    scry_build_result r = {.latents = info->d_sae, .tokens = info->tokens, .nnz = info->nnz};
    for (size_t i = 0; i < info->captures; i++) r.outliers += info->capture[i].outliers;
    scry_close(index);
    return report(o, &r, true);
}
