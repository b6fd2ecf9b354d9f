/* text/charset.h: the character set of the locale in force, which decides between UTF-8 and ASCII. */
#ifndef SCRY_TEXT_CHARSET_H
#define SCRY_TEXT_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

/* Put the environment's locale in force for characters (LC_CTYPE). Where it names one that is not installed, as ssh
 * does when it forwards the variables of another machine, put C.UTF-8 in force instead, unless the name has another
 * character set than UTF-8; else C stays. Call it once, before anything else reads or draws characters. */
void charset_begin(void);

/* True when the locale in force has UTF-8. */
bool charset_is_utf8(void);

/* Write to text[size] which variable names a locale that is not installed, and what is used instead. False, and "":
 * none does. After charset_begin. */
bool charset_problem(char *text, size_t size);

#endif
