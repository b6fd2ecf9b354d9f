/* write_postings.c: postings and key pieces to the file.
 *
 * While captures are read, a latent's postings grow as segments (postings.h). Here its complete stream is
 * sorted by token and packed (posting_codec.h). */
#include "base/mem.h"
#include "index/build/write.h"
#include "index/format/layout.h"
#include "index/format/posting_codec.h"
#include "index/format/table.h"

#include <stdlib.h>
#include <string.h>

enum { PART = 32 }; /* latents that a thread takes at a time */

typedef struct segment {
    uint32_t capture, begin, end; /* entries as they were read */
} segment;

/* One latent's entries, as read and in order. */
typedef struct entries {
    uint32_t *token, *sorted_token;
    float *value, *sorted_value;
    segment *segment;
    size_t room, segments, segment_room;
    uint32_t count;
    bool ascending;
} entries;

typedef struct post_worker {
    entries e;
    double *mass;      /* [pieces] */
    uint32_t *touched; /* [pieces] */
    uint8_t *packed;
    uint64_t packed_room;
} post_worker;

typedef struct post_job {
    const build_inputs *in;
    posting_store *store;
    uint64_t *first_token; /* [captures] tokens before each */
    post_worker *workers;
    uint32_t *pieces;    /* [F][SCRY_KEY_PIECES]; NULL: no text */
    uint32_t *length;    /* [F] bytes of each stream */
    uint32_t *count;     /* [F] entries of each */
    uint32_t first, end; /* latents of the block that is packed */
} post_job;

static void entries_room(entries *e, uint32_t count) {
    if (count <= e->room) return;
    e->room = (size_t)count + count / 4;
    uint32_t **numbers[] = {&e->token, &e->sorted_token};
    float **values[] = {&e->value, &e->sorted_value};
    for (int i = 0; i < 2; i++) {
        free(*numbers[i]);
        free(*values[i]);
        *numbers[i] = mem_new(e->room, sizeof **numbers[i]);
        *values[i] = mem_new(e->room, sizeof **values[i]);
    }
}

