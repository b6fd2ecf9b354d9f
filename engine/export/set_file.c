/* export/set_file.c: puts latents of a file into a set, and says what is wrong with it. */
#include "export/set_file.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

bool set_file_put_number(const set_file *f, uint64_t number, bool in, const char *place, scry_error *err) {
    if (number >= f->set->latents)
        return scry_fail(err, "%s: %s: latent %" PRIu64 " does not exist; this index has 0 to %" PRIu32, f->path, place,
                         number, f->set->latents - 1);
    scry_set_put(f->set, (uint32_t)number, in);
    if (f->listed) scry_set_put(f->listed, (uint32_t)number, true);
    return true;
}

bool set_file_put(const set_file *f, const char *text, bool in, const char *place, scry_error *err) {
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno)
        return scry_fail(err, "%s: %s: latent: found \"%.40s\", expected a whole number", f->path, place, text);
    return set_file_put_number(f, number, in, place, err);
}

bool set_file_unknown(const set_file *f, const char *found, scry_error *err) {
    return scry_fail(
        err,
        "%s: %s; expected latents as numbers (one per line, or with commas), as CSV with the column latent "
        "(and included), or as JSON with the list \"latents\" or \"features\"",
        f->path, found);
}
