/* evaluate/file_texts.c: the texts of files, as captures read them, with the options of questions. */
#include "base/mem.h"
#include "capture/item_encoding.h"
#include "evaluate/measured_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const text_settings *settings;
    text_rule rule;
    const corpus_group *group;
    measured_texts *domain;
    uint64_t cut, unanswered, beyond, long_options;
    scry_error *err;
} reader;

/* The same over all domains. */
typedef struct tallies {
    sample_tally cut, unanswered, beyond, long_options;
    uint64_t samples;
} tallies;

static size_t limited(const reader *r, const encoded_item *e, size_t to) {
    size_t most = r->settings->most_tokens > e->head.count ? r->settings->most_tokens - e->head.count : 0;
    return to < most ? to : most;
}

/* ---- options -------------------------------------------------------------------------------- */

/* What parts a prompt from an option behind it: a blank, unless there is white space or a chat's turn begins. */
static const char *gap_of(const reader *r, const corpus_item *item) {
    if (r->rule.chat_template >= 0 || !item->text || !item->response) return "";
    return strchr(" \t\r\n", item->text[item->response - 1]) ? "" : " ";
}

/* Sequence k: this text in the response's place. *fits: it is no longer than sequences may be. */
static bool add_option(reader *r, measured_text *text, size_t i, size_t k, const char *gap, const char *words,
                       bool *fits) {
    encoded_item e;
    char *response = mem_format("%s%s", gap, words);
    bool ok = item_encode(&r->rule, r->group->corpus, i, response, &e, r->err);
    free(response);
    if (!ok) return false;
    *fits = *fits && limited(r, &e, e.response_end) == e.response_end &&
            measured_text_set(text, k, e.head.ids, e.head.count, e.own.ids, e.response, e.response_end);
    encoded_item_free(&e);
    return true;
}

/* The options and their letters. Without one of them that fits there is no question. */
static bool add_question(reader *r, measured_text *text, const corpus_item *item, size_t i) {
    bool fits = true;
    const char *gap = gap_of(r, item);
    for (size_t o = 0; o < item->option_count && fits; o++) {
        const char letter[2] = {(char)('A' + (int)o), 0};
        text->bytes[o] = strlen(item->options[o]);
        if (!text->bytes[o]) fits = false; /* nothing to be likely */
        else if (!add_option(r, text, i, text->has_response + o, gap, item->options[o], &fits) ||
                 !add_option(r, text, i, text->has_response + item->option_count + o, gap, letter, &fits))
            return false;
    }
    if (!fits) {
        r->long_options++;
        for (size_t k = text->has_response; k < text->has_response + 2 * item->option_count; k++) {
            free(text->ids[k]);
            text->ids[k] = NULL;
        }
        text->options = 0;
    } else text->answer = item->answer;
    return true;
}

/* ---- samples -------------------------------------------------------------------------------- */

static bool add_sample(reader *r, size_t i) {
    corpus_item item = corpus_read(r->group->corpus, i);
    encoded_item e = {0};
    bool ok = item_encode(&r->rule, r->group->corpus, i, NULL, &e, r->err), plain = !item.message_count;
    if (ok) {
        size_t from = plain ? 1 : e.response, to = limited(r, &e, e.own.count);
        bool answers = from<e.own.count, question = item.option_count> 1 && item.answer >= 0;
        measured_text *text = measured_texts_add(r->domain);
        measured_text_room(text, answers && from < to, question ? item.option_count : 0);
        bool counts = text->has_response && measured_text_set(text, 0, e.head.ids, e.head.count, e.own.ids, from, to);
        text->has_response = counts;
        r->unanswered += !answers && !question;
        r->beyond += answers && from >= to;
        r->cut += counts && to < e.own.count;
        if (question) ok = add_question(r, text, &item, i);
        if (!text->has_response && !text->options) {
            measured_texts_drop(r->domain);
            r->domain->left_out++;
        }
    }
    encoded_item_free(&e);
    corpus_item_free(&item);
    return ok;
}

static void tally(tallies *t, const reader *r, size_t samples) {
    t->samples += samples;
    sample_tally_add(&t->cut, r->group->name, r->cut);
    sample_tally_add(&t->beyond, r->group->name, r->beyond);
    sample_tally_add(&t->unanswered, r->group->name, r->unanswered);
    sample_tally_add(&t->long_options, r->group->name, r->long_options);
}

static void note(const tallies *t, const text_settings *settings, scry_notes *notes) {
    char text[SAMPLE_TALLY_TEXT];
    if (t->cut.count)
        scry_notes_add(notes, "%s have more than %zu tokens; those after them do not count",
                       sample_tally_text(&t->cut, t->samples, "texts", text), settings->most_tokens);
    if (t->beyond.count)
        scry_notes_add(notes, "%s have a response that begins after %zu tokens, and are left out",
                       sample_tally_text(&t->beyond, t->samples, "texts", text), settings->most_tokens);
    if (t->unanswered.count)
        scry_notes_add(notes, "%s have no response, and are left out",
                       sample_tally_text(&t->unanswered, t->samples, "texts", text));
    if (t->long_options.count)
        scry_notes_add(notes, "%s are questions with an option that is empty or too long; their choice is left out",
                       sample_tally_text(&t->long_options, t->samples, "texts", text));
}

static bool add_group(const corpus_group *group, const text_settings *settings, measured_domains *out, tallies *all,
                      scry_error *err) {
    reader r = {.settings = settings, .group = group, .err = err, .rule = {.tok = settings->tok, .bos = settings->bos}};
    if (!text_rule_find(&r.rule, group->corpus, settings->chat_template, err)) return false;
    r.domain = measured_domains_add(out, group->name);
    size_t *drawn, count = draw_samples(group->count, settings->most_samples, settings->seed, group->name, &drawn);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) ok = add_sample(&r, group->item[drawn[i]]);
    free(drawn);
    if (!ok) return false;
    tally(all, &r, count);
    return r.domain->count ||
           scry_fail(err,
                     "%s: %s: found no response and no question with a known answer in %zu texts, expected some to "
                     "measure",
                     corpus_path(group->corpus), group->name, count);
}

bool texts_of_files(const char *const *specs, size_t count, const text_settings *settings, measured_domains *out,
                    scry_notes *notes, scry_error *err) {
    corpus_groups groups = {0};
    tallies all = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) ok = corpus_groups_add(&groups, specs[i], "--domain", true, notes, err);
    for (size_t g = 0; ok && g < groups.count; g++) ok = add_group(&groups.group[g], settings, out, &all, err);
    note(&all, settings, notes);
    corpus_groups_free(&groups);
    return ok;
}
