/* terminal/osc52.h: what a terminal is sent so that it puts a text into its clipboard (OSC 52): the one on the desk of
 * who sits there, also over SSH. */
#ifndef SCRY_TERMINAL_OSC52_H
#define SCRY_TERMINAL_OSC52_H

#include <stddef.h>

/* Terminals drop what is longer than this, in bytes of text. */
enum { OSC52_MAX = 50000 };

/* The whole sequence, for the caller to free; its length in *length. */
char *osc52_sequence(const char *text, size_t *length);

#endif
