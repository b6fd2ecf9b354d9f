/* selection/set_expression.c: union, intersection, difference and complement of sets, and expressions of them. */
#include "sets.h"
#include "base/mem.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t count_bits(const uint64_t *bits, size_t words) {
    uint32_t count = 0;
    for (size_t i = 0; i < words; i++) count += (uint32_t)__builtin_popcountll(bits[i]);
    return count;
}

void scry_set_combine(scry_set *a, scry_set_op op, const scry_set *b) {
    size_t words = scry_set_words(a->latents);
    for (size_t i = 0; i < words; i++)
        a->bits[i] = op == SCRY_UNION          ? a->bits[i] | b->bits[i]
                     : op == SCRY_INTERSECTION ? a->bits[i] & b->bits[i]
                                               : a->bits[i] & ~b->bits[i];
    a->count = count_bits(a->bits, words);
}

static void complement(scry_set *a) {
    size_t words = scry_set_words(a->latents);
    for (size_t i = 0; i < words; i++) a->bits[i] = ~a->bits[i];
    if (a->latents % 64) a->bits[words - 1] &= ((uint64_t)1 << a->latents % 64) - 1;
    a->count = a->latents - a->count;
}

scry_set_relation scry_set_relate(const scry_set *a, const scry_set *b) {
    scry_set_relation r = {.a = a->count, .b = b->count};
    for (size_t i = 0; i < scry_set_words(a->latents); i++)
        r.both += (uint32_t)__builtin_popcountll(a->bits[i] & b->bits[i]);
    r.only_a = r.a - r.both;
    r.only_b = r.b - r.both;
    uint64_t either = (uint64_t)r.a + r.only_b;
    r.jaccard = either ? (double)r.both / (double)either : NAN;
    return r;
}

char *scry_set_text(const scry_set *set) {
    char *text = NULL;
    size_t length = 0;
    FILE *f = mem_stream(&text, &length);
    for (uint32_t j = 0, first = 1; j < set->latents; j++) {
        if (!scry_set_has(set, j)) continue;
        uint32_t last = j;
        while (last + 1 < set->latents && scry_set_has(set, last + 1)) last++;
        fprintf(f, first ? "%u" : ",%u", j);
        if (last > j) fprintf(f, "-%u", last);
        first = 0;
        j = last;
    }
    mem_stream_end(f);
    return text;
}

enum { MAX_DEPTH = 64 };

typedef struct parser {
    const char *text, *at;
    uint32_t latents;
    scry_set_lookup lookup;
    const void *context;
    scry_error *err;
    int depth;
} parser;

static scry_set *read_union(parser *p);

static void skip(parser *p) {
    while (*p->at == ' ' || *p->at == '\t') p->at++;
}

static scry_set *syntax_error(parser *p, const char *expected) {
    if (*p->at)
        scry_misuse(p->err, "\"%.60s\": at column %d: found \"%.10s\", expected %s", p->text,
                    (int)(p->at - p->text) + 1, p->at, expected);
    else scry_misuse(p->err, "\"%.60s\": at its end: expected %s", p->text, expected);
    return NULL;
}

/* "3, 17,90-120": a hyphen between two digits is a range, any other a difference. */
static scry_set *read_numbers(parser *p) {
    const char *end = p->at;
    for (;;) {
        const char *after = end + 1 + (*end == ',' ? strspn(end + 1, " ") : 0);
        bool comma = *end == ',' && (isdigit((unsigned char)*after) || !*after);
        bool range = *end == '-' && isdigit((unsigned char)end[-1]) && isdigit((unsigned char)*after);
        if (!isdigit((unsigned char)*end) && !comma && !range) break;
        end = after;
    }
    char *list = mem_copy_bytes(p->at, (size_t)(end - p->at));
    scry_set *set = scry_set_new(p->latents);
    bool ok = scry_set_list(set, list, true, p->err);
    free(list);
    p->at = end;
    if (ok) return set;
    scry_set_free(set);
    return NULL;
}

static scry_set *read_name(parser *p) {
    const char *start = p->at;
    while (isalnum((unsigned char)*p->at) || *p->at == '_' || *p->at == '.') p->at++;
    char *name = mem_copy_bytes(start, (size_t)(p->at - start));
    scry_set *set = scry_set_new(p->latents);
    bool all = strcmp(name, "all") == 0, known = all || strcmp(name, "none") == 0;
    if (all) complement(set);
    if (!known && p->lookup) known = p->lookup(p->context, name, set);
    if (!known) {
        scry_misuse(p->err, "\"%.60s\": at column %d: no set \"%.40s\"", p->text, (int)(start - p->text) + 1, name);
        scry_set_free(set);
        set = NULL;
    }
    free(name);
    return set;
}

static scry_set *read_operand(parser *p) {
    skip(p);
    if (p->depth >= MAX_DEPTH) return syntax_error(p, "fewer brackets");
    p->depth++;
    scry_set *set = NULL;
    if (*p->at == '!') {
        p->at++;
        set = read_operand(p);
        if (set) complement(set);
    } else if (*p->at == '(') {
        p->at++;
        set = read_union(p);
        skip(p);
        if (set && *p->at != ')') {
            scry_set_free(set);
            set = syntax_error(p, "a closing bracket");
        } else if (set) {
            p->at++;
        }
    } else if (isdigit((unsigned char)*p->at)) {
        set = read_numbers(p);
    } else if (isalpha((unsigned char)*p->at) || *p->at == '_') {
        set = read_name(p);
    } else {
        syntax_error(p, "a set's name, latents such as 3,17,90-120, ! or (");
    }
    p->depth--;
    return set;
}

/* left op right, in left; takes ownership of both. NULL where right is. */
static scry_set *combined(scry_set *left, scry_set_op op, scry_set *right) {
    if (right) scry_set_combine(left, op, right);
    else {
        scry_set_free(left);
        left = NULL;
    }
    scry_set_free(right);
    return left;
}

static scry_set *read_intersection(parser *p) {
    scry_set *left = read_operand(p);
    while (left) {
        skip(p);
        if (*p->at != '&') break;
        p->at++;
        left = combined(left, SCRY_INTERSECTION, read_operand(p));
    }
    return left;
}

static scry_set *read_union(parser *p) {
    scry_set *left = read_intersection(p);
    while (left) {
        skip(p);
        char op = *p->at;
        if (op != '+' && op != '|' && op != '-') break;
        p->at++;
        left = combined(left, op == '-' ? SCRY_DIFFERENCE : SCRY_UNION, read_intersection(p));
    }
    return left;
}

scry_set *scry_set_expression(const char *text, uint32_t latents, scry_set_lookup lookup, const void *context,
                              scry_error *err) {
    parser p = {text, text, latents, lookup, context, err, 0};
    scry_set *set = read_union(&p);
    skip(&p);
    if (!set || !*p.at) return set;
    scry_set_free(set);
    return syntax_error(&p, "+, -, & or the end");
}
