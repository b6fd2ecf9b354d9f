/* script.c: commands of the palette in a file, and macros. */
#include "explorer/state/script.h"
#include "base/mem.h"
#include "explorer/app.h"
#include "store/sidecar.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool script_run(app *a, FILE *f, const char *path, bool *quit, scry_error *err) {
    char *line = NULL;
    size_t room = 0;
    int number = 0;
    bool ok = true;
    while (ok && !*quit && getline(&line, &room, f) > 0) {
        number++;
        line[strcspn(line, "\r\n")] = 0;
        if (number == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0) memmove(line, line + 3, strlen(line) - 2);
        if (!line[strspn(line, " \t")] || line[strspn(line, " \t")] == '#') continue;
        table_finish(a);
        app_draw(a); /* as on a terminal: pages and places are those of the last frame */
        bool listed = a->tab->focus == PANE_LATENT || strncmp(line, "jump", 4) == 0;
        if (listed && latent_working(a)) latent_work(a, 0); /* nor are they acted on before they are there */
        command_effect effect = app_command(a, line);
        if (a->message_is_error && a->message[0]) ok = scry_fail(err, "%s: line %d: %s", path, number, a->message);
        *quit = (effect & DID_QUIT) != 0;
    }
    free(line);
    return ok;
}

/* ---- macros --------------------------------------------------------------------------------- */

/* Macros that play macros: further down than anyone means to go. */
enum { DEEPEST = 16 };

static char *macros_folder(void) {
    char *data = scry_user_folder("XDG_DATA_HOME", ".local/share");
    char *folder = mem_format("%s/macros", data);
    free(data);
    return folder;
}

static char *path_of(const char *name) {
    char *folder = macros_folder();
    char *path = mem_format("%s/%s.script", folder, name);
    free(folder);
    return path;
}

static bool good_name(const char *name, scry_error *err) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length = strlen(name);
    if (length && length < MACRO_NAME && strspn(name, letters) == length) return true;
    return scry_fail(err, "macro \"%.40s\": expected a name of letters, digits, - and _", name);
}

static void drop_lines(recording *r) {
    for (size_t i = 0; i < r->count; i++) free(r->line[i]);
    free(r->line);
    r->line = NULL;
    r->count = 0;
}

void macro_note(app *a, const char *name, const char *argument) {
    recording *r = &a->recording;
    static const char *const never[] = {"record", "quit", "palette", "macros"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strcmp(name, never[i]) == 0) return;
    bool asks = a->prompt.then != NULL; /* it will come again, with what is typed */
    if (!r->name[0] || r->depth || asks || (a->message_is_error && a->message[0])) return;
    char *line = mem_format("%s%s%s", name, *argument ? " " : "", argument);
    r->line = mem_resize(r->line, r->count + 1, sizeof *r->line);
    r->line[r->count++] = line;
}

void macro_note_mouse(app *a, const char *name, const char *format, ...) {
    char argument[TEXT_MOST];
    va_list args;
    va_start(args, format);
    vsnprintf(argument, sizeof argument, format, args);
    va_end(args);
    macro_note(a, name, argument);
}

bool macro_begin(app *a, const char *name, scry_error *err) {
    if (!good_name(name, err)) return false;
    drop_lines(&a->recording);
    snprintf(a->recording.name, sizeof a->recording.name, "%s", name);
    snprintf(a->recording.last, sizeof a->recording.last, "%s", name);
    return true;
}

static bool write_lines(FILE *f, const void *context) {
    const recording *r = context;
    for (size_t i = 0; i < r->count; i++) fprintf(f, "%s\n", r->line[i]);
    return true;
}

bool macro_end(app *a, scry_error *err) {
    recording *r = &a->recording;
    char *path = path_of(r->name);
    bool ok = !r->count || scry_write_atomically(path, write_lines, r, err);
    free(path);
    r->name[0] = 0;
    return ok;
}

bool macro_play(app *a, const char *name, unsigned times, bool *quit, scry_error *err) {
    recording *r = &a->recording;
    if (!good_name(name, err)) return false;
    if (r->depth == DEEPEST) return scry_fail(err, "macro \"%s\": %d macros deep, expected an end", name, DEEPEST);
    char *path = path_of(name);
    FILE *f = fopen(path, "re");
    bool ok = f || scry_fail(err, "no macro \"%s\": %s: %s", name, path, strerror(errno));
    r->depth++;
    for (unsigned i = 0; ok && !*quit && i < times; i++) {
        rewind(f);
        ok = script_run(a, f, name, quit, err);
    }
    r->depth--;
    if (f) fclose(f);
    free(path);
    snprintf(r->last, sizeof r->last, "%s", name);
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

void recording_free(recording *r) {
    drop_lines(r);
}
