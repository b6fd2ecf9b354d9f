/* test_tui_continue.c: the page of :continue: what each model says, where it first differs, its keys and settings. */
#include "check.h"
#include "sample_app.h"

#include "explorer/app.h"
#include "explorer/prompts/continue_page.h"
#include "explorer/prompts/prompt_page.h"

#include <stdlib.h>
#include <string.h>

static void key(app *a, uint32_t k) {
    app_key(a, k);
    app_draw(a);
}

static void run(app *a, const char *line) {
    app_command(a, line);
    app_draw(a);
}

/* The characters of the screen, a line for each row. The caller frees it. */
static char *screen(const app *a) {
    const size_t cells = (size_t)a->grid->rows * (size_t)a->grid->cols;
    char *out = malloc(cells + (size_t)a->grid->rows + 1), *to = out;
    for (size_t i = 0; i < cells; i++) {
        const uint32_t code = a->grid->cells[i].code[0];
        if (i && i % (size_t)a->grid->cols == 0) *to++ = '\n';
        *to++ = code > 0 && code < 127 ? (char)code : ' ';
    }
    *to = 0;
    return out;
}

static bool shows(const app *a, const char *words) {
    char *text = screen(a);
    bool has = strstr(text, words) != NULL;
    free(text);
    return has;
}

static bool same_ids(const spoken_voice *found, const scry_voice *expected) {
    return found->speaks == expected->speaks && found->ended == expected->ended && found->count == expected->count &&
           (!found->count || memcmp(found->id, expected->ids, found->count * sizeof *found->id) == 0);
}

/* All voices against the engine's own. */
static void against_engine(app *a, const scry_continuation_query *query, const char *what) {
    scry_error err = {0};
    scry_prompt *p = scry_prompt_open(a->tab->index, &(scry_prompt_options){.threads = 1}, NULL, &err);
    scry_continuation *said = p ? scry_continue_begin(p, query, NULL, &err) : NULL;
    bool more = said != NULL;
    while (more && scry_continue_next(said, &more, NULL, &err)) {}
    const spoken *found = continue_page_of(a)->said;
    for (int kind = 0; said && kind < SCRY_VOICES; kind++) {
        const spoken_voice *v = &found->voice[kind];
        check(same_ids(v, &said->voice[kind]), "%s: %s says the same %zu tokens", what,
              scry_voice_name((scry_voice_kind)kind), v->count);
        char *text = scry_voice_text(said, (scry_voice_kind)kind), *at = text;
        for (size_t i = 0; i < v->count; i++) {
            const char *token = spoken_token(v, i);
            if (strncmp(at, token, strlen(token)) != 0) break;
            at += strlen(token);
        }
        check(!*at, "%s: and its tokens' texts are the text", what);
        free(text);
    }
    check(said != NULL, "%s: %s", what, err.text);
    scry_continue_end(said);
    scry_prompt_close(p);
}

/* By a plain loop over tokens, with what ends a text as one more of them. */
static size_t difference(const spoken_voice *a, const spoken_voice *b) {
    for (size_t i = 0;; i++) {
        const bool has_a = i < a->count, has_b = i < b->count;
        if (!has_a && !has_b) return SIZE_MAX;
        if (!has_a) return a->ended ? i : SIZE_MAX;
        if (!has_b) return b->ended ? i : SIZE_MAX;
        if (a->id[i] != b->id[i]) return i;
    }
}

static void differences(const app *a) {
    const spoken *s = continue_page_of(a)->said;
    size_t first = SIZE_MAX;
    for (int kind = 1; kind < SCRY_VOICES; kind++) {
        if (!s->voice[kind].speaks) continue;
        size_t at = difference(&s->voice[kind], &s->voice[0]);
        check(spoken_difference(s, (scry_voice_kind)kind) == at, "%s differs at %zd",
              scry_voice_name((scry_voice_kind)kind), (ssize_t)at);
        if (at < first) first = at;
    }
    check(spoken_difference(s, SCRY_VOICE_BASE) == first && first != SIZE_MAX, "base at the first of these");
}

