/* synth.c: scry synth: generates a study with known answers. */
#include "shell/cli_context.h"
#include "synth.h"

#include <stdio.h>
#include <stdlib.h>

/* The size of common small SAEs, and the paper's number of domains. */
enum { WIDTH = 16384, DOMAINS = 14, TOKENS = 1024 };
#define RHO 0.8

static bool read_rho(const options *o, double *rho, scry_error *err) {
    char *end;
    *rho = o->rho ? strtod(o->rho, &end) : RHO;
    if (!o->rho || (end != o->rho && !*end && *rho >= -1 && *rho <= 1)) return true;
    return scry_misuse(err, "--rho: found \"%.40s\", expected a number from -1 to 1", o->rho);
}

static bool read_options(const options *o, synth_options *s, scry_error *err) {
    if (o->words)
        return scry_misuse(err, "synth: found \"%.60s\", expected only options; scry synth -o DIR", o->word[0]);
    if (!o->out) return scry_misuse(err, "synth: -o is missing; scry synth -o DIR");
    if (o->null && o->rho) return scry_misuse(err, "--null and --rho: expected one of them");
    s->is_null = o->null != NULL;
    s->has_control = o->control != NULL;
    return options_number("--width", o->width, 16, WIDTH, &s->latents, err) &&
           options_number("--domain-count", o->domain_count, 3, DOMAINS, &s->domains, err) &&
           options_number("--tokens-each", o->tokens_each, 8, s->latents < TOKENS ? s->latents : TOKENS, &s->tokens,
                          err) &&
           options_number("--seed", o->seed, 0, SCRY_SEED, &s->seed, err) && read_rho(o, &s->rho, err);
}

/* Prints the result as one row, or as a message. */
static int report(const options *o, const synth_options *s, const synth_result *r) {
    cJSON *row = cJSON_CreateObject();
    char study[4096];
    snprintf(study, sizeof study, "%s/study.json", o->out);
    result_text(row, "study", study);
    result_numbers(row, {"latents", s->latents}, {"domains", s->domains}, {"tokens", (double)r->tokens},
                   {"activations", (double)r->activations}, {"bytes", (double)r->bytes}, {"seconds", r->seconds});
    if (!o->json && !o->csv)
        output_say("%s: %u latents, %u domains, %llu activations, %.1f MB, %.2f s; answers in truth.json", study,
                   s->latents, s->domains, (unsigned long long)r->activations, (double)r->bytes / 1e6, r->seconds);
    static const result_column columns[] = {{"study", "study", NULL, 0},
                                            {"latents", "latents", "%.0f", 0},
                                            {"domains", "domains", "%.0f", 0},
                                            {"tokens", "tokens", "%.0f", 0},
                                            {"activations", "activations", "%.0f", 0},
                                            {"bytes", "bytes", "%.0f", 0},
                                            {"seconds", "seconds", "%.3f", 0},
                                            {0}};
    return output_print_row(o, row, columns);
}

int shell_synth(const options *o) {
    scry_error err = {0};
    cli_progress progress = {0};
    synth_options s = {.progress = cli_show_progress, .context = &progress};
    if (!read_options(o, &s, &err)) return output_error(&err);
    synth_result result;
    cli_catch_interrupt();
    bool ok = scry_synth(o->out, &s, &result, &err);
    cli_release_interrupt();
    cli_end_progress(&progress);
    return ok ? report(o, &s, &result) : output_error(&err);
}
