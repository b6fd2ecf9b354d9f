/* rho_context_text.c: the context of a rho as sentences. */
#include "base/mem.h"
#include "results/results.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DOMAIN_TEXT = 200 };

static double get(const cJSON *facts, const char *key) {
    return result_get_number(facts, key);
}

static void intervals(FILE *f, const cJSON *facts) {
    fputs("95% interval", f);
    if (isnan(get(facts, "n"))) fputs(" over texts: no tokens to resample", f);
    else if (isnan(get(facts, "ci_low"))) fputs(" over texts: too few samples to resample", f);
    else fprintf(f, " %.4f to %.4f over texts (samples resampled)", get(facts, "ci_low"), get(facts, "ci_high"));
    if (!isnan(get(facts, "domains_ci_low")))
        fprintf(f, "; %.4f to %.4f over domains (Fisher's z)", get(facts, "domains_ci_low"),
                get(facts, "domains_ci_high"));
    fputc('\n', f);
}

/* A domain's name without control characters; NULL where there is none. */
static const char *domain_text(const cJSON *facts, const char *key, char out[DOMAIN_TEXT]) {
    const char *name = result_get_text(facts, key);
    if (!name) return NULL;
    text_clean(name, out, DOMAIN_TEXT, false);
    return out;
}

static void without_domains(FILE *f, const cJSON *facts) {
    char names[2][DOMAIN_TEXT];
    const char *own = domain_text(facts, "train_domain", names[0]);
    const char *far = domain_text(facts, "farthest_domain", names[1]);
    if (isnan(get(facts, "without_train"))) own = NULL;
    if (isnan(get(facts, "without_farthest"))) far = NULL;
    bool same = own && far && strcmp(own, far) == 0;
    if (!own && !far) return;
    if (own)
        fprintf(f, "without %s, the training set's own domain%s: rho %.4f%s", own, same ? " and the farthest" : "",
                get(facts, "without_train"), far && !same ? "; " : "");
    if (far && !same) fprintf(f, "without %s, the farthest domain: rho %.4f", far, get(facts, "without_farthest"));
    fputc('\n', f);
}

static void baseline(FILE *f, const cJSON *facts) {
    const char *name = result_get_text(facts, "baseline"), *of = result_get_text(facts, "baseline_of");
    const char *with = result_get_text(facts, "baseline_with");
    if (!name) return;
    fprintf(f, "best baseline: rho %.4f, %s", get(facts, "baseline_rho"), name);
    if (!strstr(name, of)) fprintf(f, " of %s", of);
    if (with) fprintf(f, ", base and %s", with);
    fputc('\n', f);
}

/* Far below is as remarkable as far above, hence two-sided. */
static void random_sets(FILE *f, const cJSON *facts) {
    if (isnan(get(facts, "random_mean"))) return;
    fprintf(f, "random sets of the same size: rho %.3f, SD %.3f; two-sided p %.4f\n", get(facts, "random_mean"),
            get(facts, "random_sd"), get(facts, "random_p"));
    if (isnan(get(facts, "matched_mean"))) return;
    fprintf(f, "random sets matched for firing rate: rho %.3f, SD %.3f; two-sided p %.4f\n", get(facts, "matched_mean"),
            get(facts, "matched_sd"), get(facts, "matched_p"));
}

static void search(FILE *f, const cJSON *facts) {
    double switches = get(facts, "switches");
    if (switches > 0) {
        fprintf(f, "%.0f latent%s switched by hand, which moved rho by %+.4f from the %.4f of the untouched top N\n",
                switches, switches > 1 ? "s" : "", get(facts, "pearson") - get(facts, "untouched_pearson"),
                get(facts, "untouched_pearson"));
        fprintf(f,
                "search-adjusted p %.4f: with the changes shuffled, as many greedy switches reach |rho| %.3f on "
                "average\n",
                get(facts, "search_p"), get(facts, "search_mean"));
    }
    if (!isnan(get(facts, "split_half")))
        fprintf(f,
                "split halves: rho %.4f where as many switches are chosen on half of the texts and measured on the "
                "other half\n",
                get(facts, "split_half"));
    if (!isnan(get(facts, "cv_r2")))
        fprintf(f, "cross-validated R2 %.3f: each domain predicted from the others%s\n", get(facts, "cv_r2"),
                switches > 0 ? ", the switches chosen without it" : "");
}

static void errors(FILE *f, const cJSON *facts) {
    double reliability = get(facts, "change_reliability");
    if (isnan(reliability)) return;
    if (reliability > 0)
        fprintf(f, "reliability of the changes %.2f: their errors keep |rho| below about %.2f%s\n", reliability,
                get(facts, "ceiling"), reliability < 0.5 ? ", since they vary hardly more than by their errors" : "");
    else fputs("reliability of the changes 0: they vary by no more than their errors, so that rho says little\n", f);
}

char *rho_context_text(const cJSON *facts) {
    char *text = NULL;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    if (!f) return mem_copy_string("");
    if (!isnan(get(facts, "pearson"))) {
        intervals(f, facts);
        without_domains(f, facts);
        baseline(f, facts);
        random_sets(f, facts);
        search(f, facts);
        errors(f, facts);
    }
    mem_stream_end(f);
    return text;
}

char *rho_summary_text(const cJSON *facts) {
    double switches = get(facts, "switches");
    if (isnan(get(facts, "pearson"))) return mem_copy_string("no rho");
    if (!(switches > 0))
        return mem_format("rho %.4f (Pearson's r) of STS %s over %.0f domains, permutation p %.5f",
                          get(facts, "pearson"), result_get_text(facts, "score"), get(facts, "points"),
                          get(facts, "p_value"));
    return mem_format("rho %.4f (Pearson's r) of STS %s over %.0f domains, %.4f before %.0f latent%s switched by hand, "
                      "search-adjusted p %.4f",
                      get(facts, "pearson"), result_get_text(facts, "score"), get(facts, "points"),
                      get(facts, "untouched_pearson"), switches, switches > 1 ? "s were" : " was",
                      get(facts, "search_p"));
}
