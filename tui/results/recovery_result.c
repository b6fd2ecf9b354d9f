/* recovery_result.c: how much of what a tuned model says differently an SAE holds. */
#include "results/recovery_result.h"
#include "base/mem.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>

const char *const scry_reads_names[] = {
#define BY(id, name, help) name,
    SCRY_READS_TABLE(BY)
#undef BY
};

static void add_group(cJSON *item, const scry_recovery_group *g) {
    result_numbers(item, {"n", (double)g->tokens}, {"samples", (double)g->samples}, {"left_out", (double)g->left_out},
                   {"kl", g->kl}, {"kl_patched", g->kl_patched}, {"kl_exact", g->kl_exact}, {"won_back", g->won_back},
                   {"won_back_se", g->won_back_se}, {"won_back_most", g->most});
}

cJSON *recovery_result(const scry_recovery *r, bool all_tokens) {
    char hook[SCRY_HOOK_TEXT];
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "base", r->base);
    result_text(facts, "tuned", r->tuned);
    result_text(facts, "rows", all_tokens ? "all" : "response");
    result_text(facts, "sae", r->sae);
    result_text(facts, "kind", r->kind);
    result_text(facts, "reads", scry_reads_names[r->reads]);
    result_text(facts, "hook", scry_hook_text(r->hook, hook));
    add_group(cJSON_AddObjectToObject(facts, "all"), &r->all);
    cJSON *list = cJSON_AddArrayToObject(facts, "domains");
    for (size_t g = 0; g < r->groups; g++) {
        cJSON *item = result_row(list);
        result_text(item, "name", r->group[g].name);
        cJSON_AddBoolToObject(item, "is_train", r->group[g].is_train);
        add_group(item, &r->group[g]);
    }
    result_number(facts, "seed", (double)r->seed);
    return facts;
}

const result_column recovery_columns[] = {{"name", "domain", NULL, 0},
                                          {"n", "tokens", "%.0f", 0},
                                          {"kl", "KL", "%.4f", 0},
                                          {"kl_patched", "patched", "%.4f", 0},
                                          {"won_back", "won back%", "%.2f", 100},
                                          {"won_back_se", "s.e.", "%.2f", 100},
                                          {"won_back_most", "most%", "%.2f", 100},
                                          {0}};

char *recovery_head(const scry_recovery *r, bool all_tokens) {
    char *text = NULL, hook[SCRY_HOOK_TEXT], path[400];
    size_t size;
    const scry_recovery_group *all = &r->all;
    FILE *f = mem_check(open_memstream(&text, &size));
    text_clean(r->sae, path, sizeof path, false);
    fprintf(f, "%s\n%s\n\n", path, r->kind);
    fprintf(f,
            "KL(tuned || base) of the next token, in nats, of base as it is and patched at %s with\n"
            "%s: 1 - patched / KL is won back\n"
            "most: with the tuned model's own stream there, which base's blocks after the hook limit\n\n",
            scry_hook_text(r->hook, hook),
            r->reads == SCRY_READS_DIFFERENCE ? "base + what the SAE makes of tuned - base"
                                              : "base + what the SAE makes of tuned - what it makes of base");
    fprintf(f, "all: %.0f tokens of %s, %zu texts", (double)all->tokens, all_tokens ? "texts" : "responses",
            all->samples);
    if (all->left_out) fprintf(f, " (%zu left out)", all->left_out);
    fprintf(f, "; KL %.4f, patched %.4f\n", all->kl, all->kl_patched);
    if (isnan(all->won_back)) fputs("won back: undefined, the models do not differ\n", f);
    else
        fprintf(f, "won back: %.2f%% (s.e. %.2f) of at most %.2f%%\n", 100 * all->won_back, 100 * all->won_back_se,
                100 * all->most);
    fclose(f);
    return mem_check(text);
}
