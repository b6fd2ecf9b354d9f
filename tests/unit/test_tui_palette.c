/* test_tui_palette.c: the palette: matches against exhaustive search; line editing against a plain model; completion of
 * commands and arguments; the history. */
#include "check.h"
#include "sample_app.h"

#include "explorer/app.h"
#include "text/fuzzy_match.h"
#include "terminal/keys.h"
#include "explorer/panes/prompt.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- fuzzy ---------------------------------------------------------------------------------- */

/* Every way to find typed[i..] in name from j on; `last` is the place of the letter before. */
static int every_way(const char *typed, const char *name, int i, int j, int last) {
    if (!typed[i]) return 0;
    int best = -1;
    for (int k = j; name[k]; k++) {
        if (tolower(typed[i]) != tolower(name[k])) continue;
        int rest = every_way(typed, name, i + 1, k + 1, k);
        if (rest < 0) continue;
        int worth = 10 + (k == 0 || name[k - 1] == '-' ? 8 : 0) + (i > 0 && k == last + 1 ? 12 : 0) + rest;
        if (worth > best) best = worth;
    }
    return best;
}

static int slow_score(const char *typed, const char *name) {
    int best = every_way(typed, name, 0, 0, -2), n = (int)strlen(typed), m = (int)strlen(name);
    if (n == 0) return 1;
    if (best < 0) return 0;
    return 100 + best - m + (strncasecmp(typed, name, (size_t)n) ? 0 : n == m ? 1000 : 300);
}

static void fuzzy(void) {
    static const char alphabet[] = "abAB-";
    uint64_t state = 3, letters;
    size_t wrong = 0, unfit = 0, fits = 0;
    for (int trial = 0; trial < 20000; trial++) {
        char typed[8], name[12];
        uint32_t n = roll_below(&state, 6), m = roll_below(&state, 11);
        for (uint32_t i = 0; i < n; i++) typed[i] = alphabet[roll_below(&state, 5)];
        for (uint32_t i = 0; i < m; i++) name[i] = alphabet[roll_below(&state, 5)];
        typed[n] = name[m] = 0;
        int score = fuzzy_score(typed, name, &letters);
        wrong += score != slow_score(typed, name);
        if (!score || !n) continue;
        fits++;
        uint32_t i = 0; /* the letters that it says were typed are those */
        for (uint32_t j = 0; j < m; j++)
            if (letters >> j & 1) unfit += i >= n || tolower(typed[i]) != tolower(name[j]), i++;
        unfit += i != n;
    }
    check(wrong == 0, "20,000 random words: %zu scores are not the best of all ways to match", wrong);
    check(fits > 1000 && unfit == 0, "in %zu that fit, %zu marked letters are not the typed ones", fits, unfit);
    char longest[200];
    memset(longest, 'a', sizeof longest - 1);
    longest[199] = 0;
    check(fuzzy_score(longest, longest, &letters) > 0 && fuzzy_score("aaa", longest, &letters) > 0,
          "words of 200 letters");
    check(fuzzy_score("undo", "undo", NULL) > fuzzy_score("undo", "undo-all", NULL) &&
              fuzzy_score("und", "undo", NULL) > fuzzy_score("und", "run-down", NULL) &&
              fuzzy_score("tm", "toggle-marked", NULL) > fuzzy_score("tm", "bottom", NULL),
          "the word itself, then its beginning, then letters that begin words");
}

/* ---- editing -------------------------------------------------------------------------------- */

typedef struct model {
    uint32_t code[80];
    size_t n, at;
} model;

static void model_cut(model *m, size_t from, size_t to) {
    memmove(m->code + from, m->code + to, (m->n - to) * sizeof *m->code);
    m->n -= to - from;
    m->at = from;
}

