/* target_explorer.c: files and text that the explorer reads: sessions, settings, scripts, filters, set expressions,
 * keys, what the terminal sends. */
#include "fuzz.h"

#include "explorer/app.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/state/script.h"
#include "explorer/state/session_autosave.h"
#include "explorer/table/table.h"
#include "base/utf8.h"
#include "terminal/input_decoder.h"
#include "terminal/keys.h"
#include "shell/set_names.h"
#include "explorer/table/column_table.h"
#include "explorer/state/prompt_history.h"
#include "explorer/table/filter.h"
#include "explorer/panes/view.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *input;

static app *open_app(void) {
    scry_error err = {0};
    scry_index *index = scry_open(fuzz_index(FUZZ_FEATURES), false, &err);
    scry_session *session = index ? scry_session_new(index, 0, SCRY_ICL, SCRY_SQ, 10, SCRY_ACT, &err) : NULL;
    if (!session) abort();
    return app_new(index, session, 24, 80, false, false);
}

static void look(app *a) {
    app_draw(a);
    for (int i = 0; i < 4 && latent_working(a); i++) latent_work(a, 0);
    table_finish(a);
    app_draw(a);
}

/* Commands write files: here, never elsewhere. What they wrote goes away now and then. */
static void stay_here(char *text) {
    for (; *text; text++)
        if (*text == '/') *text = '_';
}

static void clear_here(void) {
    static unsigned runs;
    if (++runs % 256) return;
    DIR *d = opendir(".");
    for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) unlink(e->d_name);
    if (d) closedir(d);
}

/* ---- sessions ------------------------------------------------------------------------------- */

static void begin_session(void) {
    input = scratch("x.session");
    app *a = open_app();
    autosave_begin(a, a->tab, input);
    static const char *const words[] = {"toggle 3,17",
                                        "more 5",
                                        "metric d",
                                        "by-trained",
                                        "undo",
                                        "score-act2",
                                        "down 7",
                                        "mark",
                                        "sort rate",
                                        "filter rate>1%",
                                        "search one",
                                        "page profile",
                                        "domains dom0,dom1,dom2"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        app_command(a, words[i]);
        look(a);
    }
    autosave_mark_dirty(a);
    autosave_save(a, true);
    app_free(a);
    fuzz_seed_file(input);
}

static void run_session(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    app *a = open_app();
    autosave_begin(a, a->tab, input);
    autosave_restore(a, a->tab);
    look(a);
    app_command(a, "undo");
    app_command(a, "toggle 1");
    autosave_mark_dirty(a);
    autosave_save(a, true);
    look(a);
    app_free(a);
    app *again = open_app(); /* what is written is read */
    autosave_begin(again, again->tab, input);
    if (!autosave_restore(again, again->tab)) abort();
    app_free(again);
}

/* ---- settings, history ---------------------------------------------------------------------- */

static void begin_config(void) {
    input = scratch("config.json");
    fuzz_seed_text(
        "{\"theme\": \"light\", \"ascii\": true, \"mouse\": false, \"top\": 200, \"score\": \"act2\", \"by\": "
        "\"sft\", \"metric\": \"abs\", \"keys\": {\"toggle\": \"Space x\", \"quit\": \"^q F\"}, \"colours\": "
        "{\"bar\": \"#ff8700\", \"error\": \"white on red\", \"faint\": \"244\"}, \"start\": [\"sort rate\", "
        "\"capture math.icl\"]}");
}

static void run_config(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    config c = {.ascii = -1, .mouse = -1};
    config_read(&c, input, &column_settings);
    app *a = open_app();
    memcpy(a->theme.own, c.own, sizeof c.own);
    app_look(a, c.theme ? c.theme : &themes[0], COLOR_256);
    a->keys = c.keys;
    c.keys = (keymap){0};
    for (size_t i = 0; i < c.start.count; i++) {
        stay_here(c.start.text[i]);
        app_command(a, c.start.text[i]);
    }
    app_key(a, '?');
    look(a);
    config_free(&c);
    app_free(a);
    clear_here();
}

static void begin_history(void) {
    input = text_of("%s/scry/history", getenv("XDG_STATE_HOME"));
    history h = {0};
    history_begin(&h);
    history_add(&h, "sort rate");
    history_add(&h, "filter label~law");
    history_free(&h);
    fuzz_seed_file(input);
}

static void run_history(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    app *a = open_app();
    history_begin(&a->history);
    app_key(a, ':');
    for (int i = 0; i < 3; i++) {
        app_key(a, KEY_CODE_UP);
        look(a);
    }
    app_free(a);
}

