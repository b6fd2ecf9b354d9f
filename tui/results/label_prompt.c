/* label_prompt.c: the question to a language model what a latent stands for: examples with their activations, the
 * tokens that it promotes, and the form of the answer. In the manner of Bills et al., "Language models can explain
 * neurons in language models" (2023), and Paulo et al., "Automatically interpreting millions of features in large
 * language models" (2024). */
#include "base/atomic_file.h"
#include "base/escape.h"
#include "base/mem.h"
#include "results/label_prompt.h"
#include "text/number_format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SCALE = 10, MARKED_MOST = 40 };

static const char instructions[] =
    "You are an expert in the interpretation of sparse autoencoders. A sparse autoencoder was trained on the residual "
    "stream of a language model, and you are asked what one of its latents stands for.\n"
    "\n"
    "You get text excerpts on which the latent is active. Tokens on which it is active stand between << and >>; below "
    "each excerpt these tokens are listed with their activations, from 1 to 10 (10 is the strongest anywhere). The "
    "strongest excerpts come first, then some drawn at random from weaker activations. Where they are known, you also "
    "get the tokens whose probability the latent raises or lowers most.\n"
    "\n"
    "Say in at most ten words what the excerpts have in common at the marked tokens: a pattern of words, syntax, "
    "format "
    "or meaning, as specific as all of the excerpts allow. Do not speak of the latent, of activations or of tokens. If "
    "there is no common pattern, say so.\n"
    "\n"
    "Answer with one line:\n"
    "Label: <your description>";

/* A line end within an excerpt, so that each stays on one line. */
static void put_token(FILE *f, const char *token) {
    line_escape(f, token);
}

/* What it is on a token, 1 to SCALE; 0 where it does not fire, or so weakly that it would round to 0, but for the token
 * that an excerpt is about. */
static int scaled(const scry_latent_activations *fires, const scry_example *e, uint64_t row, double strongest) {
    double h = (double)scry_latent_activations_at(fires, e->capture, row);
    int value = h > 0 && strongest > 0 ? (int)lround(fmin(h / strongest, 1) * SCALE) : 0;
    return row == e->token && value < 1 ? 1 : value;
}

static void put_excerpt(FILE *f, const label_prompt_query *q, const scry_latent_activations *fires,
                        const scry_example *e, double strongest, int number) {
    scry_sample sample = scry_sample_at(q->index, e->capture, e->sample);
    uint64_t from = e->token > sample.first + q->around ? e->token - q->around : sample.first;
    uint64_t end = sample.first + sample.count, to = e->token + q->around + 1 < end ? e->token + q->around + 1 : end;
    fprintf(f, "%d: ", number);
    for (uint64_t row = from; row < to; row++) {
        bool marked = scaled(fires, e, row, strongest) > 0;
        if (marked) fputs("<<", f);
        put_token(f, scry_token(q->index, e->capture, row));
        if (marked) fputs(">>", f);
    }
    fputs("\n   activations:", f);
    int listed = 0;
    for (uint64_t row = from; row < to && listed < MARKED_MOST; row++) {
        int value = scaled(fires, e, row, strongest);
        if (!value) continue;
        fputs(listed++ ? ", \"" : " \"", f);
        put_token(f, scry_token(q->index, e->capture, row));
        fprintf(f, "\" %d", value);
    }
    fputc('\n', f);
}

/* Excerpts that stand in a question. */
typedef struct excerpts {
    scry_example *list; /* owned */
    size_t count;
} excerpts;

static bool is_there(const excerpts *there, const scry_example *e) {
    for (size_t i = 0; i < there->count; i++)
        if (there->list[i].capture == e->capture && there->list[i].sample == e->sample) return true;
    return false;
}

/* `count` excerpts of one order, without samples that stand there already. */
static void put_excerpts(FILE *f, const label_prompt_query *q, const scry_latent_activations *fires, const char *order,
                         size_t count, double strongest, excerpts *there) {
    scry_example_query query = {.capture = -1, .parts = SCRY_PARTS, .seed = q->seed};
    size_t asked = count + there->count, end = there->count + count;
    scry_example *e = mem_new(asked + 1, sizeof *e);
    if (!scry_example_query_read(&query, order, NULL)) abort();
    size_t n = scry_example_query_run(q->index, NULL, fires, &query, asked, e);
    there->list = mem_resize(there->list, end + 1, sizeof *there->list);
    for (size_t i = 0; i < n && there->count < end; i++) {
        if (is_there(there, &e[i])) continue;
        there->list[there->count++] = e[i];
        put_excerpt(f, q, fires, &e[i], strongest, (int)there->count);
    }
    free(e);
}

static void put_tokens(FILE *f, const char *words, const scry_token_logit *tokens, size_t count) {
    if (!count || tokens[0].id == SCRY_NO_TOKEN) return;
    fputs(words, f);
    for (size_t i = 0; i < count && tokens[i].id != SCRY_NO_TOKEN; i++) {
        fputs(i ? ", \"" : " \"", f);
        put_token(f, tokens[i].token);
        fputc('"', f);
    }
    fputc('\n', f);
}

