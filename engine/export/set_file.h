/* export/set_file.h: what the readers of set_read.c and set_csv.c share. */
#ifndef SCRY_EXPORT_SET_FILE_H
#define SCRY_EXPORT_SET_FILE_H

#include "scry.h"

/* A file of latents that is being read. All borrowed. */
typedef struct set_file {
    scry_set *set, *listed; /* as of scry_set_read */
    const char *path;       /* in messages */
} set_file;

/* Add or remove the latent whose number `text` is; place names its row in messages. */
bool set_file_put(const set_file *f, const char *text, bool in, const char *place, scry_error *err);
bool set_file_put_number(const set_file *f, uint64_t number, bool in, const char *place, scry_error *err);
/* Fail with "PATH: FOUND; expected ...", which names every form that is read. Returns false. */
bool set_file_unknown(const set_file *f, const char *found, scry_error *err);
/* Read CSV with a header. */
bool set_csv_read(const set_file *f, const char *text, size_t length, scry_error *err);

#endif
