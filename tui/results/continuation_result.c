/* continuation_result.c: how models go on from a text. */
#include "results/continuation_result.h"
#include "base/mem.h"
#include "text/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const result_column continuation_columns[] = {
    {"name", "voice", NULL, 0}, {"text", "text", NULL, 0}, {"count", "tokens", "%.0f", 0}, {0}};

cJSON *continuation_result(const scry_continuation *c, const scry_prompt *prompt, const char *text, double temperature,
                           uint64_t seed) {
    const scry_prompt_info *info = scry_prompt_info_of(prompt);
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "text", text);
    result_text(facts, "model", info->model);
    result_text(facts, "tuned", info->tuned);
    result_numbers(facts, {"temperature", temperature}, {"seed", (double)seed});
    cJSON *voices = cJSON_AddArrayToObject(facts, "voices");
    for (int kind = 0; kind < SCRY_VOICES; kind++) {
        const scry_voice *v = &c->voice[kind];
        if (!v->speaks) continue;
        cJSON *item = result_row(voices);
        char *said = scry_voice_text(c, (scry_voice_kind)kind);
        result_text(item, "name", scry_voice_name((scry_voice_kind)kind));
        result_text(item, "text", said);
        cJSON_AddBoolToObject(item, "ended", v->ended);
        result_number(item, "count", (double)v->count);
        cJSON *tokens = cJSON_AddArrayToObject(item, "tokens");
        for (size_t i = 0; i < v->count; i++) {
            char number[24];
            const char *piece = scry_prompt_piece(prompt, v->ids[i]);
            snprintf(number, sizeof number, "<%u>", v->ids[i]);
            cJSON *token = result_row(tokens);
            result_number(token, "id", v->ids[i]);
            result_text(token, "token", piece ? piece : number);
            result_number(token, "probability", exp(v->log_probability[i]));
        }
        free(said);
    }
    return facts;
}

/* ---- side by side --------------------------------------------------------------------------- */

typedef struct lines {
    char **line;
    size_t count;
} lines;

static void add_line(lines *l, const char *text, size_t length) {
    l->line = mem_resize(l->line, l->count + 1, sizeof *l->line);
    l->line[l->count++] = mem_copy_bytes(text, length);
}

/* A text, made safe and broken into lines of `columns`; its own line ends stay. */
static lines broken(const char *text, int columns, bool ascii) {
    lines l = {0};
    for (const char *from = text; from;) {
        const char *end = strchr(from, '\n');
        char *paragraph = mem_copy_bytes(from, end ? (size_t)(end - from) : strlen(from));
        const size_t size = 4 * strlen(paragraph) + 16;
        char *safe = mem_new(size, 1), *at = safe;
        text_clean(paragraph, safe, size, ascii);
        do {
            size_t n = text_break(at, columns);
            add_line(&l, at, n);
            at += n;
            while (*at == ' ') at++;
            if (!n) break;
        } while (*at);
        free(safe);
        free(paragraph);
        from = end ? end + 1 : NULL;
    }
    return l;
}

static void put_cell(FILE *f, const char *text, int columns, bool last) {
    fputs(text, f);
    for (int i = text_columns(text); i < columns + 2 && !last; i++) fputc(' ', f);
}

char **continuation_lines(const scry_continuation *c, int columns, bool ascii, size_t *count) {
    lines of[SCRY_VOICES] = {{0}};
    int speaking = 0, done = 0;
    for (int kind = 0; kind < SCRY_VOICES; kind++) speaking += c->voice[kind].speaks;
    const int width = speaking ? (columns - 2 * (speaking - 1)) / speaking : columns, least = width < 8 ? 8 : width;
    for (int kind = 0; kind < SCRY_VOICES; kind++) {
        if (!c->voice[kind].speaks) continue;
        char *said = scry_voice_text(c, (scry_voice_kind)kind);
        lines text = broken(said, least, ascii);
        const char *name = scry_voice_name((scry_voice_kind)kind);
        add_line(&of[done], name, strlen(name));
        for (size_t i = 0; i < text.count; i++) {
            add_line(&of[done], text.line[i], strlen(text.line[i]));
            free(text.line[i]);
        }
        if (c->voice[kind].ended) add_line(&of[done], "(end)", 5);
        free(text.line);
        free(said);
        done++;
    }
    size_t rows = 0;
    for (int i = 0; i < done; i++) rows = of[i].count > rows ? of[i].count : rows;
    char **out = mem_new(rows + 1, sizeof *out);
    for (size_t r = 0; r < rows; r++) {
        size_t size;
        FILE *f = mem_stream(&out[r], &size);
        for (int i = 0; i < done; i++) put_cell(f, r < of[i].count ? of[i].line[r] : "", least, i == done - 1);
        mem_stream_end(f);
        size_t length = strlen(out[r]);
        while (length && out[r][length - 1] == ' ') out[r][--length] = 0;
    }
    for (int i = 0; i < done; i++) {
        for (size_t k = 0; k < of[i].count; k++) free(of[i].line[k]);
        free(of[i].line);
    }
    *count = rows;
    return out;
}
