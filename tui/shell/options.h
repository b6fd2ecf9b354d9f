/* shell/options.h: the command line: a command, its options and arguments. */
#ifndef SCRY_SHELL_OPTIONS_H
#define SCRY_SHELL_OPTIONS_H

#include "capture.h"
#include "lens.h"
#include "measures.h"
#include "scry.h"

enum { OPTIONS_WORDS = 256, OPTIONS_CELLS = 1000 };

typedef struct options {
    const char *command;             /* "open" for the explorer */
    const char *word[OPTIONS_WORDS]; /* the arguments: index, latent */
    int words;
    /* a field for each row of shell/options.def: its argument, "" where it takes none; NULL when not given */
#define OPTION(field, name, argument, commands, help) const char *field;
#include "shell/options.def"
#undef OPTION
    /* every option with its argument in order, for those that may be given several times */
    const char *given[OPTIONS_WORDS][2];
    int given_count;
} options;

/* Reads argv[1..], whose texts are borrowed. False with err (status 2), which suggests the nearest known word. */
bool options_read(options *o, int argc, char **argv, scry_error *err);

/* The arguments of an option that may be given several times, such as "--domain", in order. Writes them to
 * out[OPTIONS_WORDS] and returns how many. */
size_t options_repeated(const options *o, const char *name, const char *out[OPTIONS_WORDS]);

/* Reads a whole number of at least `least` from an option's text; fallback where it is NULL. */
bool options_number(const char *name, const char *text, uint32_t least, uint32_t fallback, uint32_t *out,
                    scry_error *err);

/* Reads a size in bytes, such as 800M or 4G; 0 where the text is NULL. */
bool options_bytes(const char *name, const char *text, uint64_t *out, scry_error *err);

/* Reads --size, such as 24x80, at most OPTIONS_CELLS each way. NULL leaves rows and cols unchanged. */
bool options_size(const char *text, int least_rows, int least_cols, int *rows, int *cols, scry_error *err);

/* Prints the help of one command, or (NULL) the overview. */
void options_help(const char *name);

/* One row of shell/options.def. */
typedef struct option_row {
    const char *name, *argument, *commands, *help; /* argument NULL: takes none */
    size_t offset;                                 /* of its field in options */
} option_row;

extern const option_row option_rows[];
extern const size_t option_count;

/* True when a row's list of commands has this one. "A B": these; "*": all; "* but A B": all but these. */
bool options_apply(const char *list, const char *name);

#endif
