/* choices.h: multiple-choice questions, answered by the model with and without a set of latents.
 *
 * A question is answered as evaluate.h has it: by the option with the largest likelihood, the same by byte, and by the
 * letter. Its tokens are in no index: activations are those of the SAE's encoder, as in a prompt (prompt.h), whose
 * rules for beginning-of-text tokens and outliers hold; the set is taken out as ablate.h says, and the mean of an
 * activation is that over the domain's counted tokens in the index. Both figures come from a run on from the hook: as
 * the stream is (keep), or with the SAE's reconstruction in place (drop).
 *
 * Threads: a scry_choices by one at a time, and it uses threads of its own; the index may be read by others meanwhile.
 */
#ifndef SCRY_CHOICES_H
#define SCRY_CHOICES_H

#include "ablate.h"
#include "measures.h"
#include "model.h"

typedef struct scry_choices scry_choices;

typedef struct scry_choices_options {
    const char *model, *sae;  /* as in scry_prompt_options */
    const char *const *files; /* [file_count] "NAME=FILE", or FILE with a domain for each of its categories */
    size_t file_count;
    const char *chat_template; /* as in scry_evaluation_query */
    scry_bos bos;
    const bool *domains; /* [D] those to run; NULL: all */
    uint32_t samples;    /* of a domain, at most, drawn by the seed; 0: all */
    uint64_t seed;
    unsigned threads;
    uint64_t memory;
} scry_choices_options;

/* Opens the model and the SAE, and reads the questions. Borrows the index. NULL and err as scry_prompt_open, for files
 * that are no texts, a domain that the study lacks (of a file's categories those are left out, and noted), and where no
 * text is a question with options and a known answer. */
scry_choices *scry_choices_open(const scry_index *index, const scry_choices_options *options, scry_notes *notes,
                                scry_error *err);
void scry_choices_close(scry_choices *choices); /* accepts NULL */

/* By likelihood, by byte, by letter: the measures from SCRY_CHOICE on. */
enum { SCRY_CHOICE_MEASURES = SCRY_LETTER - SCRY_CHOICE + 1 };

/* Shares of questions that are answered rightly; NaN where there are none. */
typedef struct scry_choice_effect {
    double accuracy, ablated;
    double difference, se; /* ablated - accuracy; its standard error over questions, paired; NaN where all are alike */
} scry_choice_effect;

typedef struct scry_domain_choices {
    size_t questions;
    scry_choice_effect measure[SCRY_CHOICE_MEASURES];
} scry_domain_choices;

/* Answers all questions with and without the set. Writes each domain's figures to out [D]. The unablated answers are
 * computed once and kept. False and err as scry_ablate. */
bool scry_ablate_choices(scry_choices *choices, const scry_set *set, const scry_ablation *how, scry_domain_choices *out,
                         const scry_cancel *cancel, scry_error *err);

#endif
