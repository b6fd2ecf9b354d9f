/* test_tui_report.c: the report is well formed whatever the study holds, no text of the study becomes markup, and its
 * bytes are the same each time. */
#include "check.h"
#include "report/report.h"
#include "synth.h"
#include "xml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool write_report(const char *index, const char *path, scry_score score, uint32_t top, unsigned threads) {
    scry_error err = {0};
    selection_context s = {.index = scry_is_scores_only(index) ? scry_open_scores(index, &err)
                                                               : scry_open(index, true, &err)};
    scry_scope scope;
    if (!check(s.index && scry_scope_read(&scope, s.index, 0, "all", false, &err), "opened %s", err.text)) return false;
    scry_condition has[SCRY_CONDITIONS];
    s.score = score;
    uint32_t F = scry_index_info(s.index)->d_sae;
    if (F && scry_train_sources(s.index, 0, has)) s.ranking = scry_rank(s.index, 0, has[0], SCRY_SQ, &err);
    s.set = scry_set_new(F);
    for (uint32_t i = 0; i < top && i < F; i++) scry_set_put(s.set, s.ranking->order[i], true);
    report r = {.s = &s,
                .scope = &scope,
                .scope_spec = "all",
                .selection = "the <first> & so on",
                .top = top,
                .threads = threads};
    bool ok = report_write(&r, path, &err);
    check(ok, "%s: the report is written %s", strrchr(path, '/') + 1, err.text);
    scry_set_free(s.set);
    scry_ranking_free(s.ranking);
    scry_scope_free(&scope);
    scry_close(s.index);
    return ok;
}

/* The page behind its doctype; the caller frees *file. */
static bool well_formed(const char *path, xml *x, char **file) {
    size_t size;
    *file = (char *)read_bytes(path, &size);
    const char *name = strrchr(path, '/') + 1, *begin = strchr(*file, '\n');
    check(strncmp(*file, "<!DOCTYPE html>\n", 16) == 0, "%s: a doctype in front", name);
    bool ok = xml_read(x, begin + 1);
    check(ok, "%s: well-formed: %s", name, ok ? "" : x->wrong);
    check(size < 1 << 20, "%s: %zu bytes, below 1 MiB", name, size);
    check(!strstr(*file, "<script") && !strstr(*file, "<link") && !strstr(*file, "@import"),
          "%s: no script, and nothing that is fetched", name);
    return ok;
}

static bool index_study(const char *study, const char *out) {
    scry_error err = {0};
    return check(scry_index_build(study, out, NULL, NULL, NULL, &err), "indexed %s", err.text);
}

/* ---- hostile text ---------------------------------------------------------------------------- */

static const char *const hostile[] = {"<script>alert(1)</script>",
                                      "\"><img src=x onerror=alert(1)>",
                                      "&lt;b&gt;",
                                      "]]></style>",
                                      "\\u001b[31mred\\u0007",
                                      "\\u202egnol\\u202c",
                                      "'onmouseover='alert(1)",
                                      "--><!--",
                                      "\\u0000x",
                                      "\\ud800",
                                      "\xff\xfe",
                                      "{{7*7}}${7*7}"};
enum { HOSTILE = sizeof hostile / sizeof *hostile, TOKENS = 24, WIDE = 16 };

/* JSON text: quotes and backslashes that are not escapes of JSON's own are escaped. */
static const char *quoted(const char *text) {
    static char out[8][200];
    static int turn;
    char *at = out[turn = (turn + 1) % 8], *begin = at;
    *at++ = '"';
    for (; *text; text++) {
        if (*text == '"') *at++ = '\\';
        *at++ = *text;
    }
    strcpy(at, "\"");
    return begin;
}

static bool usable(const char *text) {
    return strcmp(text, "\\u0000x") != 0 && strcmp(text, "\\ud800") != 0; /* not to be had in JSON */
}

static const char *hostile_study(void) {
    static double h[TOKENS * WIDE];
    const char *folder = scratch_folder("hostile"), *domains = "";
    uint64_t seed = 9;
    FILE *tokens = fopen(text_of("%s/t.jsonl", folder), "w"), *labels = fopen(text_of("%s/labels.jsonl", folder), "w");
    if (!tokens || !labels) abort();
    int written = 0;
    fprintf(tokens, "{\"id\": %s, \"tokens\": [", quoted(hostile[0]));
    for (int i = 0; written < TOKENS; i++)
        if (usable(hostile[i % HOSTILE])) fprintf(tokens, "%s%s", written++ ? ", " : "", quoted(hostile[i % HOSTILE]));
    fprintf(tokens, "]}\n");
    for (int j = 0, i = 0; j < WIDE / 2; i++)
        if (usable(hostile[i % HOSTILE]))
            fprintf(labels, "{\"latent\": %d, \"label\": %s}\n", j++, quoted(hostile[i % HOSTILE]));
    fclose(tokens);
    fclose(labels);
    static const char *const names[] = {"base", "icl", "a", "b", "c", "d"};
    for (int k = 0; k < 6; k++) {
        for (int i = 0; i < TOKENS * WIDE; i++) h[i] = roll_below(&seed, 3) ? 0 : roll_unit(&seed);
        write_npy(text_of("%s/%s.npy", folder, names[k]), F32, TOKENS, WIDE, h);
        if (k >= 2)
            domains = text_of(
                "%s%s{\"name\": %s, \"change\": %d, \"base\": {\"features\": \"%s.npy\", \"tokens\": \"t.jsonl\"}}",
                domains, k > 2 ? ", " : "", quoted(hostile[k - 2]), k * k - 9, names[k]);
    }
    const char *path = text_of("%s/study.json", folder);
    write_text(
        path,
        "{\"scry_study\": 1, \"name\": %s, \"model\": %s, \"hook\": %s, \"labels\": \"labels.jsonl\", \"train\": "
        "{\"name\": "
        "%s, \"base\": {\"features\": \"base.npy\", \"tokens\": \"t.jsonl\"}, \"icl\": {\"features\": \"icl.npy\", "
        "\"tokens\": \"t.jsonl\"}}, \"domains\": [%s]}",
        quoted(hostile[0]), quoted(hostile[1]), quoted(hostile[4]), quoted(hostile[3]), domains);
    return path;
}