static void model_key(model *m, uint32_t key) {
    size_t word = m->at;
    switch (key) {
    case KEY_CODE_LEFT:
        m->at -= m->at > 0;
        return;
    case KEY_CODE_RIGHT:
        m->at += m->at < m->n;
        return;
    case KEY_CODE_HOME:
    case 1:
        m->at = 0;
        return;
    case KEY_CODE_END:
    case 5:
        m->at = m->n;
        return;
    case KEY_CODE_BACKSPACE:
        if (m->at) model_cut(m, m->at - 1, m->at);
        return;
    case KEY_CODE_DELETE:
        if (m->at < m->n) model_cut(m, m->at, m->at + 1);
        return;
    case 11:
        m->n = m->at;
        return;
    case 21:
        model_cut(m, 0, m->at);
        return;
    case 23:
        while (word && m->code[word - 1] == ' ') word--;
        while (word && m->code[word - 1] != ' ') word--;
        model_cut(m, word, m->at);
        return;
    default:
        if (m->n == 80) return;
        memmove(m->code + m->at + 1, m->code + m->at, (m->n - m->at) * sizeof *m->code);
        m->code[m->at++] = key;
        m->n++;
    }
}

static void encode(const model *m, char *text, size_t *at) {
    size_t used = 0;
    for (size_t i = 0; i <= m->n; i++) {
        if (i == m->at) *at = used;
        if (i == m->n) break;
        uint32_t c = m->code[i];
        if (c < 0x80) text[used++] = (char)c;
        else if (c < 0x800) text[used++] = (char)(0xc0 | c >> 6), text[used++] = (char)(0x80 | (c & 0x3f));
        else
            text[used++] = (char)(0xe0 | c >> 12), text[used++] = (char)(0x80 | (c >> 6 & 0x3f)),
            text[used++] = (char)(0x80 | (c & 0x3f));
    }
    text[used] = 0;
}

static void editing(void) {
    static const uint32_t keys[] = {'a',
                                    'b',
                                    ' ',
                                    'c',
                                    'd',
                                    0xe9,
                                    0x4e2d,
                                    KEY_CODE_LEFT,
                                    KEY_CODE_LEFT,
                                    KEY_CODE_RIGHT,
                                    KEY_CODE_HOME,
                                    KEY_CODE_END,
                                    KEY_CODE_BACKSPACE,
                                    KEY_CODE_DELETE,
                                    1,
                                    5,
                                    11,
                                    21,
                                    23};
    uint64_t state = 8;
    size_t wrong = 0;
    for (int run = 0; run < 300; run++) {
        char text[400] = "", expected[400];
        size_t at = 0, expected_at = 0;
        model m = {.n = 0};
        for (int i = 0; i < 70; i++) {
            uint32_t key = keys[roll_below(&state, sizeof keys / sizeof *keys)];
            if (!line_key(text, sizeof text, &at, key)) wrong++;
            model_key(&m, key);
            encode(&m, expected, &expected_at);
            wrong += strcmp(text, expected) != 0 || at != expected_at;
        }
    }
    check(wrong == 0, "21,000 random keys: %zu gave another line than the model", wrong);
    char text[8] = "";
    size_t at = 0;
    for (int i = 0; i < 10; i++) line_key(text, sizeof text, &at, 0x4e2d);
    check(strlen(text) == 6 && at == 6, "a full line takes no half of a character, found %zu bytes", strlen(text));
    char accent[16] = "ae\xcc\x81z";
    at = 4;
    line_key(accent, sizeof accent, &at, KEY_CODE_BACKSPACE);
    check(strcmp(accent, "az") == 0 && at == 1, "an accent goes with its letter, found \"%s\"", accent);
    check(!line_key(text, sizeof text, &at, '\t') && !line_key(text, sizeof text, &at, KEY_CODE_UP),
          "Tab and Up are not its keys");
}

/* ---- completing ----------------------------------------------------------------------------- */

static void type(app *a, const char *keys) {
    for (; *keys; keys++) app_key(a, (uint32_t)(unsigned char)*keys);
}

static void offers(app *a, const char *arguments, const char *typed, const char *first, size_t least) {
    static completion c;
    completion_find(a, arguments, typed, strlen(typed), &c);
    check(c.count >= least && (least == 0 ? c.count == 0 : strcmp(c.candidate[0].text, first) == 0),
          "%s after \"%s\": found %zu, first \"%s\", expected \"%s\"", arguments, typed, c.count,
          c.count ? c.candidate[0].text : "", first);
}

