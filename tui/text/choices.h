/* choices.h: lists of what may be chosen, made from the engine's tables. */
#ifndef SCRY_TEXT_CHOICES_H
#define SCRY_TEXT_CHOICES_H

enum { CHOICES_TEXT = 160 };
typedef enum choices { CHOICES_METRIC, CHOICES_SCORE, CHOICES_SOURCE } choices;

/* Writes the names, "act, act2 or icl", and returns text. */
const char *choices_names(choices of, char text[CHOICES_TEXT]);

/* Replaces {metric}, {score} or {source} in a text by its names with | between them. Only for a text that lasts as long
 * as the program; so does what is returned. To be called from one thread. */
const char *choices_expand(const char *text);

#endif
