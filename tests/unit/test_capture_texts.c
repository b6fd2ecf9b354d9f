/* test_capture_texts.c: what scry capture reads: texts as ids, demonstrations, what is cut and left out. The tokenizer
 * of tests/specimens/capture has one token a character, so that ids can be read as text again. */
#include "check.h"
#include "base/mem.h"
#include "capture/capture_plan.h"
#include "capture/demonstrations.h"
#include "capture/sae_hook.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static scry_tokenizer *tok;

static const char *text_of_ids(const uint32_t *ids, size_t count) {
    const char *text = "";
    for (size_t i = 0; i < count; i++) text = text_of("%s%s", text, scry_tokenizer_piece(tok, ids[i]));
    return text;
}

static void is_text(const char *found, const char *expected, const char *what) {
    bool same = strcmp(found, expected) == 0;
    check(same, "%s%s", what, same ? "" : text_of(": found \"%s\", expected \"%s\"", found, expected));
}

static const char *written(const char *name, const char *text) {
    const char *path = scratch("%s", name);
    write_bytes(path, text, strlen(text));
    return path;
}

/* ---- one sample ---- */

static void test_encoding(void) {
    static const struct {
        const char *what, *line, *chosen, *head, *own, *response;
        scry_bos bos;
    } cases[] = {
        {"plain", "{\"prompt\":\"a\",\"response\":\"b\"}", NULL, "<|bos|>", "a\nb", "b", SCRY_BOS_AUTO},
        {"plain, no BOS", "{\"prompt\":\"a \",\"response\":\"b\"}", NULL, "", "a b", "b", SCRY_BOS_NO},
        {"plain, a response that begins with a blank", "{\"prompt\":\"a\",\"response\":\" b\"}", NULL, "<|bos|>", "a b",
         " b", SCRY_BOS_YES},
        {"a text has no response", "{\"text\":\"abc\"}", NULL, "<|bos|>", "abc", "", SCRY_BOS_AUTO},
        {"a special token in a text", "{\"text\":\"a<|end|>b\"}", NULL, "", "a<|end|>b", "", SCRY_BOS_NO},
        {"chatml: a turn each", "{\"prompt\":\"a\",\"response\":\"b\"}", "chatml", "",
         "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>", "b<|im_end|>", SCRY_BOS_AUTO},
        {"chatml: the system message is the head",
         "{\"messages\":[{\"role\":\"system\",\"content\":\"be\"},{\"role\":\"user\",\"content\":\"a\"},"
         "{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"},"
         "{\"role\":\"assistant\",\"content\":\"d\"}]}",
         NULL, "<|im_start|>system\nbe<|im_end|>\n",
         "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc<|im_end|>\n"
         "<|im_start|>assistant\nd<|im_end|>",
         "d<|im_end|>", SCRY_BOS_AUTO},
        {"chatml: --bos yes stands in front of the head",
         "{\"messages\":[{\"role\":\"system\",\"content\":\"be\"},{\"role\":\"user\",\"content\":\"a\"}]}", NULL,
         "<|bos|><|im_start|>system\nbe<|im_end|>\n", "<|im_start|>user\na<|im_end|>", "", SCRY_BOS_YES},
        {"chatml: a question has its options in the user's turn", "{\"question\":\"a?\",\"answer\":\"b\"}", "chatml",
         "", "<|im_start|>user\na?<|im_end|>\n<|im_start|>assistant\nb<|im_end|>", "b<|im_end|>", SCRY_BOS_NO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scry_error err = {0};
        corpus *c = corpus_open(written("one.jsonl", cases[i].line), "--train", NULL, &err);
        text_rule rule = {.tok = tok, .bos = cases[i].bos};
        encoded_item e = {0};
        if (!c || !text_rule_find(&rule, c, cases[i].chosen, &err) || !item_encode(&rule, c, 0, NULL, &e, &err)) {
            check(false, "%s: %s", cases[i].what, err.text);
            corpus_close(c);
            continue;
        }
        is_text(text_of_ids(e.head.ids, e.head.count), cases[i].head, text_of("%s: in front", cases[i].what));
        is_text(text_of_ids(e.own.ids, e.own.count), cases[i].own, text_of("%s: its own", cases[i].what));
        is_text(text_of_ids(e.own.ids + e.response, e.own.count - e.response), cases[i].response,
                text_of("%s: the response", cases[i].what));
        encoded_item_free(&e);
        corpus_close(c);
    }
}

