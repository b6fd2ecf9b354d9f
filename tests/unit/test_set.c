/* test_set.c: sets of latents as lists and as CSV, written and read back. */
#include "export.h"
#include "check.h"
#include "scry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LATENTS = 130 };

/* "0 3 90" of what is in. */
static const char *members(const scry_set *set) {
    const char *text = "";
    uint32_t counted = 0;
    for (uint32_t j = 0; j < set->latents; j++)
        if (scry_set_has(set, j)) text = text_of("%s%s%u", text, counted++ ? " " : "", j);
    return counted == set->count ? text : text_of("%s, but count says %u", text, set->count);
}

/* ---- lists ---------------------------------------------------------------------------------- */

static void list_gives(const char *list, const char *expected) {
    scry_set *set = scry_set_new(LATENTS);
    scry_error err = {0};
    bool ok = scry_set_list(set, list, true, &err);
    const char *found = ok ? members(set) : err.text;
    check(strcmp(found, expected) == 0, "list \"%s\" is %s%s", list, expected,
          strcmp(found, expected) ? text_of(": found %s", found) : "");
    scry_set_free(set);
}

static void list_wrong(const char *list, const char *says) {
    scry_set *set = scry_set_new(LATENTS);
    scry_error err = {0};
    bool ok = scry_set_list(set, list, true, &err);
    check(!ok && err.status == 2 && strstr(err.text, says), "list \"%s\" is misuse: %s", list,
          ok ? "found no error" : err.text);
    scry_set_free(set);
}

static void lists(void) {
    list_gives("3", "3");
    list_gives("3,17,90-93", "3 17 90 91 92 93");
    list_gives("129,0,63-65", "0 63 64 65 129");
    list_gives("5,5,4-6", "4 5 6");
    list_gives("7-7", "7");
    list_gives(" 3 , 4 ", "3 4");
    list_gives("", "");
    list_wrong("x", "\"x\"");
    list_wrong("3,x", "\"x\"");
    list_wrong("3,,4", "\",4\"");
    list_wrong("-5", "\"-5\"");
    list_wrong("3-", "90-120");
    list_wrong("3--5", "\"-5\"");
    list_wrong("9-4", "9-4");
    list_wrong("3 4", "comma");
    list_wrong("3;4", "comma");
    list_wrong("1.5", "comma");
    list_wrong("0x10", "comma");
    list_wrong("130", "0 to 129");
    list_wrong("0-130", "0 to 129");
    list_wrong("4294967296", "4294967296");
    list_wrong("99999999999999999999999", "0 to 129");
    scry_set *set = scry_set_new(LATENTS);
    scry_error err = {0};
    scry_set_list(set, "0-129", true, &err);
    check_is(set->count, LATENTS, "all of them");
    scry_set_list(set, "1-128,128", false, &err);
    check(strcmp(members(set), "0 129") == 0, "and out again: %s", members(set));
    scry_set *copy = scry_set_copy(set);
    check(scry_set_equal(set, copy) && copy->count == 2, "a copy is equal");
    scry_set_put(copy, 64, true);
    scry_set_put(copy, 64, true);
    check(!scry_set_equal(set, copy) && copy->count == 3, "until it is changed, and putting twice counts once");
    scry_set_free(copy);
    scry_set_free(set);
}

/* ---- reading CSV ---------------------------------------------------------------------------- */

static bool read_csv(scry_set *set, const char *text, size_t size, scry_error *err) {
    const char *path = scratch("set.csv");
    write_bytes(path, text, size);
    *err = (scry_error){0};
    return scry_set_read(set, NULL, path, err);
}

static void csv_gives(const char *what, const char *text, const char *expected) {
    scry_set *set = scry_set_new(LATENTS);
    scry_error err;
    bool ok = read_csv(set, text, strlen(text), &err);
    const char *found = ok ? members(set) : err.text;
    check(strcmp(found, expected) == 0, "%s%s", what,
          strcmp(found, expected) ? text_of(": found %s, expected %s", found, expected) : "");
    scry_set_free(set);
}

