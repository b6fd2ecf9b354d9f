/* line_editor.h: editing one line of text, with the keys that shells have. */
#ifndef SCRY_EXPLORER_PANES_LINE_EDITOR_H
#define SCRY_EXPLORER_PANES_LINE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does to text[size] and the place *at (in bytes, between characters) what the key says: a character is put in;
 * Left Right ^b ^f, Home End ^a ^e move; Backspace Delete ^h ^d, ^w (word), ^u (to the beginning), ^k (to the
 * end) take away. False: not one of its keys. */
bool line_key(char *text, size_t size, size_t *at, uint32_t key);

#endif
