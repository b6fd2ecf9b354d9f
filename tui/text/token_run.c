/* token_run.c: see token_run.h. */
#include "text/token_run.h"
#include "base/utf8.h"

#include <string.h>

enum { RUN_MOST = 8 };

/* How many bytes the last character of a text lacks. */
static int lacking(const char *text) {
    size_t n = strlen(text), tails = 0;
    while (tails < n && tails < 3 && utf8_is_continuation(text[n - 1 - tails])) tails++;
    if (tails == n) return 0;
    unsigned char lead = (unsigned char)text[n - 1 - tails];
    int wanted = lead >= 0xf0 && lead < 0xf8   ? 3
                 : lead >= 0xe0 && lead < 0xf0 ? 2
                 : lead >= 0xc0 && lead < 0xe0 ? 1
                                               : 0;
    return wanted > (int)tails ? wanted - (int)tails : 0;
}

uint64_t token_run_end(token_text *text, const void *context, uint64_t from, uint64_t end) {
    int lack = lacking(text(context, from));
    uint64_t t = from + 1;
    for (; lack && t < end && t - from < RUN_MOST; t++) {
        const char *more = text(context, t);
        for (; lack && utf8_is_continuation(*more); more++) lack--;
        if (lack && *more) break;
        if (!lack) lack = lacking(more);
    }
    return lack ? from + 1 : t;
}

token_run token_run_around(token_text *text, const void *context, uint64_t at, uint64_t first, uint64_t end) {
    uint64_t from = at;
    while (from > first && at - from < RUN_MOST && utf8_is_continuation(*text(context, from))) from--;
    uint64_t last = token_run_end(text, context, from, end);
    return last > at ? (token_run){from, last} : (token_run){at, token_run_end(text, context, at, end)};
}