static void test_other_response(void) {
    scry_error err = {0};
    corpus *c = corpus_open(written("other.jsonl", "{\"prompt\":\"a\",\"response\":\"b\"}\n{\"prompt\":\"c\"}\n"),
                            "--domain", NULL, &err);
    text_rule plain = {.tok = tok, .chat_template = -1, .bos = SCRY_BOS_NO}, chat = plain;
    encoded_item e;
    bool ok = c && text_rule_find(&chat, c, "chatml", &err);
    if (!check(ok, "another response: %s", ok ? "opens" : err.text)) return;
    static const char *const plain_texts[] = {"a\nde", "cde"};
    for (size_t i = 0; i < 2; i++) {
        ok = item_encode(&plain, c, i, "de", &e, &err);
        is_text(ok ? text_of_ids(e.own.ids, e.own.count) : err.text, plain_texts[i], "another response, plain");
        is_text(ok ? text_of_ids(e.own.ids + e.response, e.own.count - e.response) : "", "de", "and where it begins");
        encoded_item_free(&e);
        ok = item_encode(&chat, c, i, " de", &e, &err);
        is_text(ok ? text_of_ids(e.own.ids, e.own.count) : err.text,
                text_of("<|im_start|>user\n%s<|im_end|>\n<|im_start|>assistant\nde<|im_end|>", i ? "c" : "a"),
                "another response, as a chat");
        encoded_item_free(&e);
    }
    corpus_close(c);
}

static void test_rules(void) {
    static const struct {
        const char *lines, *chosen, *says;
    } cases[] = {
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}", "none",
         "line 1: has messages, and none turns them into text; choose a template: --template chatml"},
        {"{\"text\":\"a\"}", "chat", "--template: found \"chat\", expected chatml"},
        {"{\"text\":\"a\"}", "chatml", "line 1: has \"text\", for which a chat template has no place"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}\n{\"text\":\"a\"}", NULL,
         "line 2: has \"text\", for which a chat template has no place"},
        {"{\"text\":\"a\xff\"}", NULL, "bad.jsonl: line 1: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scry_error err = {0};
        corpus *c = corpus_open(written("bad.jsonl", cases[i].lines), "--train", NULL, &err);
        text_rule rule = {.tok = tok};
        bool ok = c && text_rule_find(&rule, c, cases[i].chosen, &err);
        encoded_item e;
        for (size_t k = 0; ok && k < corpus_count(c); k++) {
            ok = item_encode(&rule, c, k, NULL, &e, &err);
            if (ok) encoded_item_free(&e);
        }
        bool says = !ok && strstr(err.text, cases[i].says);
        check(says, "refused: says \"%s\"%s", cases[i].says, says ? "" : text_of(", found \"%s\"", err.text));
        corpus_close(c);
    }
}

/* ---- demonstrations ---- */

static void test_draw(void) {
    enum { N = 12, K = 5, SEEDS = 4000 };
    size_t counts[N] = {0}, repeated = 0, beyond = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        size_t drawn[K], again[K];
        demonstrations_draw(seed, N, K, drawn);
        demonstrations_draw(seed, N, K, again);
        repeated += memcmp(drawn, again, sizeof drawn) != 0;
        for (size_t i = 0; i < K; i++) {
            beyond += drawn[i] >= N;
            counts[drawn[i] % N]++;
            for (size_t k = 0; k < i; k++) repeated += drawn[k] == drawn[i];
        }
    }
    check(!beyond && !repeated, "draws: all different, and the same for the same seed");
    size_t least = SEEDS * K, most = 0;
    for (size_t i = 0; i < N; i++) {
        least = counts[i] < least ? counts[i] : least;
        most = counts[i] > most ? counts[i] : most;
    }
    /* 5 standard deviations of a binomial count */
    double mean = (double)SEEDS * K / N;
    check((double)least > mean - 200 && (double)most < mean + 200,
          "draws: each about as often, %zu to %zu times, mean %.0f", least, most, mean);
    check(demonstrations_seed(1, "law") != demonstrations_seed(1, "math") &&
              demonstrations_seed(1, "law") != demonstrations_seed(2, "law"),
          "draws: another seed for another name and another seed");
    check_is(demonstrations_seed(0, "a"), 0xaf63dc4c8601ec8cu, "draws: FNV-1a of a name");
}

