/* pattern_syntax.c: Oniguruma's expressions in PCRE2's syntax.
 *
 * The differences that matter here: \s (PCRE2's has U+180E), \w (PCRE2's lacks marks and connectors), \h (a hexadecimal
 * digit), scripts (PCRE2 looks at script extensions), X{n,m}+ (a repetition of X{n,m}, not a possessive one), (?m)
 * (the dot matches a line feed), \uHHHH, \b and POSIX classes (which follow \w and properties that PCRE2 takes more
 * narrowly). Set operations inside of classes have no counterpart and are refused, as are the other differences. */
#include "base/mem.h"
#include "model/tokenizer/pattern.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define SCRIPTS (PCRE2_MAJOR * 100 + PCRE2_MINOR >= 1040) /* knows \p{sc:Han} */

/* Inside of a class. */
#define SPACE "\\t-\\r\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
/* alphabetic characters (letters, letter numbers, circled letters), marks, decimal digits, connectors */
#define WORD                                                                                                           \
    "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{24b6}-\\x{24e9}\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{"    \
    "1f189}"
/* Outside of a class Oniguruma has Latin-1's superscripts and fractions, too. */
#define OTHER     "\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}"
#define ONE_WORD  "[" WORD OTHER "]"
#define NONE_WORD "[^" WORD OTHER "]"

enum { DEPTH = 64 };

typedef struct translation {
    const char *at, *whole;
    char *out;
    size_t used, room;
    size_t group[DEPTH]; /* where the open groups begin in out */
    size_t depth;
    size_t atom; /* where the last atom begins in out */
    scry_error *err;
} translation;

static void put(translation *t, const char *text, size_t length) {
    if (t->used + length + 1 > t->room) {
        t->room = 2 * (t->used + length + 1);
        t->out = mem_resize(t->out, t->room, 1);
    }
    memcpy(t->out + t->used, text, length);
    t->used += length;
    t->out[t->used] = 0;
}

static void puts_to(translation *t, const char *text) {
    put(t, text, strlen(text));
}

static void insert(translation *t, size_t at, const char *text) {
    size_t length = strlen(text), behind = t->used - at;
    puts_to(t, text);
    memmove(t->out + at + length, t->out + at, behind);
    memcpy(t->out + at, text, length);
}

static bool refuse(translation *t, const char *what) {
    return scry_fail(t->err, "the regular expression %.200s uses %s, which is not known here", t->whole, what);
}

/* \p{Name}, \p{^Name}, \P{Name}: at is on the brace. */
static bool property(translation *t, char letter) {
    const char *close = strchr(t->at, '}');
    if (*t->at != '{' || !close) return refuse(t, "\\p without a name in braces");
    const char *name = t->at + 1;
    bool negated = letter == 'P';
    if (*name == '^') negated = !negated, name++;
    size_t length = (size_t)(close - name);
    puts_to(t, negated ? "\\P{" : "\\p{");
    if (SCRIPTS && length > 2 && !memchr(name, '=', length) && !memchr(name, ':', length)) puts_to(t, "sc:");
    put(t, name, length);
    puts_to(t, "}");
    t->at = close + 1;
    return true;
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The escape at t->at, which is on the backslash. */
static bool escape(translation *t, bool in_class) {
    char letter = t->at[1];
    if (!letter) return refuse(t, "a backslash at its end");
    t->at += 2;
    switch (letter) {
    case 's':
        puts_to(t, in_class ? SPACE : "[" SPACE "]");
        return true;
    case 'S':
        puts_to(t, in_class ? "\\S\\x{180e}" : "[^" SPACE "]");
        return true;
    case 'w':
        puts_to(t, in_class ? WORD : ONE_WORD);
        return true;
    case 'W':
        if (in_class) return refuse(t, "\\W inside of a class");
        puts_to(t, NONE_WORD);
        return true;
    case 'h':
        puts_to(t, in_class ? "0-9A-Fa-f" : "[0-9A-Fa-f]");
        return true;
    case 'H':
        if (in_class) return refuse(t, "\\H inside of a class");
        puts_to(t, "[^0-9A-Fa-f]");
        return true;
    case 'b':
    case 'B':
        if (in_class) break; /* a backspace */
        puts_to(t, letter == 'b' ? "(?:(?<=" ONE_WORD ")(?!" ONE_WORD ")|(?<!" ONE_WORD ")(?=" ONE_WORD "))"
                                 : "(?:(?<=" ONE_WORD ")(?=" ONE_WORD ")|(?<!" ONE_WORD ")(?!" ONE_WORD "))");
        return true;
    case 'p':
    case 'P':
        return property(t, letter);
    case 'u':
        for (int i = 0; i < 4; i++)
            if (!is_hex(t->at[i])) return refuse(t, "\\u without four hexadecimal digits");
        puts_to(t, "\\x{");
        put(t, t->at, 4);
        puts_to(t, "}");
        t->at += 4;
        return true;
    case 'x':
        if (*t->at == '{') {
            const char *close = strchr(t->at, '}');
            if (!close) return refuse(t, "\\x{ without its end");
            puts_to(t, "\\x");
            put(t, t->at, (size_t)(close + 1 - t->at));
            t->at = close + 1;
            return true;
        }
        break;
    case 'K':
    case 'G':
    case 'y':
    case 'Y':
    case 'O':
    case 'N':
    case 'C':
    case 'Q':
    case 'E':
        return refuse(t, (const char[]){'\\', letter, 0});
    default:
        break;
    }
    put(t, (const char[]){'\\', letter}, 2);
    return true;
}

/* [:name:] inside of a class: those that mean the same in both. */
static bool posix_class(translation *t) {
    static const char *const names[][2] = {
        {"[:space:]", SPACE}, {"[:digit:]", "\\p{Nd}"}, {"[:xdigit:]", "0-9A-Fa-f"}, {"[:cntrl:]", "\\p{Cc}"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i][0]);
        if (strncmp(t->at, names[i][0], length) != 0) continue;
        puts_to(t, names[i][1]);
        t->at += length;
        return true;
    }
    return refuse(t, t->at[1] == ':' ? "a POSIX class other than space, digit, xdigit and cntrl"
                                     : "a class inside of a class");
}

