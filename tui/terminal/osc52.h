/* terminal/osc52.h: the escape sequence OSC 52, by which a terminal copies a text to the clipboard of the user's own
 * machine, also over SSH. */
#ifndef SCRY_TERMINAL_OSC52_H
#define SCRY_TERMINAL_OSC52_H

#include <stddef.h>

/* Bytes of text; terminals ignore longer sequences. */
enum { OSC52_MAX = 50000 };

/* Returns the sequence for a text, and its length in *length. The caller frees it. */
char *osc52_sequence(const char *text, size_t *length);

#endif
