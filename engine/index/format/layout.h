/* layout.h: the sections of an index, for the files that write them and those that read them.
 *
 * F: latents. R: rows of the tables (table.h; "rows" in meta). packed: unsigned numbers of 1, 2 or 4 bytes (table.h).
 *
 *     meta            JSON: names, captures, texts, training sets, domains, notes; first_latent and latents where the
 *                     file is a shard (F is then the shard's). Of each capture: pairs, how many tokens and samples it
 *                     and its group's base have in common ([base, capture]), and identical, a bit for each condition
 *                     to whose capture it is equal. pairs_control of captures and training sets, icl_control of
 *                     domains: pairs, icl against control; absent without it
 *     manifest        the study manifest as it was read
 *     active          uint64, a bit a latent: active in some capture
 *     shift/T/SOURCE  double [SHIFT_ARRAYS][R]: what the shifts of training set T to this source are made from
 *     fires/T/SOURCE  packed [2][R], as wide as their number needs: tokens of the pairs on which base and source fire;
 *                     where samples are paired, of all kept tokens
 *     base/T          double [BASE_ARRAYS][R]: of the activations h under base of training set T, over the kept tokens,
 *                     E h^2, E |h| and the sum of h. Absent in an index of before latents were ranked by base alone
 *     base-fires/T    packed [R], as wide as the number of those tokens needs: on how many of them h > 0
 *     score/NAME      float [R][D]: a latent's contribution to each domain
 *     ...             shift, fires and score again with /control behind the name (shift/T/SOURCE/control,
 *                     score/icl/control): against control instead of base, where a group has it
 *     post/at         layout_group [ceil(F / GROUP_LATENTS) + 1]: where each group of latents begins
 *     post/length     LEB128 a latent: bytes of its stream in post/data; 0: never active
 *     post/count      packed [R], as wide as the number of all tokens needs: entries of each stream
 *     post/data       streams, latent after latent (posting_codec.h)
 *     key/pieces      packed [R][SCRY_KEY_PIECES], as wide as the number of pieces needs; that number where an active
 *                     latent has fewer. Absent where the study has no token text
 *     text/piece-at   uint64 [pieces + 1]; text/piece-bytes: the distinct token texts, NUL after each
 *     text/tokens     packed [tokens of all texts]: each token's piece, as wide as key/pieces
 *     text/samples    layout_sample [samples of all texts]
 *     text/response   uint32 [samples of all texts]: scry_sample.response; absent where no sample has one
 *     text/strings    ids and other keys of the samples, NUL after each
 *     label/latent    uint32, ascending: latents that have a label; label/text: the labels, NUL after each;
 *                     label/at uint64: places in label/text
 *     logit/token     packed [R][2][SCRY_LOGITS_KEPT], as wide as logit_ids of meta needs: ids of the tokens whose
 * logits the latent raises most, largest first, then of those that it lowers most, smallest first (logits.h); logit_ids
 * where there are fewer, 0 in rows of silent latents. All of logit/ is absent where the study named no model, or it was
 * not there logit/value     float, those logits logit/id        uint32, ascending: the ids in logit/token of active
 * latents; logit/text: their texts, NUL after each; logit/at uint64: places in logit/text raw/sums        double
 * [captures][RESIDUAL_SUMS][d_model], NaN where a capture has no such number; absent where no capture holds residuals
 *     raw/control     double [captures][d_model]: RESIDUAL_DIFFERENCE against control; absent where none is captured
 *     outlier/rows    uint32, ascending in each capture, capture after capture: rows of residuals that were left out
 *                     because of their norm, as many as "outliers" of the captures in meta; absent where none were
 *     dec/W, dec/b    [F][d_model], [d_model]: the SAE's decoder, in the narrowest of bfloat16, float16 and float32
 *                     that holds every number of it exactly ("decoder" in meta) */
#ifndef SCRY_INDEX_FORMAT_LAYOUT_H
#define SCRY_INDEX_FORMAT_LAYOUT_H

#include "metrics.h"

#include <stdint.h>

/* The arrays of shift/T/SOURCE, over its pairs: what metrics.h stores at 0, 1, ..., and the sums of base's and of the
 * source's activations. An index that was made before a metric was added has fewer, at least SHIFT_OLDEST. */
#define METRIC(id, name, array, ...) +((array) >= 0)
enum { SHIFT_BASE = 3, SHIFT_OTHER, SHIFT_OLDEST, SHIFT_ARRAYS = 2 SCRY_METRIC_TABLE(METRIC) };
#undef METRIC

/* The arrays of base/T. */
enum { BASE_SQUARE, BASE_SIZE, BASE_SUM, BASE_ARRAYS };

/* Statistics of the residual stream's own dimensions (STS paper, tables 5 and 13, fig. 2a). Over a capture's kept
 * tokens E x and E x^2; over its pairs with the base of its group E (x - x_base)^2, by token or by means over samples
 * as the study pairs. Of x before the SAE's own preparation of its input; every shard has the same ones. */
enum { RESIDUAL_MEAN, RESIDUAL_SQUARE, RESIDUAL_DIFFERENCE, RESIDUAL_SUMS };

enum { GROUP_LATENTS = 64 };

typedef struct layout_group {
    uint64_t data, length; /* in post/data and post/length */
} layout_group;

typedef struct layout_sample {
    uint64_t first;      /* in its text */
    uint64_t id, about;  /* in text/strings */
    uint32_t count, cut; /* cut: token_sample */
} layout_sample;

#define NO_PIECE UINT32_MAX

#endif
