/* prompt_continue.c: scry prompt --continue: how the models go on from a text, side by side. */
#include "shell/prompt_continue.h"
#include "base/clock.h"
#include "base/mem.h"
#include "results/continuation_result.h"
#include "shell/cli_context.h"
#include "shell/steering.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool prompt_continue_check(const options *o, scry_error *err) {
    if (!o->continue_by && (o->steer || o->temperature))
        return scry_misuse(err, "%s: belongs to --continue N, which is missing",
                           o->steer ? "--steer" : "--temperature");
    if (o->continue_by && o->latent) return scry_misuse(err, "--continue and --latent: expected one of them");
    return true;
}

typedef struct continue_command {
    const options *o;
    const scry_index *index;
    size_t train;
    scry_prompt *prompt;
    scry_continuation_query query;
    scry_steering *steering; /* [query.steering_count] */
    float *direction;        /* of the lens; NULL: not asked for */
    bool terminal, ascii;
    int rows, columns;
    size_t drawn; /* lines that stand on the terminal */
} continue_command;

static bool is_interrupted(void *context) {
    (void)context;
    return cli_interrupted();
}

static const scry_cancel cancel = {.is_cancelled = is_interrupted};

/* ---- options -------------------------------------------------------------------------------- */

static bool read_steering(continue_command *c, const char *text, scry_steering *out, scry_error *err) {
    bool lens;
    if (!steering_read("--steer", text, out, &lens, err)) return false;
    if (lens && !c->direction) c->direction = steering_lens(c->index, c->train, c->prompt, &cancel, err);
    if (lens) out->direction = c->direction;
    return !lens || c->direction;
}

static bool read_options(continue_command *c, scry_error *err) {
    const options *o = c->o;
    const char *steer[OPTIONS_WORDS];
    uint32_t tokens, seed;
    char *end = NULL;
    if (!options_number("--continue", o->continue_by, 1, 0, &tokens, err) ||
        !options_number("--seed", o->seed, 0, SCRY_SEED, &seed, err))
        return false;
    c->query.tokens = tokens;
    c->query.seed = seed;
    if (o->temperature) {
        c->query.temperature = strtod(o->temperature, &end);
        if (end == o->temperature || *end || !(c->query.temperature >= 0) || isinf(c->query.temperature))
            return cli_misuse(err, "--temperature", o->temperature, "0 (the most likely token) or more, such as 0.7");
    }
    const size_t count = options_repeated(o, "--steer", steer);
    c->steering = mem_new(count + 1, sizeof *c->steering);
    c->query.steering = c->steering;
    for (; c->query.steering_count < count; c->query.steering_count++)
        if (!read_steering(c, steer[c->query.steering_count], &c->steering[c->query.steering_count], err)) return false;
    return true;
}

/* ---- output --------------------------------------------------------------------------------- */

static void find_size(continue_command *c) {
    struct winsize size;
    c->rows = 24;
    c->columns = 80;
    c->terminal = !c->o->json && !c->o->csv && isatty(STDOUT_FILENO);
    c->ascii = output_is_ascii(c->o);
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_col) return;
    c->rows = size.ws_row;
    c->columns = size.ws_col < 20 ? 20 : size.ws_col - 1;
}

/* Draws over what was drawn before; while more is to come, no more lines than fit the screen, the last ones. */
static void draw(continue_command *c, const scry_continuation *said, bool last) {
    size_t count;
    char **lines = continuation_lines(said, c->columns, c->ascii, &count);
    const size_t most = c->rows > 3 ? (size_t)c->rows - 2 : 1, first = !last && count > most ? count - most : 0;
    output_go_up(c->drawn);
    for (size_t i = first; i < count; i++)
        if (c->terminal) output_line_over(lines[i]);
        else output_format("%s\n", lines[i]);
    fflush(stdout);
    c->drawn = count - first;
    for (size_t i = 0; i < count; i++) free(lines[i]);
    free(lines);
}

static int print(continue_command *c, const scry_continuation *said, const char *text) {
    if (c->o->json || c->o->csv)
        return output_print(c->o, continuation_result(said, c->prompt, text, c->query.temperature, c->query.seed),
                            "voices", continuation_columns, NULL);
    draw(c, said, true);
    return output_end();
}

/* What was said before an interruption is printed too. */
static int go_on(continue_command *c, scry_continuation *said, scry_error *err) {
    bool more = true, ok = true;
    double shown = 0;
    while (ok && more) {
        ok = scry_continue_next(said, &more, &cancel, err);
        if (!c->terminal || clock_seconds() < shown + 0.05) continue;
        draw(c, said, false);
        shown = clock_seconds();
    }
    if (!ok && !cli_interrupted()) return output_error(err);
    int status = print(c, said, c->query.prompt.text);
    return ok ? status : output_error(err);
}

int prompt_continue(const options *o, const scry_index *index, size_t train, scry_prompt *prompt,
                    const scry_prompt_query *query) {
    scry_error err = {0};
    continue_command c = {.o = o, .index = index, .train = train, .prompt = prompt, .query = {.prompt = *query}};
    int status;
    find_size(&c);
    cli_catch_interrupt();
    scry_continuation *said = read_options(&c, &err) ? scry_continue_begin(prompt, &c.query, &cancel, &err) : NULL;
    status = said ? go_on(&c, said, &err) : output_error(&err);
    cli_release_interrupt();
    scry_continue_end(said);
    free(c.steering);
    free(c.direction);
    return status;
}
