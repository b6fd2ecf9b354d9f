/* diff/diff_texts.c: the texts that two models read. */
#include "diff/diff_texts.h"
#include "base/mem.h"

#include <stdlib.h>

static diff_text *add(diff_texts *t, const uint32_t *ids, size_t from, size_t to, uint32_t sample) {
    scry_diff_group *g = &t->group[t->groups];
    if (!(t->count & (t->count + 1))) /* room grows at 1, 3, 7, ... */
        t->texts = mem_resize(t->texts, 2 * (t->count + 1), sizeof *t->texts);
    diff_text *text = &t->texts[t->count++];
    *text = (diff_text){
        .ids = ids, .from = (uint32_t)from, .to = (uint32_t)to, .group = (uint32_t)t->groups, .sample = sample};
    if (to > t->longest) t->longest = to;
    g->samples++;
    g->tokens += to - from;
    t->tokens += to - from;
    return text;
}

static void end_group(diff_texts *t) {
    t->first[++t->groups] = t->count;
}

/* ---- of an index ---------------------------------------------------------------------------- */

static void add_group(diff_texts *t, const char *name, bool is_train, size_t number) {
    const causal_texts *c = &t->of_index;
    t->group[t->groups] = (scry_diff_group){.name = name, .is_train = is_train};
    t->group[t->groups].left_out = c->summary[number].left_out;
    for (size_t i = c->first[number]; i < c->first[number + 1]; i++) {
        const causal_sample *s = &c->samples[i];
        diff_text *text = add(t, s->ids, s->from, s->to, s->sample);
        text->capture = s->capture;
        text->before = s->before;
        text->row = s->first;
    }
    end_group(t);
}

static bool read_index(diff_texts *t, const scry_diff_query *q, const scry_tokenizer *tok, size_t most_tokens,
                       scry_notes *notes, scry_error *err) {
    const scry_info *info = scry_index_info(q->index);
    bool *trains = mem_new(info->trains + 1, sizeof *trains);
    if (q->train < info->trains) trains[q->train] = true;
    causal_texts_query query = {.tok = tok,
                                .study = q->study,
                                .domains = q->domains,
                                .trains = trains,
                                .all_tokens = q->all_tokens,
                                .most_tokens = most_tokens,
                                .samples = q->samples,
                                .seed = q->seed};
    bool ok = causal_texts_read(&t->of_index, q->index, &query, notes, err);
    free(trains);
    if (!ok) return false;
    const size_t D = info->domains;
    t->group = mem_new(D + 1, sizeof *t->group);
    t->first = mem_new(D + 2, sizeof *t->first);
    const scry_causal_domain *of_train = &t->of_index.summary[D + q->train];
    if (q->train < info->trains && of_train->samples + of_train->left_out)
        add_group(t, info->train[q->train].name, true, D + q->train);
    for (size_t d = 0; d < D; d++)
        if (!q->domains || q->domains[d]) add_group(t, info->domain[d].name, false, d);
    return true;
}

/* ---- of files ------------------------------------------------------------------------------- */

static bool read_files(diff_texts *t, const scry_diff_query *q, const scry_tokenizer *tok, size_t most_tokens,
                       scry_notes *notes, scry_error *err) {
    text_settings settings = {tok, q->chat_template, q->bos, most_tokens, q->samples, q->seed};
    if (!texts_of_files(q->files, q->file_count, &settings, &t->of_files, notes, err)) return false;
    const measured_domains *files = &t->of_files;
    t->group = mem_new(files->count + 1, sizeof *t->group);
    t->first = mem_new(files->count + 1, sizeof *t->first);
    for (size_t d = 0; d < files->count; d++) {
        const measured_texts *file = &files->domains[d];
        t->group[d] = (scry_diff_group){.name = file->name, .left_out = file->left_out};
        for (size_t i = 0; i < file->count; i++) {
            const scored_sequence *s = file->texts[i].sequences;
            if (!file->texts[i].has_response) t->group[d].left_out++;
            else add(t, s->ids, q->all_tokens ? 1 : s->from, s->to, (uint32_t)i);
        }
        end_group(t);
    }
    return t->count ||
           scry_fail(err, "%s: found no text with a token that counts; expected responses, or texts", q->files[0]);
}

bool diff_texts_read(diff_texts *t, const scry_diff_query *q, const scry_tokenizer *tok, size_t most_tokens,
                     scry_notes *notes, scry_error *err) {
    return q->file_count ? read_files(t, q, tok, most_tokens, notes, err)
                         : read_index(t, q, tok, most_tokens, notes, err);
}

void diff_texts_free(diff_texts *t) {
    free(t->texts);
    free(t->first);
    free(t->group);
    causal_texts_free(&t->of_index);
    measured_domains_free(&t->of_files);
    *t = (diff_texts){0};
}