static bool class(translation *t) {
    put(t, t->at++, 1);
    if (*t->at == '^') put(t, t->at++, 1);
    if (*t->at == ']') puts_to(t, "\\"), put(t, t->at++, 1);
    while (*t->at && *t->at != ']') {
        if (*t->at == '\\') {
            if (!escape(t, true)) return false;
        } else if (*t->at == '[') {
            if (!posix_class(t)) return false;
        } else if (t->at[0] == '&' && t->at[1] == '&') return refuse(t, "an intersection of classes (&&)");
        else put(t, t->at++, 1);
    }
    if (!*t->at) return refuse(t, "a class without its end");
    put(t, t->at++, 1);
    return true;
}

/* Options after "(?" up to ":" or ")": m is PCRE2's s. */
static bool group(translation *t) {
    if (t->depth == DEPTH) return refuse(t, "groups in more than 64 others");
    t->group[t->depth++] = t->used;
    put(t, t->at++, 1);
    if (*t->at == '*') return refuse(t, "a verb or callout");
    if (*t->at != '?') return true;
    put(t, t->at++, 1);
    static const char *const alike[] = {":", "=", "!", "<=", "<!", ">"};
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        size_t length = strlen(alike[i]);
        if (strncmp(t->at, alike[i], length) != 0) continue;
        put(t, t->at, length);
        t->at += length;
        return true;
    }
    if (*t->at == '<') return true; /* a name */
    size_t length = strspn(t->at, "im-");
    bool whole = t->used == 2; /* (?i) elsewhere holds for all alternatives to its right, in PCRE2 for one */
    if (!length || (t->at[length] != ':' && !(whole && t->at[length] == ')'))) return refuse(t, "a kind of group");
    for (; length; length--, t->at++) put(t, *t->at == 'm' ? "s" : t->at, 1);
    if (*t->at == ':') put(t, t->at++, 1);
    return true;
}

/* {n}, {n,}, {n,m}: its length, 0 for none. */
static size_t interval(const char *at) {
    size_t length = 1, digits = strspn(at + 1, "0123456789");
    if (!digits) return 0;
    length += digits;
    if (at[length] == ',') length += 1 + strspn(at + length + 1, "0123456789");
    return at[length] == '}' ? length + 1 : 0;
}

static bool quantifier(translation *t) {
    size_t length = *t->at == '{' ? interval(t->at) : 1;
    put(t, t->at, length);
    bool braces = *t->at == '{';
    t->at += length;
    if (braces && *t->at == '+') { /* X{n,m} repeated */
        insert(t, t->atom, "(?:");
        puts_to(t, ")+");
        t->at++;
        if (*t->at == '+' || *t->at == '?') return refuse(t, "a repetition of a repetition");
    } else if (braces && *t->at == '?' && !strchr(t->out + t->used - length, ',')) {
        return refuse(t, "{n}?");
    } else if (*t->at == '+' || *t->at == '?') put(t, t->at++, 1);
    return true;
}

static bool step(translation *t) {
    char c = *t->at;
    if (c == '\\') {
        t->atom = t->used;
        return escape(t, false);
    }
    if (c == '[') {
        t->atom = t->used;
        return class(t);
    }
    if (c == '(') return group(t);
    if (c == ')') {
        if (!t->depth) return refuse(t, "a closing parenthesis without its opening one");
        t->atom = t->group[--t->depth];
        put(t, t->at++, 1);
        return true;
    }
    if (c == '*' || c == '+' || c == '?' || (c == '{' && interval(t->at))) return quantifier(t);
    if (c == '{' && t->at[1] == ',') return refuse(t, "{,n}");
    t->atom = t->used;
    put(t, t->at++, 1);
    while (((unsigned char)*t->at & 0xc0) == 0x80) put(t, t->at++, 1);
    return true;
}

char *pattern_translate(const char *expression, scry_error *err) {
    translation t = {.at = expression, .whole = expression, .err = err};
    puts_to(&t, "");
    while (*t.at)
        if (!step(&t)) {
            free(t.out);
            return NULL;
        }
    return t.out;
}
