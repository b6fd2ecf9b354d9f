/* relations.c: what the meta data of an index must say of itself, checked once when it is opened.
 *
 * Readers rely on the relations below without looking again. What refers to bytes, such as places of texts, tokens of
 * postings and rows of outliers, is checked where it is read, since that would cost a pass over the file here.
 *
 *     field                  relation                                                         relied on by
 *     captures[].condition   the name of one                                                  all
 *     captures[].group       a whole number: a domain's, or -1 - a training set's             all
 *     captures[]             at most one for each group and condition                         scry_find_capture
 *     trains[], domains[]    each has a capture under base                                    baselines, texts, effects
 *     trains[].pairs         a source has a capture, and so has its reference;                sources, rankings
 *                            no more pairs than either has rows
 *     domains[].icl          true: captures under icl and the reference                       score icl, what-if
 *     captures[].rows        below 2^32; those of its text                                    cursors, samples
 *     captures[].kept, outliers, padding   at most its rows                                   rates, kept rows
 *     captures[].outliers_first            at most its outliers                               warnings
 *     captures[].identical   conditions under which the group has a capture                   warnings
 *     captures[].pairs       the group has the reference; paired <= tokens <= rows of both,   info, warnings
 *                            paired samples <= samples
 *     captures[].text        a whole number below the number of texts                         tokens
 *     texts[]                follow each other; their tokens and samples fill the sections    tokens, samples
 *     scored                 at most d_sae                                                    candidates
 *     post/at                ascending, within post/length and post/data                      postings
 *
 * The first four of captures, and texts, are checked in open.c as they are read. */
#include "index/format/section_names.h"
#include "index/read/index.h"
#include "index/read/relations.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

bool index_refuse(const scry_index *x, scry_error *err, const char *field, const char *format, ...) {
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return scry_fail(err, "%s: meta data: %s: %s; the index is damaged, make it again with scry index",
                     x->file.map.path, field, text);
}

const char *index_capture_field(size_t i, const char *name, char out[INDEX_FIELD]) {
    snprintf(out, INDEX_FIELD, "captures[%zu] (%.60s)", i, name);
    return out;
}

/* "captures[5].kept (law.base)" */
static const char *capture_field(const scry_index *x, size_t i, const char *key, char out[INDEX_FIELD]) {
    snprintf(out, INDEX_FIELD, "captures[%zu].%s (%.60s)", i, key, x->info.capture[i].name);
    return out;
}

/* "domains[3] (law)", "trains[0].pairs (math)" */
static const char *group_field(const scry_index *x, int group, const char *key, char out[INDEX_FIELD]) {
    const bool domain = group >= 0;
    const size_t i = (size_t)(domain ? group : -1 - group);
    snprintf(out, INDEX_FIELD, "%s[%zu]%s (%.60s)", domain ? "domains" : "trains", i, key,
             domain ? x->info.domain[i].name : x->info.train[i].name);
    return out;
}

static bool check_groups(const scry_index *x, scry_error *err) {
    char field[INDEX_FIELD];
    for (int g = -(int)x->info.trains; g < (int)x->D; g++)
        if (scry_find_capture(x, g, SCRY_BASE) < 0)
            return index_refuse(x, err, group_field(x, g, "", field), "found no capture under \"base\", expected one");
    return true;
}

static bool at_most(const scry_index *x, size_t i, const char *key, uint64_t found, uint64_t most, const char *what,
                    scry_error *err) {
    char field[INDEX_FIELD];
    return found <= most || index_refuse(x, err, capture_field(x, i, key, field),
                                         "found %" PRIu64 ", expected at most the %" PRIu64 " %s", found, most, what);
}

static bool check_counts(const scry_index *x, scry_error *err) {
    char field[INDEX_FIELD];
    for (size_t i = 0; i < x->info.captures; i++) {
        const scry_capture_info *c = &x->info.capture[i];
        if (!at_most(x, i, "kept", c->kept, c->rows, "rows", err) ||
            !at_most(x, i, "outliers", c->outliers, c->rows, "rows", err) ||
            !at_most(x, i, "padding", c->padding, c->rows, "rows", err) ||
            !at_most(x, i, "outliers_first", c->outliers_first, c->outliers, "outliers", err))
            return false;
        for (int k = 0; k < SCRY_CONDITIONS; k++)
            if (c->identical[k] && scry_find_capture(x, c->group, (scry_condition)k) < 0)
                return index_refuse(x, err, capture_field(x, i, "identical", field),
                                    "found \"%s\", under which its group has no capture",
                                    scry_condition_name((scry_condition)k));
    }
    if (x->info.scored_latents > x->F)
        return index_refuse(x, err, "scored", "found %u, expected at most the %u latents", x->info.scored_latents,
                            x->F);
    return true;
}

