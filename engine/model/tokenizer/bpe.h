/* bpe.h: byte-pair encoding with ranked merges. */
#ifndef SCRY_MODEL_TOKENIZER_BPE_H
#define SCRY_MODEL_TOKENIZER_BPE_H

#include "model/tokenizer/token_list.h"
#include "model/tokenizer/vocabulary.h"

#include "base/error.h"

typedef struct bpe bpe;

typedef struct bpe_options {
    json_part merges;    /* of the file: ["a b", ...] or [["a", "b"], ...] */
    const char *unknown; /* unk_token, or NULL */
    const char *prefix;  /* continuing_subword_prefix; "": none */
    const char *suffix;  /* end_of_word_suffix; "": none */
    bool fuse_unknown;   /* fuse_unk: neighbouring unknown characters are one token */
    bool byte_fallback;  /* an unknown character is spelled in bytes, "<0x0A>" */
    bool whole_words;    /* ignore_merges: a piece that is a token is not merged */
    bool bytes;          /* pieces come as raw bytes, which the vocabulary spells in the byte-level alphabet */
} bpe_options;

/* vocab is borrowed. NULL and err, which begins with `path`. */
bpe *bpe_new(const vocabulary *vocab, const bpe_options *options, const char *path, scry_error *err);
void bpe_free(bpe *model); /* accepts NULL */
/* True when pieces may be given as raw bytes in place of the byte-level alphabet's letters: nothing of the options
 * speaks of characters. */
bool bpe_takes_bytes(const bpe_options *options);

/* Appends the tokens of a piece of text to out. Any number of threads at once. */
void bpe_encode(const bpe *model, const char *piece, size_t length, token_list *out);

#endif