typedef struct setup {
    corpus_groups train, domains;
    capture_group group[3];
    scry_capture_options options;
    capture_plan plan;
    scry_notes notes;
} setup;

static const char *lines_of(const char *letters) {
    const char *all = "";
    for (const char *c = letters; *c; c++)
        all = text_of("%s{\"prompt\":\"%c%c\",\"response\":\"%c.\",\"id\":\"%c\"}\n", all, *c, *c, *c, *c);
    return all;
}

static void begin(setup *s, scry_capture_options options, uint32_t limit, const char *train_lines) {
    *s = (setup){.options = options};
    s->options.train = "";
    if (!s->options.separator) s->options.separator = "<|end|>";
    s->options.bos = SCRY_BOS_NO;
    bool ok = corpus_groups_add(&s->train, text_of("task=%s", written("task.jsonl", train_lines)), "--train", false,
                                NULL, NULL) &&
              corpus_groups_add(&s->domains, text_of("law=%s", written("law.jsonl", lines_of("klmnop"))), "--domain",
                                true, NULL, NULL) &&
              corpus_groups_add(&s->domains, text_of("art=%s", written("art.jsonl", lines_of("rstu"))), "--domain",
                                true, NULL, NULL);
    if (!ok) check(false, "the texts can be read");
    s->plan = (capture_plan){
        .options = &s->options, .notes = &s->notes, .tok = tok, .limit = limit, .group = s->group, .groups = 3};
    for (size_t i = 0; i < 3; i++)
        s->group[i] = (capture_group){.texts = i ? &s->domains.group[i - 1] : &s->train.group[0],
                                      .is_train = i == 0,
                                      .rule = {.tok = tok, .chat_template = -1, .bos = SCRY_BOS_NO}};
}

static void end(setup *s) {
    for (size_t i = 0; i < 3; i++) capture_group_free(&s->group[i]);
    corpus_groups_free(&s->train);
    corpus_groups_free(&s->domains);
    corpus_groups_free(&s->plan.demos);
    scry_notes_free(&s->notes);
}

static bool fill(setup *s, size_t group, const char *what) {
    scry_error err = {0};
    bool ok = capture_group_fill(&s->plan, &s->group[group], &err);
    return check(ok, "%s%s%s", what, ok ? "" : ": ", err.text);
}

static const char *front_of(setup *s, size_t group, capture_condition condition, size_t i) {
    size_t count;
    const uint32_t *ids = capture_group_front(&s->plan, &s->group[group], condition, i, &count);
    return text_of_ids(ids, count);
}

static const char *samples_of(const capture_group *g) {
    const char *all = "";
    for (size_t i = 0; i < g->count; i++)
        all = text_of("%s%s|", all, text_of_ids(g->sample[i].ids, g->sample[i].count));
    return all;
}

