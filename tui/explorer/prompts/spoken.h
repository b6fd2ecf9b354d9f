/* spoken.h: what the models have said behind a text, as the page of :continue shows it: copied while they go on. */
#ifndef SCRY_EXPLORER_PROMPTS_SPOKEN_H
#define SCRY_EXPLORER_PROMPTS_SPOKEN_H

#include "continuation.h"

typedef struct spoken_voice {
    bool speaks, ended; /* ended: at a token that ends a text */
    size_t count;
    uint32_t *id;  /* [count] */
    size_t *start; /* [count] of the tokens' texts, each ended by a NUL */
    char *text;
} spoken_voice;

typedef struct spoken {
    size_t prompt_tokens, most, steps; /* steps: the tokens of the voice that has said most */
    spoken_voice voice[SCRY_VOICES];
} spoken;

/* A copy of what has been said, whose models the prompt has. Owner: spoken_free. */
spoken *spoken_of(const scry_continuation *said, const scry_prompt *prompt);
void spoken_free(spoken *s); /* accepts NULL */

/* The text of a voice's token. */
const char *spoken_token(const spoken_voice *v, size_t token);
/* The first of a voice's tokens that is not base's, the voice's count where it ends and base goes on; SIZE_MAX: none
 * so far. Of base itself: the first that is not that of one of the others. */
size_t spoken_difference(const spoken *s, scry_voice_kind kind);

#endif
