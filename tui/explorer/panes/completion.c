/* completion.c: completion of a command's arguments. */
#include "explorer/panes/prompt.h"
#include "base/name_list.h"
#include "base/path.h"
#include "explorer/latent/latent_page.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/panes/view.h"
#include "explorer/sets/set_layer.h"
#include "explorer/table/column_table.h"
#include "text/fuzzy_match.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Keeps the best; those that fit alike stay in the order in which they came. */
static void offer(completion *c, const char *typed, const char *text) {
    candidate new = {.score = fuzzy_score(typed, text, &new.letters)};
    if (new.score <= 0 || strlen(text) >= sizeof new.text) return;
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->candidate[i].text, text) == 0) return;
    snprintf(new.text, sizeof new.text, "%s", text);
    size_t i = c->count;
    while (i > 0 && c->candidate[i - 1].score < new.score) i--;
    if (i == COMPLETE_MOST) return;
    if (c->count < COMPLETE_MOST) c->count++;
    memmove(&c->candidate[i + 1], &c->candidate[i], (c->count - 1 - i) * sizeof new);
    c->candidate[i] = new;
}

/* Names in the folder that the typed path names, folders too; ending: only files that end so. */
static void offer_files(UNUSED app *a, const char *typed, const char *ending, completion *c) {
    const char *name = path_file_name(typed);
    char folder[COMPLETE_TEXT], path[COMPLETE_TEXT + 256];
    snprintf(folder, sizeof folder, "%.*s", (int)(name - typed), typed);
    struct dirent **entry;
    int n = scandir(folder[0] ? folder : ".", &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *found = entry[i]->d_name;
        snprintf(path, sizeof path, "%s%s", folder, found);
        bool is_folder = path_is_directory(path);
        bool fits = is_folder || path_ends_with(found, ending);
        bool hidden = found[0] == '.' && name[0] != '.';
        if (is_folder) strcat(path, "/");
        if (fits && !hidden && strcmp(found, ".") != 0 && strcmp(found, "..") != 0) offer(c, typed, path);
        free(entry[i]);
    }
    if (n >= 0) free(entry);
}

static void offer_captures(app *a, const char *typed, UNUSED const char *ending, completion *c) {
    for (size_t i = 0; i < a->tab->info->captures; i++) offer(c, typed, a->tab->info->capture[i].name);
}

static void offer_domains(app *a, const char *typed, UNUSED const char *ending, completion *c) {
    for (size_t i = 0; i < a->tab->info->domains; i++) {
        char *name = scry_name_list_quote(a->tab->info->domain[i].name);
        offer(c, typed, name);
        free(name);
    }
}

static void offer_training_sets(app *a, const char *typed, UNUSED const char *ending, completion *c) {
    for (size_t t = 0; t < a->tab->info->trains; t++) offer(c, typed, a->tab->info->train[t].name);
}

/* Offers the sort keys of the focused pane, then the table's columns. */
static void offer_columns(app *a, const char *typed, UNUSED const char *ending, completion *c) {
    char names[512] = "", *state;
    if (a->tab->focus != PANE_TABLE && views[a->tab->focus]->sort(a, "", names, sizeof names)) names[0] = 0;
    if (strchr(names, ':')) names[0] = 0; /* words, not names */
    for (char *name = strtok_r(names, ", ", &state); name; name = strtok_r(NULL, ", ", &state)) offer(c, typed, name);
    for (int i = 0; i < column_count; i++) offer(c, typed, columns[i].name);
}

static void offer_plots(UNUSED app *a, const char *typed, UNUSED const char *ending, completion *c) {
    for (int i = 0; i < CHARTS; i++) offer(c, typed, chart_type_of((chart_kind)i)->name);
}

static void offer_panes(UNUSED app *a, const char *typed, UNUSED const char *ending, completion *c) {
    for (int p = 0; p < PANES; p++) offer(c, typed, views[p]->name);
}

static void offer_commands(UNUSED app *a, const char *typed, UNUSED const char *ending, completion *c) {
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].explorer) offer(c, typed, commands[i].name);
}

static void offer_themes(UNUSED app *a, const char *typed, UNUSED const char *ending, completion *c) {
    for (int i = 0; i < theme_count; i++) offer(c, typed, themes[i].name);
}

static void offer_macros(UNUSED app *a, const char *typed, UNUSED const char *ending, completion *c) {
    char names[4096], *state;
    macro_names(names, sizeof names, " ");
    for (char *name = strtok_r(names, " ", &state); name; name = strtok_r(NULL, " ", &state)) offer(c, typed, name);
}

static void offer_pages(UNUSED app *a, const char *typed, UNUSED const char *ending, completion *c) {
    for (int i = 0; i < latent_page_count; i++) offer(c, typed, latent_pages[i]->name);
}

