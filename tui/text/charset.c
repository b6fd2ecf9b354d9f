/* text/charset.c: the character set of the locale in force. */
#include "text/charset.h"
#include "base/printable.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The variable that decides for LC_CTYPE (POSIX, 8.2), and its value. False: none is set. */
static bool decides(const char **variable, const char **name) {
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        *variable = variables[i];
        *name = getenv(variables[i]);
        if (*name && **name) return true;
    }
    return false;
}

static bool is_utf8(const char *codeset) {
    return strcasecmp(codeset, "UTF-8") == 0 || strcasecmp(codeset, "utf8") == 0;
}

/* False: the name is that of a locale with another character set: "de_DE.ISO-8859-1", "de_DE@euro". */
static bool could_be_utf8(const char *name) {
    char codeset[32] = "";
    const char *dot = strchr(name, '.');
    if (!dot) return !strstr(name, "@euro");
    snprintf(codeset, sizeof codeset, "%.*s", (int)strcspn(dot + 1, "@"), dot + 1);
    return is_utf8(codeset);
}

void charset_begin(void) {
    const char *variable, *name;
    if (setlocale(LC_CTYPE, "") || !decides(&variable, &name) || !could_be_utf8(name)) return;
    if (!setlocale(LC_CTYPE, "C.UTF-8")) setlocale(LC_CTYPE, "C.utf8");
}

bool charset_is_utf8(void) {
    return printable_is_utf8();
}

bool charset_problem(char *text, size_t size) {
    const char *variable, *name;
    *text = 0;
    if (!decides(&variable, &name)) return false;
    locale_t found = newlocale(LC_CTYPE_MASK, name, (locale_t)0);
    if (found) {
        freelocale(found);
        return false;
    }
    snprintf(text, size, "%s=%.60s is not installed; %s (see locale -a)", variable, name,
             charset_is_utf8() ? "using C.UTF-8" : "drawing ASCII");
    return true;
}
