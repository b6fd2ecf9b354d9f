/* test_train_files.c: the files of a training run: a bad token file leaks no memory; a log is on the disk before it
 * replaces the old one. */
#include "check.h"
#include "train/trainer.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- the system's calls, watched ----------------------------------------------------------------- */

static int synced, renamed, renamed_unsynced;

int fsync(int fd) {
    synced++;
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to) {
    renamed++;
    renamed_unsynced += !synced;
    return (int)syscall(SYS_renameat2, -100, from, -100, to, 0); /* -100: AT_FDCWD */
}

/* ---- tests --------------------------------------------------------------------------------------- */

static void open_bad(const char *study) {
    scry_train_input input = {.path = &study, .paths = 1, .condition = -1};
    train_data data;
    scry_error err = {0};
    if (data_open(&data, &input, NULL, &err)) check(false, "a bad token file is refused");
    if (!strstr(err.text, "line 2")) check(false, "a bad token file is named: %s", err.text);
    data_close(&data);
}

/* Bytes that malloc has handed out; 0 where it cannot say (musl). */
static size_t allocated(void) {
#ifdef __GLIBC__
    return mallinfo2().uordblks;
#else
    return 0;
#endif
}

/* Under AddressSanitizer the leak itself ends the test; the count is then always 0. */
static void bad_tokens(void) {
    write_text(scratch("bad.jsonl"), "{\"tokens\": [\"a\", \"b\"]}\n{\"tokens\": 3}\n");
    write_text(
        scratch("study.json"),
        "{\"scry_study\": 1, \"train\": {\"base\": {\"residual\": \"h.npy\", \"tokens\": \"bad.jsonl\", "
        "\"skip_first\": 1}, \"icl\": {\"residual\": \"h.npy\"}}, \"domains\": [{\"name\": \"d\", \"change\": 1, "
        "\"base\": {\"residual\": \"h.npy\"}}]}");
    const char *study = scratch("study.json");
    for (int i = 0; i < 20; i++) open_bad(study); /* what is allocated once */
    size_t before = allocated();
    for (int i = 0; i < 20; i++) open_bad(study);
    size_t after = allocated();
    check(after<before + 20 * 1024, "20 bad token files leave %zu bytes allocated", after> before ? after - before : 0);
}

static void no_model(void) {
    write_text(
        scratch("nameless.json"),
        "{\"scry_study\": 1, \"train\": {\"base\": {\"residual\": \"h.npy\"}, \"icl\": {\"residual\": \"h.npy\"}}, "
        "\"domains\": [{\"name\": \"d\", \"base\": {\"residual\": \"h.npy\"}}]}");
    const char *study = scratch("nameless.json");
    scry_train_input input = {.path = &study, .paths = 1, .condition = -1};
    train_data data;
    scry_error err = {0};
    check(data_open(&data, &input, NULL, &err) && !data.model && !data.hook, "a study without a model's name opens %s",
          err.text);
    data_close(&data);
}

static void cut_log(void) {
    const char *folder = scratch_folder("run"), *path = text_of("%s/%s", folder, LOG_NAME);
    write_text(path, "{\"event\":\"start\"}\n{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n{\"st");
    trainer t = {.done = 2};
    scry_error err = {0};
    check(log_open(&t, folder, true, &err), "the log is opened again %s", err.text);
    log_close(&t);
    size_t size;
    char *text = (char *)read_bytes(path, &size);
    check(strcmp(text, "{\"event\":\"start\"}\n{\"step\":1}\n{\"step\":2}\n") == 0, "it ends with step 2");
    free(text);
    check(renamed == 1 && !renamed_unsynced, "synced before it is renamed: %d of %d", renamed - renamed_unsynced,
          renamed);
    check_is(count_names(folder, ".tmp"), 0, "temporary files left");
}

int main(void) {
    const double h[4 * 3] = {1};
    write_npy(scratch("h.npy"), F32, 4, 3, h);
    bad_tokens();
    no_model();
    cut_log();
    return check_end();
}