/* No text of the study is markup in the page. */
static void only_text(const xml *x, const char *file) {
    static const char *const never[] = {"<script", "<img", "&lt;b&gt;",    "]]></style>",
                                        "\x1b",    "\x07", "\xe2\x80\xae", "<!--"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        check(!strstr(file + 16, never[i]), "hostile: found no \"%s\"",
              i < 4 || i == 7 ? never[i] : "control character");
    check(strstr(x->text, "<script>alert(1)</script>") && strstr(x->text, "onerror=alert(1)>"),
          "hostile: it is there as text");
    bool plain = true;
    for (const char *at = file; *at; at++) plain = plain && ((unsigned char)*at >= 0x20 || *at == '\n');
    check(plain, "hostile: no control character");
}

static void hostile_page(void) {
    const char *out = scratch("hostile.scry"), *path = scratch("hostile.html");
    static xml x;
    char *file;
    if (!index_study(hostile_study(), out) || !write_report(out, path, SCRY_ACT, 10, 1)) return;
    if (well_formed(path, &x, &file)) only_text(&x, file);
    free(file);
}

/* ---- sound studies --------------------------------------------------------------------------- */

static void page(const char *index, const char *name, scry_score score, uint32_t top, const char *const *words) {
    const char *path = scratch("%s.html", name), *again = scratch("%s again.html", name);
    static xml x;
    char *file, *other;
    size_t size;
    if (!write_report(index, path, score, top, 1)) return;
    if (well_formed(path, &x, &file)) check_says(x.text, words, "%s: says", name);
    if (write_report(index, again, score, top, 3)) {
        other = (char *)read_bytes(again, &size);
        check(strcmp(file, other) == 0, "%s: the same bytes again, and with three threads", name);
        free(other);
    }
    free(file);
}

static void refused(const char *index) {
    scry_error err = {0};
    selection_context s = {.index = scry_open(index, true, &err)};
    scry_scope scope;
    if (!s.index || !scry_scope_read(&scope, s.index, 0, "all", false, &err)) return;
    s.ranking = scry_rank(s.index, 0, SCRY_ICL, SCRY_SQ, &err);
    s.set = scry_set_new(scry_index_info(s.index)->d_sae);
    report r = {.s = &s, .scope = &scope, .scope_spec = "all", .selection = "none", .top = 5};
    check(!report_write(&r, "/nowhere/at/all.html", &err), "a place that cannot be written to");
    check_says(err.text, SAYS("/nowhere/at/all.html", "cannot be written"), "it is named");
    scry_set_free(s.set);
    scry_ranking_free(s.ranking);
    scry_scope_free(&scope);
    scry_close(s.index);
}

int main(void) {
    hostile_page();
    const char *sample = scratch("sample.scry"), *made = scratch("made.scry"), *folder = scratch_folder("synth");
    if (index_study("sample_data/study.json", sample)) {
        page(sample, "sample", SCRY_ACT, 100,
             SAYS("Original questions", "latent 1819", "dimensions", "examples over 14 domains in proportion"));
        page(sample, "nothing", SCRY_SCORE_ICL, 0, SAYS("STS icl"));
        refused(sample);
    }
    scry_error err = {0};
    synth_options o = {.latents = 600, .domains = 9, .tokens = 32, .seed = 4, .rho = 0.8};
    if (check(scry_synth(folder, &o, NULL, &err), "synth %s", err.text) &&
        index_study(text_of("%s/study.json", folder), made))
        page(made, "features", SCRY_ACT, 100, SAYS("planted", "No rows of raw dimensions", "residual captures"));
    page("assets/published/qwen2.5-7b.json", "published", SCRY_ACT, 0, SAYS("the study gives scores", "engineering"));
    const char *pocket = study_path_of("mmlu-pocket"), *index = scratch("pocket.scry");
    if (!pocket) check_skip("mmlu-pocket is not there");
    else if (index_study(pocket, index))
        page(index, "pocket", SCRY_ACT, 100, SAYS("MMLU-Pro", "decoder rows do not have norm 1"));
    return check_end();
}
