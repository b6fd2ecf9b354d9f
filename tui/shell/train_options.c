/* train_options.c: turns the options of scry train into the settings of a run. */
#include "shell/train_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_word(const char *name, const char *text, const char *const *words, int count, double *out,
                      scry_error *err) {
    for (int i = 0; text && i < count; i++)
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return true;
        }
    if (!text) return true;
    char list[160] = "";
    for (int i = 0; i < count; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s",
                 i == 0          ? ""
                 : i + 1 < count ? ", "
                                 : " or ",
                 words[i]);
    return scry_misuse(err, "%s: found \"%.40s\", expected %s", name, text, list);
}

static bool read_number(const char *name, const char *text, double least, double most, bool whole, double *out,
                        scry_error *err) {
    if (!text) return true;
    char *end;
    double number = strtod(text, &end);
    bool plain = (text[0] >= '0' && text[0] <= '9') || text[0] == '.';
    if (!plain || *end || !(number >= least && number <= most) || (whole && floor(number) < number))
        return scry_misuse(err, "%s: found \"%.40s\", expected a %snumber of %g to %g", name, text,
                           whole ? "whole " : "", least, most);
    *out = number;
    return true;
}

static bool read_betas(const char *text, scry_train_settings *s, scry_error *err) {
    if (!text) return true;
    char first[32];
    const char *comma = strchr(text, ',');
    size_t length = comma ? (size_t)(comma - text) : sizeof first;
    if (length >= sizeof first)
        return scry_misuse(err, "--betas: found \"%.40s\", expected two such as 0.9,0.999", text);
    snprintf(first, sizeof first, "%.*s", (int)length, text);
    return read_number("--betas", first, 0, 0.9999999, false, &s->beta1, err) &&
           read_number("--betas", comma + 1, 0, 0.9999999, false, &s->beta2, err);
}

static bool read_numbers(const options *o, scry_train_settings *s, scry_error *err) {
    const struct {
        const char *name, *text;
        double least, most;
        bool whole;
        double *out;
    } rows[] = {
        {"--width", o->width, 1, 1 << 26, true, &s->width},
        {"--k", o->k, 1, 1 << 20, true, &s->k},
        {"--sparsity", o->sparsity, 0, 1e9, false, &s->sparsity},
        {"--sparsity-warmup", o->sparsity_warmup, 0, 1e12, true, &s->sparsity_warmup},
        {"--bandwidth", o->bandwidth, 1e-9, 1e9, false, &s->bandwidth},
        {"--threshold", o->threshold, 1e-9, 1e9, false, &s->first_threshold},
        {"--steps", o->steps, 1, 1e12, true, &s->steps},
        {"--batch", o->batch, 1, 1 << 20, true, &s->batch},
        {"--lr", o->lr, 0, 1e3, false, &s->lr},
        {"--warmup", o->warmup, 0, 1e12, true, &s->warmup},
        {"--clip", o->clip, 0, 1e12, false, &s->clip},
        {"--dead-after", o->dead_after, 1, 1e15, true, &s->dead_after},
        {"--auxk", o->auxk, 1, 1 << 20, true, &s->auxk},
        {"--auxk-weight", o->auxk_weight, 0, 1e9, false, &s->auxk_weight},
        {"--weight-decay", o->weight_decay, 0, 1e3, false, &s->weight_decay},
        {"--pre-act-weight", o->pre_act_weight, 0, 1e9, false, &s->pre_act_weight},
        {"--held-out", o->held_out, 0, 0.9, false, &s->held_out},
        {"--seed", o->seed, 0, 4294967295.0, true, &s->seed},
        {"--log-every", o->log_every, 1, 1e12, true, &s->log_every},
        {"--checkpoint-every", o->checkpoint_every, 1, 1e12, true, &s->checkpoint_every},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!read_number(rows[i].name, rows[i].text, rows[i].least, rows[i].most, rows[i].whole, rows[i].out, err))
            return false;
    return true;
}

static bool read_settings(const options *o, scry_train_settings *s, scry_error *err) {
    scry_train_undecided(s);
    if (o->no_normalize) s->normalize = 0;
    return read_word("--arch", o->arch, scry_arch_names, SCRY_ARCHS, &s->arch, err) &&
           read_word("--penalty", o->penalty, scry_penalty_names, SCRY_PENALTIES, &s->penalty, err) &&
           read_word("--decay", o->decay, scry_decay_names, SCRY_DECAYS, &s->decay, err) &&
           read_word("--center", o->center, scry_center_names, SCRY_CENTERS, &s->center, err) &&
           read_word("--revive", o->revive, scry_revive_names, SCRY_REVIVALS, &s->revive, err) &&
           read_numbers(o, s, err) && read_betas(o->betas, s, err);
}

/* An option that the architecture does not use is a usage error. */
static bool goes_together(const options *o, const scry_train_settings *s, scry_error *err) {
    int arch = s->arch < 0 ? SCRY_TOPK : (int)s->arch;
    bool counts = arch == SCRY_TOPK || arch == SCRY_BATCHTOPK, jumps = arch == SCRY_JUMPRELU;
    const struct {
        const char *name, *text, *with;
        bool fine;
    } rows[] = {{"--k", o->k, "topk and batchtopk", counts},
                {"--sparsity", o->sparsity, "relu and jumprelu", !counts},
                {"--sparsity-warmup", o->sparsity_warmup, "relu and jumprelu", !counts},
                {"--penalty", o->penalty, "jumprelu", jumps},
                {"--bandwidth", o->bandwidth, "jumprelu", jumps},
                {"--pre-act-weight", o->pre_act_weight, "jumprelu", jumps},
                {"--threshold", o->threshold, "jumprelu", jumps}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].text && !rows[i].fine)
            return scry_misuse(err, "%s: applies to --arch %s, not to %s", rows[i].name, rows[i].with,
                               scry_arch_names[arch]);
    return true;
}

bool train_options_read(const options *o, scry_train_settings *settings, scry_error *err) {
    return read_settings(o, settings, err) && goes_together(o, settings, err);
}

const char *train_options_first(const options *o) {
    static const char no_settings[] =
        "-o --resume --watch --threads --allow-nonfinite --json --csv --size --ascii --help --version";
    for (size_t i = 0; i < option_count; i++) {
        const option_row *row = &option_rows[i];
        bool given = *(const char *const *)(const void *)((const char *)o + row->offset) != NULL;
        if (given && options_apply(row->commands, "train") && !options_apply(no_settings, row->name)) return row->name;
    }
    return NULL;
}
