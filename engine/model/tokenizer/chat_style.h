/* chat_style.h: how a model writes conversations: the words around each message, as data. */
#ifndef SCRY_MODEL_TOKENIZER_CHAT_STYLE_H
#define SCRY_MODEL_TOKENIZER_CHAT_STYLE_H

#include "base/error.h"

#include <stdbool.h>

/* Where the first message goes when it is the system's. */
typedef enum system_place {
    SYSTEM_OWN_TURN,
    SYSTEM_FIRST_USER, /* in front of the user's first words, with an empty line between */
    SYSTEM_LAST_USER,  /* in front of the user's last words, which have to be the last message */
    SYSTEM_REFUSED
} system_place;

typedef struct chat_style {
    const char *bos;           /* written first; NULL: none */
    const char *open, *middle; /* of a turn: open, the role, middle, the words, close */
    const char *close;
    const char *model; /* the assistant's name as a role */
    /* turns without a role's name; NULL: by open, middle and close */
    const char *user_open, *user_close, *answer_open, *answer_close, *system_open, *system_close;
    const char *answer_prompt; /* what a turn that is to be answered begins with, behind its opening; NULL: nothing */
    const char *system_prefix; /* words that stand in every system message; NULL: none */
    char *default_system;      /* where the conversation has no system message; NULL: none. Owned */
    const char *no_default;    /* why a conversation without a system message is refused; NULL: it is not */
    system_place system;
    bool alternate;   /* user and assistant take turns, the user begins */
    bool trim;        /* blanks around every message but a system message in a user's turn */
    bool trim_answer; /* blanks around the assistant's */
    bool think;       /* Qwen3: an answer at the end begins with an empty train of thought */
} chat_style;

/* The style of a row of the table for a model: its Jinja text (may be NULL) says which version. bos, eos: the model's
 * tokens as text, or NULL; borrowed, as the Jinja text is not. byte_pieces: the tokenizer has pieces "<0x0A>";
 * control: "[INST]" is one of its tokens. Release with chat_style_free. */
typedef struct chat_model {
    const char *jinja, *bos, *eos;
    bool known, byte_pieces, control; /* known: there is a tokenizer */
} chat_model;
void chat_style_of(int chat_template, const chat_model *model, chat_style *style);
void chat_style_free(chat_style *style);

#endif