/* Both captures that a group's pairs need; NULL and err: one is missing. */
static bool check_pair(const scry_index *x, int group, scry_condition source, const char *key, scry_error *err) {
    const scry_condition two[] = {source, scry_reference_condition(x->info.against)};
    char field[INDEX_FIELD];
    for (int i = 0; i < 2; i++)
        if (scry_find_capture(x, group, two[i]) < 0)
            return index_refuse(x, err, group_field(x, group, key, field),
                                "found \"%s\", without a capture under \"%s\"", scry_condition_name(source),
                                scry_condition_name(two[i]));
    return true;
}

static bool check_train(const scry_index *x, size_t t, scry_error *err) {
    const scry_condition reference = scry_reference_condition(x->info.against);
    const scry_train_info *train = &x->info.train[t];
    char key[CONTAINER_NAME + 1] = ".", field[INDEX_FIELD];
    reference_key(key + 1, "pairs", (int)x->info.against);
    for (int c = 1; c < SCRY_CONDITIONS; c++) {
        if (!train->has[c] && !train->identical[c]) continue;
        const int group = -1 - (int)t;
        if (!check_pair(x, group, (scry_condition)c, key, err)) return false;
        const scry_condition two[] = {(scry_condition)c, reference};
        for (int i = 0; i < 2; i++) {
            const uint64_t rows = x->info.capture[scry_find_capture(x, group, two[i])].rows;
            if (train->pairs[c] > rows)
                return index_refuse(
                    x, err, group_field(x, group, key, field),
                    "found %" PRIu64 " pairs of \"%s\", expected at most the %" PRIu64 " rows under \"%s\"",
                    train->pairs[c], scry_condition_name((scry_condition)c), rows, scry_condition_name(two[i]));
        }
    }
    return true;
}

static bool check_capture_pairs(const scry_index *x, size_t i, scry_error *err) {
    const scry_capture_info *c = &x->info.capture[i];
    char key[CONTAINER_NAME];
    reference_key(key, "pairs", (int)x->info.against);
    if (!c->has_pairs) return true;
    const int reference = scry_find_capture(x, c->group, scry_reference_condition(x->info.against));
    char field[INDEX_FIELD];
    if (reference < 0)
        return index_refuse(x, err, capture_field(x, i, key, field), "found no capture under \"%s\" to be paired with",
                            scry_reference_name(x->info.against));
    const uint64_t rows[2] = {x->info.capture[reference].rows, c->rows};
    for (int side = 0; side < 2; side++)
        if (!at_most(x, i, key, c->pairs.tokens[side], rows[side], "rows", err) ||
            !at_most(x, i, key, c->pairs.paired[side], c->pairs.tokens[side], "tokens", err) ||
            !at_most(x, i, key, c->pairs.paired_samples, c->pairs.samples[side], "samples", err))
            return false;
    return true;
}

bool index_relations_check(const scry_index *x, scry_error *err) {
    char key[CONTAINER_NAME + 1] = ".";
    reference_key(key + 1, "icl", (int)x->info.against);
    if (x->info.against == SCRY_AGAINST_BASE && (!check_groups(x, err) || !check_counts(x, err))) return false;
    for (size_t t = 0; t < x->info.trains; t++)
        if (!check_train(x, t, err)) return false;
    for (size_t d = 0; d < x->D; d++)
        if (x->info.domain[d].has_icl && !check_pair(x, (int)d, SCRY_ICL, key, err)) return false;
    for (size_t i = 0; i < x->info.captures; i++)
        if (!check_capture_pairs(x, i, err)) return false;
    return true;
}

bool index_postings_check(const scry_index *x, scry_error *err) {
    const uint64_t groups = ((uint64_t)x->F + GROUP_LATENTS - 1) / GROUP_LATENTS;
    for (uint64_t g = 0; g <= groups; g++) {
        const layout_group now = x->groups[g], before = g ? x->groups[g - 1] : (layout_group){0};
        if (now.data < before.data || now.length < before.length || now.data > x->post_size ||
            now.length > x->lengths_size)
            return scry_fail(err,
                             "%s: post/at: group %" PRIu64
                             " begins before the last or past the end; the index is damaged, make it again with scry "
                             "index",
                             x->file.map.path, g);
    }
    return true;
}
