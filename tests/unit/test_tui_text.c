/* test_tui_text.c: untrusted text: its width, which of its characters reach a terminal, and characters that a
 * byte-level tokenizer split over tokens. */
#include "table_fixture.h"

#include "text/text.h"

#include <locale.h>

typedef struct sample_text {
    const char *text, *shown; /* shown NULL: as it is */
    int columns;
} sample_text;

/* Columns that terminals give them: read off tmux, xterm and the C library's wcwidth. */
static const sample_text samples[] = {
    {"plain", NULL, 5},
    {"你好，", NULL, 6},
    {"한국어", NULL, 6},
    {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", NULL, 2}, /* one syllable in three letters */
    {"e\xcc\x81", NULL, 1},
    {"\xe0\xa4\xb9\xe0\xa4\xbf", NULL, 2}, /* a vowel sign after its letter */
    {"\xe0\xb8\xa0\xe0\xb8\xb4", NULL, 1}, /* one above it */
    {"🙂", NULL, 2},
    {"👨\xe2\x80\x8d👩\xe2\x80\x8d👧", "👨👩👧", 6},
    {"❤\xef\xb8\x8f", "❤", 1},
    {"👍🏽", "👍\\u{1f3fd}", 11},
    {"\xe2\x80\x8d", "\\u{200d}", 8},
    {"\xef\xb8\x8f", "\\u{fe0f}", 8},
    {"🇩🇪", NULL, 2},
    {"a\tb\nc", "a⇥b⏎c", 5},
    {"\x1b[31m", "\\x1b[31m", 8},
    {"\xe4\xbd", "\\xe4\\xbd", 8},
    {"\xe2\x80\xae", "\\u{202e}", 8},
};

static void test_widths(void) {
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const sample_text *s = &samples[i];
        char shown[64];
        int columns = text_clean(s->text, shown, sizeof shown, false);
        check(strcmp(shown, s->shown ? s->shown : s->text) == 0, "%s: is shown as \"%s\"", s->text, shown);
        check(columns == s->columns && text_columns(shown) == s->columns, "%s: %d columns", s->text, columns);
        text_clean(s->text, shown, sizeof shown, true);
        for (const char *c = shown; *c; c++) check(*c >= ' ' && *c <= '~', "%s in ASCII: %s", s->text, shown);
    }
}

/* What the marks on a grid's character are: a mark put later goes onto the character before. */
static void test_marks(void) {
    grid *g = grid_new(1, 10);
    grid_put(g, 0, 0, 10, ROLE_TEXT, "ae");
    const char *rest = grid_join(g, 0, 2, "\xcc\x81x");
    check(strcmp(rest, "x") == 0 && g->cells[1].code[0] == 'e' && g->cells[1].code[1] == 0x301, "a mark joins the e");
    check(strcmp(grid_join(g, 0, 2, "x"), "x") == 0 && g->cells[1].code[2] == 0, "what is none is left");
    rest = grid_join(g, 0, 0, "\xcc\x81x");
    check(strcmp(rest, "x") == 0 && g->cells[0].code[0] == 'a' && !g->cells[0].code[1],
          "in front there is none to join");
    grid_free(g);
}

/* A study whose texts are cut at bytes; one latent fires on some of the pieces. */
static const char *make_cut(void) {
    const char *folder = scratch_folder("cut");
    enum { ROWS = 8 };
    /* "a", 你 as E4 BD | A0, "é" as C3 | A9, a mark of its own, a lone E4, "z" */
    FILE *f = fopen(text_of("%s/tokens.jsonl", folder), "w");
    if (!f) abort();
    fprintf(f, "{\"id\": \"s\", \"ids\": [0, 1, 2, 3, 4, 5, 6, 7]}\n");
    fclose(f);
    f = fopen(text_of("%s/tokenizer.json", folder), "w");
    if (!f) abort();
    fprintf(f,
            "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"ä½\": 1, \"ł\": 2, \"Ã\": 3, \"©\": 4, \"Ìģ\": 5, "
            "\"ä\": 6, \"z\": 7}, \"merges\": []}, \"decoder\": {\"type\": \"ByteLevel\"}}\n");
    fclose(f);
    double base[ROWS][2] = {{0, 1}, {0, 0}, {4, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 2}};
    double icl[ROWS][2] = {{0, 1}, {0, 0}, {5, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 3}};
    write_npy(text_of("%s/base.npy", folder), F32, ROWS, 2, &base[0][0]);
    write_npy(text_of("%s/icl.npy", folder), F32, ROWS, 2, &icl[0][0]);
    f = fopen(text_of("%s/study.json", folder), "w");
    if (!f) abort();
    fprintf(f, "{\"scry_study\": 1, \"name\": \"cut\", \"pairing\": \"token\", \"tokenizer\": \"tokenizer.json\", "
               "\"train\": {\"name\": \"t\", \"base\": {\"features\": \"base.npy\", \"tokens\": \"tokens.jsonl\"}, "
               "\"icl\": {\"features\": \"icl.npy\", \"tokens\": \"tokens.jsonl\"}}, \"domains\": [{\"name\": \"d\", "
               "\"change\": 1, \"base\": {\"features\": \"base.npy\", \"tokens\": \"tokens.jsonl\"}}]}\n");
    fclose(f);
    return text_of("%s/study.json", folder);
}

static bool screen_has(app *a, const char *what) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) abort();
    grid_write(a->grid, f, false);
    fclose(f);
    bool has = strstr(text, what) != NULL;
    if (!has) fputs(text, stderr);
    free(text);
    return has;
}

static void test_cut_characters(void) {
    scry_error err = {0};
    const char *path = scratch("cut.scry");
    bool ok = scry_index_build(make_cut(), path, NULL, NULL, NULL, &err);
    scry_index *index = ok ? scry_open(path, true, &err) : NULL;
    scry_session *session = index ? scry_session_new(index, 0, SCRY_ICL, SCRY_SQ, 1, SCRY_ACT, &err) : NULL;
    check(session != NULL, "a study of cut characters opens %s", err.text);
    if (!session) return;
    app *a = app_new(index, session, 24, 80, false, true);
    say_command(a, "latent 0");
    check(screen_has(a, "a[[你]]é\xcc\x81\\xe4z"),
          "characters are whole, the peak's in brackets, a lone byte as it is");
    say_command(a, "latent 1");
    check(screen_has(a, "[a]你é\xcc\x81\\xe4[[z]]"), "also where the latent is silent on them");
    app_free(a);
}

int main(void) {
    setlocale(LC_ALL, "C.UTF-8");
    test_widths();
    test_marks();
    test_cut_characters();
    return check_end();
}
