/* filter_program.h: a filter as steps on a stack of answers; filter_parse.c writes them, filter_eval.c runs them. */
#ifndef SCRY_EXPLORER_TABLE_FILTER_PROGRAM_H
#define SCRY_EXPLORER_TABLE_FILTER_PROGRAM_H

#include "explorer/table/filter.h"
#include "explorer/table/text_index.h"

enum {
    STEPS_MOST = 96,
    TEXTS_MOST = 8,
    SLOW_MOST = 4,
    RANGES_MOST = 64,
    NESTED_MOST = 16,
    STACK_MOST = 3 * NESTED_MOST + 8
};

/* Bits, so that AT_MOST is LESS or EQUAL. */
typedef enum comparison { LESS = 1, EQUAL = 2, AT_MOST = 3, MORE = 4, UNEQUAL = 5, AT_LEAST = 6 } comparison;

typedef struct filter_range {
    double low, high; /* both in */
} filter_range;

typedef struct filter_step {
    enum { COLUMN_IS, COLUMN_AMONG, DOMAIN_IS, TEXT_IS, FLAG_IS, BOTH, EITHER, NOT } kind;
    int number; /* of the column, domain measure, text or flag */
    size_t domain;
    int slow; /* where the measure is kept, -1: it is quick */
    comparison how;
    double value;
    int first, count; /* its ranges */
} filter_step;

struct filter {
    const scry_index *index; /* borrowed */
    filter_step step[STEPS_MOST];
    int steps;
    filter_range range[RANGES_MOST];
    int ranges;
    struct {
        text_kind kind;
        char needle[NEEDLE_MOST];
        text_match match;
        bool begun;
    } text[TEXTS_MOST];
    int texts;
    struct {
        int measure;
        size_t domain;
        double *value; /* [latents], right in the first `done`; owned */
        uint32_t done;
    } slow[SLOW_MOST];
    int slows;
    unsigned on;
};

#endif