static void csv_wrong(const char *what, const char *text, const char *const *says) {
    scry_set *set = scry_set_new(LATENTS);
    scry_error err;
    if (read_csv(set, text, strlen(text), &err)) check(false, "%s: found no error (%s)", what, members(set));
    else if (check_says(err.text, says, "%s", what))
        check(strstr(err.text, "set.csv") != NULL, "%s: the file is named", what);
    scry_set_free(set);
}

static void reading(void) {
    csv_gives("plain", "latent,included\n3,1\n4,0\n90,1\n", "3 90");
    csv_gives("no newline at the end", "latent,included\n3,1\n90,1", "3 90");
    csv_gives("CRLF", "latent,included\r\n3,1\r\n90,1\r\n", "3 90");
    csv_gives("a byte-order mark, as spreadsheets write", "\xef\xbb\xbflatent,included\r\n3,1\r\n", "3");
    csv_gives("quotes", "\"latent\",\"included\"\n\"3\",\"1\"\n\"90\",\"0\"\n", "3");
    csv_gives("columns in another order, and more of them",
              "label,included,\"note, long\",latent\nx,1,\"a \"\"b\"\"\nc\",3\ny,0,,4\nz,1,d,90\n", "3 90");
    csv_gives("true, yes, in", "latent,included\n1,true\n2,YES\n3,in\n4,false\n5,No\n6,out\n", "1 2 3");
    csv_gives("empty lines between", "latent,included\n\n3,1\n\n\n90,1\n", "3 90");
    csv_gives("a header alone", "latent,included\n", "");
    csv_gives("the last word on a latent counts", "latent,included\n3,1\n3,0\n4,0\n4,1\n", "4");
    csv_gives("numbers, one per line", "3\n17\n90\n", "3 17 90");
    csv_gives("numbers, the last line open, CRLF, blank lines", "\r\n3\r\n\r\n90", "3 90");
    csv_gives("numbers with commas", "3,17, 90", "3 17 90");
    csv_gives("numbers with blanks and a mark of order", "\xef\xbb\xbf 3 17\t90\n", "3 17 90");
    csv_gives("ranges", "3-5\n90,92-93\n", "3 4 5 90 92 93");
    csv_gives("one line of two numbers is a list", "3,1\n", "1 3");
    csv_gives("CSV with only latent", "latent\n3\n90\n", "3 90");
    csv_gives("CSV with latent among figures", "rank,latent,shift\n1,3,.5\n2,90,.25\n", "3 90");
    csv_gives("CSV of one figure that is 1", "rank,latent\n1,3\n", "3");
    csv_gives("JSON: a list", " [3, 17, 90]\n", "3 17 90");
    csv_gives("JSON: latents as numbers", "{\"n\": 5, \"latents\": [3, 90]}", "3 90");
    csv_gives("JSON: latents as objects", "{\"latents\": [{\"rank\": 1, \"latent\": 3}, {\"latent\": 90}]}", "3 90");
    csv_gives("JSON: features of a list for Neuronpedia",
              "{\"name\": \"x\", \"features\": [{\"modelId\": \"m\", \"index\": \"3\"}, {\"index\": \"90\"}]}", "3 90");
    csv_gives("JSON: one named set", "{\"selection\": 100, \"sets\": [{\"name\": \"core\", \"list\": \"3,90-91\"}]}",
              "3 90 91");
    csv_gives("JSON: no latents", "{\"latents\": []}", "");
    csv_gives("JSON: included", "[{\"latent\": 3, \"included\": 0}, {\"latent\": 90, \"included\": true}]", "90");
    csv_wrong("JSON that ends too soon", "{\"latents\": [3", SAYS("not JSON", "expected latents as numbers"));
    csv_wrong("JSON of something else", "{\"n\": 3}", SAYS("without a list of latents", "\"latents\" or \"features\""));
    csv_wrong("JSON with a count of latents", "{\"latents\": 5}", SAYS("without a list of latents"));
    csv_wrong("JSON: half a latent", "[3, 3.5]", SAYS("[1]", "3.5", "whole number"));
    csv_wrong("JSON: a negative latent", "{\"latents\": [-3]}", SAYS("latents[0]", "-3"));
    csv_wrong("JSON: a latent that does not exist", "{\"features\": [{\"index\": \"130\"}]}",
              SAYS("features[0]", "130", "0 to 129"));
    csv_wrong("JSON: a label in the place of a latent", "[\"law\"]", SAYS("[0]", "law"));
    csv_wrong("JSON: an object without latent", "[{\"label\": \"law\"}]", SAYS("[0]", "found no latent"));
    csv_wrong("JSON: two named sets", "{\"sets\": [{\"list\": \"3\"}, {\"list\": \"4\"}]}",
              SAYS("2 named sets", "--latents"));
    csv_wrong("a number that is text", "3\n17\nx7\n", SAYS("line 3", "x7", "whole number"));
    csv_wrong("a fraction", "3\n3.5\n", SAYS("line 2", "3.5"));
    csv_wrong("a range that runs backwards", "9-4\n", SAYS("line 1", "backwards"));
    csv_wrong("a latent of a list that does not exist", "3\n130\n", SAYS("line 2", "130", "0 to 129"));
    csv_wrong("a range to far", "3-99999999999\n", SAYS("line 1", "99999999999", "0 to 129"));
    csv_wrong("CSV that has lost its header", "3,1\n4,0\n", SAYS("without the header"));
    csv_wrong("included under another name", "latent,in\n3,1\n4,0\n", SAYS("\"in\"", "named included"));
    csv_wrong("an empty file", "", SAYS("latent"));
    csv_wrong("a file of blanks", " \n\n", SAYS("is empty", "as JSON"));
    csv_wrong("no column latent", "id,included\n3,1\n", SAYS("latent", "expected"));
    csv_wrong("a latent that is text", "latent,included\n3,1\nx7,1\n", SAYS("row 3", "latent", "x7", "expected"));
    csv_wrong("a negative latent", "latent,included\n-3,1\n", SAYS("row 2", "latent", "-3"));
    csv_wrong("a fractional latent", "latent,included\n3.5,1\n", SAYS("row 2", "latent", "3.5"));
    csv_wrong("an empty latent", "latent,included\n,1\n", SAYS("row 2", "latent", "expected"));
    csv_wrong("a latent that does not exist", "latent,included\n3,1\n4,1\n130,1\n", SAYS("row 4", "130", "0 to 129"));
    csv_wrong("a latent beyond 2^64", "latent,included\n99999999999999999999999,1\n", SAYS("row 2", "latent"));
    csv_wrong("included is something else", "latent,included\n3,1\n4,2\n",
              SAYS("row 3", "included", "\"2\"", "expected"));
    csv_wrong("included is missing", "latent,included\n3\n", SAYS("row 2", "included"));
    csv_wrong("a cell too many", "latent,included\n3,1\n4,1,9\n", SAYS("row 3", "cells"));
    csv_wrong("a quote that never ends", "latent,included\n3,1\n\"4,1\n", SAYS("row 3"));
    csv_wrong("a quote in the middle", "latent,included\n3,1\n4\"x\"5,1\n", SAYS("row 3"));
    scry_set *set = scry_set_new(LATENTS);
    scry_error err = {0};
    check(!scry_set_read(set, NULL, scratch("gone.csv"), &err) && strstr(err.text, "gone.csv"), "no file: %s",
          err.text);
    scry_set_free(set);
}