static void test_drawn(void) {
    setup s;
    begin(&s, (scry_capture_options){.demos = 2, .domain_demos = 2, .seed = 7, .control = true}, 1000,
          lines_of("abcdefgh"));
    if (!fill(&s, 0, "drawn: fills")) return;
    const capture_group *g = &s.group[0];
    size_t drawn[2];
    demonstrations_draw(demonstrations_seed(7, "task"), 8, 2, drawn);
    const char *shown = text_of("%c%c\n%c.<|end|>%c%c\n%c.<|end|>", "abcdefgh"[drawn[0]], "abcdefgh"[drawn[0]],
                                "abcdefgh"[drawn[0]], "abcdefgh"[drawn[1]], "abcdefgh"[drawn[1]], "abcdefgh"[drawn[1]]);
    const char *rest = "";
    for (size_t i = 0; i < 8; i++)
        if (i != drawn[0] && i != drawn[1])
            rest = text_of("%s%c%c\n%c.|", rest, "abcdefgh"[i], "abcdefgh"[i], "abcdefgh"[i]);
    is_text(front_of(&s, 0, CAPTURE_ICL, 0), shown, "drawn: the demonstrations, each closed by the separator");
    is_text(front_of(&s, 0, CAPTURE_ICL, 5), shown, "drawn: the same before every text");
    is_text(samples_of(g), rest, "drawn: never among the rows");
    is_text(front_of(&s, 0, CAPTURE_BASE, 0), "", "drawn: base has nothing in front");
    size_t icl, control;
    capture_group_front(&s.plan, g, CAPTURE_ICL, 0, &icl);
    capture_group_front(&s.plan, g, CAPTURE_CONTROL, 0, &control);
    check_is(control, icl, "control: as many tokens as the demonstrations");
    const char *unrelated = front_of(&s, 0, CAPTURE_CONTROL, 0);
    check(strcspn(unrelated, "abcdefgh") >= strlen(unrelated) - strlen("<|end|>") * 3 && strstr(unrelated, "<|end|>") &&
              strcmp(unrelated + strlen(unrelated) - strlen("<|end|>"), "<|end|>") == 0,
          "control: of other domains, and closed as demonstrations are");
    is_text(front_of(&s, 0, CAPTURE_CONTROL, 3), unrelated, "control: the same before every text");
    check_is(g->rows, 6 * 5, "drawn: rows");
    check_is(g->longest, 5, "drawn: the longest text");
    end(&s);
}

static void test_fit(void) {
    setup s;
    /* a demonstration has 6 tokens, a text 5 */
    begin(&s, (scry_capture_options){.domain_demos = 4}, 18, lines_of("abcd"));
    if (fill(&s, 1, "fit: fills")) {
        check_is(s.group[1].demos, 2, "fit: demonstrations in 18 tokens");
        check_is(s.group[1].shown.count, 12, "fit: whole ones are left out");
        check_is(s.group[1].count, 2, "fit: those that are left out are no rows either");
        check(s.notes.count == 1 &&
                  strstr(s.notes.text[0], "law: 2 of 4 demonstrations fit before the longest text in 18"),
              "fit: %s", s.notes.count ? s.notes.text[0] : "no note");
    }
    end(&s);
    begin(&s, (scry_capture_options){.domain_demos = 1}, 9, lines_of("abcd"));
    if (fill(&s, 1, "cut: fills")) {
        check_is(s.group[1].demos, 1, "cut: one demonstration stays");
        check(s.group[1].rows == 5 * 3, "cut: texts are cut at their end: %zu rows", (size_t)s.group[1].rows);
        check(s.notes.count == 1 && strstr(s.notes.text[0], "law: 5 of 5 texts are cut at their end, to fit into 9"),
              "cut: %s", s.notes.count ? s.notes.text[0] : "no note");
    }
    end(&s);
    begin(&s, (scry_capture_options){.domain_demos = 1, .rows_response = true}, 9, lines_of("abcd"));
    scry_error err = {0};
    check(!capture_group_fill(&s.plan, &s.group[1], &err) &&
              strstr(err.text, "none of its 6 samples is left to capture"),
          "cut: no response is left: %s", err.text);
    end(&s);
    begin(&s, (scry_capture_options){.domain_demos = 1}, 6, lines_of("abcd"));
    check(!capture_group_fill(&s.plan, &s.group[1], &err) &&
              strstr(err.text, "law: one demonstration has 6 tokens and leaves no room for a text in 6"),
          "fit: no room: %s", err.text);
    end(&s);
    begin(&s, (scry_capture_options){.domain_demos = 6}, 100, lines_of("abcd"));
    check(!capture_group_fill(&s.plan, &s.group[1], &err) && err.status == 2 &&
              strstr(err.text, "law.jsonl has 6 samples, expected at least 7: 6 demonstrations and one to capture"),
          "too few: %s", err.text);
    end(&s);
}

