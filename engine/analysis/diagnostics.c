/* analysis/diagnostics.c: the usual signs of a wrong dump, with their figures. */
#include "scry.h"
#include "index/read/index.h"
#include "labels.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAPER_N = 100 };

static void warn_of_capture(const scry_index *x, const scry_capture_info *c, scry_notes *notes) {
    double density = c->kept ? (double)c->nnz / ((double)c->kept * x->F) : 0;
    if (c->nonfinite)
        scry_notes_add(notes, "%s: %" PRIu64 " values that are NaN or infinite were taken as 0", c->name, c->nonfinite);
    if (c->negative)
        scry_notes_add(notes,
                       "%s: %" PRIu64 " negative features (%.2f%% of its activations); latents are expected to be 0 or "
                       "more: is this the SAE's hidden layer?",
                       c->name, c->negative, 100.0 * (double)c->negative / (double)c->nnz);
    if (density > 0.5)
        scry_notes_add(notes,
                       "%s: density %.2f: %.0f of %" PRIu32 " latents active a token; a decoder's output or a residual "
                       "may have been saved for the features",
                       c->name, density, (double)c->nnz / (double)c->kept, x->F);
    if (x->info.k && (c->l0 > 1.5 * x->info.k || c->l0 < 0.5 * x->info.k))
        scry_notes_add(notes,
                       "%s: L0 %.1f, but the SAE keeps k = %" PRIu32 " a token; were the features made by this SAE?",
                       c->name, c->l0, x->info.k);
    if (c->norm_share > 0.5)
        scry_notes_add(notes,
                       "%s: the token \"%s\" holds %.0f%% of the squared norm of all residuals; leave it out with "
                       "skip_first or exclude",
                       c->name, c->norm_piece < x->pieces ? index_piece(x, c->norm_piece) : "", 100 * c->norm_share);
}

/* Rows of residuals with a norm far above the others': how many, and the capture in which they weigh most. */
static void warn_of_outliers(const scry_index *x, scry_notes *notes) {
    uint64_t rows = 0, outliers = 0, first = 0;
    size_t captures = 0;
    const scry_capture_info *most = NULL;
    for (size_t i = 0; i < x->info.captures; i++) {
        const scry_capture_info *c = &x->info.capture[i];
        if (!c->outliers_known) continue;
        rows += c->rows;
        outliers += c->outliers;
        first += c->outliers_first;
        captures += c->outliers > 0;
        if (c->outliers && (!most || c->outlier_variance > most->outlier_variance)) most = c;
    }
    if (!most) return;
    char begins[64] = "";
    if (first) snprintf(begins, sizeof begins, ", %" PRIu64 " of them at the beginning of a text", first);
    scry_notes_add(
        notes,
        "%" PRIu64 " of %" PRIu64 " residuals (%.3g%%), in %zu capture%s, have a norm above %g times the median "
        "of their capture%s; in %s they hold %.1f%% of the variance; %s",
        outliers, rows, 100.0 * (double)outliers / (double)rows, captures, captures == 1 ? "" : "s",
        x->info.max_norm_ratio, begins, most->name, 100 * most->outlier_variance,
        x->info.outliers_kept ? "they are kept (--keep-outliers) and may drown the ranking"
                              : "they are left out of all statistics, and scry index --keep-outliers keeps them");
}

/* Share of a latent's activation, on tokens with text, that its first key token holds. */
static double key_share(const scry_index *x, uint32_t latent) {
    const uint32_t piece = index_key_piece(x, latent, 0);
    double held = 0, total = 0;
    index_cursor c = index_postings(x, latent);
    while (index_segment(x, &c)) {
        int text = x->capture_text[c.capture];
        while (index_next(x, &c)) {
            if (text < 0 || !(c.activation > 0)) continue;
            total += (double)c.activation;
            if (index_token(x, (size_t)text, c.row) == piece) held += (double)c.activation;
        }
    }
    return total > 0 ? held / total : 0;
}

