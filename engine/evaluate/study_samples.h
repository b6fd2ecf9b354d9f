/* evaluate/study_samples.h: the samples of a study's token file as the ids that a model reads. */
#ifndef SCRY_EVALUATE_STUDY_SAMPLES_H
#define SCRY_EVALUATE_STUDY_SAMPLES_H

#include "io/json.h"
#include "model.h"
#include "study/study.h"

/* A line of the file. */
typedef struct study_line {
    uint64_t first; /* row of its first token, among all tokens of the file */
    size_t count;   /* tokens */
    cJSON *json;
} study_line;

/* {0} is empty. Owner: study_samples_close. */
typedef struct study_samples {
    char *path;
    study_line *lines; /* [count] */
    size_t count, room;
    uint64_t rows;             /* tokens of the file */
    bool sliced;               /* "rows" of the manifest leaves tokens of the file out: */
    uint64_t row_from, row_to; /* of the rows that count; else all */
    const scry_tokenizer *tok;
    const uint32_t *bos; /* [bos_count] borrowed from the tokenizer */
    size_t bos_count;
} study_samples;

/* Reads a capture's token file. False and err for a file that is none, a capture without one, and captures with padding
 * or masks. study: the manifest's name, group: the capture's group's, for messages. Borrows the tokenizer. */
bool study_samples_open(study_samples *s, const char *study, const char *group, const study_capture *capture,
                        const scry_tokenizer *tok, scry_bos bos, scry_error *err);
void study_samples_close(study_samples *s);

/* A sample's ids. Owner: study_sample_free. */
typedef struct study_sample {
    uint32_t *head; /* [head_count] what stands in front of it: "before", else the beginning-of-text tokens that the
                       model expects and the file lacks */
    size_t head_count;
    uint32_t *own;   /* [count] */
    size_t count;    /* as many as the file has tokens */
    bool alike;      /* false: no ids are given, and the joined tokens do not encode to as many; own holds zeros */
    size_t response; /* the first of own that counts: "response", or 1 where that is not said */
} study_sample;
/* Reads line i. False and err, which names it, for ids that are none, and a response beyond the sample's end. */
bool study_sample_read(const study_samples *s, size_t i, study_sample *out, scry_error *err);
void study_sample_free(study_sample *sample);

/* Encodes a text of `length` bytes to out[count]. False where it does not encode to as many. */
bool study_text_encode(const scry_tokenizer *tok, const char *text, size_t length, size_t count, uint32_t *out);
/* How many of the beginning-of-text tokens to put in front of own[count]: none where it begins with them. */
size_t study_bos_missing(const uint32_t *bos, size_t bos_count, const uint32_t *own, size_t count);

#endif
