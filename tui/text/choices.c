/* choices.c: lists of what may be chosen. */
#include "text/choices.h"
#include "scry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count_of(choices of) {
    return of == CHOICES_METRIC ? SCRY_METRICS : of == CHOICES_SCORE ? SCRY_SCORES : SCRY_CONDITIONS - SCRY_BASE - 1;
}

static const char *name_of(choices of, int i) {
    if (of == CHOICES_METRIC) return scry_metric_name((scry_metric)i);
    if (of == CHOICES_SCORE) return scry_score_name((scry_score)i);
    return scry_condition_name((scry_condition)(SCRY_BASE + 1 + i));
}

static const char *join(choices of, const char *between, const char *last, char text[CHOICES_TEXT]) {
    int count = count_of(of), used = 0;
    for (int i = 0; i < count && used < CHOICES_TEXT; i++)
        used += snprintf(text + used, CHOICES_TEXT - (size_t)used, "%s%s",
                         i == 0          ? ""
                         : i + 1 < count ? between
                                         : last,
                         name_of(of, i));
    return text;
}

const char *choices_names(choices of, char text[CHOICES_TEXT]) {
    return join(of, ", ", " or ", text);
}

const char *choices_expand(const char *text) {
    static const char *const names[] = {
        [CHOICES_METRIC] = "{metric}", [CHOICES_SCORE] = "{score}", [CHOICES_SOURCE] = "{source}"};
    static struct {
        const char *from;
        char to[2 * CHOICES_TEXT];
    } known[32];
    const char *at = NULL;
    size_t of = 0, k = 0;
    for (size_t i = 0; text && i < sizeof names / sizeof *names && !at; i++)
        if ((at = strstr(text, names[i]))) of = i;
    if (!at) return text;
    while (k < sizeof known / sizeof *known && known[k].from && known[k].from != text) k++;
    if (k == sizeof known / sizeof *known) abort();
    if (known[k].from) return known[k].to;
    char list[CHOICES_TEXT];
    known[k].from = text;
    snprintf(known[k].to, sizeof known[k].to, "%.*s%s%s", (int)(at - text), text, join((choices)of, "|", "|", list),
             at + strlen(names[of]));
    return known[k].to;
}