/* Whatever bytes there are: an error or a set, never a crash. */
static void junk(void) {
    static const char right[] = "latent,included,label\n3,1,\"a \"\"b\"\" c\"\n4,0,\"x\ny\"\n90,1,z\n";
    uint64_t seed = 41;
    scry_set *set = scry_set_new(LATENTS);
    size_t read = 0;
    for (int i = 0; i < 2000; i++) {
        char text[sizeof right];
        memcpy(text, right, sizeof right);
        for (int k = 0; k < 3; k++)
            text[roll_below(&seed, sizeof right - 1)] = i % 2 ? (char)roll(&seed) : ",\"\n\r0\\"[roll_below(&seed, 6)];
        scry_error err;
        read += read_csv(set, text, sizeof right - 1, &err);
    }
    check(read > 0, "2000 damaged files, %zu of them still readable", read);
    scry_set_free(set);
}

/* ---- writing and reading back --------------------------------------------------------------- */

static scry_index *labelled_study(void) {
    static const char *const labels[] = {"=1+2",
                                         "+cmd|' /C calc'!A0",
                                         "-2+3",
                                         "@SUM(A1)",
                                         "\\tx",
                                         "\\rx",
                                         "plain",
                                         "with, comma",
                                         "say \\\"hi\\\"",
                                         "two\\nlines",
                                         "caf\\u00e9 \\ud83d\\ude00",
                                         "a=b",
                                         " =x",
                                         ""};
    const char *folder = scratch_folder("labels"), *lines = "";
    double *x = malloc(40 * LATENTS * sizeof *x);
    if (!x) abort();
    uint64_t seed = 42;
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < 40 * LATENTS; i++) x[i] = roll_below(&seed, 3) ? 0 : roll_below(&seed, 1000) / 7.0;
        write_npy(text_of("%s/%d.npy", folder, c), F32, 40, LATENTS, x);
    }
    free(x);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        lines = text_of("%s{\"latent\": %zu, \"label\": \"%s\"}\n", lines, i, labels[i]);
    write_text(text_of("%s/labels.jsonl", folder), "%s", lines);
    const char *study = text_of("%s/study.json", folder), *out = text_of("%s/x.scry", folder);
    write_text(study, "{\"scry_study\": 1, \"labels\": \"labels.jsonl\", \"train\": {\"base\": {\"features\": "
                      "\"0.npy\"}, \"icl\": {\"features\": \"1.npy\"}},"
                      " \"domains\": [{\"name\": \"=law\", \"change\": 1, \"base\": {\"features\": \"1.npy\"}, "
                      "\"icl\": {\"features\": \"0.npy\"}},"
                      " {\"name\": \"b, \\\"c\\\"\", \"base\": {\"features\": \"0.npy\"}}]}");
    scry_error err = {0};
    scry_index *index = scry_index_build(study, out, NULL, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
    if (!index) check(false, "the labelled study is indexed: %s", err.text);
    return index;
}

