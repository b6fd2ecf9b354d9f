/* tokens.c: a report's latents with the text on which they fire most. */
#include "draw/svg.h"
#include "text/text.h"
#include "report/html.h"
#include "report/report.h"
#include "base/mem.h"

#include <stdlib.h>

enum { LATENTS = 30, EXAMPLES = 5, AROUND = 12 };

/* One example: the tokens around, those on which the latent fires shaded by how strongly. */
static void put_example(FILE *f, const cJSON *example, double most) {
    const cJSON *t;
    const cJSON *capture = result_get(example, "capture");
    const cJSON *sample = result_get(example, "sample");
    double peak = result_get(example, "activation")->valuedouble;
    char safe[400], where[400];
    text_clean(cJSON_IsString(sample) ? sample->valuestring : "", where, sizeof where, false);
    fputs("<li><small>", f);
    html_number(f, "activation", peak, "%.2f", 0);
    svg_put(f, " %t %t</small><q>", capture->valuestring, where);
    cJSON_ArrayForEach (t, result_get(example, "context")) {
        double h = result_get(t, "activation")->valuedouble;
        text_clean(result_get(t, "token")->valuestring, safe, sizeof safe, false);
        if (!(h > 0)) svg_put(f, "%t", safe);
        else
            svg_put(f, "<mark%s style=\"--a:%n\" title=\"%n\">%t</mark>", h >= peak ? " class=\"top\"" : "",
                    0.12 + 0.6 * h / most, h, safe);
    }
    fputs("</q></li>\n", f);
}

/* Tokens that the latent promotes, or suppresses; nothing where the index does not keep them. */
static void put_logits(FILE *f, const scry_index *index, uint32_t latent) {
    static const char *const words[SCRY_LOGIT_SIDES] = {"promotes", "suppresses"};
    if (!scry_keeps_logits(index, latent)) return;
    fputs("<p class=\"faint\">", f);
    for (int side = 0; side < SCRY_LOGIT_SIDES; side++) {
        scry_token_logit kept[SCRY_LOGITS_KEPT];
        size_t n = scry_kept_logits(index, latent, (scry_logit_side)side, kept);
        char safe[400];
        svg_put(f, "%s%s", side ? "; " : "", words[side]);
        for (size_t i = 0; i < n; i++) {
            text_clean(kept[i].token, safe, sizeof safe, false);
            svg_put(f, " <q>%t</q>", safe);
        }
    }
    fputs("</p>\n", f);
}

static void put_latent(FILE *f, const report *r, uint32_t rank) {
    const selection_context *s = r->s;
    uint32_t latent = s->ranking->order[rank];
    const char *label = scry_label(s->index, latent);
    char *words = label ? mem_copy_string(label) : scry_key_tokens(s->index, latent);
    scry_example e[EXAMPLES];
    size_t n = scry_top_tokens(s->index, latent, -1, true, EXAMPLES, e);
    char safe[400];
    text_clean(words, safe, sizeof safe, false);
    free(words);
    svg_put(f, "<section class=\"latent\" id=\"latent-%d\">\n<h3>%d. latent %d%s%t</h3>\n<p class=\"faint\">",
            (int)latent, (int)rank + 1, (int)latent, *safe ? ": " : "", safe);
    const scry_condition source = s->ranking->source;
    fprintf(f, "%s %.4g; fires on %.2f%% of the training tokens",
            source == SCRY_BASE ? scry_metric_title(s->ranking->metric, source) : "shift", s->ranking->shift[latent],
            100 * scry_rate_base(s->index, s->train, source, latent));
    if (source != SCRY_BASE)
        fprintf(f, ", %.2f%% under %s", 100 * scry_rate_shifted(s->index, s->train, source, latent),
                scry_source_text(source, s->ranking->against, (char[SCRY_SOURCE_TEXT]){""}));
    fputs("</p>\n", f);
    put_logits(f, s->index, latent);
    cJSON *facts = tokens_result(s->index, latent, e, n, AROUND), *example;
    fputs("<ul class=\"examples\">\n", f);
    cJSON_ArrayForEach (example, result_get(facts, "examples")) put_example(f, example, (double)e[0].activation);
    fputs("</ul>\n</section>\n", f);
    cJSON_Delete(facts);
}

void report_tokens(FILE *f, const report *r) {
    const selection_context *s = r->s;
    uint32_t shown = 0;
    for (uint32_t rank = 0; rank < s->ranking->latents && shown < LATENTS && !scry_cancelled(r->cancel); rank++)
        if (scry_set_has(s->set, s->ranking->order[rank])) {
            put_latent(f, r, rank);
            shown++;
        }
}
