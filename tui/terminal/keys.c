/* terminal/keys.c: codes and names of keys. */
#include "terminal/keys.h"
#include "text/text.h"

#include <string.h>

static const struct {
    const char *name;
    uint32_t key;
} named[] = {{"Up", KEY_CODE_UP},
             {"Down", KEY_CODE_DOWN},
             {"Left", KEY_CODE_LEFT},
             {"Right", KEY_CODE_RIGHT},
             {"PgUp", KEY_CODE_PAGE_UP},
             {"PgDn", KEY_CODE_PAGE_DOWN},
             {"Home", KEY_CODE_HOME},
             {"End", KEY_CODE_END},
             {"Tab", '\t'},
             {"BackTab", KEY_CODE_BACK_TAB},
             {"Enter", '\r'},
             {"Space", ' '},
             {"Esc", 27}};

static uint32_t code_of(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strlen(named[i].name) == length && strncmp(named[i].name, name, length) == 0) return named[i].key;
    if (length > 1 && length < 4 && name[0] == 'F') { /* F1 to F12 */
        uint32_t number = 0;
        for (size_t i = 1; i < length; i++)
            number = name[i] >= '0' && name[i] <= '9' ? 10 * number + (uint32_t)(name[i] - '0') : 99;
        return number >= 1 && number <= 12 ? KEY_CODE_F1 + number - 1 : 0;
    }
    if (length == 2 && name[0] == '^') return (uint32_t)(name[1] & 0x1f);
    const char *at = name;
    uint32_t code = utf8_next(&at);
    return (size_t)(at - name) == length ? code : 0;
}

uint32_t key_of_name(const char *name) {
    return code_of(name, strlen(name));
}

bool key_in(const char *names, uint32_t key) {
    if (key == '\n') key = '\r';
    while (*names) {
        size_t length = strcspn(names, " ");
        if (code_of(names, length) == key) return true;
        names += length;
        names += strspn(names, " ");
    }
    return false;
}
