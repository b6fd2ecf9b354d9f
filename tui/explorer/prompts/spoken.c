/* spoken.c: see spoken.h. */
#include "explorer/prompts/spoken.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_voice(spoken_voice *v, const scry_voice *from, const scry_prompt *prompt) {
    size_t used = 0, room = 0;
    *v = (spoken_voice){.speaks = from->speaks, .ended = from->ended, .count = from->count};
    if (!v->count) return;
    v->id = mem_new(v->count, sizeof *v->id);
    v->start = mem_new(v->count, sizeof *v->start);
    memcpy(v->id, from->ids, v->count * sizeof *v->id);
    for (size_t i = 0; i < v->count; i++) {
        char number[24];
        const char *piece = scry_prompt_piece(prompt, v->id[i]);
        snprintf(number, sizeof number, "<%u>", v->id[i]);
        if (!piece) piece = number;
        const size_t length = strlen(piece) + 1;
        if (used + length > room) v->text = mem_resize(v->text, room = 2 * (used + length), 1);
        memcpy(v->text + used, piece, length);
        v->start[i] = used;
        used += length;
    }
}

spoken *spoken_of(const scry_continuation *said, const scry_prompt *prompt) {
    spoken *s = mem_new(1, sizeof *s);
    s->prompt_tokens = said->prompt_tokens;
    s->most = said->most;
    for (int kind = 0; kind < SCRY_VOICES; kind++) {
        copy_voice(&s->voice[kind], &said->voice[kind], prompt);
        if (s->voice[kind].count > s->steps) s->steps = s->voice[kind].count;
    }
    return s;
}

void spoken_free(spoken *s) {
    if (!s) return;
    for (int kind = 0; kind < SCRY_VOICES; kind++) {
        free(s->voice[kind].id);
        free(s->voice[kind].start);
        free(s->voice[kind].text);
    }
    free(s);
}

const char *spoken_token(const spoken_voice *v, size_t token) {
    return v->text + v->start[token];
}

static size_t difference(const spoken_voice *a, const spoken_voice *b) {
    const size_t both = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < both; i++)
        if (a->id[i] != b->id[i]) return i;
    const bool a_ends = a->ended && b->count > both, b_ends = b->ended && a->count > both;
    return a_ends || b_ends ? both : SIZE_MAX;
}

size_t spoken_difference(const spoken *s, scry_voice_kind kind) {
    const spoken_voice *base = &s->voice[SCRY_VOICE_BASE];
    if (kind != SCRY_VOICE_BASE) return difference(&s->voice[kind], base);
    size_t first = SIZE_MAX;
    for (int other = SCRY_VOICE_BASE + 1; other < SCRY_VOICES; other++) {
        const size_t at = s->voice[other].speaks ? difference(base, &s->voice[other]) : SIZE_MAX;
        if (at < first) first = at;
    }
    return first;
}
