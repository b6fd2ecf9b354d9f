/* index/build/outliers.c: rows of residuals that the statistics leave out because of their norm. */
#include "index/build/outliers.h"
#include "base/mem.h"
#include "study/outlier_rows.h"

#include <stdlib.h>

typedef struct watcher {
    const build_inputs *in;
    uint64_t done;
} watcher;

static bool go_on(void *context, uint64_t rows) {
    const watcher *w = context;
    const scry_build_options *o = w->in->options;
    (void)rows;
    return !o->progress || o->progress(o->context, "encoding", w->done, w->in->tokens);
}

static void count_first(const build_inputs *in, build_capture *c, const uint8_t *mark) {
    if (c->text < 0) return;
    const token_text *text = &in->texts[c->text].text;
    for (uint32_t s = 0; s < text->sample_count; s++)
        if (text->samples[s].count && !text->samples[s].cut)
            c->outliers_first += mark[text->samples[s].first] == ROW_OUTLIER;
}

static void take_rows(const build_inputs *in, build_capture *c, uint8_t *mark) {
    bool keep = in->options->keep_outliers;
    uint64_t n = 0;
    if (!keep) c->outlier = mem_new(c->outliers, sizeof *c->outlier);
    for (uint64_t row = 0; row < c->rows; row++) {
        if (mark[row] != ROW_OUTLIER) continue;
        if (!keep) c->outlier[n++] = (uint32_t)row;
        mark[row] = keep ? ROW_ORDINARY : ROW_EXCLUDED;
    }
    c->kept_count -= n;
}

bool outliers_leave_out(build_inputs *in, build_capture *c, uint64_t done) {
    if (c->spec->features) return true;
    watcher w = {in, done};
    const outlier_query q = {.m = &c->m,
                             .first = c->row0,
                             .rows = c->rows,
                             .ratio = outliers_ratio(in),
                             .allow_nonfinite = in->options->allow_nonfinite,
                             .pool = in->pool,
                             .folder = in->folder,
                             .go_on = go_on,
                             .context = &w};
    outlier_rows found;
    bool ok = outlier_rows_find(&found, c->kept, &q, in->err);
    c->outliers = found.outliers;
    c->outlier_variance = outlier_variance_share(&found.all, &found.outlier, (uint32_t)c->m.cols);
    outlier_rows_free(&found);
    if (ok) count_first(in, c, c->kept);
    if (ok) take_rows(in, c, c->kept);
    return ok;
}

void outliers_write(const build_inputs *in, container_writer *w) {
    bool any = false;
    for (size_t i = 0; i < in->capture_count; i++) {
        const build_capture *c = &in->captures[i];
        if (!c->outlier || !c->outliers) continue;
        if (!any) container_begin(w, "outlier/rows");
        any = true;
        container_write(w, c->outlier, c->outliers * sizeof *c->outlier);
    }
}
