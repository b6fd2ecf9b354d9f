/* recording.c: the macro that is being recorded, and the files of macros. */
#include "explorer/state/recording.h"
#include "base/mem.h"
#include "base/user_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void recording_clear(recording *r) {
    for (size_t i = 0; i < r->count; i++) free(r->line[i]);
    free(r->line);
    r->line = NULL;
    r->count = 0;
}

void recording_add(recording *r, const char *name, const char *argument) {
    static const char *const never[] = {"record", "record!", "quit", "palette", "macros", "yes", "no"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strcmp(name, never[i]) == 0) return;
    if (!r->name[0] || r->depth) return;
    char *line = mem_format("%s%s%s", name, *argument ? " " : "", argument);
    r->line = mem_resize(r->line, r->count + 1, sizeof *r->line);
    r->line[r->count++] = line;
}

static char *macros_folder(void) {
    char *data = scry_user_folder("XDG_DATA_HOME", ".local/share");
    char *folder = mem_format("%s/macros", data);
    free(data);
    return folder;
}

char *macro_path(const char *name) {
    char *folder = macros_folder();
    char *path = mem_format("%s/%s.script", folder, name);
    free(folder);
    return path;
}

bool macro_name_is_good(const char *name, scry_error *err) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length = strlen(name);
    if (length && length < MACRO_NAME && strspn(name, letters) == length) return true;
    return scry_fail(err, "macro \"%.40s\": expected a name of letters, digits, - and _", name);
}

bool recording_begin(recording *r, const char *name, scry_error *err) {
    if (!macro_name_is_good(name, err)) return false;
    recording_clear(r);
    snprintf(r->name, sizeof r->name, "%s", name);
    snprintf(r->last, sizeof r->last, "%s", name);
    return true;
}

static bool write_lines(FILE *f, const void *context) {
    const recording *r = context;
    for (size_t i = 0; i < r->count; i++) fprintf(f, "%s\n", r->line[i]);
    return true;
}

bool recording_end(recording *r, scry_error *err) {
    char *path = macro_path(r->name);
    bool ok = !r->count || scry_write_atomically(path, write_lines, r, err);
    free(path);
    r->name[0] = 0;
    return ok;
}

size_t macro_names(char *out, size_t size, const char *between) {
    struct dirent **entry;
    char *folder = macros_folder();
    int n = scandir(folder, &entry, NULL, alphasort);
    size_t count = 0;
    out[0] = 0;
    for (int i = 0; i < n; i++) {
        const char *name = entry[i]->d_name, *dot = strrchr(name, '.');
        if (dot && dot > name && strcmp(dot, ".script") == 0)
            snprintf(out + strlen(out), size - strlen(out), "%s%.*s", count++ ? between : "", (int)(dot - name), name);
        free(entry[i]);
    }
    if (n >= 0) free(entry);
    free(folder);
    return count;
}
