/* layout.h: what the sections of an index hold; shared by the files that write it and those that read it.
 *
 *     meta            JSON: names, captures, texts, training sets, domains, notes; first_latent and
 *                     latents where the file is a shard (F is then the shard's)
 *     manifest        the study manifest as it was read
 *     active          uint64, a bit a latent: it is active somewhere. R: rows of the tables that follow
 * (active_rows.h); meta says how many ("rows") shift/T/SOURCE  double [SHIFT_ARRAYS][R]: what training set T's shifts
 * to this source are made from fires/T/SOURCE  narrow [2][R]: tokens of the pairs on which base and source fire; where
 * samples are paired, of all kept tokens. As wide as their number needs score/NAME      float [R][D], a latent's
 * contribution to each domain post/at         layout_group [ceil(F / GROUP_LATENTS) + 1]: where each group of latents
 * begins post/length     LEB128 a latent: bytes of its stream in post/data; 0: never active post/count      narrow [R]:
 * entries of each stream, as wide as the number of all tokens needs post/data       streams, latent after latent
 * (posting_codec.h) key/pieces      narrow [R][SCRY_KEY_PIECES], as wide as the number of pieces needs; that number
 *                     where an active latent has fewer. Absent where the study has no token text
 *     text/piece-at   uint64 [pieces + 1], text/piece-bytes: the distinct token texts, NUL after each
 *     text/tokens     narrow [tokens of all texts], a piece's number each, as wide as those of key/pieces
 *     text/samples    layout_sample [samples of all texts]
 *     text/strings    ids and other keys of the samples, NUL after each
 *     label/latent    uint32, those that have a label, ascending; label/text: theirs, NUL after each;
 *                     label/at uint64, places in label/text
 *     raw/sums        double [captures][RESIDUAL_SUMS][d] (residual_sums.h); absent without residual captures
 *     dec/W, dec/b    [F][d], [d]: the SAE's decoder, in the narrowest of bfloat16, float16 and float32
 *                     that holds every number of it exactly; meta names it ("decoder")
 *
 * "narrow" is packed_uint.h: whole numbers of 1, 2 or 4 bytes. */
#ifndef SCRY_INDEX_FORMAT_LAYOUT_H
#define SCRY_INDEX_FORMAT_LAYOUT_H

#include <stdint.h>

/* Of one training set and source, over its pairs: sums of the squared and of the absolute differences
 * by their number; Cohen's d; the sums of base's and of source's activations. */
enum { SHIFT_SQ, SHIFT_ABS, SHIFT_D, SHIFT_BASE, SHIFT_OTHER, SHIFT_ARRAYS };

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
