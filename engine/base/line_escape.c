/* base/line_escape.c: text in one line of a file. */
#include "base/line_escape.h"

void line_escape(FILE *file, const char *text) {
    for (; *text; text++)
        if (*text == '\n' || *text == '\\') fprintf(file, "\\%c", *text == '\n' ? 'n' : '\\');
        else fputc(*text, file);
}

char *line_unescape(char *text) {
    char *to = text;
    for (const char *at = text; *at; at++) {
        if (at[0] == '\\' && (at[1] == 'n' || at[1] == '\\')) *to++ = *++at == 'n' ? '\n' : '\\';
        else *to++ = *at;
    }
    *to = 0;
    return text;
}
