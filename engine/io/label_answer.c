/* label_answer.c: the answer of a language model that was asked for a latent's label. */
#include "io/label_answer.h"
#include "base/mem.h"
#include "io/json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool label_answer_is(const cJSON *item) {
    return cJSON_HasObjectItem(item, "custom_id");
}

bool label_answer_latent(const cJSON *item, double *latent) {
    static const char name[] = "latent-";
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "custom_id"));
    if (!id || strncmp(id, name, sizeof name - 1) != 0) return false;
    const char *number = id + sizeof name - 1;
    size_t digits = strspn(number, "0123456789");
    if (!digits || digits > 15 || number[digits]) return false;
    *latent = strtod(number, NULL);
    return true;
}

/* ---- where the text is ---- */

/* A text, or the first text of a list of parts. */
static const char *content_of(const cJSON *content) {
    if (cJSON_IsString(content)) return content->valuestring;
    const cJSON *part;
    if (!cJSON_IsArray(content)) return NULL;
    cJSON_ArrayForEach (part, content) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(part, "text"));
        if (text) return text;
    }
    return NULL;
}

static const cJSON *at(const cJSON *item, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(item, key);
}

static const char *text_in(const cJSON *item) {
    const cJSON *body = at(at(item, "response"), "body"), *part;
    const char *text = content_of(at(item, "content"));
    if (!text) text = content_of(at(at(at(item, "result"), "message"), "content"));
    if (!text) text = content_of(at(at(cJSON_GetArrayItem(at(body, "choices"), 0), "message"), "content"));
    cJSON_ArrayForEach (part, at(body, "output"))
        if (!text) text = content_of(at(part, "content"));
    return text;
}

/* ---- the label in it ---- */

typedef struct span {
    const char *from, *end;
} span;

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static span trim(span s) {
    while (s.from < s.end && is_blank(*s.from)) s.from++;
    while (s.end > s.from && is_blank(s.end[-1])) s.end--;
    return s;
}

/* Takes a pair of signs from around the text. */
static bool take_pair(span *s, const char *open, const char *close) {
    size_t a = strlen(open), b = strlen(close), length = (size_t)(s->end - s->from);
    if (length < a + b || strncmp(s->from, open, a) != 0 || strncmp(s->end - b, close, b) != 0) return false;
    s->from += a;
    s->end -= b;
    return true;
}

/* Quotes, marks and the full stop around a label. */
static span bare(span s) {
    static const char *const pairs[][2] = {{"**", "**"},
                                           {"\"", "\""},
                                           {"'", "'"},
                                           {"`", "`"},
                                           {"*", "*"},
                                           {"\xe2\x80\x9c", "\xe2\x80\x9d"},
                                           {"\xe2\x80\x98", "\xe2\x80\x99"}};
    for (bool again = true; again;) {
        s = trim(s);
        size_t length = (size_t)(s.end - s.from);
        again = length > 1 && s.end[-1] == '.' && s.end[-2] != '.';
        s.end -= again;
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs && !again; i++)
            again = take_pair(&s, pairs[i][0], pairs[i][1]);
    }
    return s;
}

/* "Label:" in front, also as "**Label:**", "[LABEL]:", "## Label:"; true when it was there. */
static bool take_name(span *s) {
    static const char *const names[] = {"final label", "label", "explanation", "latent label", "answer"};
    span t = *s;
    while (t.from < t.end && strchr("*#>-[`_ ", *t.from)) t.from++;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        span rest = t;
        if ((size_t)(t.end - t.from) <= length || strncasecmp(t.from, names[i], length) != 0) continue;
        rest.from += length;
        while (rest.from < rest.end && strchr("*]`_ ", *rest.from)) rest.from++;
        if (rest.from == rest.end || *rest.from != ':') continue;
        rest.from++;
        /* the mark that was opened in front: **Label:** text, or **Label: text** */
        bool marked = t.from > s->from && t.from[-1] == '*' && rest.end - rest.from >= 2;
        if (marked && strncmp(rest.from, "**", 2) == 0) rest.from += 2;
        else if (marked && strncmp(rest.end - 2, "**", 2) == 0) rest.end -= 2;
        *s = trim(rest);
        return true;
    }
    return false;
}

static span next_line(const char **at_text) {
    const char *from = *at_text, *end = from + strcspn(from, "\n");
    *at_text = *end ? end + 1 : end;
    return trim((span){from, end});
}

static char *copy_bare(span s) {
    s = bare(s);
    return s.from < s.end ? mem_copy_bytes(s.from, (size_t)(s.end - s.from)) : NULL;
}

/* "label" of the object that the answer is. */
static char *label_of_json(const char *text) {
    const char *open = strchr(text, '{'), *close = strrchr(text, '}');
    if (!open || !close || close < open) return NULL;
    cJSON *json = json_parse(open, (size_t)(close - open) + 1);
    const char *label = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "label"));
    char *out = label ? copy_bare((span){label, label + strlen(label)}) : NULL;
    cJSON_Delete(json);
    return out;
}

char *label_answer_text(const cJSON *item) {
    const char *text = text_in(item), *thought;
    if (!text) return NULL;
    while ((thought = strstr(text, "</think>"))) text = thought + strlen("</think>");
    char *label = label_of_json(text);
    if (label) return label;
    span first = {0}, named = {0};
    while (*text) {
        span line = next_line(&text);
        if (line.from == line.end || strncmp(line.from, "```", 3) == 0) continue;
        span rest = line;
        if (take_name(&rest) && rest.from < rest.end) named = rest;
        else if (!first.from) first = line;
    }
    span found = named.from ? named : first;
    return found.from ? copy_bare(found) : NULL;
}
