/* evaluate/measured_text.c: putting a domain's texts together. */
#include "evaluate/measured_text.h"
#include "base/mem.h"
#include "base/random.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next power of two is where an array that began with none grows. */
static bool is_full(size_t count) {
    return (count & (count - 1)) == 0;
}

measured_texts *measured_domains_add(measured_domains *domains, const char *name) {
    size_t n = domains->count;
    if (is_full(n)) domains->domains = mem_resize(domains->domains, n ? 2 * n : 1, sizeof *domains->domains);
    domains->domains[domains->count++] = (measured_texts){.name = mem_copy_string(name)};
    return &domains->domains[n];
}

measured_text *measured_texts_add(measured_texts *domain) {
    size_t n = domain->count;
    if (is_full(n)) domain->texts = mem_resize(domain->texts, n ? 2 * n : 1, sizeof *domain->texts);
    domain->texts[domain->count++] = (measured_text){.answer = -1};
    return &domain->texts[n];
}

static size_t sequences_of(const measured_text *text) {
    return text->has_response + 2 * text->options;
}

static void free_text(measured_text *text) {
    for (size_t k = 0; text->ids && k < sequences_of(text); k++) free(text->ids[k]);
    free(text->ids);
    free(text->sequences);
    free(text->bytes);
    *text = (measured_text){.answer = -1};
}

void measured_texts_drop(measured_texts *domain) {
    free_text(&domain->texts[--domain->count]);
}

void measured_text_room(measured_text *text, bool has_response, size_t options) {
    free_text(text);
    text->has_response = has_response;
    text->options = options;
    size_t n = sequences_of(text);
    text->sequences = mem_new(n, sizeof *text->sequences);
    text->ids = mem_new(n, sizeof *text->ids);
    text->bytes = mem_new(options, sizeof *text->bytes);
}

bool measured_text_set(measured_text *text, size_t k, const uint32_t *head, size_t head_count, const uint32_t *own,
                       size_t from, size_t to) {
    if (!head_count && !from) from = 1;
    if (from >= to) return false;
    uint32_t *ids = mem_new(head_count + to, sizeof *ids);
    if (head_count) memcpy(ids, head, head_count * sizeof *ids);
    memcpy(ids + head_count, own, to * sizeof *ids);
    free(text->ids[k]);
    text->ids[k] = ids;
    text->sequences[k] = (scored_sequence){.ids = ids, .from = head_count + from, .to = head_count + to};
    return true;
}

bool measured_text_is_right(const measured_text *text, const scored_sequence *sequences, bool by_byte) {
    int best = 0;
    double most = -INFINITY;
    for (size_t o = 0; o < text->options; o++) {
        double value = sequences[o].log_probability / (by_byte ? (double)text->bytes[o] : 1);
        if (value > most) most = value, best = (int)o;
    }
    return best == text->answer;
}

void sample_tally_add(sample_tally *tally, const char *domain, uint64_t count) {
    if (!count) return;
    if (!tally->domains++) snprintf(tally->first, sizeof tally->first, "%s", domain);
    tally->count += count;
}

const char *sample_tally_text(const sample_tally *tally, uint64_t of, const char *samples,
                              char out[SAMPLE_TALLY_TEXT]) {
    int used = snprintf(out, SAMPLE_TALLY_TEXT, "%" PRIu64 " of %" PRIu64 " %s", tally->count, of, samples);
    if (tally->domains == 1) snprintf(out + used, (size_t)(SAMPLE_TALLY_TEXT - used), " of %s", tally->first);
    else
        snprintf(out + used, (size_t)(SAMPLE_TALLY_TEXT - used), " (%zu domains, such as %s)", tally->domains,
                 tally->first);
    return out;
}

uint64_t domain_seed(uint64_t seed, const char *name) {
    for (; *name; name++) seed = (seed ^ (unsigned char)*name) * 0x100000001b3u; /* FNV-1a's step */
    return seed;
}

size_t draw_samples(size_t count, size_t most, uint64_t seed, const char *name, size_t **out) {
    size_t take = most && most < count ? most : count, left = take;
    uint64_t state = domain_seed(seed, name);
    *out = mem_new(take, sizeof **out);
    /* each is taken with the chance of those still wanted among those still there (A. R. Jones, 1962) */
    for (size_t i = 0; i < count && left; i++)
        if (left == count - i || random_below(&state, (uint32_t)(count - i)) < left) (*out)[take - left--] = i;
    return take;
}

void measured_domains_free(measured_domains *domains) {
    for (size_t d = 0; d < domains->count; d++) {
        measured_texts *domain = &domains->domains[d];
        for (size_t i = 0; i < domain->count; i++) free_text(&domain->texts[i]);
        free(domain->texts);
        free(domain->name);
    }
    free(domains->domains);
    *domains = (measured_domains){0};
}
