/* base/error.c: errors as values. */
#include "base/error.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((format(printf, 3, 0))) static void fill(scry_error *err, int status, const char *format, va_list args) {
    if (!err) return;
    err->status = status;
    vsnprintf(err->text, sizeof err->text, format, args);
}

bool scry_fail(scry_error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fill(err, 1, format, args);
    va_end(args);
    return false;
}

bool scry_misuse(scry_error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fill(err, 2, format, args);
    va_end(args);
    return false;
}

void scry_notes_add(scry_notes *notes, const char *format, ...) {
    if (!notes) return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (notes->count == notes->room) {
        notes->room = notes->room ? notes->room * 2 : 8;
        notes->text = mem_resize(notes->text, notes->room, sizeof *notes->text);
    }
    notes->text[notes->count++] = mem_copy_string(text);
}

void scry_notes_free(scry_notes *notes) {
    for (size_t i = 0; i < notes->count; i++) free(notes->text[i]);
    free(notes->text);
    *notes = (scry_notes){0};
}
