/* terminal/keys.h: codes and names of keys, for the terminal, the table of commands and the help. */
#ifndef SCRY_TERMINAL_KEYS_H
#define SCRY_TERMINAL_KEYS_H

#include <stdbool.h>
#include <stdint.h>

/* A key's code is a Unicode character, also for control characters, or one of these. */
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

/* The code of a key by name, "Down", "^d" or "j"; 0 for any other word. */
uint32_t key_of_name(const char *name);
/* True when a list of names such as "j Down ^d" has this key. */
bool key_in(const char *names, uint32_t key);

#endif
