/* test_labels.c: label files of every kind (tests/specimens/labels), and files that are not label files. */
#include "check.h"
#include "base/mem.h"
#include "io/csv_table.h"
#include <cjson/cJSON.h>
#include "io/label_file.h"
#include "io/mapped_file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FOLDER  "tests/specimens/labels"
#define LATENTS 16

static const char *write_scratch(const char *name, const void *bytes, size_t length) {
    const char *path = scratch("%s", name);
    write_bytes(path, bytes, length);
    return path;
}

/* Everything that labels_read gives. */
typedef struct outcome {
    bool ok;
    char *label[LATENTS];
    scry_notes notes;
    scry_error err;
} outcome;

static outcome read_labels(const char *path) {
    outcome o = {0};
    o.ok = labels_read(o.label, LATENTS, path, &o.notes, &o.err);
    return o;
}

static void drop(outcome *o) {
    for (int i = 0; i < LATENTS; i++) free(o->label[i]);
    scry_notes_free(&o->notes);
}

static bool noted(const outcome *o, const char *words) {
    for (size_t i = 0; i < o->notes.count; i++)
        if (strstr(o->notes.text[i], words)) return true;
    return false;
}

/* Labels as {latent, text} pairs, a NULL text at the end; no other latent has one. */
typedef struct expected {
    int latent;
    const char *text;
} expected;

static void check_labels(const char *what, outcome *o, const expected *list, size_t notes) {
    size_t wrong = 0;
    for (int i = 0; i < LATENTS; i++) {
        const char *text = NULL;
        for (const expected *e = list; e->text; e++)
            if (e->latent == i) text = e->text;
        bool same = text && o->label[i] ? strcmp(text, o->label[i]) == 0 : text == o->label[i];
        if (!same)
            printf("# latent %d: found %s, expected %s\n", i, o->label[i] ? o->label[i] : "none", text ? text : "none");
        wrong += !same;
    }
    check(o->ok && wrong == 0, "%s: %zu labels wrong %s", what, wrong, o->err.text);
    if (!check(o->notes.count == notes, "%s: %zu notes, expected %zu", what, o->notes.count, notes))
        for (size_t i = 0; i < o->notes.count; i++) printf("# %s\n", o->notes.text[i]);
}

static void check_specimens(void) {
    outcome o = read_labels(FOLDER "/neuronpedia");
    check_labels("Neuronpedia's folder, plain and gzip'd", &o,
                 (const expected[]){{0, "words about cats"},
                                    {2, "naïve “quotes” and 🙂 | a second text"},
                                    {3, "index as a number"},
                                    {6, "nul\xe2\x90\x80 inside, half a pair \xef\xbf\xbd"},
                                    {10, "line one\nline two | newlines"},
                                    {0, NULL}},
                 3);
    check(
        noted(&o, "1 record ignored: no number of a latent (the first: " FOLDER "/neuronpedia/batch-0.jsonl: line 7)"),
        "a missing index is noted with its place");
    check(noted(&o, "2 records ignored: no text (the first: " FOLDER "/neuronpedia/batch-1.jsonl.gz: line 3)"),
          "empty descriptions are noted");
    check(noted(&o, "1 record ignored: latents here are below 16"), "a latent that does not exist is noted");
    drop(&o);
    o = read_labels(FOLDER "/neuronpedia/batch-1.jsonl.gz");
    check(o.ok && o.label[2] && strcmp(o.label[2], "a second text") == 0, "a gzip'd file by itself %s", o.err.text);
    drop(&o);
    o = read_labels(FOLDER "/dashboard");
    const expected dashboard[] = {
        {0, "the / a / of"}, {3, "Katze / ␣␣ / 🙂"}, {5, "one"}, {11, "↵ / \"quoted\" \\ / été"}, {0, NULL}};
    expected first[4];
    memcpy(first, dashboard, sizeof first);
    first[3].text = NULL;
    check_labels("SAEDashboard's folder", &o, dashboard, 2);
    check(noted(&o, "1 record ignored: no text (the first: " FOLDER "/dashboard/batch-1.json: features[1])"),
          "a feature that promotes nothing is noted");
    drop(&o);
    o = read_labels(FOLDER "/dashboard/batch-0.json");
    check_labels("one batch of SAEDashboard", &o, first, 0);
    drop(&o);
    o = read_labels(FOLDER "/features.jsonl");
    check_labels("Neuronpedia's features", &o, (const expected[]){{0, "one"}, {1, "deux / zwei"}, {0, NULL}}, 0);
    drop(&o);
}