/* Voices that have said so much, and may have ended. */
static void ends(void) {
    uint32_t ids[] = {7, 8, 9}, other[] = {7, 5, 9};
    spoken s = {.voice = {[SCRY_VOICE_BASE] = {.speaks = true, .count = 2, .id = ids},
                          [SCRY_VOICE_TUNED] = {.speaks = true, .count = 3, .id = ids}}};
    check(spoken_difference(&s, SCRY_VOICE_TUNED) == SIZE_MAX, "what base has not said yet is no difference");
    s.voice[SCRY_VOICE_BASE].ended = true;
    check(spoken_difference(&s, SCRY_VOICE_TUNED) == 2 && spoken_difference(&s, SCRY_VOICE_BASE) == 2,
          "base ends where the other goes on");
    s.voice[SCRY_VOICE_TUNED].id = other;
    check(spoken_difference(&s, SCRY_VOICE_TUNED) == 1, "but another token came before");
    s.voice[SCRY_VOICE_TUNED] = (spoken_voice){.speaks = true, .ended = true, .count = 2, .id = ids};
    check(spoken_difference(&s, SCRY_VOICE_TUNED) == SIZE_MAX, "both end at once");
    s.voice[SCRY_VOICE_BASE].ended = false;
    check(spoken_difference(&s, SCRY_VOICE_TUNED) == SIZE_MAX, "base has not gone on yet");
}

#define TEXT "The answer is"

static scry_continuation_query query_of(const app *a, size_t tokens) {
    return (scry_continuation_query){
        .prompt = {.text = TEXT, .length = strlen(TEXT), .next = 1, .ablated = scry_session_set(a->tab->session)},
        .tokens = tokens};
}

static void greedy(app *a) {
    continue_page_state *s = continue_page_of(a);
    run(a, "continue");
    check(!a->layer && !s->said, "without a text there is nothing to go on from: %s", a->message);
    run(a, "prompt " TEXT);
    key(a, 'c');
    check(a->layer == &layer_continue && s->said && !s->problem[0], "c on the page of a text %s", s->problem);
    scry_continuation_query q = query_of(a, CONTINUE_TOKENS);
    against_engine(a, &q, "greedy");
    differences(a);
    check(shows(a, "tuned") && shows(a, "without 100") && !shows(a, "steered"), "three columns");
    const spoken *before = s->said;
    key(a, 'q');
    check(a->layer == &layer_prompt && prompt_has_result(prompt_page_of(a)), "q goes back to the text");
    key(a, 'c');
    check(s->said == before, "c shows what was said");
    key(a, 'c');
    check(s->said && continue_is_current(a), "c there starts anew");
    against_engine(a, &q, "anew");
}

static void settings(app *a) {
    continue_page_state *s = continue_page_of(a);
    run(a, "continue 7");
    scry_continuation_query q = query_of(a, 7);
    against_engine(a, &q, "7 tokens");
    run(a, "steer 12:3 436:-1.5");
    const scry_steering steering[] = {{.latent = 12, .times = 3}, {.latent = 436, .times = -1.5}};
    q.steering = steering;
    q.steering_count = 2;
    against_engine(a, &q, "steered");
    check(shows(a, "steered 12:3 436:-1.5"), "the column says by what");
    run(a, "temperature 1.5");
    q.temperature = 1.5;
    q.seed = SCRY_SEED;
    against_engine(a, &q, "at a temperature");
    check(shows(a, "temperature 1.5, seed"), "the page says so");
    run(a, "seed 3");
    q.seed = 3;
    against_engine(a, &q, "by another seed");
    static const char *const wrong[] = {
        "continue 0", "continue x", "temperature -1",  "temperature nan", "temperature",  "seed x",    "steer 12",
        "steer 12:",  "steer 12:x", "steer 4000000:1", "steer 12:1 x:2",  "steer 12:inf", "amplify x", "amplify nan"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (!strchr(wrong[i], ' ')) continue;
        const spoken *before = s->said;
        run(a, wrong[i]);
        check(a->message_is_error && s->said == before, "%s: %s", wrong[i], a->message);
    }
    against_engine(a, &q, "after words that are refused");
    run(a, "steer off");
    run(a, "temperature 0");
    check(!s->said->voice[SCRY_VOICE_STEERED].speaks && shows(a, "greedy"), "no steering, greedy");
    run(a, "steer lens:2");
    check(s->said->voice[SCRY_VOICE_STEERED].speaks, "by the mean difference %s", s->problem);
    run(a, "steer off");
}