static void test_previous(void) {
    setup s;
    begin(&s, (scry_capture_options){.demos = 2, .demos_previous = true, .control = true}, 15, lines_of("abcd"));
    if (fill(&s, 0, "previous: fills")) {
        /* 15 tokens: the text's 5, so that 10 of 12 are left of two demonstrations */
        is_text(front_of(&s, 0, CAPTURE_ICL, 0), "\nc.<|end|>dd\nd.<|end|>",
                "previous: before the first, the last two");
        is_text(front_of(&s, 0, CAPTURE_ICL, 1), "\nd.<|end|>aa\na.<|end|>",
                "previous: before the second, last and first");
        is_text(front_of(&s, 0, CAPTURE_ICL, 2), "\na.<|end|>bb\nb.<|end|>", "previous: before the third");
        is_text(samples_of(&s.group[0]), "aa\na.|bb\nb.|cc\nc.|dd\nd.|", "previous: every text is captured");
        size_t count;
        capture_group_front(&s.plan, &s.group[0], CAPTURE_CONTROL, 2, &count);
        check_is(count, 10, "previous: control has as many tokens");
    }
    end(&s);
    begin(&s, (scry_capture_options){.demos = 2, .demos_previous = true}, 1000, lines_of("abcd"));
    if (fill(&s, 0, "previous: fills a longer one"))
        is_text(front_of(&s, 0, CAPTURE_ICL, 0), "cc\nc.<|end|>dd\nd.<|end|>", "previous: all of both");
    end(&s);
}

static void test_limits(void) {
    setup s;
    begin(&s, (scry_capture_options){.tokens = 11}, 1000, lines_of("abcdef"));
    if (fill(&s, 0, "tokens: fills")) check_is(s.group[0].count, 3, "tokens: the sample that passes 11 is the last");
    end(&s);
    begin(&s, (scry_capture_options){.tokens = 10}, 1000, lines_of("abcdef"));
    if (fill(&s, 0, "tokens: fills")) check_is(s.group[0].count, 2, "tokens: none after 10");
    end(&s);
    begin(&s, (scry_capture_options){.samples = 4, .rows_response = true}, 1000,
          "{\"prompt\":\"aa\",\"response\":\"b.\"}\n{\"text\":\"cc\"}\n{\"text\":\"\"}\n{\"prompt\":\"d\",\"response\":"
          "\"eee\"}");
    if (fill(&s, 0, "responses: fills")) {
        check_is(s.group[0].count, 2, "responses: texts without are left out");
        check_is(s.group[0].rows, 5, "responses: only their tokens become rows");
        check_is(s.group[0].sample[0].first, 3, "responses: the first row of a sample");
        check(s.notes.count == 2 && strstr(s.notes.text[0], "task: 1 sample has no response, and is left out") &&
                  strstr(s.notes.text[1], "task: 1 sample has no text, and is left out"),
              "responses: %s", s.notes.count ? s.notes.text[0] : "no note");
    }
    end(&s);
    begin(&s, (scry_capture_options){.demos = 1, .seed = 3}, 1000,
          "{\"text\":\"aa\"}\n{\"text\":\"aa\"}\n{\"text\":\"aa\"}\n{\"text\":\"aa\"}\n{\"text\":\"bb\"}\n");
    if (fill(&s, 0, "twins: fills")) {
        const char *front = front_of(&s, 0, CAPTURE_ICL, 0), *rows = samples_of(&s.group[0]);
        check(strcmp(front, "aa<|end|>") == 0 ? strcmp(rows, "bb|") == 0 : strcmp(rows, "aa|aa|aa|aa|") == 0,
              "twins: texts equal to a demonstration are no rows: %s before %s", front, rows);
    }
    end(&s);
}

static void test_given(void) {
    setup s;
    begin(&s, (scry_capture_options){.demos = 2, .demos_previous = true}, 1000, lines_of("abc"));
    bool ok = corpus_groups_add(
        &s.plan.demos, text_of("task=%s", written("given.jsonl", "{\"text\":\"x\"}\n{\"text\":\"aa\\na.\"}\n")),
        "--demos-file", true, NULL, NULL);
    if (ok && fill(&s, 0, "given: fills")) {
        is_text(front_of(&s, 0, CAPTURE_ICL, 1), "x<|end|>aa\na.<|end|>", "given: all of the file, in its order");
        is_text(samples_of(&s.group[0]), "bb\nb.|cc\nc.|", "given: their texts are no rows");
    }
    end(&s);
}

