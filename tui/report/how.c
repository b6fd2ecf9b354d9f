/* how.c: a report's last part: how each figure was computed. */
#include "draw/svg.h"
#include "base/path.h"
#include "report/report.h"
#include "results/index_name.h"

#include <string.h>

void report_how(FILE *f, const report *r) {
    const selection_context *s = r->s;
    const scry_info *info = scry_index_info(s->index);
    const char *file = scry_is_cache_path(info->path) ? "STUDY.json" : path_file_name(info->path);
    fputs("<h2 id=\"how\">How each figure was computed</h2>\n<dl>\n", f);
    static const char *const rows[][2] = {
#define SCORE(id, name, aggregate, condition, term, sum, residual, compared, key, help, definition)                    \
    {"STS " #name, definition},
        SCRY_SCORE_TABLE(SCORE)
#undef SCORE
            {"rho, R2", "Pearson's correlation over domains between the score and the change, and its square"},
        {"p", "share of permuted changes with a rho as far from 0, two-sided: every permutation to 9 domains, else "
              "100,000 random ones, (hits + 1) / (trials + 1)"},
        {"leave-one-out", "smallest and largest rho with one domain left out"},
        {"95%", "percentiles of 1,000 draws that take each domain's samples with replacement: how far rho depends on "
                "which texts were read; over domains: Fisher's z, how far it depends on which domains were measured"},
        {"random, matched", "mean and standard deviation of rho over 1,000 random sets of the same number of active "
                            "latents, or of latents that fire as often, and the two-sided p of this rho among them"},
        {"search-adjusted p", "share of 1,000 permutations of the changes in which as many greedy switches from the "
                              "same top N reach as large a rho"},
        {"baselines", "the same method on the residual stream's own dimensions; mean activations; cosines of mean "
                      "representations"}};
    fputs("<dt>shift</dt><dd>over paired tokens of the training set: ", f);
    for (int m = 0; m < SCRY_METRICS; m++)
        svg_put(f, "%t%t %t%t", m ? ", " : "", scry_metrics[m].name, scry_metrics[m].definition,
                scry_metrics[m].is_signed ? " (signed)" : "");
    fputs("</dd>\n", f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (i < SCRY_SCORES && scry_scores[i].is_effect && !scry_has_score(s->index, (scry_score)i)) continue;
        svg_put(f, "<dt>%t</dt><dd>%t</dd>\n", rows[i][0], rows[i][1]);
    }
    svg_put(
        f,
        "</dl>\n<p>Method: arXiv 2603.02908, \xe2\x80\x9cSAE as a Crystal Ball\xe2\x80\x9d. With few domains and many "
        "latents to choose from, a high rho is easy to find: read none without its statistics.</p>\n"
        "<p class=\"faint\">scry %t, seed %d, %t. The same figures: ",
        scry_version(), (int)SCRY_SEED, index_name_alone(info));
    if (s->ranking)
        svg_put(f,
                "<code>scry score %t --score %s</code> with this selection and %s, <code>scry rank</code>, <code>scry "
                "overlap</code>, <code>scry baselines</code>, each also with <code>--json</code>",
                file, scry_score_name(s->score), r->scope->is_signed ? "--signed" : "--absolute");
    else svg_put(f, "<code>scry score %t --json</code>", file);
    fputs(". Every number above holds its full precision as the value of its data element.</p>\n", f);
}
