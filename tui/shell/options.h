/* shell/options.h: the shell's words after the command. */
#ifndef SCRY_SHELL_OPTIONS_H
#define SCRY_SHELL_OPTIONS_H

#include "scry.h"

enum { OPTIONS_WORDS = 256, OPTIONS_CELLS = 1000 };

typedef struct options {
    const char *command;             /* "open" for the explorer */
    const char *word[OPTIONS_WORDS]; /* what is no option: index, latent */
    int words;
    /* one field a row of shell/options.def: the argument, or "" for one without; NULL when not given */
#define OPTION(field, name, argument, commands, help) const char *field;
#include "shell/options.def"
#undef OPTION
} options;

/* Reads argv[1..]. False with err (status 2) and the nearest right word. */
bool options_read(options *o, int argc, char **argv, scry_error *err);

/* A whole number of at least `least` from an option's text; fallback where it is NULL. */
bool options_number(const char *name, const char *text, uint32_t least, uint32_t fallback, uint32_t *out,
                    scry_error *err);

/* A size in bytes, such as 800M or 4G; 0 where the text is NULL. */
bool options_bytes(const char *name, const char *text, uint64_t *out, scry_error *err);

/* --size, such as 24x80, at most OPTIONS_CELLS each way. A text of NULL leaves rows and cols as they are. */
bool options_size(const char *text, int least_rows, int least_cols, int *rows, int *cols, scry_error *err);

/* What --help prints, for one command or (NULL) for all. */
void options_help(const char *name);

/* One row of shell/options.def. */
typedef struct option_row {
    const char *name, *argument, *commands, *help; /* argument NULL: takes none */
    size_t offset;                                 /* of its field in options */
} option_row;

extern const option_row option_rows[];
extern const size_t option_count;

/* Does a row's list of commands hold this one? "A B": these, "*": all, "* but A B": all but these. */
bool options_apply(const char *list, const char *name);

#endif