/* A token on which many of the top latents have nearly all their activation, most often the beginning of the text. */
static void warn_of_token(const scry_index *x, const scry_ranking *r, scry_notes *notes) {
    uint32_t top = r->latents < PAPER_N ? r->latents : PAPER_N, largest = 0, key[PAPER_N];
    uint64_t which = x->pieces;
    for (uint32_t i = 0; i < top; i++) {
        key[i] = index_key_piece(x, r->order[i], 0);
        if (key[i] < x->pieces && key_share(x, r->order[i]) <= 0.8) key[i] = UINT32_MAX;
    }
    for (uint32_t i = 0; i < top; i++) {
        uint32_t count = 0;
        for (uint32_t k = 0; k < top; k++) count += key[k] == key[i];
        if (key[i] < x->pieces && count > largest) largest = count, which = key[i];
    }
    if (largest * 4 >= top && which < x->pieces)
        scry_notes_add(notes,
                       "by %s: %" PRIu32 " of the top %" PRIu32
                       " latents have more than 80%% of their activation on the "
                       "token \"%s\"; leave it out with skip_first or exclude",
                       scry_condition_name(r->source), largest, top, index_piece(x, (uint32_t)which));
}

static void warn_of_ties(const scry_ranking *r, scry_notes *notes) {
    if (r->latents <= PAPER_N) return;
    double last = fabs(r->shift[r->order[PAPER_N - 1]]);
    if (last != fabs(r->shift[r->order[PAPER_N]])) return;
    uint32_t above = 0, equal = 0;
    for (uint32_t j = 0; j < r->latents; j++) {
        above += fabs(r->shift[j]) > last;
        equal += fabs(r->shift[j]) == last;
    }
    scry_notes_add(notes,
                   "by %s: %" PRIu32 " latents have the same shift, %.6g, of which only %" PRIu32
                   " are among the first %d; the lowest numbers were taken",
                   scry_condition_name(r->source), equal, last, PAPER_N - above, PAPER_N);
}

/* Pairing by row: the share of paired rows whose tokens differ. */
static void warn_of_rows(const scry_index *x, size_t base, size_t other, scry_notes *notes) {
    const scry_capture_info *b = &x->info.capture[base], *o = &x->info.capture[other];
    if (!b->has_tokens || !o->has_tokens || x->capture_text[base] == x->capture_text[other]) return;
    uint64_t n = b->rows < o->rows ? b->rows : o->rows, differ = 0;
    for (uint64_t row = 0; row < n; row++) differ += strcmp(scry_token(x, base, row), scry_token(x, other, row)) != 0;
    if (differ * 20 > n)
        scry_notes_add(notes,
                       "%s and %s are paired by row, but %.0f%% of the rows hold different tokens; the shift then "
                       "depends on the order of rows",
                       b->name, o->name, 100.0 * (double)differ / (double)n);
}

static void warn_of_pairing(const scry_index *x, scry_notes *notes) {
    if (x->info.pairing != SCRY_PAIR_ROW) return;
    scry_notes_add(notes, "rows are paired by number: with different prompts in front these are different tokens, and "
                          "the ranking then depends on the order of rows");
    for (size_t i = 0; i < x->info.captures; i++)
        for (size_t k = 0; k < x->info.captures; k++)
            if (x->info.capture[i].group == x->info.capture[k].group && x->info.capture[i].condition == SCRY_BASE &&
                x->info.capture[k].condition != SCRY_BASE)
                warn_of_rows(x, i, k, notes);
}

/* What was lost on the way from two captures to their pairs, or does not agree. */
static void warn_of_pairs(const scry_index *x, const scry_capture_info *c, scry_notes *notes) {
    const scry_pair_counts *p = &c->pairs;
    const scry_capture_info *base =
        &x->info.capture[scry_find_capture(x, c->group, scry_reference_condition(x->info.against))];
    char text[SCRY_PAIRS_TEXT], hint[160] = "";
    if (p->elsewhere)
        snprintf(hint, sizeof hint,
                 "; of %" PRIu64 " samples without a partner the text stands under another id in the other file",
                 p->elsewhere);
    if (scry_pairs_lost(p))
        scry_notes_add(notes, "%s and %s: only %s were paired; the others do not count for the shift%s", c->name,
                       base->name, scry_pairs_text(p, x->info.against, text), hint);
    if (p->by_text)
        scry_notes_add(notes,
                       "%s and %s: %" PRIu64 " of %" PRIu64 " samples were paired by their text, because their ids are "
                       "repeated, belong to other texts, or are in one file only; are the ids right?",
                       c->name, base->name, p->by_text, p->paired_samples);
    if (p->misplaced * 10 >= p->paired_samples && p->misplaced)
        scry_notes_add(notes,
                       "%s and %s: of %" PRIu64 " of %" PRIu64 " samples that share an id the text differs, and base's "
                       "text stands under another id; are the ids right?",
                       c->name, base->name, p->misplaced, p->paired_samples);
}

