/* twin_main.c: twin STUDY.json prints every figure that a test keeps as a specimen, as JSON. */
#include "twin.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 200, CHOSEN = 100, LATENTS_SHOWN = 10, TOKENS_SHOWN = 10 };

static const char *const sources[] = {"icl", "sft", "rl"};
static const char *const metrics[] = {"sq", "abs", "mean", "rate", "d"};
static const char *const scores[] = {"act", "act2", "icl"};

static void print_number(double x) {
    if (isfinite(x)) printf("%.17g", x);
    else printf("null");
}

static void print_string(const char *s) {
    cJSON *item = cJSON_CreateString(s);
    char *text = cJSON_PrintUnformatted(item);
    fputs(text, stdout);
    cJSON_free(text);
    cJSON_Delete(item);
}

static void *room(int n, size_t size) {
    void *p = calloc((size_t)n + 1, size);
    if (!p) exit(3);
    return p;
}

static int has_source(twin *t, const char *source) {
    char name[32];
    snprintf(name, sizeof name, "train.%s", source);
    return twin_has(t, "train.base") && twin_has(t, name);
}

static int has_score(twin *t, const char *score, int d) {
    char name[512];
    snprintf(name, sizeof name, "%s.icl", twin_domain_name(t, d));
    return twin_has(t, twin_domain_name(t, d)) && (strcmp(score, "icl") != 0 || twin_has(t, name));
}

static void print_shift(twin *t, const char *source, const char *metric) {
    int F = twin_latents(t);
    double *shift = room(F, sizeof *shift);
    int *order = room(F, sizeof *order);
    twin_shift(t, source, metric, shift);
    twin_order(shift, F, order);
    printf("\"%s\":{\"top\":[", metric);
    for (int i = 0; i < F && i < SHOWN; i++) {
        printf("%s{\"latent\":%d,\"shift\":", i ? ",\n" : "", order[i]);
        print_number(shift[order[i]]);
        printf("}");
    }
    printf("]}");
    free(shift);
    free(order);
}

static void print_line(const char *key, const double *x, const double *y, int n) {
    double pearson, slope, intercept;
    twin_correlate(x, y, n, &pearson, &slope, &intercept);
    printf("\"%s\":{\"pearson\":", key);
    print_number(pearson);
    printf(",\"slope\":");
    print_number(slope);
    printf(",\"intercept\":");
    print_number(intercept);
    printf("}");
}

static void print_correlation(const char *key, const double *sts, const double *change, int n) {
    double *size = room(n, sizeof *size);
    for (int i = 0; i < n; i++) size[i] = fabs(change[i]);
    printf("\"%s\":{\"n\":%d,", key, n);
    print_line("absolute", sts, size, n);
    printf(",");
    print_line("signed", sts, change, n);
    printf("}");
    free(size);
}

static void print_score(twin *t, const char *score, const int *set, int n) {
    int F = twin_latents(t), domains = twin_domains(t), used = 0, some = 0;
    double *contribution = room(F, sizeof *contribution);
    double *sts = room(domains, sizeof *sts), *change = room(domains, sizeof *change);
    printf("\"%s\":{\"domains\":{", score);
    for (int d = 0; d < domains; d++) {
        if (!has_score(t, score, d)) continue;
        twin_contribution(t, score, d, contribution);
        double value = twin_score(score, contribution, set, n);
        printf("%s", some++ ? "," : "");
        print_string(twin_domain_name(t, d));
        printf(":");
        print_number(value);
        if (isnan(twin_change(t, d))) continue;
        sts[used] = value;
        change[used++] = twin_change(t, d);
    }
    printf("},\n");
    print_correlation("all", sts, change, used);
    printf(",\n");

    /* the four largest and the four smallest |change|, ties by place */
    int *order = room(used, sizeof *order), kept = 0;
    double *sts4 = room(used, sizeof *sts4), *change4 = room(used, sizeof *change4);
    twin_order(change, used, order);
    for (int i = 0; i < used; i++)
        if (i < 4 || i >= used - 4) {
            sts4[kept] = sts[order[i]];
            change4[kept++] = change[order[i]];
        }
    print_correlation("extremes4", sts4, change4, kept);
    printf("}");
    free(order);
    free(sts4);
    free(change4);
    free(contribution);
    free(sts);
    free(change);
}

