/* fuzz.h: untrusted files, made by damaging good ones. A target reads one kind of file and does everything with it that
 * a person could; whatever the bytes, it must return a result or an error that says why.
 *
 * Two programs share the targets: fuzz_run (driver.c), whose inputs follow from a seed alone, and fuzz_cover (cover.c),
 * which uses clang's libFuzzer to look for inputs that reach new code. */
#ifndef SCRY_TESTS_FUZZ_FUZZ_H
#define SCRY_TESTS_FUZZ_FUZZ_H

#include "../unit/check.h"

#include "base/error.h"

typedef struct fuzz_target {
    const char *name;
    void (*begin)(void); /* makes what run needs and gives good inputs to fuzz_seed */
    void (*run)(const uint8_t *data, size_t size);
} fuzz_target;

extern const fuzz_target fuzz_tensor_targets[], fuzz_text_targets[], fuzz_tokenizer_targets[], fuzz_model_targets[],
    fuzz_index_targets[], fuzz_explorer_targets[], fuzz_evaluate_targets[], fuzz_capture_targets[],
    fuzz_causal_targets[], fuzz_diff_targets[];
/* The target at this place of all tables, NULL past the last. */
const fuzz_target *fuzz_target_at(size_t i);

enum { FUZZ_MOST = 1 << 16 }; /* bytes of an input */

/* ---- seeds ---------------------------------------------------------------------------------- */

typedef struct fuzz_input {
    uint8_t *bytes;
    size_t size;
} fuzz_input;

/* Copies the bytes; one that is too long is left out. */
void fuzz_seed(const void *bytes, size_t size);
void fuzz_seed_text(const char *text);
/* The same of a file below the folder that the program was started in. */
void fuzz_seed_file(const char *path);
/* A file for a target that has several: the file's number, two bytes, stands before the content. */
void fuzz_seed_numbered(size_t number, const char *path);
size_t fuzz_seeds(const fuzz_input **seeds);

/* ---- mutation ------------------------------------------------------------------------------- */

/* Changes data[size] in one to four places, at most `room` bytes in the end: bits, bytes, numbers (binary and in
 * digits), words, cuts, ranges taken out, doubled, moved, or taken from `other`. Returns the new size. */
size_t fuzz_mutate(uint64_t *state, uint8_t *data, size_t size, size_t room, const fuzz_input *other);

/* Writes the input to a file with its checksums put right, so that what lies behind them is reached: those of a
 * zip's stored members, or of an index, which may become a few bytes shorter. */
typedef enum fuzz_mending { FUZZ_ZIP, FUZZ_INDEX } fuzz_mending;
void fuzz_write(const char *path, const uint8_t *data, size_t size, fuzz_mending mending);

/* ---- for targets ---------------------------------------------------------------------------- */

/* Scratch folder and variables of the environment that lead there. Once, before any target. */
void fuzz_begin(void);
/* Ends the program unless it is a result, or an error with its status and its words. */
void fuzz_answered(bool ok, const scry_error *err);
/* A path below the folder that the program was started in; valid to the end. */
const char *fuzz_source(const char *path);
/* A closed copy without bytes of 0; the caller frees. */
char *fuzz_text(const uint8_t *data, size_t size);
/* Indexes of a few KB, made when first asked for. */
typedef enum fuzz_index_kind {
    FUZZ_FEATURES,  /* 70 latents, 3 domains, text, labels */
    FUZZ_RESIDUALS, /* 24 latents of an SAE with a decoder */
    FUZZ_SHARD_1,   /* 600 latents, in two parts */
    FUZZ_SHARD_2,
    FUZZ_INDEXES
} fuzz_index_kind;
const char *fuzz_index(fuzz_index_kind kind);
/* Manifest that the index was made from. */
const char *fuzz_study(fuzz_index_kind kind);

#endif
