/* base/csv_text.c: text in cells of CSV. */
#include "base/csv_text.h"
#include "base/mem.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_formula(const char *text) {
    return text[0] && strchr("=+-@\t\r", text[0]);
}

void csv_text_write(FILE *file, const char *text) {
    char *cell = mem_format("%s%s", is_formula(text) ? "'" : "", text);
    csv_fwrite(file, cell, strlen(cell));
    free(cell);
}

const char *csv_text_unguard(const char *cell) {
    return cell[0] == '\'' && is_formula(cell + 1) ? cell + 1 : cell;
}
