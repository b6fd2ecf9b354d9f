/* views.h: the view of an index as lines of the palette's commands: what brings it back. */
#ifndef SCRY_STATE_VIEWS_H
#define SCRY_STATE_VIEWS_H

#include <stdio.h>

struct app;

/* Writes the lines that bring back what one part of the explorer shows of a->tab, from a fresh tab on. The table in
 * views.c has a row for each part: whoever adds state that should be found again adds a row. */
typedef void (*views_writer)(const struct app *a, FILE *f);

void views_write(const struct app *a, FILE *f);
/* Runs such lines on a->tab. What is unknown or fails is skipped: a session of another version of scry
 * brings back what it can. Commands on files are never run. */
void views_read(struct app *a, FILE *f);

/* Latents in a set as the commands take them, "3,17,90-120". */
void views_write_list(const void *set, FILE *f);

#endif
