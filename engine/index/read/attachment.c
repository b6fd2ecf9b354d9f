/* attachment.c: a file put in use while others read. */
#include "index/read/attachment.h"
#include "base/mem.h"

#include <stdlib.h>

struct attached {
    void *content;
    attached *older;
};

const void *attachment_now(const attachment *a) {
    attached *at = a ? atomic_load_explicit(&a->now, memory_order_acquire) : NULL;
    return at ? at->content : NULL;
}

void attachment_put(attachment *a, void *content) {
    attached *at = mem_new(1, sizeof *at);
    *at = (attached){content, atomic_load(&a->now)};
    atomic_store_explicit(&a->now, at, memory_order_release);
    atomic_fetch_add(&a->version, 1);
    a->problem.status = 0;
}

void attachment_close(attachment *a, void (*close)(void *content)) {
    attached *at = a ? atomic_load(&a->now) : NULL;
    while (at) {
        attached *older = at->older;
        close(at->content);
        free(at->content);
        free(at);
        at = older;
    }
}

uint64_t attachment_version(const attachment *a) {
    return a ? atomic_load(&a->version) : 0;
}

const char *attachment_problem(const attachment *a) {
    return a && a->problem.status ? a->problem.text : NULL;
}