static void warn_of_identical(const scry_index *x, const scry_capture_info *c, scry_notes *notes) {
    int last = c->identical[SCRY_BASE] ? SCRY_BASE : (int)c->condition - 1; /* equal to base says it all */
    for (int k = 0; k <= last; k++) {
        int other = c->identical[k] ? scry_find_capture(x, c->group, (scry_condition)k) : -1;
        if (other < 0) continue;
        const char *cause = index_identical_cause(c->condition);
        const char *effect = k != SCRY_BASE ? "the two rankings say the same"
                             : c->group < 0 ? "it is no source of shift"
                                            : "the domain is not scored by it";
        scry_notes_add(notes, "%s is equal to %s to the bit on all paired rows: %s; %s?", c->name,
                       x->info.capture[other].name, effect, cause);
    }
}

/* Token texts that still have the tokenizer's sign for a blank in front of a word. */
static void warn_of_pieces(const scry_index *x, scry_notes *notes) {
    static const struct {
        const char *sign, *kind;
    } raw[] = {{"\xc4\xa0", "byte-level BPE"}, {"\xe2\x96\x81", "SentencePiece"}};
    uint64_t begun[2] = {0}, blanks = 0;
    for (uint32_t i = 0; i < x->pieces; i++) {
        const char *text = index_piece(x, i);
        blanks += text[0] == ' ' && text[1];
        for (int k = 0; k < 2; k++) begun[k] += strncmp(text, raw[k].sign, strlen(raw[k].sign)) == 0;
    }
    for (int k = 0; k < 2; k++)
        if (begun[k] && begun[k] * 20 >= x->pieces && !blanks)
            scry_notes_add(notes,
                           "%" PRIu64 " of %" PRIu64
                           " token texts begin with \"%s\": these are entries of a %s vocabulary, not text, and are "
                           "hard to read; dump \"ids\" and name the study's \"tokenizer\", or decode each token",
                           begun[k], (uint64_t)x->pieces, raw[k].sign, raw[k].kind);
}

void scry_warnings(const scry_index *x, scry_notes *notes) {
    for (size_t i = 0; i < x->info.notes; i++) scry_notes_add(notes, "%s", x->info.note[i]);
    for (size_t i = 0; i < x->info.captures; i++) warn_of_capture(x, &x->info.capture[i], notes);
    warn_of_outliers(x, notes);
    if (scry_label_problem(x)) scry_notes_add(notes, "labels written by hand: %s", scry_label_problem(x));
    if (!x->info.folded)
        scry_notes_add(notes,
                       "the SAE's decoder rows do not have norm 1: latents are not on one scale, and the ranking "
                       "changes when the norms are folded into the encoder");
    for (size_t i = 0; i < x->info.captures; i++) {
        const scry_capture_info *c = &x->info.capture[i];
        warn_of_identical(x, c, notes);
        if (c->has_pairs && scry_find_capture(x, c->group, scry_reference_condition(x->info.against)) >= 0)
            warn_of_pairs(x, c, notes);
    }
    warn_of_pairing(x, notes);
    warn_of_pieces(x, notes);
    for (size_t t = 0; t < x->info.trains; t++)
        for (int c = 1; c < SCRY_CONDITIONS; c++) {
            if (!x->info.train[t].has[c]) continue;
            scry_ranking *r = scry_rank(x, t, (scry_condition)c, SCRY_SQ, NULL);
            warn_of_token(x, r, notes);
            warn_of_ties(r, notes);
            scry_ranking_free(r);
        }
}