/* ---- answers of language models ---- */

/* One answer as a line of OpenAI's batch output. */
static const char *answer_line(int latent, const char *content) {
    cJSON *text = cJSON_CreateString(content);
    char *quoted = cJSON_PrintUnformatted(text);
    const char *line =
        text_of("{\"id\": \"b\", \"custom_id\": \"latent-%d\", \"response\": {\"status_code\": 200, \"body\": "
                "{\"choices\": [{\"index\": 0, \"message\": {\"role\": \"assistant\", \"content\": %s}}]}}, "
                "\"error\": null}\n",
                latent, quoted);
    cJSON_free(quoted);
    cJSON_Delete(text);
    return line;
}

static void check_answers(void) {
    static const char *const answers[][2] = {
        {"Label: digits after an equals sign", "digits after an equals sign"},
        {"\"Quoted words\".", "Quoted words"},
        {"**Label:** “curly” quotes", "“curly” quotes"},
        {"**Label: \"all at once\"**", "all at once"},
        {"<think>Label: no\nperhaps</think>\n\nLabel: `code`", "code"},
        {"I looked at the excerpts.\nLabel: first\nOn reflection:\nFINAL LABEL: second\n", "second"},
        {"```json\n{\"label\": \"from JSON\"}\n```", "from JSON"},
        {"\n\nno name in front\nmore words", "no name in front"},
        {"[EXPLANATION]: in the manner of delphi", "in the manner of delphi"},
        {"Labels of maps and charts", "Labels of maps and charts"},
        {"Label: the word \"not\"", "the word \"not\""},
        {"Label: three dots...", "three dots..."}};
    enum { N = sizeof answers / sizeof *answers };
    const char *text = "";
    expected list[N + 1] = {{0, NULL}};
    for (int i = 0; i < N; i++) {
        text = text_of("%s%s", text, answer_line(i, answers[i][0]));
        list[i] = (expected){i, answers[i][1]};
    }
    outcome o = read_labels(write_scratch("answers.jsonl", text, strlen(text)));
    check_labels("answers of a language model", &o, list, 0);
    drop(&o);
    char talk[400];
    memset(talk, 'x', sizeof talk - 1);
    talk[sizeof talk - 1] = 0;
    text = text_of(
        "{\"custom_id\": \"latent-1\", \"content\": \"Label: plain\"}\n"
        "{\"custom_id\": \"latent-2\", \"result\": {\"type\": \"succeeded\", \"message\": {\"content\": [{\"type\": "
        "\"text\", \"text\": \"Label: a part\"}]}}}\n"
        "{\"custom_id\": \"latent-3\", \"response\": {\"body\": {\"output\": [{\"type\": \"reasoning\"}, {\"content\": "
        "[{\"type\": \"output_text\", \"text\": \"Label: of responses\"}]}]}}}\n"
        "{\"custom_id\": \"latent-4\", \"response\": null, \"error\": {\"code\": \"failed\"}}\n"
        "{\"custom_id\": \"latent-99\", \"content\": \"of no latent\"}\n"
        "{\"custom_id\": \"latent--5\", \"content\": \"negative\"}\n"
        "{\"custom_id\": 5, \"content\": \"a number\"}\n"
        "{\"custom_id\": \"latent-6\", \"content\": \"Label:\"}\n"
        "{\"custom_id\": \"latent-7\", \"content\": \"%s\"}\n"
        "{\"custom_id\": \"latent-99999999999999999999\", \"content\": \"huge\"}\n",
        talk);
    o = read_labels(write_scratch("forms.jsonl", text, strlen(text)));
    check_labels("other forms of answers, and answers that are none", &o,
                 (const expected[]){{1, "plain"}, {2, "a part"}, {3, "of responses"}, {6, "Label:"}, {0, NULL}}, 4);
    check(noted(&o, "3 records ignored: no number of a latent") && noted(&o, "1 record ignored: no text") &&
              noted(&o, "more than 300 bytes") && noted(&o, "latents here are below 16"),
          "what was left out is counted with its reason");
    drop(&o);
    text = "{\"custom_id\": \"latent-1\", \"method\": \"POST\", \"body\": {\"messages\": []}}\n";
    o = read_labels(write_scratch("questions.jsonl", text, strlen(text)));
    check(!o.ok && strstr(o.err.text, "none of its 1 records"), "questions are no answers: %s", o.err.text);
    drop(&o);
}