static void completing(app *a) {
    const char *folder = scratch_folder("files");
    write_text(scratch("files/one.csv"), "x");
    write_text(scratch("files/one.txt"), "x");
    write_text(scratch("files/.hidden.csv"), "x");
    scratch_folder("files/more");
    char typed[400], expected[500];
    snprintf(typed, sizeof typed, "%s/o", folder);
    snprintf(expected, sizeof expected, "%s/one.csv", folder);
    if (strlen(expected) < 60) offers(a, "[FILE.csv]", typed, expected, 1);
    snprintf(typed, sizeof typed, "%s/", folder);
    static completion c;
    completion_find(a, "[FILE.csv]", typed, strlen(typed), &c);
    check_is(c.count, 2, "a folder and a .csv are offered, neither .txt nor hidden");
    completion_find(a, "FILE", typed, strlen(typed), &c);
    check_is(c.count, 3, "FILE is any file");
    offers(a, "[CAPTURE|all]", "al", "all", 1);
    offers(a, "[CAPTURE|all]", "math.i", "math.icl", 1);
    offers(a, "all|extremes:K|DOMAINS", "ph", "physics", 2);
    offers(a, "all|extremes:K|DOMAINS", "law,computer sc", "computer science", 1);
    offers(a, "[COLUMN]", "rat", "rate", 1);
    offers(a, "sq|abs|mean|rate|d", "m", "mean", 1);
    offers(a, "[PANE]", "d", "domains", 1);
    offers(a, "[LATENTS]", "3", "", 0);
    offers(a, "COMMAND [CAPTURE]", "undo philosophy.b", "philosophy.base", 1);

    app_command(a, "palette");
    type(a, "capt\tmath.i\t");
    check(strcmp(a->prompt.text, "capture math.icl") == 0, "Tab completes the command and its argument, found \"%s\"",
          a->prompt.text);
    type(a, "\r");
    check(a->tab->latent_pane->capture == scry_find_capture_named(a->tab->index, "math.icl"), "and Enter runs it");
    app_command(a, "palette");
    type(a, "domains law,computer sc\t,phy\t");
    check(strcmp(a->prompt.text, "domains law,computer science,physics") == 0, "one after another, found \"%s\"",
          a->prompt.text);
    type(a, "\033");
    app_command(a, "palette");
    type(a, "pane ");
    app_key(a, KEY_CODE_DOWN);
    app_key(a, KEY_CODE_DOWN);
    app_key(a, KEY_CODE_DOWN);
    app_draw(a);
    type(a, "\r");
    check(a->tab->focus == PANE_DOMAINS, "Down picks, Enter takes what is picked, found pane %d", a->tab->focus);
    app_command(a, "palette");
    type(a, "by-");
    app_key(a, KEY_CODE_DOWN);
    app_key(a, KEY_CODE_DOWN);
    type(a, "\r");
    check(scry_session_ranking(a->tab->session)->source == SCRY_SFT, "also among the commands");
    app_command(a, "pane latents");
    app_command(a, "palette");
    type(a, "pgd\r");
    check(a->tab->table->cursor > 0, "letters of a name that stand apart find it");
    app_command(a, "palette");
    type(a, "demonstrations\r");
    check(a->message_is_error, "a word of the help shows a command and does not run it, found \"%s\"", a->message);
    app_command(a, "palette");
    type(a, "capture");
    app_key(a, KEY_CODE_HOME);
    type(a, "x");
    check(strcmp(a->prompt.text, "xcapture") == 0, "the cursor goes where it is sent, found \"%s\"", a->prompt.text);
    type(a, "\033");
}

static void rests(app *a, const char *arguments, const char *typed, const char *expected) {
    char text[200];
    snprintf(text, sizeof text, "%s", typed);
    bool did = completion_rest(a, arguments, text, sizeof text);
    check(strcmp(text, expected) == 0 && did == (strcmp(typed, expected) != 0),
          "%s: Enter makes \"%s\" of \"%s\", found \"%s\"", arguments, expected, typed, text);
}

