/* synth.h: generates studies of any size whose ranking, shifts, scores, overlap and rho are known in closed form.
 *
 * With F latents, D domains, T tokens a capture, and ranks r from 0:
 *
 *   latent at rank r       (r * multiplier + offset) mod F, the multiplier coprime to F
 *   size of its change     s(r) = SYNTH_AMPLITUDE / sqrt(r + 1)
 *   shift, icl             sq s(r)^2 / T;  abs s(r) / T;  mean +-s(r) / T;  rate +-1 / T
 *   rank by sft            p(r): odd r below F/2 and r + F/2 change places, all others stay
 *   shift, sft             the same of s(p(r)), with the same sign
 *   share of the top N     H(N) / H(F), H the harmonic numbers; the same for both sources
 *   with has_control       control and icl also gain a second effect, of the text in front: s(F - 1 - r), all rising.
 *                          icl against control is then what is said of icl here; against base sq is
 *                          (s(r)^2 + s(F - 1 - r)^2) / T, and of control s(F - 1 - r)^2 / T, the reverse order
 *   overlap at N           N less the odd r below min(N, F/2) with r + F/2 >= N;
 *                          ceil(N / 2) as long as N <= F/2
 *
 * A domain's contributions, with g = 1 / (m + 1) for pair m = r / 2 of the head (r < head) and
 * 1 / (head / 2 + 1) behind it, a seeded sign for each domain and pair, turned around for odd r, and
 * e = SYNTH_TILT: one latent in or out changes rho, whole pairs leave the sum as if there were no e.
 *
 *   act(d, r)              w(d) g (1 +- e) / T,      w = u(d) in the head, v(d) behind it
 *   act2(d, r)             (w(d) g (1 +- e))^2 / T
 *   icl(d, r)              w'(d) g (1 +- e) / T,     w' = u'(d) in the head, v(d) behind it; with has_control
 *                          against control, and against base SYNTH_BASE^2 / T more
 *
 * STS of the top N by icl, N even, h = min(N, head):
 *
 *   act                    (u(d) 2 H(h / 2) + v(d) (N - h) / (head / 2 + 1)) / T;  icl the same of u'
 *   act2                   (1 + e^2) (u(d)^2 2 H2(h / 2) + v(d)^2 (N - h) / (head / 2 + 1)^2) / (N T),
 *                          H2 with squared denominators
 *
 * Over the domains, u and u' correlate with |change| as asked, exactly, and so does any top N within
 * the head; v does not at all, so that rho falls as smaller shifts are taken in, and random sets of
 * a wide study find nothing. */
#ifndef SCRY_SYNTH_H
#define SCRY_SYNTH_H

#include "scry.h"

#define SYNTH_AMPLITUDE 16.0
#define SYNTH_BASE      1.0
#define SYNTH_TILT      0.25

enum { SYNTH_HEAD = 256 };             /* half of F where F is below 512 */
enum { SYNTH_MOST_LATENTS = 1 << 22 }; /* s(r) and s(r + 1) stay different in single precision */

typedef struct synth_options {
    uint32_t latents, domains, tokens; /* F, D, T; T <= F */
    uint32_t seed;
    double rho;             /* requested between STS and |change| */
    bool is_null;           /* draw the change independently of u and u' */
    bool has_control;       /* capture the condition control too */
    scry_progress progress; /* may be NULL */
    void *context;
} synth_options;

typedef struct synth_result {
    uint64_t captures, tokens, activations, bytes;
    double seconds;
} synth_result;

/* Writes folder/study.json, the files that it names, and folder/truth.json: the formulas above, evaluated. Replaces an
 * existing study if scry_synth wrote it; any other is an error. After an error or when cancelled, nothing new is left.
 */
bool scry_synth(const char *folder, const synth_options *options, synth_result *result, scry_error *err);

#endif
