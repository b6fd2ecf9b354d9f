/* prompt.c: scry prompt: any text through the model. */
#include "base/mem.h"
#include "base/text_file.h"
#include "results/prompt_result.h"
#include "shell/cli_context.h"
#include "shell/prompt_continue.h"
#include "text/number_format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A byte more than a prompt may have, for the engine to refuse. */
enum { MOST = SCRY_PROMPT_BYTES + 1 };

/* The text of the command line, of --file, or of standard input. The caller frees it. */
static char *read_text(const options *o, size_t *length, scry_error *err) {
    if (o->file && o->words > 1) {
        scry_misuse(err, "prompt: found a text and --file, expected one of them");
        return NULL;
    }
    if (!o->file && o->words < 2) {
        scry_misuse(err, "prompt: expected a text after the index, - for standard input, or --file FILE");
        return NULL;
    }
    const char *word = o->file ? o->file : o->word[1];
    if (strcmp(word, "-") == 0) return text_file_read(stdin, "standard input", MOST, length, err);
    if (!o->file) {
        *length = strlen(word);
        return mem_copy_string(word);
    }
    scry_error why = {0};
    FILE *f = text_file_open(word, &why);
    if (!f) {
        scry_fail(err, "--file: %s", why.text);
        return NULL;
    }
    char *text = text_file_read(f, word, MOST, length, err);
    fclose(f);
    return text;
}

/* NULL without an error: no latent is taken out. --top is of the results here, so that a ranking's first are named as
 * --latents top100. */
static scry_set *read_ablated(const options *o, selection_context *s, scry_error *err) {
    if (!o->set && !o->latents) {
        if (o->with || o->without)
            scry_misuse(err, "%s: expected --latents or --set before it, such as --latents top100",
                        o->with ? "--with" : "--without");
        return NULL;
    }
    return cli_rank(o, s, err) ? cli_selection(o, s->index, s->ranking, err) : NULL;
}

static bool read_latent(const options *o, const scry_index *index, int64_t *latent, scry_error *err) {
    uint32_t number, F = scry_index_info(index)->d_sae;
    *latent = -1;
    if (!o->latent) return true;
    if (!options_number("--latent", o->latent, 0, 0, &number, err)) return false;
    *latent = number;
    return number < F || scry_misuse(err, "--latent: found %u, expected 0 to %u", number, F - 1);
}

static int print(const options *o, const prompt_view *v) {
    result_column columns[PROMPT_COLUMNS];
    const scry_prompt_info *info = scry_prompt_info_of(v->prompt);
    char safe[400], head[600];
    cJSON *facts = prompt_result(v);
    if (o->json) return output_print(o, facts, "tokens", NULL, NULL);
    prompt_result_words(facts, o->csv != NULL);
    prompt_result_columns(v, o->csv != NULL, columns);
    output_safe(info->model, safe, sizeof safe);
    int used =
        snprintf(head, sizeof head, "%zu token%s through %s", v->result->tokens, plural_s(v->result->tokens), safe);
    if (info->tuned && used < (int)sizeof head) {
        output_safe(info->tuned, safe, sizeof safe);
        used += snprintf(head + used, sizeof head - (size_t)used, ", tuned: %s", safe);
    }
    if (v->result->ablated && used < (int)sizeof head)
        used += snprintf(head + used, sizeof head - (size_t)used, ", ablated: %u latent%s", v->result->ablated,
                         plural_s(v->result->ablated));
    if (used < (int)sizeof head) snprintf(head + used, sizeof head - (size_t)used, "\n\n");
    return output_print(o, facts, "tokens", columns, head);
}

static bool is_interrupted(void *context) {
    (void)context;
    return cli_interrupted();
}

static scry_prompt_result *run(scry_prompt *prompt, const scry_prompt_query *query, scry_error *err) {
    cli_catch_interrupt();
    scry_prompt_result *result = scry_prompt_run(prompt, query, &(scry_cancel){.is_cancelled = is_interrupted}, err);
    cli_release_interrupt();
    return result;
}

static bool read_query(const options *o, const scry_index *index, prompt_view *v, scry_prompt_query *query,
                       scry_prompt_options *open, scry_error *err) {
    uint32_t threads;
    query->chat_template = o->chat_template;
    if (!cli_needs_latents(index, err) || !cli_bos(o, &query->bos, err) || !cli_train(o, index, &open->train, err) ||
        !options_number("--top", o->top, 1, o->json || o->csv ? 5 : 3, &v->top, err) ||
        !options_number("--threads", o->threads, 1, 0, &threads, err) ||
        !options_bytes("--memory", o->memory, &open->memory, err) || !read_latent(o, index, &v->latent, err))
        return false;
    if (v->top > SCRY_PROMPT_NEXT)
        return scry_misuse(err, "--top: found %u, expected at most %u", v->top, (unsigned)SCRY_PROMPT_NEXT);
    open->model = o->model;
    open->tuned = o->tuned;
    open->sae = o->sae;
    open->threads = threads;
    query->next = v->top;
    return true;
}

int shell_prompt(const options *o) {
    scry_error err = {0};
    scry_notes notes = {0};
    selection_context s = {0};
    prompt_view v = {0};
    scry_prompt_query query = {0};
    scry_prompt_options open = {0};
    double amplify;
    scry_prompt *prompt = NULL;
    scry_prompt_result *result = NULL;
    char *text = NULL;
    scry_set *ablated = NULL;
    bool ok = prompt_continue_check(o, &err) && (s.index = cli_open(o, &err)) &&
              read_query(o, s.index, &v, &query, &open, &err) && cli_amplify(o, &amplify, &open.amplify, &err) &&
              (text = read_text(o, &query.length, &err));
    if (ok) query.ablated = ablated = read_ablated(o, &s, &err);
    query.text = text;
    ok = ok && !err.status && (prompt = scry_prompt_open(s.index, &open, &notes, &err));
    output_warnings(&notes);
    if (ok && !o->continue_by) ok = (result = run(prompt, &query, &err)) != NULL;
    v.index = s.index;
    v.prompt = prompt;
    v.result = result;
    v.text = text;
    int status = !ok              ? output_error(&err)
                 : o->continue_by ? prompt_continue(o, s.index, open.train, prompt, &query)
                                  : print(o, &v);
    scry_prompt_result_free(result);
    scry_prompt_close(prompt);
    scry_set_free(ablated);
    free(text);
    cli_free(&s);
    return status;
}
