/* prompt_history.c: lines typed into the palette. */
#include "explorer/state/prompt_history.h"
#include "base/atomic_file.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/user_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 500 }; /* the file is cut to this when it is read and has twice as many */

static void remember(history *h, const char *line) {
    for (size_t i = 0; i < h->count; i++) {
        if (strcmp(h->line[i], line) != 0) continue;
        char *same = h->line[i];
        memmove(h->line + i, h->line + i + 1, (h->count - i - 1) * sizeof *h->line);
        h->line[h->count - 1] = same;
        return;
    }
    if (h->count == MOST) {
        free(h->line[0]);
        memmove(h->line, h->line + 1, --h->count * sizeof *h->line);
    }
    h->line = mem_resize(h->line, h->count + 1, sizeof *h->line);
    char *copy = mem_copy_string(line);
    h->line[h->count++] = copy;
}

static bool write_all(FILE *f, const void *context) {
    const history *h = context;
    for (size_t i = 0; i < h->count; i++) fprintf(f, "%s\n", h->line[i]);
    return true;
}

void history_begin(history *h) {
    char *folder = scry_user_folder("XDG_STATE_HOME", ".local/state"), *line = NULL;
    h->path = mem_format("%s/history", folder);
    free(folder);
    FILE *f = text_file_open(h->path, NULL); /* none: nothing to recall */
    size_t room = 0, lines = 0;
    while (f && mem_line(&line, &room, f) > 0) {
        line[strcspn(line, "\n")] = 0;
        if (line[0]) remember(h, line);
        lines++;
    }
    free(line);
    if (f) fclose(f);
    if (lines > 2 * MOST) scry_write_atomically(h->path, write_all, h, NULL);
}

/* Appended, so that two explorers add to one file. */
void history_add(history *h, const char *line) {
    remember(h, line);
    if (!h->path) return;
    FILE *f = atomic_file_append(h->path, false, NULL);
    if (!f) {
        char *folder = scry_user_folder("XDG_STATE_HOME", ".local/state");
        if (scry_make_folder(folder, "", NULL)) f = atomic_file_append(h->path, false, NULL);
        free(folder);
    }
    if (!f) return;
    fprintf(f, "%s\n", line);
    fclose(f);
}

const char *history_at(const history *h, size_t back) {
    return back >= 1 && back <= h->count ? h->line[h->count - back] : NULL;
}

void history_free(history *h) {
    for (size_t i = 0; i < h->count; i++) free(h->line[i]);
    free(h->line);
    free(h->path);
    *h = (history){0};
}
