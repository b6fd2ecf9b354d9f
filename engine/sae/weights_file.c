/* weights_file.c: an open file of weights, and a tensor in it by name. */
#include "base/mem.h"
#include "sae/format.h"

#include <stdlib.h>
#include <strings.h>

bool weights_open(weights *w, const char *path, scry_error *err) {
    *w = (weights){.prefix = ""};
    if (!tensor_file_open(&w->file, path, "sae", err)) return false;
    w->read = mem_new(w->file.count + 1, sizeof *w->read);
    return true;
}

void weights_close(weights *w) {
    tensor_file_close(&w->file);
    free(w->read);
    w->read = NULL;
}

const tensor *weights_find(const weights *w, const char *name) {
    char *full = mem_format("%s%s", w->prefix, name);
    const tensor *found = tensor_find(&w->file, full);
    for (size_t i = 0; !found && i < w->file.count; i++)
        if (strcasecmp(w->file.tensors[i].name, full) == 0) found = &w->file.tensors[i];
    free(full);
    return found;
}