/* Files of our own and their variants; at most three labels. */
static const struct kind {
    const char *what, *name, *text;
    expected list[4];
    size_t notes;
} kinds[] = {
    {"our JSON Lines",
     "own.jsonl",
     "{\"latent\": 3, \"label\": \"cat\"}\n\n{\"latent\": 0, \"label\": \" dog \"}\n",
     {{3, "cat"}, {0, "dog"}},
     0},
    {"without a newline at the end, with CRLF",
     "own.txt",
     "{\"latent\":3,\"label\":\"cat\"}\r\n{\"latent\":0,\"label\":\"dog\"}",
     {{3, "cat"}, {0, "dog"}},
     0},
    {"CSV", "own.csv", "latent,label\n3,cat\n0,\"a, \"\"dog\"\"\"\n", {{3, "cat"}, {0, "a, \"dog\""}}, 0},
    {"CSV by content, not name", "csv.json", "label,rank,latent\ncat,1,3\n,2,0\n", {{3, "cat"}}, 1},
    {"JSON by content, not name", "json.csv", "\xef\xbb\xbf {\"latent\":3,\"label\":\"cat\"}", {{3, "cat"}}, 0},
    {"one list of records",
     "list.json",
     "[ {\"index\":\"3\",\"description\":\"cat\"},\n {\"index\":3,\"description\":\"dog\"} ]",
     {{3, "cat | dog"}},
     0},
    {"an indented record", "pretty.json", "{\n  \"latent\": 3,\n  \"label\": \"cat\"\n}\n", {{3, "cat"}}, 0},
    {"the same text twice",
     "twice.jsonl",
     "{\"latent\":3,\"label\":\"a\"}\n{\"latent\":3,\"label\":\"ab\"}\n{\"latent\":3,\"label\":\"a\"}{\"latent\":3,"
     "\"label\":\"b\"}",
     {{3, "a | ab | b"}},
     0},
    {"latents that do not exist",
     "beyond.jsonl",
     "{\"latent\":16,\"label\":\"a\"}\n{\"latent\":-1,\"label\":\"a\"}\n{\"latent\":1.5,\"label\":\"a\"}\n{\"latent\":"
     "1e300,\"label\":\"a\"}\n",
     {{0, NULL}},
     1},
    {"an index that is no number",
     "odd.jsonl",
     "{\"index\":\"x\",\"description\":\"a\"}\n{\"index\":NaN,\"description\":\"a\"}\n{\"index\":\"\",\"description\":"
     "\"a\"}\n"
     "{\"index\":\"1\",\"description\":\"one\"}\n",
     {{1, "one"}},
     1},
    {"NaN inside a text",
     "nan.jsonl",
     "{\"index\":1,\"description\":\"is \\\"NaN, -Infinity\",\"x\":[NaN,-Infinity]}",
     {{1, "is \"NaN, -Infinity"}},
     0},
    {"two layers in one file",
     "layers.jsonl",
     "{\"layer\":\"1-res\",\"index\":\"1\",\"description\":\"a\"}\n{\"layer\":\"2-res\",\"index\":\"1\","
     "\"description\":\"b\"}\n",
     {{1, "a | b"}},
     1},
    {"a description rather than tokens",
     "both.jsonl",
     "{\"index\":1,\"pos_str\":[\"a\"],\"description\":\"b\"}",
     {{1, "b"}},
     0},
    {"tokens that are no texts",
     "mixed.json",
     "{\"features\":[{\"feature_index\":1,\"pos_str\":[NaN,null,3,\"\",\"a\",[\"b\"],\"c\"]}]}",
     {{1, "a / c"}},
     0},
    {"a batch of nothing", "nothing.json", "{\"features\":[]}", {{0, NULL}}, 1},
    {"an empty file", "empty.jsonl", "", {{0, NULL}}, 1},
    {"nothing but blanks", "blank.jsonl", " \n\n", {{0, NULL}}, 1},
};

static void check_kinds(void) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct kind *k = &kinds[i];
        outcome o = read_labels(write_scratch(k->name, k->text, strlen(k->text)));
        check_labels(k->what, &o, k->list, k->notes);
        drop(&o);
    }
}

