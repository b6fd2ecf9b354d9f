/* evaluate/texts.h: the texts of domains as sequences of which a model's likelihood is asked: responses, and the
 * options of multiple-choice questions. */
#ifndef SCRY_EVALUATE_TEXTS_H
#define SCRY_EVALUATE_TEXTS_H

#include "evaluate/likelihood.h"
#include "study/study.h"

/* A text. Its sequences are the response, where it has one; then, for a question whose answer is known, each option in
 * the response's place, and each option's letter. */
typedef struct measured_text {
    scored_sequence *sequences; /* [has_response + 2 options] */
    uint32_t **ids;             /* [the same] owned */
    bool has_response;
    size_t options; /* 0: no question */
    int answer;     /* the right one */
    size_t *bytes;  /* [options] of each option's text */
} measured_text;

typedef struct measured_texts {
    char *name; /* the domain's */
    measured_text *texts;
    size_t count;
    uint64_t left_out; /* samples of the file that are not among them */
} measured_texts;

typedef struct measured_domains {
    measured_texts *domains;
    size_t count;
} measured_domains;

typedef struct text_settings {
    const scry_tokenizer *tok;
    const char *chat_template; /* as text_rule_find's name */
    scry_bos bos;
    size_t most_tokens;  /* longest sequence: later tokens do not count */
    size_t most_samples; /* of a domain, drawn by the seed; 0: all */
    uint64_t seed;
} text_settings;

/* The texts of files, each "NAME=FILE" or a file with a domain for each of its categories. Notes receive how many
 * samples were cut, and how many left out and why. False and err for files that are no texts, and for a domain in which
 * nothing can be measured. Owner of *out, also after a failure: measured_domains_free. */
bool texts_of_files(const char *const *specs, size_t count, const text_settings *settings, measured_domains *out,
                    scry_notes *notes, scry_error *err);

/* The texts of a study's domains, from the token files of their base captures: responses only. Ids where the file has
 * them; else the joined tokens are encoded, and a sample whose count then differs is left out. Beginning-of-text tokens
 * that the model expects and the file lacks are put in front, or the ids under "before". Rows that the manifest leaves
 * out do not count. */
bool texts_of_study(const scry_study *study, const text_settings *settings, measured_domains *out, scry_notes *notes,
                    scry_error *err);

void measured_domains_free(measured_domains *domains);

#endif