static void entries_free(entries *e) {
    void *owned[] = {e->token, e->sorted_token, e->value, e->sorted_value, e->segment};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

static void read_stream(entries *e, const posting_stream *s, const uint64_t *first_token) {
    posting_cursor cursor = postings_read(s->bytes, s->used);
    entries_room(e, s->count);
    e->count = 0;
    e->segments = 0;
    e->ascending = true;
    uint64_t last = 0; /* token + 1 */
    while (postings_segment(&cursor)) {
        if (e->segments == e->segment_room) {
            e->segment_room = e->segment_room * 2 + 64;
            e->segment = mem_resize(e->segment, e->segment_room, sizeof *e->segment);
        }
        segment *now = &e->segment[e->segments++];
        *now = (segment){.capture = cursor.capture, .begin = e->count};
        while (postings_next(&cursor)) {
            uint64_t token = first_token[cursor.capture] + cursor.row;
            e->ascending = e->ascending && token >= last;
            last = token + 1;
            e->token[e->count] = (uint32_t)token;
            e->value[e->count++] = cursor.activation;
        }
        now->end = e->count;
    }
}

static int by_capture(const void *x, const void *y) {
    const segment *a = x, *b = y;
    if (a->capture != b->capture) return a->capture < b->capture ? -1 : 1;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

/* A group's captures take turns, a segment each, so segments are to be put in order. */
static void sort_segments(entries *e) {
    qsort(e->segment, e->segments, sizeof *e->segment, by_capture);
    uint32_t n = 0;
    e->ascending = true;
    for (size_t i = 0; i < e->segments; i++) {
        const segment *s = &e->segment[i];
        uint32_t count = s->end - s->begin;
        memcpy(e->sorted_token + n, e->token + s->begin, count * sizeof *e->token);
        memcpy(e->sorted_value + n, e->value + s->begin, count * sizeof *e->value);
        n += count;
    }
    for (uint32_t i = 1; i < n && e->ascending; i++) e->ascending = e->sorted_token[i] > e->sorted_token[i - 1];
}

typedef struct entry {
    uint32_t token;
    float value;
} entry;

static int by_token(const void *x, const void *y) {
    uint32_t a = ((const entry *)x)->token, b = ((const entry *)y)->token;
    return a < b ? -1 : a > b;
}

/* Partners can stand in another order than in the capture itself. */
static void sort_entries(entries *e) {
    entry *all = mem_new(e->count, sizeof *all);
    for (uint32_t i = 0; i < e->count; i++) all[i] = (entry){e->token[i], e->value[i]};
    qsort(all, e->count, sizeof *all, by_token);
    for (uint32_t i = 0; i < e->count; i++) {
        e->sorted_token[i] = all[i].token;
        e->sorted_value[i] = all[i].value;
    }
    free(all);
}

static void put_in_order(entries *e) {
    if (e->ascending) return;
    sort_segments(e);
    if (!e->ascending) sort_entries(e);
    uint32_t *token = e->token;
    float *value = e->value;
    e->token = e->sorted_token;
    e->value = e->sorted_value;
    e->sorted_token = token;
    e->sorted_value = value;
}

/* The pieces that hold most of the latent's activation; as many as there are pieces where none is left. */
static void key_pieces(const build_inputs *in, const uint64_t *first_token, post_worker *w, uint32_t *out) {
    const entries *e = &w->e;
    uint32_t touched = 0;
    size_t c = 0;
    for (uint32_t i = 0; i < e->count; i++) {
        while (c + 1 < in->capture_count && e->token[i] >= first_token[c + 1]) c++;
        int text = in->captures[c].text;
        if (text < 0 || !(e->value[i] > 0)) continue;
        uint32_t piece = in->texts[text].text.piece[e->token[i] - first_token[c]];
        if (w->mass[piece] == 0) w->touched[touched++] = piece;
        w->mass[piece] += (double)e->value[i];
    }
    for (int k = 0; k < SCRY_KEY_PIECES; k++) {
        uint32_t best = in->pieces.count;
        for (uint32_t i = 0; i < touched; i++) {
            uint32_t p = w->touched[i];
            bool better =
                best == in->pieces.count || w->mass[p] > w->mass[best] || (w->mass[p] == w->mass[best] && p < best);
            if (w->mass[p] > 0 && better) best = p;
        }
        out[k] = best;
        if (best != in->pieces.count) w->mass[best] = -1; /* taken */
    }
    for (uint32_t i = 0; i < touched; i++) w->mass[w->touched[i]] = 0;
}

/* The stream's bytes become the packed ones. */
static void pack_latent(post_job *job, uint32_t latent, post_worker *w) {
    posting_stream *stream = &job->store->streams[latent];
    if (!stream->count) return;
    read_stream(&w->e, stream, job->first_token);
    put_in_order(&w->e);
    if (job->pieces) key_pieces(job->in, job->first_token, w, job->pieces + (size_t)latent * SCRY_KEY_PIECES);
    free(stream->bytes);
    *stream = (posting_stream){0};
    if (w->packed_room < posting_codec_max_bytes(w->e.count)) {
        w->packed_room = posting_codec_max_bytes(w->e.room);
        w->packed = mem_resize(w->packed, w->packed_room, 1);
    }
    stream->used = (uint32_t)posting_codec_write(w->e.token, w->e.value, w->e.count, w->packed);
    stream->bytes = memcpy(mem_resize(NULL, stream->used, 1), w->packed, stream->used);
    job->length[latent] = stream->used;
    job->count[latent] = w->e.count;
}

static void pack_part(void *context, size_t part, unsigned worker) {
    post_job *job = context;
    uint32_t first = job->first + (uint32_t)part * PART;
    for (uint32_t j = first; j < first + PART && j < job->end; j++) pack_latent(job, j, &job->workers[worker]);
}

/* End of the latents from first on whose streams are restored together: a block, or as many as the memory holds with
 * their packed form. */
static uint32_t block_end(const posting_store *store, uint32_t first) {
    uint64_t bytes = 0;
    uint32_t end = first;
    for (; end < store->latents && end - first < BLOCK_LATENTS; end++) {
        bytes += 2 * posting_store_spilled(store, end);
        if (bytes > store->limit && end > first) break;
    }
    return end;
}

/* A block of latents at a time, so that few complete streams are in memory. */
static bool put_data(post_job *job, container_writer *w) {
    posting_store *store = job->store;
    static const uint8_t spare[POSTING_CODEC_SPARE];
    container_begin(w, "post/data");
    spill_reader reader;
    spill_begin(&reader, store);
    bool ok = true;
    for (job->first = 0; job->first < store->latents && ok; job->first = job->end) {
        job->end = block_end(store, job->first);
        for (uint32_t j = job->first; j < job->end && ok; j++) ok = spill_restore(&reader, j, job->in->err);
        if (!ok) break;
        parallel_for(job->in->pool, (job->end - job->first + PART - 1) / PART, pack_part, job);
        for (uint32_t j = job->first; j < job->end; j++) {
            container_write(w, store->streams[j].bytes, store->streams[j].used);
            free(store->streams[j].bytes);
            store->streams[j] = (posting_stream){0};
        }
    }
    spill_end(&reader);
    container_write(w, spare, sizeof spare);
    return ok;
}

static void put_places(const post_job *job, const active_rows *rows, container_writer *w) {
    const uint32_t F = job->in->F, groups = (F + GROUP_LATENTS - 1) / GROUP_LATENTS;
    layout_group *group = mem_new((size_t)groups + 1, sizeof *group), at = {0};
    container_begin(w, "post/length");
    for (uint32_t j = 0; j < F; j++) {
        if (j % GROUP_LATENTS == 0) group[j / GROUP_LATENTS] = at;
        uint8_t bytes[5], *end = posting_codec_number(bytes, job->length[j]);
        container_write(w, bytes, (uint64_t)(end - bytes));
        at.length += (uint64_t)(end - bytes);
        at.data += job->length[j];
    }
    group[groups] = at;
    container_begin(w, "post/at");
    container_write(w, group, ((uint64_t)groups + 1) * sizeof *group);
    free(group);
    /* as wide as all tokens need, so that shards of an index agree */
    uint64_t tokens = 0;
    for (size_t i = 0; i < job->in->capture_count; i++) tokens += job->in->captures[i].rows;
    container_begin(w, "post/count");
    packed_uint_write_rows(w, rows, job->count, 1, packed_uint_width(tokens));
}

bool write_postings(const build_inputs *in, posting_store *store, const active_rows *rows, container_writer *w) {
    unsigned threads = parallel_threads(in->pool);
    post_job job = {.in = in, .store = store, .workers = mem_new(threads, sizeof *job.workers)};
    job.length = mem_new(in->F, sizeof *job.length);
    job.count = mem_new(in->F, sizeof *job.count);
    job.first_token = mem_new(in->capture_count, sizeof *job.first_token);
    for (size_t i = 1; i < in->capture_count; i++)
        job.first_token[i] = job.first_token[i - 1] + in->captures[i - 1].rows;
    if (in->pieces.count) job.pieces = mem_new((size_t)in->F * SCRY_KEY_PIECES, sizeof *job.pieces);
    for (unsigned i = 0; i < threads; i++) {
        job.workers[i].mass = mem_new(in->pieces.count, sizeof(double));
        job.workers[i].touched = mem_new(in->pieces.count, sizeof(uint32_t));
    }
    bool ok = put_data(&job, w);
    if (ok) put_places(&job, rows, w);
    if (ok && job.pieces) {
        container_begin(w, "key/pieces");
        packed_uint_write_rows(w, rows, job.pieces, SCRY_KEY_PIECES, packed_uint_width(in->pieces.count));
    }
    for (unsigned i = 0; i < threads; i++) {
        entries_free(&job.workers[i].e);
        free(job.workers[i].mass);
        free(job.workers[i].touched);
        free(job.workers[i].packed);
    }
    void *owned[] = {job.workers, job.pieces, job.length, job.count, job.first_token};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    return ok;
}
