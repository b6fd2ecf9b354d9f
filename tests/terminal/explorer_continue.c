/* explorer_continue.c: the page of :continue: tokens arrive while it is shown, Esc stops, and what was said is what the
 * shell's prompt --continue says. */
#include "explorer_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDE_ROWS = 50, WIDE = 160, TOKENS = 400, TEXT = 8192 };

/* What the shell says of one model. */
typedef struct said {
    int id[TOKENS], count;
    char text[TEXT]; /* without blanks, a line's end as the screen shows it */
} said;

static said shell_says(const char *json, const char *name) {
    said s = {.count = 0};
    char key[64];
    snprintf(key, sizeof key, "\"name\":\"%s\",\"text\":\"", name);
    const char *at = strstr(json, key);
    size_t used = 0;
    if (!at) return s;
    for (at += strlen(key); *at && *at != '"' && used + 4 < sizeof s.text; at++) {
        bool line_end = at[0] == '\\' && at[1] == 'n';
        if (*at == '\\') at++;
        if (line_end) used += (size_t)sprintf(s.text + used, "%s", "\xe2\x8f\x8e");
        else if (*at != ' ') s.text[used++] = *at;
    }
    const char *end = strchr(at, ']');
    while ((at = strstr(at, "{\"id\":")) && at < end && s.count < TOKENS) s.id[s.count++] = atoi(at += 6);
    return s;
}

/* The cells of a column of the screen without blanks, from a row on. The caller frees it. */
static char *column_text(term *t, int from, int x, int cols) {
    char *out = malloc((size_t)(4 * WIDE * WIDE_ROWS)), *to = out;
    for (int y = from; y < height(t) - 1; y++) {
        int cell = -1;
        for (const char *at = row(t, y); *at; at++) {
            if (((unsigned char)*at & 0xc0) != 0x80) cell++;
            if (cell >= x && cell < x + cols && *at != ' ') *to++ = *at;
        }
    }
    *to = 0;
    return out;
}

static int differs_at(const said *a, const said *b) {
    int i = 0;
    while (i < a->count && i < b->count && a->id[i] == b->id[i]) i++;
    return i + 1;
}

/* All three voices have said this many tokens; the title alone may be half drawn. */
static bool is_done(term *t, const void *tokens) {
    const int y = find_row(t, " base ", 2);
    int voices = 0;
    if (y < 0 || strstr(row(t, 1), "Esc stops") || !strstr(footer(t), "q back")) return false;
    for (const char *at = row(t, y); (at = strstr(at, tokens)); at++) voices++;
    return voices == 3;
}

static bool of_page(term *t, const char *json, const char *name, const char *title, int x) {
    char figures[80];
    const said s = shell_says(json, name), base = shell_says(json, "base");
    const int y = find_row(t, " base ", 2);
    char *head = column_text(t, y, x, 52), *text = head;
    bool ok = s.count > 0 && strncmp(head, title, strlen(title)) == 0;
    text += strlen(title);
    const char *key = strstr(json, name);
    bool ended = key && strstr(key, "\"ended\":") && strncmp(strstr(key, "\"ended\":") + 8, "true", 4) == 0;
    int used = snprintf(figures, sizeof figures, ended ? "endsat%d" : "%dtokens", s.count + ended);
    if (strcmp(name, "base") != 0)
        snprintf(figures + used, sizeof figures - (size_t)used, ",differsat%d", differs_at(&s, &base));
    ok = ok && strncmp(text, figures, strlen(figures)) == 0;
    text += ok ? strlen(figures) : 0;
    ok = ok && strncmp(text, s.text, strlen(s.text)) == 0 && strcmp(text + strlen(s.text), ended ? "(end)" : "") == 0;
    check(ok, t, name, "found \"%s\", expected \"%s%s%s\"", head, title, figures, s.text);
    free(head);
    return ok;
}

/* To the end, as the shell has it. */
static void whole(void) {
    term *t = start(WIDE_ROWS, WIDE, NULL, study_index, NULL);
    int status;
    rest(t);
    command(t, "prompt The answer is 12, since");
    check(await_message(t, "h l token"), t, "a text", "found \"%s\"", row(t, 1));
    term_keys(t, "c");
    check(await(t, is_done, "40 tokens"), t, "c has the models go on", "found \"%s\"", row(t, 1));
    char *json = shell(&status, "'%s' prompt '%s' 'The answer is 12, since' --continue 40 --latents top100 --json",
                       scry, study_index);
    of_page(t, json, "base", "base", 1);
    of_page(t, json, "tuned", "tuned", 54);
    of_page(t, json, "ablated", "without100latents", 107);
    free(json);
    term_keys(t, "q");
    check(await_message(t, "h l token"), t, "q goes back to the text", "found \"%s\"", footer(t));
    term_keys(t, "q");
    check(await_text(t, "what-if"), t, "and to the panes", "found \"%s\"", row(t, 1));
    leave(t);
}

