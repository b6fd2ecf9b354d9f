/* terminal/keys.h: keys by number and by name, the same in the terminal, the table of commands and help. */
#ifndef SCRY_TERMINAL_KEYS_H
#define SCRY_TERMINAL_KEYS_H

#include <stdbool.h>
#include <stdint.h>

/* A key is a character, or one of these. Control characters are their own number. */
enum {
    KEY_CODE_UP = 0x200000,
    KEY_CODE_DOWN,
    KEY_CODE_LEFT,
    KEY_CODE_RIGHT,
    KEY_CODE_PAGE_UP,
    KEY_CODE_PAGE_DOWN,
    KEY_CODE_HOME,
    KEY_CODE_END,
    KEY_CODE_BACK_TAB,
    KEY_CODE_DELETE,
    KEY_CODE_BACKSPACE,
    KEY_CODE_F1, /* to F12, one by one */
    KEY_CODE_F12 = KEY_CODE_F1 + 11
};

/* The key of a name, "Down", "^d" or "j"; 0: it names none. */
uint32_t key_of_name(const char *name);
/* Does "j Down ^d" name this key? */
bool key_in(const char *names, uint32_t key);

#endif
