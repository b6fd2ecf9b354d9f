/* test_corpus.c: files of texts: the forms of a line, how parts are joined, ids, options, groups, and what is refused.
 */
#include "check.h"
#include "capture/corpus.h"

#include <stdlib.h>
#include <string.h>

static void is_text(const char *found, const char *expected, const char *what) {
    bool same = found && expected ? strcmp(found, expected) == 0 : found == expected;
    if (same) check(true, "%s", what);
    else
        check(false, "%s: found \"%s\", expected \"%s\"", what, found ? found : "(NULL)",
              expected ? expected : "(NULL)");
}

static corpus *opened(const char *name, const char *text) {
    const char *path = scratch("%s", name);
    write_bytes(path, text, strlen(text));
    scry_error err = {0};
    corpus *c = corpus_open(path, "--train", NULL, &err);
    if (!c) check(false, "%s: %s", name, err.text);
    return c;
}

/* ---- forms ---- */

static const struct form {
    const char *line, *text, *response; /* response: what follows the prompt */
    const char *chat;                   /* roles and contents, "user|...|assistant|..." */
    const char *other;
} forms_tested[] = {
    {"{\"prompt\":\"2+2?\",\"response\":\"4\"}", "2+2?\n4", "4", "user|2+2?|assistant|4", ""},
    {"{\"prompt\":\"2+2? \",\"response\":\"4\"}", "2+2? 4", "4", "user|2+2? |assistant|4", ""},
    {"{\"prompt\":\"2+2?\",\"response\":\" 4\"}", "2+2? 4", " 4", "user|2+2?|assistant| 4", ""},
    {"{\"prompt\":\"a\\n\",\"completion\":\"b\",\"x\":[1]}", "a\nb", "b", "user|a\n|assistant|b", "{\"x\":[1]}"},
    {"{\"prompt\":\"a\"}", "a", "", "user|a", ""},
    {"{\"prompt\":\"\",\"response\":\"b\"}", "b", "b", "user||assistant|b", ""},
    {"{\"question\":\"Q?\",\"answer\":\"A\"}", "Question: Q?\nAnswer: A", " A", "user|Q?|assistant|A", ""},
    {"{\"question\":\"Q?\",\"answer\":72}", "Question: Q?\nAnswer: 72", " 72", "user|Q?|assistant|72", ""},
    {"{\"question\":\"Q?\",\"answer\":\"A\",\"solution\":\"So A.\",\"level\":2}", "Question: Q?\nAnswer: So A.",
     " So A.", "user|Q?|assistant|So A.", "{\"level\":2}"},
    {"{\"question\":\"Q?\"}", "Question: Q?\nAnswer:", "", "user|Q?", ""},
    {"{\"question\":\"Q?\",\"options\":[\"x\",\"y\"],\"answer\":1}", "Question: Q?\nOptions:\nA. x\nB. y\nAnswer: B",
     " B", "user|Q?\nOptions:\nA. x\nB. y|assistant|B", ""},
    {"{\"question\":\"Q?\",\"choices\":[\"x\",\"y\"],\"answer\":\"y\"}",
     "Question: Q?\nOptions:\nA. x\nB. y\nAnswer: y", " y", "user|Q?\nOptions:\nA. x\nB. y|assistant|y", ""},
    {"{\"question_id\":70,\"question\":\"Q?\",\"options\":[\"x\",\"y\",\"z\"],\"answer\":\"C\",\"answer_index\":2,"
     "\"cot_content\":\"A: Let's think.\",\"category\":\"law\",\"src\":\"s\"}",
     "Question: Q?\nOptions:\nA. x\nB. y\nC. z\nAnswer: Let's think.", " Let's think.",
     "user|Q?\nOptions:\nA. x\nB. y\nC. z|assistant|Let's think.", "{\"category\":\"law\",\"src\":\"s\"}"},
    {"{\"question\":\"Q?\",\"options\":[\"x\",\"y\"],\"answer\":\"B\",\"cot_content\":\"\"}",
     "Question: Q?\nOptions:\nA. x\nB. y\nAnswer: B", " B", "user|Q?\nOptions:\nA. x\nB. y|assistant|B", ""},
    {"{\"instruction\":\"Do\",\"input\":\"it\",\"output\":\"done\"}", "Do\nit\ndone", "done",
     "user|Do\nit|assistant|done", ""},
    {"{\"instruction\":\"Do\",\"input\":\"\",\"output\":\"done\"}", "Do\ndone", "done", "user|Do|assistant|done", ""},
    {"{\"text\":\"Once.\",\"source\":\"web\"}", "Once.", "", "", "{\"source\":\"web\"}"},
    {"{\"messages\":[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"U\"},"
     "{\"role\":\"assistant\",\"content\":\"A\"}],\"prompt\":\"p\"}",
     NULL, NULL, "system|S|user|U|assistant|A", "{\"prompt\":\"p\"}"},
    {"{\"prompt\":[{\"role\":\"user\",\"content\":\"U\"}],\"completion\":[{\"role\":\"assistant\",\"content\":\"A\"}]}",
     NULL, NULL, "user|U|assistant|A", ""},
    {"{\"prompt\":null,\"text\":\"t\"}", "t", "", "", "{\"prompt\":null}"},
};
enum { TESTED = sizeof forms_tested / sizeof *forms_tested };