static size_t lines_of(const char *text, const char *head) {
    size_t n = 0;
    for (const char *at = strstr(text, head); at; at = strstr(at + 1, head)) n += at == text || at[-1] == '\n';
    return n;
}

static void back_and_forth(const scry_index *x, const scry_ranking *r) {
    uint64_t seed = 43;
    const char *path = scratch("out.csv");
    size_t unlike = 0, failed = 0;
    scry_error err = {0};
    for (int k = 0; k < 40; k++) {
        scry_set *set = scry_set_new(LATENTS), *again = scry_set_new(LATENTS);
        for (uint32_t j = 0; j < LATENTS; j++)
            scry_set_put(set, j, k == 0 ? false : k == 1 ? true : roll_below(&seed, 4) == 0);
        failed += !scry_set_write_csv(set, x, r, k * 5 % 140 > LATENTS ? LATENTS : (uint32_t)(k * 5 % 140),
                                      (scry_score)(k % 3), path, NULL, &err) ||
                  !scry_set_read(again, NULL, path, &err);
        unlike += !scry_set_equal(set, again) || set->count != again->count;
        scry_set_free(set);
        scry_set_free(again);
    }
    check(unlike == 0 && failed == 0, "40 selections written and read back: %zu differ, %zu failed %s", unlike, failed,
          err.text);
}

