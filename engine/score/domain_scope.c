/* score/domain_scope.c: the domains that take part in the correlation. */
#include "scry.h"
#include "base/mem.h"
#include "base/name_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool extremes(scry_scope *scope, const scry_index *index, const char *number, scry_error *err) {
    const scry_info *info = scry_index_info(index);
    char *end;
    long k = strtol(number, &end, 10);
    size_t measured = 0;
    size_t *order = mem_new(info->domains, sizeof *order);
    for (size_t d = 0; d < info->domains; d++)
        if (!isnan(info->domain[d].change[scope->train])) order[measured++] = d;
    bool ok = *number && !*end && k >= 1;
    if (!ok) scry_misuse(err, "extremes:%s: expected a whole number of 1 or more", number);
    if (ok && (size_t)k > measured / 2)
        ok =
            scry_misuse(err, "extremes:%ld needs twice as many domains with a measured change, found %zu", k, measured);
    /* Insertion sort by the change as it is correlated, largest first; stable, so ties stay in order of domain. */
    for (size_t i = 1; i < measured; i++)
        for (size_t j = i; j > 0; j--) {
            if (scry_scope_change(scope, index, order[j - 1]) >= scry_scope_change(scope, index, order[j])) break;
            size_t swap = order[j];
            order[j] = order[j - 1], order[j - 1] = swap;
        }
    memset(scope->use, 0, scope->domains * sizeof *scope->use);
    for (size_t i = 0; ok && i < (size_t)k; i++) scope->use[order[i]] = scope->use[order[measured - 1 - i]] = true;
    free(order);
    return ok;
}

static bool no_domain(const scry_info *info, const char *name, scry_error *err) {
    char list[400] = "";
    for (size_t i = 0; i < info->domains; i++) {
        char *quoted = scry_name_list_quote(info->domain[i].name);
        if (strlen(list) + strlen(quoted) + 3 < sizeof list) strcat(strcat(list, i ? ", " : ""), quoted);
        free(quoted);
    }
    return scry_misuse(err, "no domain \"%.60s\"; expected all, extremes:K, or some of: %s", name, list);
}

static size_t find(const scry_info *info, const char *name, size_t length) {
    size_t d = 0;
    while (d < info->domains && (strncmp(info->domain[d].name, name, length) != 0 || info->domain[d].name[length])) d++;
    return d;
}

/* A blank in front belongs to the name where a domain has it; else "law, math" means law and math. */
static size_t find_listed(const scry_info *info, const scry_listed_name *listed) {
    const char *name = listed->text;
    size_t length = strlen(name), d = find(info, name, length);
    if (d < info->domains || !listed->plain) return d;
    while (*name == ' ') name++, length--;
    return find(info, name, length);
}

static bool named(scry_scope *scope, const scry_index *index, const char *spec, scry_error *err) {
    const scry_info *info = scry_index_info(index);
    scry_error why = {0};
    scry_listed_name listed;
    memset(scope->use, 0, scope->domains * sizeof *scope->use);
    while (scry_name_list_next(&spec, &listed, &why)) {
        size_t d = find_listed(info, &listed);
        bool ok = d < info->domains || no_domain(info, listed.text, err);
        if (ok) scope->use[d] = true;
        free(listed.text);
        if (!ok) return false;
    }
    if (why.status && err) *err = why;
    return !why.status;
}

static bool read_spec(scry_scope *scope, const scry_index *index, const char *spec, scry_error *err) {
    for (size_t d = 0; d < scope->domains; d++) scope->use[d] = true;
    if (strcmp(spec, "all") == 0) return true;
    if (!scry_require_domains(index, err)) return false;
    if (strncmp(spec, "extremes:", 9) == 0) return extremes(scope, index, spec + 9, err);
    return named(scope, index, spec, err);
}

bool scry_domains_read(bool *use, const scry_index *index, size_t train, const char *spec, scry_error *err) {
    scry_scope scope = {.train = train, .domains = scry_index_info(index)->domains, .use = use};
    return read_spec(&scope, index, spec, err);
}

bool scry_scope_read(scry_scope *scope, const scry_index *index, size_t train, const char *spec, bool is_signed,
                     scry_error *err) {
    const scry_info *info = scry_index_info(index);
    *scope = (scry_scope){.train = train, .is_signed = is_signed, .domains = info->domains};
    scope->use = mem_new(info->domains, sizeof *scope->use);
    bool ok = read_spec(scope, index, spec, err);
    for (size_t d = 0; d < info->domains; d++)
        if (isnan(info->domain[d].change[train])) scope->use[d] = false;
    if (!ok) scry_scope_free(scope);
    return ok;
}

scry_scope scry_scope_copy(const scry_scope *from) {
    scry_scope copy = *from;
    copy.use = mem_new(copy.domains, sizeof *copy.use);
    memcpy(copy.use, from->use, copy.domains * sizeof *copy.use);
    return copy;
}

void scry_scope_free(scry_scope *scope) {
    free(scope->use);
    *scope = (scry_scope){0};
}

double scry_scope_change(const scry_scope *scope, const scry_index *index, size_t domain) {
    double change = scry_index_info(index)->domain[domain].change[scope->train];
    return scope->is_signed ? change : fabs(change);
}