static void print_scores(twin *t, const char *source) {
    int F = twin_latents(t), n = F < CHOSEN ? F : CHOSEN;
    double *shift = room(F, sizeof *shift);
    int *order = room(F, sizeof *order);
    twin_shift(t, source, "sq", shift);
    twin_order(shift, F, order);
    printf("\"%s\":{\"metric\":\"sq\",\"n\":%d", source, n);
    for (int i = 0; i < 3; i++) {
        printf(",\n");
        print_score(t, scores[i], order, n);
    }
    printf("}");
    free(shift);
    free(order);
}

static void print_total(twin *t, const char *source) {
    int F = twin_latents(t);
    double *shift = room(F, sizeof *shift), total = 0;
    twin_shift(t, source, "sq", shift);
    for (int j = 0; j < F; j++) total += shift[j];
    printf("\"%s\":", source);
    print_number(total);
    free(shift);
}

static void print_tokens(twin *t, const char *capture, int latent) {
    int sample[TOKENS_SHOWN], position[TOKENS_SHOWN];
    double activation[TOKENS_SHOWN];
    int n = twin_top(t, latent, capture, TOKENS_SHOWN, sample, position, activation);
    printf("{\"capture\":");
    print_string(capture);
    printf(",\"latent\":%d,\"examples\":[", latent);
    for (int i = 0; i < n; i++) {
        printf("%s{\"sample\":", i ? "," : "");
        print_string(twin_sample_id(t, capture, sample[i]));
        printf(",\"sample_index\":%d,\"position\":%d,\"token\":", sample[i], position[i]);
        print_string(twin_token(t, capture, sample[i], position[i]));
        printf(",\"activation\":");
        print_number(activation[i]);
        printf("}");
    }
    printf("]}");
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: twin STUDY.json\n");
        return 2;
    }
    twin *t = twin_open(argv[1]);
    int F = twin_latents(t);
    const char *separator = "";
    printf("{\"latents\":%d,\n\"shift\":{", F);
    for (int i = 0; i < 3; i++) {
        if (!has_source(t, sources[i])) continue;
        printf("%s\"%s\":{", separator, sources[i]);
        for (int m = 0; m < 5; m++) {
            printf("%s", m ? ",\n" : "");
            print_shift(t, sources[i], metrics[m]);
        }
        printf("}");
        separator = ",\n";
    }
    printf("},\n\"total_sq\":{");
    separator = "";
    for (int i = 0; i < 3; i++) {
        if (!has_source(t, sources[i])) continue;
        printf("%s", separator);
        print_total(t, sources[i]);
        separator = ",";
    }
    printf("},\n\"scores\":{");
    separator = "";
    for (int i = 0; i < 3; i++) {
        if (!has_source(t, sources[i])) continue;
        printf("%s", separator);
        print_scores(t, sources[i]);
        separator = ",\n";
    }

    /* the tokens of the first latents by sq shift, over training set and first domain */
    printf("},\n\"tokens\":[");
    separator = "";
    for (int i = 0; i < 3; i++) {
        if (!has_source(t, sources[i])) continue;
        double *shift = room(F, sizeof *shift);
        int *order = room(F, sizeof *order);
        twin_shift(t, sources[i], "sq", shift);
        twin_order(shift, F, order);
        char names[4][512] = {"train.base", "", "", ""};
        snprintf(names[1], sizeof names[1], "train.%s", sources[i]);
        if (twin_domains(t) > 0) {
            snprintf(names[2], sizeof names[2], "%s", twin_domain_name(t, 0));
            snprintf(names[3], sizeof names[3], "%s.icl", twin_domain_name(t, 0));
        }
        for (int c = 0; c < 4; c++)
            for (int j = 0; j < F && j < LATENTS_SHOWN && twin_has(t, names[c]); j++) {
                printf("%s", separator);
                print_tokens(t, names[c], order[j]);
                separator = ",\n";
            }
        free(shift);
        free(order);
    }
    printf("]}\n");
    twin_free(t);
    return 0;
}
