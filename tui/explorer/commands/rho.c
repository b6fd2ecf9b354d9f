/* rho.c: rho and its context as a page, in sentences. */
#include "base/mem.h"
#include "explorer/panes/text_page.h"
#include "results/results.h"
#include "rho_context.h"
#include "text/number_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The input: copies of the state. */
typedef struct work_of_rho {
    selection_context s;
    scry_condition source;
    uint32_t top;
    scry_scope scope;
    char *text; /* the result */
} work_of_rho;

static const char rho_words[] =
    "\n"
    "over texts        how far rho depends on which texts were read\n"
    "over domains      how far it depends on which domains were measured\n"
    "best baseline     the largest rho, by size, that needs no selection of latents: :baselines lists all\n"
    "random sets       far below them is as remarkable as far above, hence a two-sided p\n"
    "matched           each latent replaced by one that fires as often\n"
    "search-adjusted   pays for the latents switched by hand, not for other N, rankings and scores tried\n"
    "cross-validated   below 0: the mean of the other domains predicts better\n"
    "split halves      chosen on half of each domain's texts, measured on the other half\n"
    "reliability       needs change_se in the study: the error of each measured change\n";

static void work_rho(void *own, const scry_cancel *stop) {
    work_of_rho *w = own;
    scry_result r;
    scry_best_baseline best = {0};
    selection_fit(&r, &w->s, &w->scope);
    if (scry_result_finish(&r, w->s.index, w->s.score, w->s.set, w->s.untouched, &w->scope, stop) &&
        scry_best_baseline_find(&best, w->s.index, w->source, w->top, &w->scope, 0, stop)) {
        cJSON *facts = score_result(&w->s, &r, &best);
        char *context = rho_context_text(facts);
        char p[60] = "";
        if (!isnan(r.p_value)) snprintf(p, sizeof p, ", permutation p %.5f", r.p_value);
        w->text = isnan(r.fit.pearson)
                      ? mem_format("no rho: fewer than 3 domains take part, or all scores or changes are equal\n")
                      : mem_format("rho %.4f (Pearson's r) of STS %s with the %s over %zu domains%s\n%s%s",
                                   r.fit.pearson, scry_score_name(w->s.score), change_name(w->scope.is_signed), r.fit.n,
                                   p, context, rho_words);
        free(context);
        cJSON_Delete(facts);
    }
    scry_result_free(&r);
}

static void show_rho(app *a, void *own, bool whole) {
    work_of_rho *w = own;
    if (whole && w->text) {
        page_show(a, "rho in its context", w->text);
        w->text = NULL;
    }
    free(w->text);
    scry_set_free(w->s.set);
    scry_set_free(w->s.untouched);
    scry_scope_free(&w->scope);
    free(w);
}

command_effect do_rho(app *a, UNUSED const char *argument) {
    if (!app_has_domains(a)) return DID_CHANGE;
    const scry_session *s = a->tab->session;
    const scry_ranking *shown = scry_session_ranking(s);
    work_of_rho *w = mem_new(1, sizeof *w);
    *w = (work_of_rho){.s = {.index = a->tab->index,
                             .train = shown->train,
                             .set = scry_set_copy(scry_session_set(s)),
                             .untouched = scry_session_untouched(s),
                             .score = scry_session_score(s)},
                       .source = shown->source,
                       .top = scry_session_n(s),
                       .scope = scry_scope_copy(scry_session_scope(s))};
    page_work(a, "rho in its context", work_rho, show_rho, w);
    return DID_CHANGE;
}