/* ---- hooks of SAEs ---- */

static void test_sae_hooks(void) {
    static const struct {
        const char *folder, *file, *json, *hook; /* hook NULL: it does not say */
    } cases[] = {
        {"saelens", "cfg.json", "{\"hook_name\":\"blocks.3.hook_resid_post\",\"hook_layer\":3}",
         "blocks.3.hook_resid_post"},
        {"saelens6", "cfg.json", "{\"metadata\":{\"hook_name\":\"blocks.7.hook_mlp_out\"}}", "blocks.7.hook_mlp_out"},
        {"heads", "cfg.json", "{\"hook_name\":\"blocks.3.attn.hook_z\",\"hook_layer\":3}", NULL},
        {"llama_scope", "hyperparams.json", "{\"hook_point_in\":\"blocks.15.hook_resid_post\"}",
         "blocks.15.hook_resid_post"},
        {"dl", "config.json", "{\"trainer\":{\"layer\":8,\"submodule_name\":\"resid_post_layer_8\"}}",
         "blocks.8.hook_resid_post"},
        {"dl_layer", "config.json", "{\"trainer\":{\"layer\":8}}", "blocks.8.hook_resid_post"},
        {"layers.10", "cfg.json", "{\"d_in\":8,\"k\":5}", "blocks.10.hook_resid_post"},
        {"layers.10.mlp", "cfg.json", "{\"d_in\":8,\"k\":5}", "blocks.10.hook_mlp_out"},
        {"h.4", "cfg.json", "{\"d_in\":8,\"k\":5}", "blocks.4.hook_resid_post"},
        {"hookpoint", "cfg.json", "{\"hookpoint\":\"gpt_neox.layers.3.attention\"}", "blocks.3.hook_attn_out"},
        {"gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71", "params.npz", "", "blocks.20.hook_resid_post"},
        {"gemma-scope-2b-pt-mlp/layer_5/width_16k/average_l0_12", "params.npz", "", "blocks.5.hook_mlp_out"},
        {"gemma-scope-2b-pt-att/layer_5/width_16k/average_l0_12", "params.npz", "", NULL},
        {"scope2/resid_post/layer_12_width_16k_l0_small", "params.safetensors", "", "blocks.12.hook_resid_post"},
        {"nothing", "cfg.json", "{\"d_in\":8}", NULL},
        {"broken", "cfg.json", "{", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *folder = mem_format("%s/", scratch("%s", cases[i].folder));
        for (char *c = folder + 1; *c; c++)
            if (*c == '/') *c = 0, mkdir(folder, 0777), *c = '/';
        write_bytes(text_of("%s%s", folder, cases[i].file), cases[i].json, strlen(cases[i].json));
        scry_hook hook;
        bool has;
        char text[SCRY_HOOK_TEXT];
        scry_error err = {0};
        bool ok = sae_hook(folder, false, &hook, &has, &err);
        is_text(!ok   ? err.text
                : has ? scry_hook_text(hook, text)
                      : "",
                cases[i].hook ? cases[i].hook : "", text_of("hook of %s", cases[i].folder));
        if (!cases[i].hook)
            check(!sae_hook(folder, true, &hook, &has, &err) && err.status == 2 && strstr(err.text, "--hook"),
                  "hook of %s: %s", cases[i].folder, err.text);
        free(folder);
    }
    scry_hook hook;
    bool has;
    scry_error err = {0};
    check(!sae_hook(scratch("no/where"), false, &hook, &has, &err) && strstr(err.text, "no such file or directory"),
          "hook of no SAE: %s", err.text);
}

int main(void) {
    scry_error err = {0};
    tok = scry_tokenizer_open("tests/specimens/capture/tokenizer.json", &err);
    if (!check(tok != NULL, "the tokenizer opens%s%s", tok ? "" : ": ", err.text)) return check_end();
    test_encoding();
    test_other_response();
    test_rules();
    test_draw();
    test_drawn();
    test_fit();
    test_previous();
    test_limits();
    test_given();
    test_sae_hooks();
    scry_tokenizer_close(tok);
    return check_end();
}
