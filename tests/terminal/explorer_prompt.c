/* explorer_prompt.c: the page of :prompt: asked for by its key, walked through, left by Enter for a latent; earlier
 * texts come back by Up; Esc gives up a run. */
#include "explorer_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ask(term *t, const char *text) {
    char line[8192];
    snprintf(line, sizeof line, "prompt %s", text);
    command(t, line);
}

/* The cursor is on the token that stands `back` before the last. */
static bool is_before_last(term *t, const void *back) {
    int y = find_row(t, "\xe2\x94\x80 token ", 0), at = 0, of = 0;
    const char *text = y < 0 ? NULL : strstr(row(t, y), " token ");
    return text && sscanf(text, " token %d of %d:", &at, &of) == 2 && at == of - *(const int *)back;
}

static bool before_last(term *t, int back) {
    return await(t, is_before_last, &back);
}

static void walk(term *t) {
    term_keys(t, "P");
    check(await_message(t, "prompt TEXT:"), t, "P asks for a text", "found \"%s\"", footer(t));
    type_line(t, "The answer is 12");
    check(before_last(t, 0), t, "a text is run, and its last token shown", "found \"%s\"", row(t, 1));
    check(term_has(t, "base") && term_has(t, "tuned") && term_has(t, "without 100"), t, "three models say what is next",
          "found \"%s\"", row(t, 4));
    term_keys(t, "h h");
    check(before_last(t, 2), t, "h moves over its tokens", "found \"%s\"", row(t, 4));
    term_keys(t, "j");
    term_settle(t, 50);
    term_keys(t, "Space");
    check(await_text(t, "the selection has changed"), t, "a toggle says that predictions are of before", "found \"%s\"",
          row(t, 4));
    term_keys(t, "R");
    check(await_text(t, "without 101") || await_text(t, "without 99"), t, "R runs again without the selection as it is",
          "found \"%s\"", row(t, 5));
    check(before_last(t, 2), t, "and stays on its token", "found \"%s\"", row(t, 4));
    int latent = 0, y = find_row(t, "  latent  activ", 0);
    check(sscanf(row(t, y + 1), " * %d", &latent) == 1 || sscanf(row(t, y + 1), " %d", &latent) == 1, t,
          "a latent is listed", "found \"%s\"", row(t, y + 1));
    term_keys(t, "Enter");
    check(await_current(t, latent), t, "Enter goes to it in the table", "found %d, expected %d", current(t), latent);
}

static void history(term *t) {
    ask(t, "Second text");
    check(await_text(t, "prompt: "), t, "another text", "found \"%s\"", row(t, 1));
    term_keys(t, "r");
    check(await_message(t, "Second text"), t, "r asks again, with the text", "found \"%s\"", footer(t));
    term_keys(t, "Up");
    check(await_message(t, "The answer is 12"), t, "Up brings the text before it back", "found \"%s\"", footer(t));
    term_keys(t, "Down");
    check(await_message(t, "Second text"), t, "Down the later one", "found \"%s\"", footer(t));
    term_keys(t, "Esc");
    check(await_message(t, "h l token"), t, "Esc closes the line", "found \"%s\"", footer(t));
    term_keys(t, "q");
    check(await_text(t, "what-if"), t, "q goes back to the panes", "found \"%s\"", row(t, 1));
}

/* The sample with a model that reads longer texts, so that one takes seconds. */
static term *open_slow(void) {
    int status;
    char index[600];
    snprintf(index, sizeof index, "%s/slow.scry", work);
    char *said = shell(&status,
                       "mkdir '%s/slow' && ln -s \"$PWD\"/sample_data/acts \"$PWD\"/sample_data/sae '%s/slow' && "
                       "cp -r sample_data/models/base '%s/slow/model' && "
                       "sed 's/\"max_position_embeddings\": *[0-9]*/\"max_position_embeddings\": 9000/' "
                       "sample_data/models/base/config.json >'%s/slow/model/config.json' && "
                       "sed 's#\"model_path\": *\"[^\"]*\"#\"model_path\": \"model\"#;"
                       "s#\"sft_path\": *\"[^\"]*\"#\"sft_path\": \"model\"#' sample_data/study.json "
                       ">'%s/slow/study.json' && '%s' index '%s/slow/study.json' -o '%s' 2>&1",
                       work, work, work, work, work, scry, work, index);
    bool made = check(status == 0, NULL, "a model for long texts", "found %s", said);
    free(said);
    return made ? start(ROWS, COLS, NULL, index, NULL) : NULL;
}

static void give_up(void) {
    term *t = open_slow();
    if (!t) return;
    rest(t);
    ask(t, "short");
    check(before_last(t, 0), t, "a short text", "found \"%s\"", row(t, 1));
    char text[6001];
    for (size_t i = 0; i < sizeof text - 1; i++) text[i] = " a b c"[i % 6];
    text[sizeof text - 1] = 0;
    ask(t, text + 1);
    check(await_text(t, "running the models"), t, "a long one says how far it is", "found \"%s\"", row(t, 20));
    term_keys(t, "Esc");
    check(await_message(t, "prompt: cancelled"), t, "Esc gives it up", "found \"%s\"", footer(t));
    check(before_last(t, 0), t, "and what was there before is shown", "found \"%s\"", row(t, 1));
    ask(t, "next");
    check(await_text(t, "token 2 of 2: \"xt\""), t, "another follows", "found \"%s\"", row(t, 4));
    ask(t, text + 1);
    await_text(t, "running the models");
    double took;
    int status = end_by(t, ": q u i t Enter", &took);
    check(status == 0 && took < 2, NULL, "quitting does not wait for a run",
          "found status %d after %.2f s of processor time", status, took);
    term_free(t);
}

void test_prompt(void) {
    term *t = open_sample();
    walk(t);
    history(t);
    leave(t);
    give_up();
}