/* ---- what is typed -------------------------------------------------------------------------- */

static void begin_filter(void) {
    static const char *const filters[] = {"shift>.1 rate<1% label~law in:no", "latent:3,17,90-120 | !(rank<=10)",
                                          "token~\"the x\",=one fires:dom0>1%", "marked:yes|in:yes,!cum>=50%",
                                          "what-if!=0 mean>-1e-3 one"};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) fuzz_seed_text(filters[i]);
}

static void run_filter(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size), names[300];
    app *a = open_app();
    filter_error err = {0};
    filter_is_unfinished(text, names, sizeof names);
    filter *f = filter_read(a, text, &err);
    if (!f && (!err.text[0] || err.at > strlen(text) || err.length > strlen(text) + 1 - err.at)) abort();
    if (f) {
        uint64_t bits[2] = {0};
        while (!filter_prepare(f, a, NULL, 1e300)) {}
        filter_run(f, a, bits);
    }
    filter_free(f);
    snprintf(a->prompt.text, sizeof a->prompt.text, "filter %s", text);
    app_command(a, a->prompt.text);
    look(a);
    app_free(a);
    free(text);
}

static void begin_expression(void) {
    static const char *const sets[] = {"(core + 3,17,40-50) & !noise - top20", "all & !(none | current)", "top",
                                       "marked + filtered - 0-69"};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) fuzz_seed_text(sets[i]);
}

static void run_expression(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size);
    app *a = open_app();
    const scry_set *set = scry_session_set(a->tab->session);
    set_names names = {.index = a->tab->index,
                       .ranking = scry_session_ranking(a->tab->session),
                       .current = set,
                       .marked = set,
                       .filtered = set};
    scry_error err = {0};
    scry_set *made = set_names_expression(&names, text, &err);
    fuzz_answered(made != NULL, &err);
    scry_set_free(made);
    scry_set *list = scry_set_new(70);
    err = (scry_error){0};
    bool ok = scry_set_list(list, text, true, &err);
    fuzz_answered(ok, &err);
    scry_set_free(list);
    scry_scope scope = {0};
    err = (scry_error){0};
    ok = scry_scope_read(&scope, a->tab->index, 0, text, false, &err);
    fuzz_answered(ok, &err);
    scry_scope_free(&scope);
    app_free(a);
    free(text);
}

static void begin_script(void) {
    fuzz_seed_text(
        "# a comment\ntoggle 3,17\nmore 5\nsort rate\nreverse\nfilter rate>1% label~one\npage histogram\nlatent 20\n"
        "plot sweep\npoint 3\nscreen s.txt\nquit\n");
    fuzz_seed_text("choose top20 & !3\nkeep core\nagainst core\nsets\nforget core\nlabel a new one\nedit-label\nexport "
                   "set.csv\nimport set.csv\nexport list.json\nundo\nredo\nmark-rows 1-5\ntoggle-marked\nunmark\n");
    fuzz_seed_text(
        "record m\ndown 3\ntoggle\nrecord\nplay m 3\nmacros\ncolumns latent,rate:9,label\ncolumn-move rate 1\n"
        "column-width 12\nnarrower\ncolumn-hide\ncapture train.icl\ninterval q3\nversus\nwrap\npage together\n");
    fuzz_seed_text(
        "domains extremes:1\nleave-out dom1\ndomain dom2\nsigned\nbudget 33\nplot mix\nplot scatter\nplot overlap\n"
        "svg p.svg\nhelp filter\ninfo\ntheme light\nneighbours\nprofile rate\njump\nback\npane latent\nopen\n"
        "tab 1\nreport r.html\nbaselines\nlabels\ncompare\nmix 100\nsweep bands\noverlap\ntokens random\n"
        "export-labels l.csv\nlabel another\nimport-labels l.csv\nundo\nredo\nlabel-prompts p.jsonl\ncausal on\n"
        "score abl\nprompt x = 3\n");
}

static void run_script(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size);
    stay_here(text);
    app *a = open_app();
    FILE *f = fmemopen(text, strlen(text) + 1, "r");
    scry_error err = {0};
    bool quit = false, ok = !f || script_run(a, f, "script", &quit, &err);
    fuzz_answered(ok, &err);
    if (f) fclose(f);
    look(a);
    app_free(a);
    free(text);
    clear_here();
}

static void begin_keys(void) {
    fuzz_seed_text("jj mG\x04 T[]s&rate>1%\rS/one\rnN#20\r\tvvv?\033:sort rate\rpppq");
    fuzz_seed_text(
        "xbwcle=+rate\r{}()-\\12345u\x12:plot sweep\r\x81\x82:leave-out\r\x90\x05\x06\x91\x02\x03:\x93\x93/\x93?/\x93");
}