static const char *chat_of(const corpus_item *item) {
    const char *all = "";
    for (size_t i = 0; i < item->message_count; i++)
        all = text_of("%s%s%s|%s", all, i ? "|" : "", item->messages[i].role, item->messages[i].content);
    return all;
}

static void test_forms(void) {
    const char *lines = "";
    for (size_t i = 0; i < TESTED; i++) lines = text_of("%s%s\n", lines, forms_tested[i].line);
    corpus *c = opened("forms.jsonl", lines);
    if (!c) return;
    check_is(corpus_count(c), TESTED, "forms: lines");
    check(corpus_has_messages(c), "forms: some are messages");
    for (size_t i = 0; i < TESTED && i < corpus_count(c); i++) {
        const struct form *f = &forms_tested[i];
        corpus_item item = corpus_read(c, i);
        is_text(item.text, f->text, text_of("%s: text", f->line));
        if (item.text) is_text(item.text + item.response, f->response, text_of("%s: response", f->line));
        if (item.text) check_is(item.length, strlen(item.text), "%s: length", f->line);
        is_text(chat_of(&item), f->chat, text_of("%s: as a chat", f->line));
        is_text(item.other, f->other, text_of("%s: other keys", f->line));
        check(item.answered == (strstr(f->chat, "assistant|") != NULL), "%s: answered", f->line);
        check_is(corpus_line(c, i), i + 1, "%s: its line", f->line);
        corpus_item_free(&item);
    }
    corpus_close(c);
}

/* ---- options ---- */

static void test_options(void) {
    static const struct {
        const char *keys;
        int answer;
    } cases[] = {{"\"answer\":\"B\"", 1},   {"\"answer\":\"b\"", 1}, {"\"answer\":2", 2},
                 {"\"answer\":\"two\"", 2}, {"\"x\":1", -1},         {"\"answer_index\":0,\"answer\":\"B\"", 0},
                 {"\"answer\":\"zero\"", 0}};
    const char *lines = "";
    size_t count = sizeof cases / sizeof *cases;
    for (size_t i = 0; i < count; i++)
        lines = text_of("%s{\"prompt\":\"p\",\"options\":[\"zero\",\"one\",\"two\"],%s}\n", lines, cases[i].keys);
    corpus *c = opened("options.jsonl", lines);
    for (size_t i = 0; c && i < count; i++) {
        corpus_item item = corpus_read(c, i);
        check(item.answer == cases[i].answer && item.option_count == 3 && strcmp(item.options[1], "one") == 0,
              "options, %s: found answer %d, expected %d", cases[i].keys, item.answer, cases[i].answer);
        corpus_item_free(&item);
    }
    corpus_close(c);
}

/* ---- ids, lists, categories ---- */