static void selection(app *a) {
    const continue_page_state *s = continue_page_of(a);
    run(a, "continue 5");
    check(!shows(a, "as it was"), "of the selection as it is");
    run(a, "toggle 5");
    check(shows(a, "the selection has changed") && shows(a, "without 100 latents, as it was"), "a toggle is said");
    key(a, 'c');
    check(!shows(a, "as it was") && s->ablated->count == 101, "c starts anew without %u", s->ablated->count);
    run(a, "top 0");
    run(a, "toggle 5");
    key(a, 'c');
    check(!s->said->voice[SCRY_VOICE_ABLATED].speaks, "no such column for no latents");
    run(a, "top 100");
}

static void amplified(app *a) {
    const continue_page_state *s = continue_page_of(a);
    run(a, "continue 40");
    run(a, "amplify 0");
    const spoken_voice *v = s->said->voice;
    check(v[1].count == v[0].count && memcmp(v[1].id, v[0].id, v[0].count * sizeof *v[0].id) == 0,
          "amplified by 0 the tuned model is base");
    check(shows(a, "tuned x 0"), "and its column says so");
    key(a, 'q');
    check(a->layer == &layer_prompt && !prompt_has_result(prompt_page_of(a)) && shows(a, "the models have changed"),
          "what was run before is of other models");
    key(a, 'R');
    const prompt_page_state *p = prompt_page_of(a);
    const size_t last = (p->result->tokens - 1) * p->result->next;
    check(prompt_has_result(p) && p->result->predicted[1][last].id == p->result->predicted[0][last].id &&
              !(p->result->predicted[1][last].probability < p->result->predicted[0][last].probability),
          "R runs it with these: as base");
    run(a, "amplify 2");
    check(prompt_has_result(p) && shows(a, "tuned x 2"), "amplify on that page runs it again");
    run(a, "amplify");
    check(shows(a, "tuned") && !shows(a, "tuned x"), "amplify alone: as it is");
}

static void hostile(app *a) {
    run(a, "prompt \x1b[31mred\x07 \xe2\x80\xae right \xcc\x81\xcc\x81 \xff\xfe\xf0\x9f\x91\x8d");
    run(a, "prompt \x1b[31mred\x07 \xe2\x80\xae right \xcc\x81\xcc\x81");
    key(a, 'c');
    bool safe = true;
    for (int i = 0; i < a->grid->rows * a->grid->cols; i++) {
        const uint32_t code = a->grid->cells[i].code[0];
        safe = safe && (code == 0 || code >= 32) && code != 127 && code != 0x202e;
    }
    check(safe && continue_page_of(a)->said, "a hostile text is drawn safely %s", continue_page_of(a)->problem);
}

/* Every size at which the explorer draws, scrolled to and fro. */
static void sizes(app *a) {
    run(a, "prompt " TEXT);
    run(a, "steer 12:3");
    run(a, "continue 40");
    for (int rows = 8; rows <= 60; rows += 4)
        for (int cols = 40; cols <= 200; cols += 23) {
            app_resize(a, rows, cols);
            app_draw(a);
            static const char keys[] = "gjGkjq";
            for (const char *k = keys; *k && *k != 'q'; k++) key(a, (uint32_t)*k);
        }
    continue_page_state *s = continue_page_of(a);
    app_resize(a, 12, 60);
    app_draw(a);
    key(a, 'g');
    check(s->top == 0 && !s->follows && s->lines > s->rows, "g shows the first of %d lines", s->lines);
    key(a, 'j');
    check_is((uint64_t)s->top, 1, "j the next");
    key(a, 'G');
    check(s->top == s->lines - s->rows && s->follows, "G the last");
    key(a, 'j');
    check(s->top == s->lines - s->rows, "and no further");
}

int main(void) {
    app *a = sample_app(sample_index(), 160);
    ends();
    greedy(a);
    settings(a);
    selection(a);
    amplified(a);
    hostile(a);
    sizes(a);
    app_free(a);
    return check_end();
}
