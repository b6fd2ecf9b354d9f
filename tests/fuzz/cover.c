/* cover.c: one target under libFuzzer: FUZZ_TARGET=NAME FUZZ_SEEDS=DIR fuzz_cover DIR [-max_total_time=S ...].
 * The target's good inputs are written to DIR before libFuzzer reads it. FUZZ_TARGET=list prints all names. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    const char *name = getenv("FUZZ_TARGET"), *folder = getenv("FUZZ_SEEDS");
    for (size_t i = 0; name && (target = fuzz_target_at(i)) != NULL && strcmp(target->name, name) != 0; i++)
        if (strcmp(name, "list") == 0) puts(target->name);
    if (name && strcmp(name, "list") == 0) exit(0);
    if (!target || !folder) {
        fprintf(stderr, "FUZZ_TARGET: found \"%s\", expected a target; FUZZ_TARGET=list prints them\n",
                name ? name : "");
        exit(2);
    }
    fuzz_begin();
    target->begin();
    const fuzz_input *seed;
    size_t seeds = fuzz_seeds(&seed);
    for (size_t i = 0; i < seeds; i++) write_bytes(text_of("%s/seed-%zu", folder, i), seed[i].bytes, seed[i].size);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    target->run(data, size);
    return 0;
}