static void test_ids(void) {
    const char *lines = "{\"text\":\"a\",\"id\":\"x\"}\n\n{\"text\":\"b\",\"id\":\"x\"}\n{\"text\":\"c\"}\n"
                        "{\"text\":\"d\",\"id\":17}\n{\"text\":\"e\",\"id\":\"x-2\"}\n{\"text\":\"f\",\"id\":\"x\"}";
    static const char *const ids[] = {"x", "x-2", "some.ids-3", "17", "x-2-2", "x-3"};
    const char *path = scratch("some.ids.jsonl");
    write_bytes(path, lines, strlen(lines));
    scry_notes notes = {0};
    corpus *c = corpus_open(path, "--domain", &notes, NULL);
    if (!check(c && corpus_count(c) == 6, "ids: six lines")) return;
    for (size_t i = 0; i < 6; i++) {
        corpus_item item = corpus_read(c, i);
        is_text(item.id, ids[i], text_of("ids: of sample %zu", i));
        corpus_item_free(&item);
    }
    check_is(corpus_line(c, 1), 3, "ids: a blank line counts as a line");
    check(notes.count == 1 && strstr(notes.text[0], "3 samples have an id that came before"), "ids: %s",
          notes.count ? notes.text[0] : "no note");
    is_text(corpus_stem(c), "some.ids", "ids: the file's stem");
    scry_notes_free(&notes);
    corpus_close(c);
}

static void test_list(void) {
    corpus *lines =
        opened("flat.jsonl", "{\"text\":\"a\",\"category\":\"law\"}\n{\"text\":\"b\"}\n"
                             "{\"text\":\"c\",\"category\":\"law\"}\n{\"text\":\"d\",\"category\":\"art\"}\n");
    corpus *list =
        opened("list.json", "\xef\xbb\xbf [ {\"text\":\"a\",\"category\":\"law\"},\n{\"text\":\"b\"},"
                            "{\"text\":\"c\",\n\"category\":\"law\"},\n{\"text\":\"d\",\"category\":\"art\"}]\n");
    if (!lines || !list) return;
    check_is(corpus_count(list), 4, "a JSON list: samples");
    check(corpus_hash(lines) != corpus_hash(list), "files of other bytes have other hashes");
    for (size_t i = 0; i < 4; i++) {
        corpus_item a = corpus_read(lines, i), b = corpus_read(list, i);
        is_text(b.text, a.text, text_of("a JSON list: sample %zu", i));
        check(corpus_category_of(lines, i) == corpus_category_of(list, i) &&
                  corpus_category_of(list, i) == (int[]){0, -1, 0, 1}[i],
              "a JSON list: category of sample %zu", i);
        corpus_item_free(&a);
        corpus_item_free(&b);
    }
    check_is(corpus_line(list, 3), 4, "a JSON list: line of the last sample");
    corpus_close(lines);
    corpus_close(list);
    corpus_groups g = {0};
    scry_error err = {0};
    const char *path = scratch("flat.jsonl");
    bool ok = corpus_groups_add(&g, path, "--domain", true, NULL, &err) &&
              corpus_groups_add(&g, text_of("all=%s", path), "--domain", true, NULL, &err) &&
              corpus_groups_add(&g, path, "--train", false, NULL, &err);
    check(ok && g.count == 4 && g.file_count == 1, "groups: %s", ok ? "four of one file" : err.text);
    static const struct {
        const char *name;
        size_t count, first;
    } expected[] = {{"law", 2, 0}, {"art", 1, 3}, {"all", 4, 0}, {"flat", 4, 0}};
    for (size_t i = 0; ok && i < 4; i++)
        check(strcmp(g.group[i].name, expected[i].name) == 0 && g.group[i].count == expected[i].count &&
                  g.group[i].item[0] == expected[i].first,
              "groups: %zu is %s", i, g.group[i].name);
    check(!corpus_groups_add(&g, text_of("law=%s", path), "--domain", true, NULL, &err) && err.status == 2 &&
              strstr(err.text, "\"law\" comes twice"),
          "groups: a name that is taken: %s", err.text);
    corpus_groups_free(&g);
    ok = corpus_groups_add(&g, text_of("law=%s", path), "--domain", true, NULL, &err);
    check(ok && g.count == 1 && g.group[0].count == 2, "groups: NAME=FILE takes the category of that name");
    check(!corpus_groups_add(&g, text_of("=%s", path), "--domain", true, NULL, &err) &&
              strstr(err.text, "expected NAME=FILE"),
          "groups: no name: %s", err.text);
    corpus_groups_free(&g);
}

