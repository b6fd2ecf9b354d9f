/* test_index.c: the sample study, and mmlu-pocket where it is, against the slow twin. */
#include "twin_compare.h"

static void study(const char *name, const char *const *captures) {
    const char *path = study_path_of(name);
    if (!path) {
        check_skip("%s: no such study here", name);
        return;
    }
    if (SANITIZED && strcmp(name, "sample") != 0) {
        check_skip("%s against the twin: too slow under the sanitizers; the sample study stands for it", name);
        return;
    }
    scry_index *x = built(path, scratch("%s.scry", name), name);
    if (!x) return;
    against_twin(name, path, x, 1e-5, true, captures);
    scry_close(x);
}

int main(void) {
    study("sample", SAYS("train.base", "train.icl", "train.sft", "math", "law.icl"));
    study("mmlu-pocket", SAYS("train.base", "train.icl", "train.sft", "math", "law.icl"));
    return check_end();
}