static void content(const scry_index *x, const scry_ranking *r) {
    scry_set *set = scry_set_new(LATENTS);
    scry_error err = {0};
    const char *path = scratch("content.csv");
    for (uint32_t j = 0; j < 20; j++) scry_set_put(set, j, true);
    if (!check(scry_set_write_csv(set, x, r, 10, SCRY_ACT, path, NULL, &err), "a selection is written %s", err.text))
        return;
    check(count_names(scratch("."), ".tmp") == 0, "and no temporary file is left");
    size_t size, shown = 0;
    char *text = (char *)read_bytes(path, &size);
    check(strncmp(text, "latent,included,rank,shift,share,label,", 39) == 0, "the header begins as promised");
    for (int rank = 0; rank < 10; rank++)
        shown += lines_of(text, text_of("%u,%d,%d,", r->order[rank], r->order[rank] < 20, rank + 1));
    check_is(shown, 10, "the first 10 ranks are there, in or out, with their rank");
    size_t in = 0;
    for (uint32_t j = 0; j < 20; j++) in += lines_of(text, text_of("%u,1,%u,", j, r->rank[j] + 1));
    check_is(in, 20, "everything in the set is there");
    static const char *const risky[] = {",=",   ",+",    ",@",    ",\"=", ",\"+", ",\"-2",
                                        ",\"@", ",\"\t", ",\"\r", ",\t",  ",\r"};
    for (size_t i = 0; i < sizeof risky / sizeof *risky; i++)
        if (strstr(text, risky[i]))
            check(false, "no cell begins with a formula's sign: found %.20s", strstr(text, risky[i]));
    check_says(text, SAYS("'=1+2", "'+cmd", "'-2+3", "'@SUM"), "labels that look like formulas are neutralised");
    check_says(text, SAYS("\"plain\"", "\"with, comma\"", "\"say \"\"hi\"\"\"", "\"two\nlines\"", "a=b"),
               "others stay as they are");
    free(text);

    /* the figures, in full: read back, they are the index's */
    char *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "r");
    worst w = {.tolerance = 1e-8};
    while (f && getline(&line, &room, f) > 0) {
        unsigned latent, rank;
        int included;
        double shift, share, act0, act1;
        if (sscanf(line, "%u,%d,%u,%lf,%lf,\"\",%lf,%lf", &latent, &included, &rank, &shift, &share, &act0, &act1) != 7)
            continue;
        const float *c = scry_contribution(x, SCRY_ACT, latent);
        worst_add(&w, shift, r->shift[latent], 1e-300, "shift of %u", latent);
        worst_add(&w, share, fabs(r->shift[latent]) / r->total, share, "share of %u", latent);
        worst_add(&w, act0, (double)c[0], (double)c[0] + 1e-30, "first domain of %u", latent);
        worst_add(&w, act1, (double)c[1], (double)c[1] + 1e-30, "second domain of %u", latent);
    }
    worst_line(&w, "shifts to the bit, shares and contributions in full precision");
    free(line);
    if (f) fclose(f);
    check(!scry_set_write_csv(set, x, r, 10, SCRY_ACT, scratch("no/such/folder.csv"), NULL, &err) &&
              strstr(err.text, "folder.csv"),
          "a folder that is not there: %s", err.text);
    scry_set_free(set);
}

static void labels(const scry_index *x) {
    check(scry_label(x, 6) && strcmp(scry_label(x, 6), "plain") == 0, "label 6");
    check(scry_label(x, 9) && strcmp(scry_label(x, 9), "two\nlines") == 0, "label 9 has two lines");
    check(scry_label(x, 50) == NULL, "latent 50 has none");
    check(scry_label(x, 4) && scry_label(x, 4)[0] != '\t', "blanks around label 4 are gone");
}

int main(void) {
    lists();
    reading();
    junk();
    scry_index *x = labelled_study();
    scry_error err = {0};
    scry_ranking *r = x ? scry_rank(x, 0, SCRY_ICL, SCRY_SQ, &err) : NULL;
    if (r) {
        labels(x);
        back_and_forth(x, r);
        content(x, r);
    }
    scry_ranking_free(r);
    scry_close(x);
    return check_end();
}