/* Bytes from 0x80: keys without a character, clicks, the wheel, other sizes, pastes. '/' only where no name is being
 * typed. */
static void run_keys(const uint8_t *data, size_t size) {
    app *a = open_app();
    int effect = DID_CHANGE;
    for (size_t i = 0; i < size && i < 400 && !(effect & DID_QUIT); i++) {
        uint8_t byte = data[i], y = i + 1 < size ? data[i + 1] : 0, x = i + 2 < size ? data[i + 2] : 0;
        if (byte == '/' && a->prompt.then) byte = '_';
        if (byte == 0x90) effect = (int)app_click(a, y % 40, x % 100, 1 + y % 2), i += 2;
        else if (byte == 0x91) effect = (int)app_wheel(a, y % 40, x % 100, x % 2 ? 3 : -3), i += 2;
        else if (byte == 0x93) effect = (int)app_paste(a, y % 2 ? "rank<=3 \xc3\xa9" : "q:quit");
        else if (byte == 0x92) app_resize(a, 1 + y % 60, 1 + x % 200), i += 2;
        else if (byte >= 0x80 && byte < 0x8b) effect = (int)app_key(a, KEY_CODE_UP + byte - 0x80u);
        else effect = (int)app_key(a, byte);
        if (byte >= 0x80 || i % 8 == 0) app_draw(a);
    }
    look(a);
    app_free(a);
    clear_here();
}

/* ---- what the terminal sends ---------------------------------------------------------------- */

static void begin_input(void) {
    fuzz_seed_text("\033[Ij\033OA\033[12;40R\033[>0;10;1c\033[106;5u\033[27;5;106~\033[<0;5;4M\033[M !!\033[[A\033");
    fuzz_seed_text("\033]11;rgb:1e/1e/2e\a\033P>|X(1)\033\\\033_G\033\\\033[200~q:quit\n\xc3\xa9\033[201~\xf5\xc2\x9b"
                   "1R");
}

static void check_pasted(const char *text) {
    if (strlen(text) >= INPUT_PASTE_MOST) abort();
    while (*text) {
        uint32_t code = utf8_next(&text);
        if (code >= UTF8_INVALID || code < ' ' || (code >= 0x7f && code < 0xa0)) abort();
    }
}

static void check_event(const input_decoder *d, const input_event *e) {
    bool is_key = e->key < 0x80 || (e->key >= 0xa0 && e->key < 0x110000 && (e->key < 0xd800 || e->key > 0xdfff)) ||
                  (e->key >= KEY_CODE_UP && e->key <= KEY_CODE_F12);
    if (e->kind == INPUT_KEY && !is_key) abort();
    if (e->kind == INPUT_MOUSE && (e->y < 0 || e->x < 0 || e->y >= 1 << 16 || e->x >= 1 << 16)) abort();
    if (e->kind == INPUT_PASTE) check_pasted(input_pasted(d));
}

/* 0xf5, part of no character, is silence. At the end, silence leaves nothing unfinished, and x is a key. */
static void run_input(const uint8_t *data, size_t size) {
    for (int utf8 = 0; utf8 < 2; utf8++) {
        input_decoder d;
        input_event e = {.key = 0};
        input_begin(&d, utf8);
        input_add_key(&d, "\033OA", KEY_CODE_UP);
        input_add_key(&d, "\033[[A", KEY_CODE_F1);
        for (size_t i = 0; i < size; i++) {
            if (data[i] != 0xf5) input_take(&d, data[i]);
            else if (input_patience(&d) >= 0) input_silence(&d);
            for (int n = 0; input_next(&d, &e); n++) {
                check_event(&d, &e);
                if (n == 3) abort(); /* of one byte */
            }
        }
        for (int i = 0; input_patience(&d) >= 0; i++) {
            input_silence(&d);
            if (i == 3) abort();
        }
        while (input_next(&d, &e)) check_event(&d, &e);
        input_take(&d, 'x');
        if (!input_next(&d, &e) || e.kind != INPUT_KEY || e.key != 'x' || input_next(&d, &e)) abort();
    }
}

const fuzz_target fuzz_explorer_targets[] = {
    {"session", begin_session, run_session},
    {"config", begin_config, run_config},
    {"history", begin_history, run_history},
    {"filter", begin_filter, run_filter},
    {"expression", begin_expression, run_expression},
    {"script", begin_script, run_script},
    {"keys", begin_keys, run_keys},
    {"input", begin_input, run_input},
    {NULL, NULL, NULL},
};