static const struct refusal {
    const char *what, *text, *words[3];
} refusals[] = {
    {"a line cut short", "{\"latent\":1,\"label\":\"a\"}\n{\"latent\":2,\"lab", {"line 2", "cut short"}},
    {"a line that is no JSON", "{\"latent\":1,\"label\":\"a\"}\n\n{latent:2}\n", {"line 3", "not JSON"}},
    {"a number among the lines", "{\"latent\":1,\"label\":\"a\"}\n7\n", {"line 2", "not an object"}},
    {"rubbish between the lines", "{\"latent\":1,\"label\":\"a\"}\n,\n", {"line 2", "not JSON"}},
    {"a latent that is no number", "{\"latent\":\"x\",\"label\":\"a\"}", {"line 1", "\"latent\": number"}},
    {"a label that is no text", "{\"latent\":1,\"label\":2}", {"line 1", "\"label\": text"}},
    {"records without any label",
     "{\"index\":\"1\",\"tokens\":[\"a\"]}\n{\"index\":\"2\"}",
     {"none of its 2 records", "description", "pos_str"}},
    {"records without any latent", "[{\"description\":\"a\"}]", {"none of its 1 records", "index"}},
    {"a list of lists", "[[1,2]]", {"[0]", "not an object"}},
    {"a batch cut short", "{\"features\":[{\"feature_index\":1,\"pos_str\":[\"a\"]},", {"line 1", "cut short"}},
    {"a broken feature", "{\"features\":[{\"feature_index\":1},{\"feature_index\" 1}]}", {"features[1]", "not JSON"}},
    {"a broken list of features",
     "{\"features\":[{\"feature_index\":1,\"pos_str\":[\"a\"]} 3]}",
     {"features", "not JSON"}},
    {"a NUL in a text", "", {NULL}}, /* filled below */
    {"another table", "a,b\n1,2\n", {"latent,label"}},
    {"a table with a word for a latent", "latent,label\nx,y\n", {"row 2", "not a number"}},
    {"prose", "\"", {"bad"}},
};

static void check_refusals(void) {
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *s = &refusals[i];
        bool nul = !*s->text;
        static const char with_nul[] = "{\"latent\":1,\"label\":\"a\0b\"}";
        outcome o = read_labels(nul ? write_scratch("bad", with_nul, sizeof with_nul - 1)
                                    : write_scratch("bad", s->text, strlen(s->text)));
        bool said = strstr(o.err.text, "bad");
        for (int w = 0; w < 3 && s->words[w]; w++) said = said && strstr(o.err.text, s->words[w]);
        check(!o.ok && said, "refused: %s: %s", s->what, o.err.text);
        drop(&o);
    }
    outcome o = read_labels(scratch_folder("none"));
    check(!o.ok && strstr(o.err.text, "no batch-*.json"), "refused: a folder without batches: %s", o.err.text);
    drop(&o);
    o = read_labels("/nowhere/labels.jsonl");
    check(!o.ok && strstr(o.err.text, "/nowhere/labels.jsonl"), "refused: no such file: %s", o.err.text);
    drop(&o);
}

/* ---- gzip ---- */

static void check_gzip(void) {
    const char *path = scratch("many.gz");
    for (int member = 0; member < 2; member++) { /* appended, as `cat a.gz b.gz` does */
        gzFile f = gzopen(path, member ? "ab" : "wb");
        for (int i = 0; i < 2000; i++)
            gzprintf(f, "{\"index\":\"%d\",\"description\":\"text %d\"}\n", i % LATENTS, i % 32 + member);
        gzclose(f);
    }
    outcome o = read_labels(path);
    check(o.ok && o.label[3] && strcmp(o.label[3], "text 3 | text 19 | text 4 | text 20") == 0,
          "two gzip members: %s %s", o.label[3] ? o.label[3] : "none", o.err.text);
    drop(&o);
    mapped_file map;
    scry_error err;
    if (!mapped_file_open(&map, path, NULL, &err)) abort();
    char *bytes = mem_copy_bytes(map.data, (size_t)map.size);
    size_t size = (size_t)map.size;
    mapped_file_close(&map);
    o = read_labels(write_scratch("many.gz", bytes, size - 20));
    check(!o.ok && strstr(o.err.text, "cut short"), "gzip cut short: %s", o.err.text);
    drop(&o);
    bytes[size / 4] ^= 0x55;
    o = read_labels(write_scratch("many.gz", bytes, size));
    check(!o.ok && strstr(o.err.text, "damaged"), "gzip damaged: %s", o.err.text);
    drop(&o);
    free(bytes);
    gzFile f = gzopen(path, "wb");
    gzputs(f, "\xef\xbb\xbflatent,label\n1,a\n3,\"b, \"\"c\"\"\"\n");
    gzclose(f);
    o = read_labels(path);
    check_labels("gzip'd CSV", &o, (const expected[]){{1, "a"}, {3, "b, \"c\""}, {0, NULL}}, 0);
    drop(&o);
    f = gzopen(path, "wb");
    gzputs(f, "latent,name\n1,a\n");
    gzclose(f);
    o = read_labels(path);
    check(!o.ok && strstr(o.err.text, "many.gz") && strstr(o.err.text, "latent,label"), "gzip'd, another table: %s",
          o.err.text);
    drop(&o);
}