/* Named sets: those that are kept, and those that there always are. */
static void offer_sets(app *a, const char *typed, const char *ending, completion *c) {
    static const char *const always[] = {"current", "marked", "top"};
    const scry_named_sets *kept = ending[0] ? NULL : sets_of(a);
    for (size_t i = 0; kept && i < kept->count; i++) offer(c, typed, kept->item[i].name);
    for (size_t i = 0; i < 3; i++) offer(c, typed, always[i]);
}

/* The words in capitals of the table of commands. "FILE.csv" is FILE with an ending. breaks: what stands between
 * several of them. */
static const struct {
    const char *word, *breaks;
    void (*offer)(app *a, const char *typed, const char *ending, completion *c);
} kinds[] = {{"FILE", "", offer_files},       {"CAPTURE", "", offer_captures},   {"DOMAINS", ",", offer_domains},
             {"COLUMN", "", offer_columns},   {"PANE", "", offer_panes},         {"COMMAND", "", offer_commands},
             {"SETS", " +&|!()", offer_sets}, {"SET", "", offer_sets},           {"THEME", "", offer_themes},
             {"MACRO", "", offer_macros},     {"PAGE", "", offer_pages},         {"DOMAIN", "", offer_domains},
             {"PLOT", "", offer_plots},       {"TRAIN", "", offer_training_sets}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int kind_of(const char *word, size_t length) {
    size_t stem = strcspn(word, ".");
    if (stem < length) length = stem;
    for (int k = 0; k < KINDS; k++)
        if (strlen(kinds[k].word) == length && strncmp(kinds[k].word, word, length) == 0) return k;
    return -1;
}

/* The form of the argument that the cursor is in, without brackets: "CAPTURE|all"; where the last (or only) argument
 * begins, all the rest is its. */
static void form_at(const char *arguments, const char *typed, size_t at, char *form, size_t size, completion *c) {
    form[0] = 0;
    for (;;) {
        size_t length = strcspn(arguments, " "), skip = arguments[0] == '[';
        bool last = !arguments[length];
        size_t word = last ? strlen(typed) : strcspn(typed + c->from, " ") + c->from;
        if (last || at <= word) {
            snprintf(form, size, "%.*s", (int)(length - (length ? 2 * skip : 0)), arguments + skip);
            c->to = word;
            return;
        }
        c->from = word + strspn(typed + word, " ");
        arguments += length + 1;
    }
}

void completion_find(app *a, const char *arguments, const char *typed, size_t at, completion *c) {
    char form[160], text[COMPLETE_TEXT], *state;
    *c = (completion){0};
    form_at(arguments, typed, at, form, sizeof form, c);
    const char *breaks = "";
    for (const char *word = form; *word; word += strcspn(word, "|"), word += *word == '|') {
        int k = kind_of(word, strcspn(word, "|"));
        if (k >= 0 && kinds[k].breaks[0]) breaks = kinds[k].breaks;
    }
    for (size_t i = c->from; i < at; i++)
        if (strchr(breaks, typed[i])) c->from = i + 1;
    if (breaks[0] && at < c->to) c->to = at + strcspn(typed + at, breaks);
    snprintf(text, sizeof text, "%.*s", (int)(at - c->from), typed + c->from);
    char words[sizeof form];
    memcpy(words, form, sizeof words);
    for (char *word = strtok_r(words, "|", &state); word; word = strtok_r(NULL, "|", &state))
        if (kind_of(word, strlen(word)) < 0 && islower((unsigned char)word[0]) && !strstr(word, ".."))
            offer(c, text, word);
    for (char *word = strtok_r(form, "|", &state); word; word = strtok_r(NULL, "|", &state)) {
        int k = kind_of(word, strlen(word));
        if (k >= 0) kinds[k].offer(a, text, word + strcspn(word, "."), c);
    }
}

bool completion_rest(app *a, const char *arguments, char *typed, size_t size) {
    static const char *const any[] = {"FILE", "SET", "MACRO"}; /* a new name may begin like one that there is */
    for (size_t i = 0; i < sizeof any / sizeof *any; i++)
        if (strstr(arguments, any[i])) return false;
    completion c;
    size_t length = strlen(typed);
    completion_find(a, arguments, typed, length, &c);
    const char *last = typed + c.from, *only = NULL;
    size_t n = length - c.from;
    for (size_t i = 0; i < c.count && n; i++) {
        const char *text = c.candidate[i].text;
        if (strcmp(text, last) == 0) return false;
        if (strncasecmp(text, last, n) != 0) continue;
        if (only) return false;
        only = text;
    }
    if (!only || c.from + strlen(only) >= size) return false;
    memmove(typed + c.from, only, strlen(only) + 1);
    return true;
}
