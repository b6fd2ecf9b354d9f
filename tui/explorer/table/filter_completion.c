/* filter_completion.c: what the text of a filter can go on with. */
#include "explorer/table/filter.h"
#include "base/utf8.h"
#include "explorer/table/column_table.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct spot {
    size_t from;      /* the word that is typed begins here, at its quote where it has one */
    char sign;        /* before it; 0 at the beginning */
    char name[32];    /* what stands before a sign ':' */
    bool word_before; /* something stands before the sign */
} spot;

static spot spot_at(const char *text, size_t at) {
    spot s = {0};
    bool quoted = false;
    for (size_t i = 0; i < at; i++) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted || !strchr(" \t()|,<>=~!:", text[i])) continue;
        s.sign = text[i];
        s.word_before = i > s.from;
        snprintf(s.name, sizeof s.name, "%.*s", (int)(i - s.from), text + s.from);
        s.from = i + 1;
    }
    return s;
}

/* One word with what must follow it, if it begins with what is typed and is not there yet. */
static void offer(filter_completion *w, const char *typed, size_t length, const char *word, const char *behind) {
    bool quotes = strpbrk(word, " \t()|,<>=~!:") != NULL;
    char new[FILTER_WORD];
    if (typed[0] == '"' && length) typed++, length--;
    if (strncasecmp(word, typed, length) != 0 || w->count == FILTER_WORDS_MOST || strlen(word) + 4 > sizeof new) return;
    snprintf(new, sizeof new, "%s%s%s%s", quotes ? "\"" : "", word, quotes ? "\"" : "", behind);
    for (int i = 0; i < w->count; i++)
        if (strcmp(w->word[i], new) == 0) return;
    memcpy(w->word[w->count++], new, sizeof new);
}

static void offer_names(filter_completion *w, const char *typed, size_t length) {
    for (int i = 0; i < column_count; i++)
        if (flag_find(columns[i].name) < 0) offer(w, typed, length, columns[i].name, columns[i].values ? "" : "~");
    for (int i = 0; i < flag_count; i++) offer(w, typed, length, flags[i].name, ":");
    for (int i = 0; i < domain_measure_count; i++)
        if (column_find(domain_measures[i].name) < 0) offer(w, typed, length, domain_measures[i].name, ":");
    offer(w, typed, length, "token", "~");
}

void filter_completion_at(const app *a, const char *text, size_t at, filter_completion *w) {
    spot s = spot_at(text, at);
    const char *typed = text + s.from;
    size_t length = at - s.from;
    w->count = 0;
    w->from = s.from;
    w->value = s.sign == ':' && s.word_before;
    if (w->value && measure_find(s.name) >= 0)
        for (size_t d = 0; d < a->tab->info->domains; d++) offer(w, typed, length, a->tab->info->domain[d].name, "");
    else if (w->value && flag_find(s.name) >= 0) offer(w, typed, length, "yes", ""), offer(w, typed, length, "no", "");
    else if ((!s.sign || !strchr("<>=~:", s.sign)) && typed[0] != '"') offer_names(w, typed, length);
}

static void side_by_side(const filter_completion *w, char *list, size_t size) {
    size_t used = 0;
    list[0] = 0;
    for (int i = 0; i < w->count && used < size; i++)
        used += (size_t)snprintf(list + used, size - used, "%s%s", i ? "  " : "", w->word[i]);
}

bool filter_completion_unfinished(const app *a, const char *text, char *list, size_t size) {
    filter_completion w;
    filter_completion_at(a, text, strlen(text), &w);
    const char *typed = text + w.from;
    if (!w.value || !w.count) return false;
    for (int i = 0; i < w.count; i++)
        if (strcmp(w.word[i], typed) == 0) return false;
    side_by_side(&w, list, size);
    return true;
}

/* How many bytes all words have in common; quotes are left out of it where only some have them. */
static size_t common(const filter_completion *w) {
    size_t n = strlen(w->word[0]);
    for (int i = 1; i < w->count; i++) {
        size_t k = 0;
        while (k < n && w->word[i][k] == w->word[0][k]) k++;
        n = k;
    }
    while (n > 0 && utf8_is_continuation(w->word[0][n])) n--;
    return n;
}

bool filter_completion_apply(const app *a, char *text, size_t room, size_t *at, char *list, size_t size) {
    filter_completion w;
    filter_completion_at(a, text, *at, &w);
    if (!w.count) return false;
    size_t length = common(&w), typed = *at - w.from, rest = strlen(text + *at) + 1;
    bool more = length > typed || (w.count == 1 && strncmp(text + w.from, w.word[0], length) != 0);
    if (!more || w.from + length + rest > room) {
        side_by_side(&w, list, size);
        return false;
    }
    memmove(text + w.from + length, text + *at, rest);
    memcpy(text + w.from, w.word[0], length);
    *at = w.from + length;
    if (w.count > 1) side_by_side(&w, list, size);
    return true;
}
