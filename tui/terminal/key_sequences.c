/* terminal/key_sequences.c: control sequences that are keys. */
#include "terminal/key_sequences.h"
#include "terminal/keys.h"

#include <string.h>

enum { MOST = 1 << 24 }; /* numbers end there */

/* The parameter after the final byte's modifiers, minus 1, has these bits. Caps lock (64) and num lock (128) are no
 * modifiers here. */
enum { SHIFT = 1, ALT = 2, CONTROL = 4, SUPER = 8, HYPER = 16, META = 32, LOCKS = 64 | 128 };
enum { RELEASED = 3 }; /* part 2 of the modifiers */

bool control_read(control_sequence *s, const char *text) {
    *s = (control_sequence){0};
    if (*text >= '<' && *text <= '?') s->prefix = *text++;
    size_t part = 0;
    if (*text && *text < '@') s->count = 1;
    for (; *text && *text < '@'; text++) {
        uint32_t *value = &s->value[s->count - 1][part];
        if (*text >= '0' && *text <= '9') *value = *value < MOST ? 10 * *value + (uint32_t)(*text - '0') : MOST;
        else if (*text == ':' && part + 1 < CONTROL_PARTS) part++;
        else if (*text == ';' && s->count < CONTROL_VALUES) s->count++, part = 0;
        else return false;
    }
    s->final = *text;
    return s->final != 0;
}

static const struct {
    char final;
    uint32_t key;
} letters[] = {{'A', KEY_CODE_UP},   {'B', KEY_CODE_DOWN},   {'C', KEY_CODE_RIGHT},
               {'D', KEY_CODE_LEFT}, {'H', KEY_CODE_HOME},   {'F', KEY_CODE_END},
               {'P', KEY_CODE_F1},   {'Q', KEY_CODE_F1 + 1}, {'S', KEY_CODE_F1 + 3}};

static const struct {
    uint32_t number, key;
} numbers[] = {{1, KEY_CODE_HOME},      {3, KEY_CODE_DELETE},   {4, KEY_CODE_END},     {5, KEY_CODE_PAGE_UP},
               {6, KEY_CODE_PAGE_DOWN}, {7, KEY_CODE_HOME},     {8, KEY_CODE_END},     {11, KEY_CODE_F1},
               {12, KEY_CODE_F1 + 1},   {13, KEY_CODE_F1 + 2},  {14, KEY_CODE_F1 + 3}, {15, KEY_CODE_F1 + 4},
               {17, KEY_CODE_F1 + 5},   {18, KEY_CODE_F1 + 6},  {19, KEY_CODE_F1 + 7}, {20, KEY_CODE_F1 + 8},
               {21, KEY_CODE_F1 + 9},   {23, KEY_CODE_F1 + 10}, {24, KEY_CODE_F1 + 11}};

/* The keypad in CSI u, from 57399 on: digits, operators, Enter, then (behind '=' and a separator) those that move. */
enum { KEYPAD = 57399, PRIVATE = 0xe000, PRIVATE_END = 0xf8ff };
static const uint32_t keypad[] = {'0',
                                  '1',
                                  '2',
                                  '3',
                                  '4',
                                  '5',
                                  '6',
                                  '7',
                                  '8',
                                  '9',
                                  '.',
                                  '/',
                                  '*',
                                  '-',
                                  '+',
                                  '\r',
                                  '=',
                                  ',',
                                  KEY_CODE_LEFT,
                                  KEY_CODE_RIGHT,
                                  KEY_CODE_UP,
                                  KEY_CODE_DOWN,
                                  KEY_CODE_PAGE_UP,
                                  KEY_CODE_PAGE_DOWN,
                                  KEY_CODE_HOME,
                                  KEY_CODE_END,
                                  0,
                                  KEY_CODE_DELETE};

static bool is_key(uint32_t found, uint32_t *key) {
    *key = found;
    return true;
}

/* What Ctrl makes of a character, as terminals have always sent it. */
static bool control_of(uint32_t code, uint32_t *key) {
    static const char digits[] = {0, 27, 28, 29, 30, 31, 127}; /* Ctrl-2 to Ctrl-8 */
    if ((code >= '@' && code <= '_') || (code >= 'a' && code <= 'z')) return is_key(code & 0x1f, key);
    if (code >= '2' && code <= '8') return is_key((uint32_t)digits[code - '2'], key);
    switch (code) {
    case ' ':
        return is_key(0, key);
    case '/':
        return is_key(31, key);
    case '?':
        return is_key(127, key);
    case 127:
        return is_key(8, key);
    case 8:
    case '\r':
    case '\n':
    case 27:
        return is_key(code, key);
    default:
        return false;
    }
}

/* A character with modifiers: bits. shifted: what the keyboard's layout makes of it with Shift, 0: not said. */
static bool key_of_character(uint32_t code, uint32_t shifted, uint32_t modifiers, uint32_t *key) {
    if (modifiers & ~(uint32_t)(SHIFT | CONTROL)) return false;
    if (code >= KEYPAD && code < KEYPAD + sizeof keypad / sizeof *keypad)
        return !modifiers && keypad[code - KEYPAD] && is_key(keypad[code - KEYPAD], key);
    bool is_control = code < ' ' && code != 8 && code != '\t' && code != '\n' && code != '\r' && code != 27;
    if (is_control || (code >= 0x80 && code < 0xa0) || (code >= 0xd800 && code <= PRIVATE_END) || code > 0x10ffff)
        return false;
    if (modifiers & CONTROL) return control_of(code, key);
    if (!(modifiers & SHIFT)) return is_key(code, key);
    if (code == '\t') return is_key(KEY_CODE_BACK_TAB, key);
    if (shifted >= ' ' && shifted <= 0x10ffff) return key_of_character(shifted, 0, 0, key);
    return is_key(code >= 'a' && code <= 'z' ? code - 'a' + 'A' : code, key);
}

bool control_key(const control_sequence *s, uint32_t *key) {
    uint32_t said = s->count > 1 ? s->value[1][0] : 0, modifiers = (said ? said - 1 : 0) & ~(uint32_t)LOCKS;
    if (s->count > 1 && s->value[1][1] >= RELEASED) return false;
    if (s->final == 'u')
        return s->count >= 1 && s->count <= 3 && key_of_character(s->value[0][0], s->value[0][1], modifiers, key);
    if (s->final == '~' && s->count == 3 && s->value[0][0] == 27)
        return key_of_character(s->value[2][0], 0, modifiers, key);
    if (s->count > 2) return false;
    if (s->final == 'Z') return s->count == 0 && is_key(KEY_CODE_BACK_TAB, key);
    if (modifiers) return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && s->final == '~'; i++)
        if (s->count && numbers[i].number == s->value[0][0]) return is_key(numbers[i].key, key);
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].final == s->final && (!s->count || (s->count == 2 && s->value[0][0] == 1)))
            return is_key(letters[i].key, key);
    return false;
}

bool ss3_key(unsigned char byte, uint32_t *key) {
    if (byte == 'M') return is_key('\r', key); /* of the keypad */
    if (byte == 'R') return is_key(KEY_CODE_F1 + 2, key);
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].final == (char)byte) return is_key(letters[i].key, key);
    return false;
}