/* ---- refused ---- */

static void test_refused(void) {
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "found no samples, expected a line for each: {\"messages\": [...]}, {\"prompt\", \"response\"}, "
             "{\"question\", \"answer\"}, {\"instruction\", \"output\"} or {\"text\"}"},
        {"[]", "found no samples"},
        {"{\"text\":\"a\"}\n{\"text\":", "sample 2: found no JSON object that ends"},
        {"{\"text\":\"a\"}\n{\"tokens\":[1]}\n", "line 2: found none of the known keys, expected {\"messages\""},
        {"{\"text\":\"a\"}\n\n17\n", "line 3: found no JSON object"},
        {"{\"text\":\"a\"}\n[1]\n", "line 2: found no JSON object"},
        {"{\"text\":3}", "line 1: text: found a number, expected text"},
        {"{\"prompt\":{}}", "line 1: prompt: found an object, expected text"},
        {"{\"prompt\":\"a\",\"response\":[]}", "line 1: response: found a list, expected text"},
        {"{\"question\":\"a\",\"answer\":{}}", "line 1: answer: found an object, expected text or a number"},
        {"{\"question\":\"a\",\"solution\":1}", "line 1: solution: found a number, expected text"},
        {"{\"instruction\":\"a\",\"output\":1}", "line 1: output: found a number, expected text"},
        {"{\"messages\":[]}", "line 1: messages: found an empty list, expected messages"},
        {"{\"messages\":\"a\"}", "line 1: messages: found text, expected a list of {\"role\", \"content\"}"},
        {"{\"messages\":[{\"role\":\"user\"}]}", "line 1: messages[0].content: found nothing, expected text"},
        {"{\"messages\":[{\"content\":\"a\"}]}", "line 1: messages[0]: found nothing, expected {\"role\""},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"tool\",\"content\":\"a\"}]}",
         "line 1: messages[1].role: found \"tool\", expected system, user or assistant"},
        {"{\"text\":\"a\",\"id\":[1]}", "line 1: id: found a list, expected text or a number"},
        {"{\"text\":\"a\",\"options\":\"b\"}", "line 1: options: found text, expected a list of texts"},
        {"{\"text\":\"a\",\"options\":[\"b\",1]}", "line 1: options: found a number, expected a list of texts"},
        {"{\"text\":\"a\",\"options\":[\"b\",\"c\"],\"answer\":\"D\"}",
         "line 1: answer: found \"D\", expected a letter from A to B, an index from 0 to 1, or the text of an option"},
        {"{\"text\":\"a\",\"options\":[\"b\"],\"answer_index\":1.5}", "line 1: answer_index: found 1.5, expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = scratch("refused.jsonl");
        write_bytes(path, cases[i].text, strlen(cases[i].text));
        scry_error err = {0};
        corpus *c = corpus_open(path, "--train", NULL, &err);
        bool ok = !c && strncmp(err.text, "--train: ", 9) == 0 && strstr(err.text, "refused.jsonl") &&
                  strstr(err.text, cases[i].says);
        check(ok, "refused: says \"%s\"%s", cases[i].says, ok ? "" : text_of(", found \"%s\"", c ? "" : err.text));
        corpus_close(c);
    }
    scry_error err = {0};
    check(!corpus_open(scratch("nowhere.jsonl"), "--train", NULL, &err) && strstr(err.text, "nowhere.jsonl"),
          "refused: no file: %s", err.text);
}

int main(void) {
    test_forms();
    test_options();
    test_ids();
    test_list();
    test_refused();
    return check_end();
}
