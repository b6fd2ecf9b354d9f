/* xml.h: a strict XML reader: says whether a file is well formed, and collects its text. */
#ifndef SCRY_TESTS_UNIT_XML_H
#define SCRY_TESTS_UNIT_XML_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { XML_DEPTH = 64, XML_NAME = 64 };

typedef struct xml {
    const char *at, *start;
    char open[XML_DEPTH][XML_NAME]; /* elements not closed yet */
    int depth, roots;
    char wrong[200];    /* empty: nothing so far */
    char text[1 << 16]; /* all character data, unescaped */
    size_t used;
    size_t elements;
} xml;

static bool xml_fail(xml *x, const char *what) {
    if (!x->wrong[0])
        snprintf(x->wrong, sizeof x->wrong, "byte %zu: %s: %.30s", (size_t)(x->at - x->start), what, x->at);
    return false;
}

/* One character that XML 1.0 allows, as bytes. */
static bool xml_character(xml *x) {
    const unsigned char *b = (const unsigned char *)x->at;
    uint32_t code = b[0];
    int more = code < 0x80                   ? 0
               : code >= 0xc2 && code < 0xe0 ? 1
               : (code & 0xf0) == 0xe0       ? 2
               : code >= 0xf0 && code < 0xf5 ? 3
                                             : -1;
    if (more < 0) return xml_fail(x, "not UTF-8");
    if (more) code &= 0x3fu >> more;
    for (int i = 1; i <= more; i++) {
        if ((b[i] & 0xc0) != 0x80) return xml_fail(x, "broken UTF-8");
        code = code << 6 | (b[i] & 0x3f);
    }
    if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10ffff)))
        return xml_fail(x, "overlong UTF-8");
    if (code < 0x20 && code != '\t' && code != '\n' && code != '\r') return xml_fail(x, "a control character");
    if ((code >= 0xd800 && code < 0xe000) || code == 0xfffe || code == 0xffff)
        return xml_fail(x, "a character that XML forbids");
    for (int i = 0; i <= more; i++, x->at++)
        if (x->used + 1 < sizeof x->text) x->text[x->used++] = *x->at;
    return true;
}

static bool xml_entity(xml *x) {
    static const struct {
        const char *name;
        char value;
    } known[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(x->at, known[i].name, strlen(known[i].name)) == 0) {
            x->at += strlen(known[i].name);
            if (x->used + 1 < sizeof x->text) x->text[x->used++] = known[i].value;
            return true;
        }
    return xml_fail(x, "an entity that is not XML's own");
}

static bool xml_name(xml *x, char name[XML_NAME]) {
    size_t n = 0;
    if (!isalpha((unsigned char)*x->at)) return xml_fail(x, "no name");
    while (isalnum((unsigned char)*x->at) || *x->at == ':' || *x->at == '-' || *x->at == '_') {
        if (n + 1 == XML_NAME) return xml_fail(x, "a name too long");
        name[n++] = *x->at++;
    }
    name[n] = 0;
    return true;
}

static bool xml_value(xml *x) {
    size_t used = x->used;
    if (*x->at++ != '"') return xml_fail(x, "a value without quotes");
    while (*x->at != '"') {
        if (!*x->at || *x->at == '<') return xml_fail(x, "a value that does not end");
        if (!(*x->at == '&' ? xml_entity(x) : xml_character(x))) return false;
    }
    x->at++;
    x->used = used; /* not text */
    return true;
}

static bool xml_tag(xml *x) {
    char name[XML_NAME], attribute[32][XML_NAME];
    int attributes = 0;
    x->at++;
    if (*x->at == '/') {
        x->at++;
        if (!xml_name(x, name)) return false;
        if (*x->at++ != '>') return xml_fail(x, "a closing tag that does not close");
        if (x->depth == 0 || strcmp(x->open[x->depth - 1], name) != 0)
            return xml_fail(x, "a closing tag of another element");
        x->depth--;
        return true;
    }
    if (!xml_name(x, name)) return false;
    x->elements++;
    if (x->depth == 0 && x->roots++) return xml_fail(x, "a second root");
    while (*x->at != '>' && *x->at != '/') {
        if (*x->at != ' ' && *x->at != '\n') return xml_fail(x, "no blank before an attribute");
        while (*x->at == ' ' || *x->at == '\n') x->at++;
        if (*x->at == '>' || *x->at == '/') break;
        if (attributes == 32 || !xml_name(x, attribute[attributes])) return xml_fail(x, "attributes");
        for (int i = 0; i < attributes; i++)
            if (strcmp(attribute[i], attribute[attributes]) == 0) return xml_fail(x, "an attribute twice");
        attributes++;
        if (*x->at++ != '=') return xml_fail(x, "an attribute without value");
        if (!xml_value(x)) return false;
    }
    if (*x->at == '/') {
        x->at += 2;
        return x->at[-1] == '>' || xml_fail(x, "a stray slash");
    }
    x->at++;
    if (x->depth == XML_DEPTH) return xml_fail(x, "too deep");
    strcpy(x->open[x->depth++], name);
    return true;
}

/* Whether all of `bytes` is one well-formed element (x->wrong says why not). Comments, declarations
 * and processing instructions are not taken: none are written. */
static bool xml_read(xml *x, const char *bytes) {
    memset(x, 0, sizeof *x);
    x->at = x->start = bytes;
    while (*x->at) {
        bool ok;
        if (*x->at == '<') ok = xml_tag(x);
        else if (*x->at == '&') ok = xml_entity(x);
        else if (x->depth == 0 && *x->at != '\n') ok = xml_fail(x, "text outside the root");
        else ok = xml_character(x);
        if (!ok) return false;
    }
    x->text[x->used] = 0;
    if (x->depth) return xml_fail(x, "an element that is not closed");
    return x->roots == 1 || xml_fail(x, "no root");
}

#endif
