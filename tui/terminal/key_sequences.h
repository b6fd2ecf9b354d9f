/* terminal/key_sequences.h: control sequences that are keys: those of xterm and its kin, of the Linux console and of
 * rxvt, CSI u (https://sw.kovidgoyal.net/kitty/keyboard-protocol/), and xterm's modifyOtherKeys. */
#ifndef SCRY_TERMINAL_KEY_SEQUENCES_H
#define SCRY_TERMINAL_KEY_SEQUENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONTROL_VALUES = 8, CONTROL_PARTS = 3 };

/* A CSI sequence: parameters separated by ';', parts of one by ':'. What is left out is 0. */
typedef struct control_sequence {
    char prefix; /* '<', '=', '>' or '?', 0: none */
    char final;
    size_t count; /* parameters; 0 where there is nothing */
    uint32_t value[CONTROL_VALUES][CONTROL_PARTS];
} control_sequence;

/* Reads what follows ESC [, final byte included. False: it has intermediate bytes, or more than fits, so it is neither
 * a key nor the mouse. */
bool control_read(control_sequence *s, const char *text);
/* The key of a sequence without prefix. False: it is none: a report, a key that was let go of, or one with modifiers
 * that no key of this program has. */
bool control_key(const control_sequence *s, uint32_t *key);
/* The key of ESC O and this byte; false: none. */
bool ss3_key(unsigned char byte, uint32_t *key);

#endif
