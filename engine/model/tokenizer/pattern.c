/* pattern.c: patterns through PCRE2. */
#include "model/tokenizer/pattern.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct pattern {
    pcre2_code *code; /* NULL: literal */
    char *literal;
    size_t length;
    bool quick; /* compiled to machine code */
};

struct pattern_search {
    pcre2_match_data *data;
    pcre2_match_context *context;
};

pattern *pattern_new(const char *expression, scry_error *err) {
    char *translated = pattern_translate(expression, err);
    if (!translated) return NULL;
    pcre2_compile_context *context = mem_check(pcre2_compile_context_create(NULL));
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    int number;
    size_t place;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)translated, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &number, &place, context);
    pcre2_compile_context_free(context);
    if (!code) {
        unsigned char why[120] = "";
        pcre2_get_error_message(number, why, sizeof why);
        scry_fail(err, "the regular expression %.200s does not compile: %s", expression, (const char *)why);
    }
    free(translated);
    if (!code) return NULL;
    pattern *p = mem_new(1, sizeof *p);
    p->code = code;
    p->quick = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
    return p;
}

pattern *pattern_literal(const char *bytes, size_t length) {
    pattern *p = mem_new(1, sizeof *p);
    p->literal = mem_copy_bytes(bytes, length);
    p->length = length;
    return p;
}

void pattern_free(pattern *p) {
    if (!p) return;
    pcre2_code_free(p->code);
    free(p->literal);
    free(p);
}

pattern_search *pattern_search_new(void) {
    pattern_search *search = mem_new(1, sizeof *search);
    search->data = mem_check(pcre2_match_data_create(1, NULL));
    search->context = mem_check(pcre2_match_context_create(NULL));
    return search;
}

void pattern_search_free(pattern_search *search) {
    if (!search) return;
    pcre2_match_data_free(search->data);
    pcre2_match_context_free(search->context);
    free(search);
}

static int find_literal(const pattern *p, const char *text, size_t length, size_t from, size_t *begin, size_t *end) {
    const char *at =
        p->length && length - from >= p->length ? memmem(text + from, length - from, p->literal, p->length) : NULL;
    if (!at) return 0;
    *begin = (size_t)(at - text);
    *end = *begin + p->length;
    return 1;
}

int pattern_find(const pattern *p, pattern_search *search, const char *text, size_t length, size_t from, size_t *begin,
                 size_t *end, scry_error *err) {
    if (!p->code) return find_literal(p, text, length, from, begin, end);
    PCRE2_SPTR subject = (PCRE2_SPTR)text;
    int found = p->quick ? pcre2_jit_match(p->code, subject, length, from, 0, search->data, search->context)
                         : PCRE2_ERROR_JIT_STACKLIMIT;
    /* the interpreter's stack grows on the heap */
    if (found == PCRE2_ERROR_JIT_STACKLIMIT)
        found = pcre2_match(p->code, subject, length, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, search->data,
                            search->context);
    if (found == PCRE2_ERROR_NOMATCH) return 0;
    if (found < 0) {
        unsigned char why[120] = "";
        pcre2_get_error_message(found, why, sizeof why);
        scry_fail(err, "a regular expression of the tokenizer gives up on this text: %s", (const char *)why);
        return -1;
    }
    const size_t *place = pcre2_get_ovector_pointer(search->data);
    *begin = place[0];
    *end = place[1];
    if (*begin > *end || *begin < from) { /* \K in a lookaround */
        scry_fail(err, "a regular expression of the tokenizer finds a match that begins outside itself");
        return -1;
    }
    return 1;
}
