/* layout.h: what the sections of an index hold; shared by write.c and index.c.
 *
 *     meta            JSON: names, captures, texts, training sets, domains, notes; first_latent and
 *                     latents where the file is a shard (F is then the shard's)
 *     manifest        the study manifest as it was read
 *     shift/T/SOURCE  double [SHIFT_ARRAYS][F], in the order of scry_metric, then means and rates
 *     score/NAME      float [F][D], a latent's contribution to each domain
 *     fires           uint32 [F][D], tokens of the domain's base capture on which a latent fires
 *     post/start      uint64 [F + 1], where each latent's postings begin in post/data
 *     post/count      uint32 [F]
 *     post/data       bytes (postings.h)
 *     key/pieces      uint32 [F][SCRY_KEY_PIECES], NO_PIECE where there are fewer
 *     key/share       float [F], part of the latent's activation that its first key piece holds
 *     text/piece-at   uint64 [pieces + 1], text/piece-bytes: the distinct token texts, NUL after each
 *     text/tokens     uint32 [tokens of all texts], a piece's number each
 *     text/samples    layout_sample [samples of all texts]
 *     text/strings    ids and other keys of the samples, NUL after each
 *     label/at        uint64 [F], place in label/text or NO_LABEL; label/text NUL after each
 *     raw/sums        double [captures][RAW_ARRAYS][d] (raw.h); absent without residual captures
 *     dec/W, dec/b    float [F][d], float [d]: the SAE's decoder */
#ifndef SCRY_LAYOUT_H
#define SCRY_LAYOUT_H

#include <stdint.h>

typedef struct layout_sample {
    uint64_t first;      /* in its text */
    uint64_t id, about;  /* in text/strings */
    uint32_t count, cut; /* cut: token_sample */
} layout_sample;

#define NO_PIECE UINT32_MAX
#define NO_LABEL UINT64_MAX

#endif