/* A small file that unpacks to 300 MiB of brackets. */
static void check_bomb(void) {
    const char *path = scratch("bomb.gz");
    size_t size = (size_t)1 << 20;
    char *brackets = mem_new(size, 1);
    memset(brackets, '[', size);
    gzFile f = gzopen(path, "wb1");
    for (int i = 0; i < 300; i++) gzwrite(f, brackets, (unsigned)size);
    gzclose(f);
    outcome o = read_labels(path);
    check(!o.ok && strstr(o.err.text, "gunzip"), "a gzip bomb: %s", o.err.text);
    drop(&o);
    free(brackets);
}

/* ---- much and deep ---- */

static void check_much(void) {
    const char *path = scratch("much");
    FILE *f = fopen(path, "w");
    if (!f) abort();
    for (int i = 0; i < 100000; i++) fprintf(f, "{\"latent\":1,\"label\":\"explanation %d\"}\n", i);
    fclose(f);
    outcome o = read_labels(path);
    size_t length = o.label[1] ? strlen(o.label[1]) : 0;
    check(o.ok && length > 4000 && length < 5000 && noted(&o, "long enough"),
          "a hundred thousand texts for one latent: %zu bytes kept", length);
    drop(&o);
    size_t n = 1000000;
    char *deep = mem_new(n + 1, 1);
    memset(deep, '[', n);
    o = read_labels(write_scratch("much", deep, n));
    check(!o.ok, "a million open brackets: %s", o.err.text);
    drop(&o);
    memset(deep + n / 2, ']', n / 2);
    o = read_labels(write_scratch("much", deep, n));
    check(!o.ok, "a million brackets: %s", o.err.text);
    drop(&o);
    free(deep);
}

static void check_damage(const char *name) {
    mapped_file map;
    scry_error err;
    if (!mapped_file_open(&map, name, NULL, &err)) abort();
    size_t size = (size_t)map.size, read = 0, refused = 0;
    char *bytes = mem_new(size, 1);
    uint64_t seed = 11;
    for (int round = 0; round < 600; round++) {
        memcpy(bytes, map.data, size);
        static const char spice[] = "\"\"\\[]{}:,0-Nu\0\xff\x1f";
        for (int k = 0; k < round % 4; k++) bytes[roll(&seed) % size] = spice[roll(&seed) % sizeof spice];
        outcome o = read_labels(write_scratch("damaged", bytes, round % 4 ? size : roll(&seed) % size));
        read += o.ok;
        refused += !o.ok && *o.err.text;
        drop(&o);
    }
    check(read + refused == 600 && refused > 50, "damaged %s: %zu read, %zu refused", name, read, refused);
    free(bytes);
    mapped_file_close(&map);
}

/* Rows of one cell below a wide header: memory for the cells that are there, not for those that are not. */
static void check_short_rows(void) {
    enum { WIDE = 200000 };
    size_t size = 0;
    char *csv = mem_new(6 * WIDE + 100, 1);
    size += (size_t)sprintf(csv, "latent,label");
    memset(csv + size, ',', WIDE);
    size += WIDE;
    csv[size++] = '\n';
    for (int i = 0; i < WIDE; i++) size += (size_t)sprintf(csv + size, "%d\n", i % 10);
    size += (size_t)sprintf(csv + size, "3,cat\n");
    csv_table t;
    scry_error err = {0};
    bool ok = csv_table_parse(&t, csv, size, "wide.csv", &err);
    check(ok && t.rows == WIDE + 1 && t.columns == WIDE + 2 && strcmp(csv_table_cell(&t, WIDE, 1), "cat") == 0 &&
              !*csv_table_cell(&t, WIDE, 2) && !*csv_table_cell(&t, 0, WIDE),
          "%d rows of one cell below %d columns: %s", WIDE, WIDE + 2, err.text);
    if (ok) csv_table_free(&t);
    free(csv);
}

int main(void) {
    check_specimens();
    check_kinds();
    check_answers();
    check_refusals();
    check_gzip();
    check_bomb();
    check_much();
    check_short_rows();
    check_damage(FOLDER "/neuronpedia/batch-0.jsonl");
    check_damage(FOLDER "/neuronpedia/batch-1.jsonl.gz");
    check_damage(FOLDER "/dashboard/batch-0.json");
    return check_end();
}
