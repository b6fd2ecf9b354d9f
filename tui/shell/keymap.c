/* keymap.c: the keys of commands. */
#include "shell/keymap.h"
#include "base/mem.h"
#include "terminal/keys.h"
#include "text/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *keymap_keys(const keymap *m, const command *c) {
    const char *set = m->keys ? m->keys[c - commands] : NULL;
    return set ? set : c->keys;
}

void keymap_first(const keymap *m, const char *name, char *key, size_t size) {
    const command *c = command_find(name);
    const char *keys = c ? keymap_keys(m, c) : "";
    snprintf(key, size, "%.*s", (int)strcspn(keys, " "), keys);
    if (strcmp(key, "Space") == 0) snprintf(key, size, "space");
}

static bool unknown(const char *name, scry_error *err) {
    const char *names[256];
    size_t n = 0;
    for (size_t i = 0; i < command_count && n < 256; i++)
        if (commands[i].explorer) names[n++] = commands[i].name;
    const char *near = suggest_nearest(name, names, n);
    return scry_fail(err, "found \"%.40s\", expected a command of the explorer%s%s%s", name, near ? ", such as \"" : "",
                     near ? near : "", near ? "\"" : "");
}

static void put(keymap *m, const command *c, const char *keys) {
    if (!m->keys) m->keys = mem_new(command_count, sizeof *m->keys);
    char *copy = mem_copy_string(keys);
    free(m->keys[c - commands]);
    m->keys[c - commands] = copy;
}

/* Removes the keys in `taken` from a command's. */
static void take_from(keymap *m, const command *c, const char *taken) {
    char left[256] = "", keys[256];
    snprintf(keys, sizeof keys, "%s", keymap_keys(m, c));
    bool lost = false;
    char *state;
    for (char *key = strtok_r(keys, " ", &state); key; key = strtok_r(NULL, " ", &state)) {
        bool gone = key_in(taken, key_of_name(key));
        lost = lost || gone;
        if (!gone) snprintf(left + strlen(left), sizeof left - strlen(left), "%s%s", left[0] ? " " : "", key);
    }
    if (lost) put(m, c, left);
}

bool keymap_set(keymap *m, const char *name, const char *keys, scry_error *err) {
    const command *c = command_find(name);
    if (!c || !c->explorer) return unknown(name, err);
    char words[256], *state;
    snprintf(words, sizeof words, "%s", keys);
    for (char *key = strtok_r(words, " ", &state); key; key = strtok_r(NULL, " ", &state))
        if (!key_of_name(key)) return scry_fail(err, "found \"%.40s\", expected keys such as \"x ^x Space Down\"", key);
    for (size_t i = 0; i < command_count; i++)
        if (&commands[i] != c && commands[i].explorer) take_from(m, &commands[i], keys);
    put(m, c, keys);
    return true;
}

const command *keymap_command(const keymap *m, uint32_t key) {
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].explorer && key_in(keymap_keys(m, &commands[i]), key)) return &commands[i];
    return NULL;
}

void keymap_free(keymap *m) {
    for (size_t i = 0; m->keys && i < command_count; i++) free(m->keys[i]);
    free(m->keys);
    *m = (keymap){0};
}
