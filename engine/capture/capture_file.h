/* capture/capture_file.h: one capture on disk: a safetensors file whose metadata are its settings and its hash. */
#ifndef SCRY_CAPTURE_CAPTURE_FILE_H
#define SCRY_CAPTURE_CAPTURE_FILE_H

#include "capture.h"
#include "io/formats/safetensors_write.h"

#include <cjson/cJSON.h>

typedef enum capture_state {
    CAPTURE_ABSENT,  /* there is no such file */
    CAPTURE_KEPT,    /* with these settings */
    CAPTURE_OTHER,   /* with other settings, or of another program */
    CAPTURE_DAMAGED, /* with these settings, but its bytes do not match its hash or its shape */
} capture_state;

/* What stands at a path. verify: read all of it; else the header only. why: of CAPTURE_OTHER and CAPTURE_DAMAGED, for
 * a message; the caller frees it. */
capture_state capture_file_state(const char *path, const cJSON *settings, uint64_t rows, uint32_t d, bool verify,
                                 char **why);

typedef struct capture_file {
    safetensors_writer writer;
    scry_capture_dtype dtype;
    uint32_t d;
    void *hash;     /* XXH3 state */
    uint16_t *half; /* [d] */
} capture_file;

/* Begins a file of rows rows of width d. Removes what processes that are gone left of it. On success it has to be ended
 * by capture_file_end. */
bool capture_file_begin(capture_file *f, const char *path, const cJSON *settings, scry_capture_dtype dtype,
                        uint64_t rows, uint32_t d, scry_error *err);
/* Appends a row. False and err for NaN, infinity, and what the dtype cannot hold. */
bool capture_file_row(capture_file *f, const float *row, scry_error *err);
/* Replaces the path atomically when ok; otherwise leaves it as it was. */
bool capture_file_end(capture_file *f, bool ok, scry_error *err);

#endif