static int token_of_title(term *t) {
    int at = 0;
    const char *text = strstr(row(t, 1), " token ");
    return text && sscanf(text, " token %d of", &at) == 1 ? at : 0;
}

static bool has_come_to(term *t, const void *token) {
    return token_of_title(t) > *(const int *)token;
}

/* Stopped on its way. */
static void stopped(void) {
    char index[600];
    int status, at = 0;
    snprintf(index, sizeof index, "%s/long.scry", work);
    char *made = shell(&status,
                       "mkdir '%s/long' && ln -s \"$PWD\"/sample_data/acts \"$PWD\"/sample_data/sae '%s/long' && "
                       "cp -r sample_data/models/base '%s/long/model' && "
                       "sed 's/\"max_position_embeddings\": *[0-9]*/\"max_position_embeddings\": 9000/;"
                       "s/\"eos_token_id\": *[0-9]*/\"eos_token_id\": 4094/' "
                       "sample_data/models/base/config.json >'%s/long/model/config.json' && "
                       "sed 's#\"model_path\": *\"[^\"]*\"#\"model_path\": \"model\"#;"
                       "s#\"sft_path\": *\"[^\"]*\"#\"sft_path\": \"\"#' sample_data/study.json "
                       ">'%s/long/study.json' && '%s' index '%s/long/study.json' -o '%s' 2>&1",
                       work, work, work, work, work, scry, work, index);
    if (!check(status == 0, NULL, "a model that can go on for long", "found %s", made)) return;
    free(made);
    char state[600];
    snprintf(state, sizeof state, "XDG_STATE_HOME=%s/state-continue", work);
    term *t = start(ROWS, COLS, NULL, index, (char *[]){state, NULL});
    rest(t);
    command(t, "prompt The answer is");
    check(await_text(t, " token 3 of 3"), t, "a text", "found \"%s\"", row(t, 1));
    command(t, "continue 8000");
    check(await_strictly(t, has_come_to, &at), t, "tokens arrive", "found \"%s\"", row(t, 1));
    at = token_of_title(t);
    check(at > 0 && await_strictly(t, has_come_to, &at) && token_of_title(t) > at, t, "one after the other",
          "found \"%s\" after token %d", row(t, 1), at);
    check(term_has(t, "Esc stops"), t, "and the title says that they do", "found \"%s\"", row(t, 1));
    command(t, "toggle 5");
    check(await_text(t, "as it was"), t, "a toggle meanwhile is said", "found \"%s\"", row(t, 5));
    term_keys(t, "g");
    check(await_text(t, "continue, lines 1 to"), t, "g scrolls while they go on", "found \"%s\"", row(t, 1));
    term_keys(t, "Esc");
    check(await_text(t, "stopped at token"), t, "Esc stops them", "found \"%s\"", row(t, 1));
    const char *where = strstr(row(t, 1), "stopped at token ");
    const int last = where ? atoi(where + strlen("stopped at token ")) : 0;
    check(last >= at && last < 8000, t, "on their way", "found %d, expected %d to 7999", last, at);
    char *json = shell(&status, "'%s' prompt '%s' 'The answer is' --continue %d --latents top100 --json", scry, index,
                       last < 60 ? last : 60);
    const said without = shell_says(json, "ablated");
    char *found = column_text(t, find_row(t, " base ", 2) + 2, 40, 40), begins[64];
    snprintf(begins, sizeof begins, "%.60s", without.text);
    if (without.count >= 20) begins[40] = 0;
    check(*begins && strncmp(found, begins, strlen(begins)) == 0, t, "what was said stays, and is the shell's",
          "found \"%s\", expected \"%s\"", found, begins);
    free(found);
    free(json);
    term_keys(t, "c");
    check(await_text(t, "without 101") || await_text(t, "without 99"), t, "c starts anew with the selection as it is",
          "found \"%s\"", row(t, 5));
    double took;
    const int code = end_by(t, ": q u i t Enter", &took);
    check(code == 0 && took < 2, t, "quitting does not wait for them", "found status %d after %.2f s of processor time",
          code, took);
    term_free(t);
}

void test_continue(void) {
    whole();
    stopped();
}