/* A beginning is enough where it is of one only. */
static void beginnings(app *a) {
    rests(a, "[COLUMN]", "wha", "what-if");
    rests(a, "[COLUMN]", "ra", "ra");
    rests(a, "[COLUMN]", "rate", "rate"); /* is one, though rate-after begins so */
    rests(a, "[COLUMN]", "hat", "hat");
    rests(a, "[COLUMN]", "", "");
    rests(a, "DOMAIN", "COMP", "computer science");
    rests(a, "all|extremes:K|DOMAINS", "law,comp", "law,computer science");
    rests(a, "sq|abs|mean|rate|d", "me", "mean");
    rests(a, "[PLOT]", "sca", "scatter");
    write_text(scratch("files/only.csv"), "x");
    rests(a, "[FILE.csv]", text_of("%s/on", scratch("files")), text_of("%s/on", scratch("files")));
    rests(a, "NAME [SETS]", "core mark", "core mark");
    app_command(a, "palette");
    type(a, "sort wha\r");
    check(strncmp(a->message, "sorted by what-if", 17) == 0, "so Enter sorts by it: \"%s\"", a->message);
    app_command(a, "metric");
    type(a, "ab\r");
    check(scry_session_ranking(a->tab->session)->metric == SCRY_ABS, "also where a command asks: \"%s\"", a->message);
    app_command(a, "palette");
    type(a, "sort r\r");
    check(strstr(a->message, "expected rank, rate, rate-after"), "what could have been meant is said: \"%s\"",
          a->message);
    app_command(a, "domain laww");
    check(strcmp(a->message, "no domain \"laww\"; did you mean law?") == 0, "of domains too: \"%s\"", a->message);
    app_command(a, "metric sq");
    app_command(a, "sort rank");
}

static void lines_before(app *a) {
    setenv("XDG_STATE_HOME", scratch("state"), 1);
    history_free(&a->history);
    history_begin(&a->history);
    static const char *const lines[] = {"first", "down 3", "up", "down 3"};
    for (int i = 0; i < 4; i++) {
        app_command(a, "palette");
        type(a, lines[i]);
        type(a, "\r");
    }
    app_command(a, "palette");
    app_key(a, KEY_CODE_UP);
    check(strcmp(a->prompt.text, "down 3") == 0, "Up: the last line, found \"%s\"", a->prompt.text);
    app_key(a, KEY_CODE_UP);
    app_key(a, KEY_CODE_UP);
    app_key(a, KEY_CODE_UP);
    check(strcmp(a->prompt.text, "first") == 0, "each line once, up to the first, found \"%s\"", a->prompt.text);
    app_key(a, KEY_CODE_DOWN);
    check(strcmp(a->prompt.text, "up") == 0, "Down goes on again, found \"%s\"", a->prompt.text);
    app_key(a, KEY_CODE_DOWN);
    app_key(a, KEY_CODE_DOWN);
    check(a->prompt.text[0] == 0, "to the empty line, found \"%s\"", a->prompt.text);
    type(a, "\033");
    history again = {0};
    history_begin(&again);
    check(history_at(&again, 1) && strcmp(history_at(&again, 1), "down 3") == 0 &&
              strcmp(history_at(&again, 2), "up") == 0 && !history_at(&again, 4),
          "they are there another day");
    char line[32];
    for (int i = 0; i < 1200; i++) {
        snprintf(line, sizeof line, "latent %d", i);
        history_add(&again, line);
    }
    history_free(&again);
    history_begin(&again);
    check(strcmp(history_at(&again, 1), "latent 1199") == 0 && history_at(&again, 500) && !history_at(&again, 501),
          "500 of them");
    size_t size;
    free(read_bytes(scratch("state/scry/history"), &size));
    check(size < 500 * 14, "and the file does not grow without end, found %zu bytes", size);
    history_free(&again);
    setenv("XDG_STATE_HOME", "/dev/null/no", 1);
    history_begin(&again);
    history_add(&again, "up");
    check(history_at(&again, 1) != NULL, "where nothing can be written, they last for the day");
    history_free(&again);
}

int main(void) {
    fuzzy();
    editing();
    app *a = sample_app(sample_index(), 80);
    completing(a);
    beginnings(a);
    history_free(&a->history);
    lines_before(a);
    app_free(a);
    return check_end();
}