/* NULL: the latent fires nowhere. The caller frees it. */
static char *question(const label_prompt_query *q, uint32_t latent, const scry_token_logit *tokens) {
    scry_example top;
    if (!scry_top_tokens(q->index, latent, -1, true, 1, &top) || !(top.activation > 0)) return NULL;
    char *text = NULL;
    size_t size;
    excerpts there = {0};
    FILE *f = mem_stream(&text, &size);
    scry_latent_activations *fires = scry_latent_activations_read(q->index, latent);
    const double strongest = (double)top.activation;
    fputs("Strongest excerpts:\n", f);
    put_excerpts(f, q, fires, "top", q->examples, strongest, &there);
    size_t each = (q->examples + SCRY_PARTS - 1) / SCRY_PARTS;
    fputs("\nWeaker excerpts, at random from each fifth of the activations, from the upper to the lowest:\n", f);
    for (int part = SCRY_PARTS; part > 0; part--)
        put_excerpts(f, q, fires, (char[]){'q', (char)('0' + part), 0}, each, strongest, &there);
    if (tokens) {
        fputc('\n', f);
        put_tokens(f, "Tokens that it makes more likely:", tokens, SCRY_LOGITS_KEPT);
        put_tokens(f, "Tokens that it makes less likely:", tokens + SCRY_LOGITS_KEPT, SCRY_LOGITS_KEPT);
    }
    scry_latent_activations_free(fires);
    free(there.list);
    mem_stream_end(f);
    return text;
}

static void add_message(cJSON *messages, const char *role, const char *content) {
    cJSON *message = result_row(messages);
    result_text(message, "role", role);
    result_text(message, "content", content);
}

cJSON *label_prompt(const label_prompt_query *q, uint32_t latent, const scry_token_logit *tokens) {
    char *text = question(q, latent, tokens), id[40];
    if (!text) return NULL;
    cJSON *line = cJSON_CreateObject();
    snprintf(id, sizeof id, "latent-%u", latent);
    result_text(line, "custom_id", id);
    result_text(line, "method", "POST");
    result_text(line, "url", "/v1/chat/completions");
    cJSON *body = cJSON_AddObjectToObject(line, "body");
    result_text(body, "model", q->chat_model);
    add_message(cJSON_AddArrayToObject(body, "messages"), "system", instructions);
    add_message(cJSON_GetObjectItemCaseSensitive(body, "messages"), "user", text);
    free(text);
    return line;
}

bool label_prompts_write(const label_prompt_query *q, scry_logits *logits, const uint32_t *latents, size_t count,
                         const char *path, label_prompts_done *done, const scry_cancel *cancel, scry_error *err) {
    enum { N = SCRY_LOGIT_SIDES * SCRY_LOGITS_KEPT };
    scry_token_logit *tokens = mem_new(count * N + 1, sizeof *tokens);
    *done = (label_prompts_done){0};
    bool known = scry_logits_read(logits, latents, count, SCRY_LOGITS_KEPT, tokens, cancel, &done->no_tokens);
    atomic_file file;
    bool ok = known || !q->needs_tokens || scry_fail(err, "%s", done->no_tokens.text);
    ok = ok && atomic_file_begin(&file, path, err);
    bool written = ok;
    for (size_t i = 0; i < count && written; i++) {
        cJSON *line = scry_cancelled(cancel) ? NULL : label_prompt(q, latents[i], known ? tokens + i * N : NULL);
        char *text = line ? mem_check(cJSON_PrintUnformatted(line)) : NULL;
        if (text) written = fprintf(file.file, "%s\n", text) > 0;
        done->written += text != NULL;
        cJSON_free(text);
        cJSON_Delete(line);
        scry_report_progress(cancel, (double)(i + 1) / (double)count);
    }
    free(tokens);
    return ok && atomic_file_end(&file, written && !scry_cancelled(cancel), err);
}

const char *label_prompts_text(const label_prompts_done *done, size_t count, char out[LABEL_PROMPTS_TEXT]) {
    snprintf(out, LABEL_PROMPTS_TEXT, "%zu question%s%s", done->written, plural_s(done->written),
             done->written < count ? "; latents that never fire have none" : "");
    return out;
}

const char *labels_imported_text(const scry_labels_imported *done, char out[LABEL_PROMPTS_TEXT]) {
    char kept[80] = "", cut[80] = "";
    if (done->kept) snprintf(kept, sizeof kept, "; %u kept another (--replace)", done->kept);
    if (done->too_long) snprintf(cut, sizeof cut, "; %u too long", done->too_long);
    snprintf(out, LABEL_PROMPTS_TEXT, "labelled %u latent%s of %u%s%s", done->set, plural_s(done->set), done->read,
             kept, cut);
    return out;
}
