/* diff/lens_store.h: the mean differences that were computed for an index, and their file.
 *
 * A container (index/format/container.h) of its own next to the index, X.lens. P + 1 rows an entry: all positions, then
 * the first P of them.
 *
 *     meta       lens_meta
 *     entries    lens_record [entries]
 *     pairs      uint64 [rows of all entries]
 *     norms      double [the same][2]: of the reference, of the differences
 *     means      double [the same][d_model]; NaN where there is no pair
 *     folders    of each entry the model's and the tuned model's, NUL after each; empty for captures */
#ifndef SCRY_DIFF_LENS_STORE_H
#define SCRY_DIFF_LENS_STORE_H

#include "diff/lens_sums.h"
#include "lens.h"

typedef struct lens_meta {
    uint64_t index; /* its fingerprint */
    uint32_t d_model, entries;
    uint64_t rows;
} lens_meta;

typedef struct lens_record {
    uint32_t train;
    int32_t domain;
    uint32_t of, against, source, positions;
    uint64_t model[2]; /* SCRY_LENS_MODELS: the fingerprints of base and tuned */
} lens_record;

static inline lens_record lens_record_of(const scry_lens_query *q) {
    return (lens_record){.train = (uint32_t)q->train,
                         .domain = q->domain,
                         .of = (uint32_t)q->of,
                         .against = (uint32_t)q->against,
                         .positions = q->positions};
}

typedef struct lens_entry {
    lens_record record;
    char *folder[2];      /* SCRY_LENS_MODELS: of base and tuned; else "" */
    scry_lens_mean *mean; /* [positions + 1] */
    double *vectors;      /* [positions + 1][d], which mean points to */
} lens_entry;

typedef struct lens_store {
    lens_entry **entry; /* [count] */
    size_t count;
    lens_entry **older; /* [older_count] replaced, but lent out */
    size_t older_count;
    bool damaged; /* a file is there that cannot be used */
} lens_store;

/* Reads the index's file, if there is one that is its own and whole. Owner: lens_store_close. */
void lens_store_open(lens_store *store, const scry_index *index);
void lens_store_close(lens_store *store);
/* The entry of the query with at least as many positions; NULL: none. */
const lens_entry *lens_store_find(const lens_store *store, const scry_lens_query *query);
/* Makes an entry of finished sums, empties them, and puts it in the place of one for the same query. Takes the folders.
 * What was replaced stays valid until the store is closed. */
const lens_entry *lens_store_put(lens_store *store, const lens_entry *entry, lens_sums *sums);
/* Writes all entries, and those that another process has put into the file meanwhile. */
bool lens_store_write(lens_store *store, const scry_index *index, scry_error *err);

#endif
