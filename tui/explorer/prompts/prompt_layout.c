/* prompt_layout.c: the tokens of a prompt in lines, shaded by the activation of a latent. */
#include "explorer/prompts/prompt_page.h"

#include <stdio.h>

static const char *text_of(const void *context, uint64_t token) {
    const prompt_page_state *s = context;
    const char *piece = s->models.open ? scry_prompt_piece(s->models.open, s->result->id[token]) : NULL;
    return piece ? piece : "";
}

static shaded_piece piece_of(const token_source *source, uint32_t from, uint32_t end) {
    const prompt_page_state *s = source->context;
    const int64_t shade = s->layout_shade;
    shaded_piece out = {.h = 0};
    char raw[sizeof out.text] = "", room[PROMPT_ID_TEXT];
    size_t used = 0;
    for (uint32_t t = from; t < end && used < sizeof raw; t++) {
        float h =
            shade >= 0 && scry_prompt_counts(s->result, t) ? scry_prompt_activation(s->result, t, (uint32_t)shade) : 0;
        if (h > out.h) out.h = h;
        used += (size_t)snprintf(raw + used, sizeof raw - used, "%s", prompt_token_text(s, s->result->id[t], room));
    }
    shaded_piece_set(source->a, &out, raw);
    return out;
}

static token_source source_of(app *a) {
    prompt_page_state *s = prompt_page_of(a);
    return (token_source){.a = a,
                          .context = s,
                          .text = text_of,
                          .piece = piece_of,
                          .tokens = (uint32_t)s->result->tokens,
                          .strongest =
                              s->layout_shade >= 0 ? scry_prompt_peak(s->result, (uint32_t)s->layout_shade) : 0};
}

void prompt_lay_out(app *a, int cols) {
    prompt_page_state *s = prompt_page_of(a);
    uint32_t shade = 0;
    bool plain = a->mono || a->ascii;
    int64_t by = prompt_shade(a, &shade) ? (int64_t)shade : -1;
    if (s->layout.width == cols && s->layout_shade == by && s->layout_plain == plain) return;
    s->layout_shade = by;
    s->layout_plain = plain;
    token_source source = source_of(a);
    token_layout_set(&s->layout, &source, cols);
}

void prompt_text_draw(app *a, rect r, int first) {
    const prompt_page_state *s = prompt_page_of(a);
    token_source source = source_of(a);
    token_layout_draw(a, r, first, &s->layout, &source, s->token);
}
