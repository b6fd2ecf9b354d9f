/* shell/set_names.c: the names in an expression of sets. */
#include "shell/set_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The named sets, read when a name first needs them, so that numbers work with a damaged file. */
typedef struct kept_sets {
    scry_named_sets *own;
    bool tried;
    scry_error err;
} kept_sets;

typedef struct lookup {
    const set_names *names;
    kept_sets *read;
} lookup;

static const scry_named_sets *kept_of(const lookup *l) {
    if (l->names->kept) return l->names->kept;
    if (!l->read->tried) l->read->own = scry_named_sets_open(l->names->index, &l->read->err);
    l->read->tried = true;
    return l->read->own;
}

static bool put_all(scry_set *out, const scry_set *set) {
    if (set) scry_set_combine(out, SCRY_UNION, set);
    return set != NULL;
}

/* top and topN: the first of the ranking. */
static bool put_top(const set_names *n, const char *digits, scry_set *out) {
    char *end;
    unsigned long long count = *digits ? strtoull(digits, &end, 10) : n->n ? n->n : 100;
    if (!n->ranking || (*digits && (*end || *digits < '0' || *digits > '9'))) return false;
    for (uint32_t rank = 0; rank < count && rank < n->ranking->latents; rank++)
        scry_set_put(out, n->ranking->order[rank], true);
    return true;
}

static bool look_up(const void *context, const char *name, scry_set *out) {
    const lookup *l = context;
    const set_names *n = l->names;
    if (strcmp(name, "current") == 0) return put_all(out, n->current);
    if (strcmp(name, "marked") == 0) return put_all(out, n->marked);
    if (strcmp(name, "filtered") == 0) return put_all(out, n->filtered);
    if (strncmp(name, "top", 3) == 0 && put_top(n, name + 3, out)) return true;
    const scry_named_sets *kept = kept_of(l);
    return kept && put_all(out, scry_named_sets_find(kept, name));
}

static void list_names(const lookup *l, scry_error *err) {
    const scry_named_sets *kept = kept_of(l);
    size_t used = strlen(err->text), size = sizeof err->text;
    used += (size_t)snprintf(err->text + used, size - used, "; expected all, none%s%s%s%s",
                             l->names->ranking ? ", top, top50" : "", l->names->current ? ", current" : "",
                             l->names->marked ? ", marked" : "", l->names->filtered ? ", filtered" : "");
    for (size_t i = 0; kept && i < kept->count && used + SCRY_SET_NAME + 2 < size; i++)
        used += (size_t)snprintf(err->text + used, size - used, ", %s", kept->item[i].name);
}

scry_set *set_names_expression(const set_names *names, const char *text, scry_error *err) {
    kept_sets read = {0};
    lookup l = {names, &read};
    scry_error why = {0};
    scry_set *set = scry_set_expression(text, scry_index_info(names->index)->d_sae, look_up, &l, &why);
    if (read.err.status) why = read.err;
    else if (!set && strstr(why.text, ": no set \"")) list_names(&l, &why);
    if (!set && err) *err = why;
    scry_named_sets_free(read.own);
    return set;
}
