/* prompt_continue.h: scry prompt --continue. */
#ifndef SCRY_SHELL_PROMPT_CONTINUE_H
#define SCRY_SHELL_PROMPT_CONTINUE_H

#include "prompt.h"
#include "shell/options.h"

/* False and err for options of --continue without it, and where they do not go together. */
bool prompt_continue_check(const options *o, scry_error *err);
/* Lets every model go on from the query's text, and prints what they say; returns the exit status. */
int prompt_continue(const options *o, const scry_index *index, size_t train, scry_prompt *prompt,
                    const scry_prompt_query *query);

#endif
