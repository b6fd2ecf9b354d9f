/* test_label_store.c: labels that a person writes: stored next to the index, taking precedence over its own, written
 * atomically; and where an index's files are. */
#include "check.h"
#include "store/sidecar.h"
#include "io/label_file.h"
#include "labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LATENTS = 40 };

static scry_index *open_at(const char *path) {
    scry_error err = {0};
    scry_index *x = scry_open(path, true, &err);
    if (!x) check(false, "%s is opened: %s", path, err.text);
    return x;
}

/* An index with labels of its own for latents 3 and 4. */
static const char *make_index(const char *folder, const char *name) {
    double h[4 * LATENTS];
    for (int i = 0; i < 4 * LATENTS; i++) h[i] = i % 7;
    write_npy(text_of("%s/a.npy", folder), F32, 4, LATENTS, h);
    write_text(text_of("%s/own.jsonl", folder),
               "{\"latent\": 3, \"label\": \"three\"}\n{\"latent\": 4, \"label\": \"=four\"}\n");
    const char *study = text_of("%s/study.json", folder), *out = text_of("%s/%s", folder, name);
    write_text(study, "{\"scry_study\": 1, \"labels\": \"own.jsonl\", \"train\": {\"base\": {\"features\": \"a.npy\"}, "
                      "\"sft\": {\"features\": \"a.npy\"}}, \"domains\": [{\"name\": \"d\", \"base\": {\"features\": "
                      "\"a.npy\"}}]}");
    scry_error err = {0};
    if (!scry_index_build(study, out, NULL, NULL, NULL, &err)) check(false, "the study is indexed: %s", err.text);
    return out;
}

static bool is(const char *found, const char *expected) {
    return expected ? found && strcmp(found, expected) == 0 : !found;
}

static void test_edits(const char *index, const char *file) {
    scry_index *x = open_at(index);
    scry_error err = {0};
    check(is(scry_label(x, 3), "three") && !scry_label(x, 5) && !file_exists(file), "the index's own labels at first");
    uint64_t version = scry_label_version(x);
    check(scry_label_set(x, 5, "  of five \n", &err) && is(scry_label(x, 5), "of five"),
          "a label is given, without the blanks around it: %s", err.text);
    check(scry_label_version(x) != version, "and the version has changed");
    size_t size;
    char *bytes = (char *)read_bytes(file, &size);
    check(strcmp(bytes, "{\"latent\":5,\"label\":\"of five\"}\n") == 0, "the file is there at once: %s", bytes);
    free(bytes);
    check(scry_label_set(x, 3, "drei", &err) && is(scry_label(x, 3), "drei"), "one stands above the index's own");
    check(scry_label_set(x, 4, "", &err) && !scry_label(x, 4), "an empty text takes the index's own away");
    scry_close(x);
    x = open_at(index);
    check(is(scry_label(x, 3), "drei") && !scry_label(x, 4) && is(scry_label(x, 5), "of five"),
          "all is there when the index is opened again");
    check(scry_label_set(x, 3, "three", &err) && scry_label_set(x, 4, "=four", &err) && is(scry_label(x, 4), "=four"),
          "the index's own text again is no edit");
    check(scry_label_set(x, 5, "", &err) && !scry_label(x, 5) && !file_exists(file), "without edits there is no file");
    check(!scry_label_set(x, LATENTS, "x", &err) && strstr(err.text, "0 to 39"), "a latent that is not there: %s",
          err.text);
    char *longest = calloc(5000, 1);
    if (!longest) abort();
    memset(longest, 'x', 4999);
    check(!scry_label_set(x, 1, longest, &err) && strstr(err.text, "4096") && !scry_label(x, 1), "a label too long: %s",
          err.text);
    free(longest);
    scry_close(x);
}

static void test_two(const char *index, const char *file) {
    scry_index *a = open_at(index), *b = open_at(index);
    scry_error err = {0};
    bool ok = scry_label_set(a, 1, "by a", &err) && scry_label_set(b, 2, "by b", &err);
    check(ok && is(scry_label(b, 1), "by a") && is(scry_label(b, 2), "by b"),
          "two open indexes keep each other's labels");
    scry_label_set(a, 1, "", &err);
    scry_label_set(a, 2, "", &err);
    check(!file_exists(file), "and take them away");
    scry_close(a);
    scry_close(b);
}

/* Texts that could break a line, a quote or a terminal. */
static void test_model(const char *index, const char *file) {
    static const char *const texts[] = {"a",
                                        "\"quoted\" \\ back",
                                        "line\nbreak\tand tab",
                                        "\x1b[31mred\x1b[0m",
                                        "\xe4\xbd\xa0\xe5\xa5\xbd",
                                        "broken \xff\xfe bytes",
                                        "=1+1",
                                        "",
                                        "\xe2\x80\xaeturned around",
                                        "{\"latent\":1}"};
    const char *model[LATENTS] = {[3] = "three", [4] = "=four"};
    uint64_t seed = 12;
    scry_error err = {0};
    scry_index *x = open_at(index);
    size_t wrong = 0;
    for (int step = 0; step < 1500; step++) {
        uint32_t j = roll_below(&seed, LATENTS);
        const char *text = texts[roll_below(&seed, 10)];
        wrong += !scry_label_set(x, j, text, &err);
        model[j] = *text ? text : NULL;
        if (step % 100 == 99) {
            scry_close(x);
            x = open_at(index);
        }
        for (uint32_t k = 0; k < LATENTS; k++) wrong += !is(scry_label(x, k), model[k]);
    }
    check(wrong == 0, "1,500 edits with hostile texts, opened again now and then: %zu wrong", wrong);
    uint32_t count = 0, expected = 0;
    const char *jsonl = scratch("all.jsonl"), *csv = scratch("all.csv");
    for (uint32_t k = 0; k < LATENTS; k++) expected += model[k] != NULL;
    check(scry_labels_write(x, jsonl, &count, &err) && count == expected, "all %u are written: %s", expected, err.text);
    char *back[LATENTS] = {NULL}, *from_csv[LATENTS] = {NULL}, *from_edits[LATENTS] = {NULL};
    bool read = labels_read(back, LATENTS, jsonl, NULL, &err);
    wrong = 0;
    for (uint32_t k = 0; k < LATENTS; k++) wrong += !is(back[k], model[k]);
    check(read && wrong == 0, "and a manifest's \"labels\" reads them back, %zu wrong: %s", wrong, err.text);
    read = scry_labels_write(x, csv, NULL, &err) && labels_read(from_csv, LATENTS, csv, NULL, &err);
    wrong = 0;
    for (uint32_t k = 0; k < LATENTS; k++) wrong += !is(from_csv[k], model[k]);
    check(read && wrong == 0, "as CSV too, %zu wrong: %s", wrong, err.text);
    read = labels_read(from_edits, LATENTS, file, NULL, &err);
    wrong = 0;
    for (uint32_t k = 0; k < LATENTS; k++) wrong += k != 3 && k != 4 && !is(from_edits[k], model[k]);
    check(read && wrong == 0, "the edits alone are such a file, %zu wrong: %s", wrong, err.text);
    check(!scry_labels_write(x, scratch("all.txt"), NULL, &err) && strstr(err.text, ".jsonl or .csv"),
          "another suffix is refused: %s", err.text);
    for (uint32_t k = 0; k < LATENTS; k++) free(back[k]), free(from_csv[k]), free(from_edits[k]);
    scry_close(x);
    unlink(file);
}

static void test_damaged(const char *index, const char *file) {
    static const char *const bad[] = {"{\"latent\": 1, \"label\": \"a\"}\nrubbish\n",
                                      "{\"latent\": 400, \"label\": \"a\"}",
                                      "{\"latent\": \"1\"}",
                                      "[1,2]",
                                      "{\"latent\": 1.5, \"label\": \"a\"}",
                                      "{\"latent\": 1, \"label\": \"cut"};
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_text(file, "%s", bad[i]);
        scry_index *x = open_at(index);
        scry_error err = {0};
        scry_notes notes = {0};
        scry_warnings(x, &notes);
        bool said = false;
        for (size_t n = 0; n < notes.count; n++) said |= strstr(notes.text[n], "labels written by hand") != NULL;
        wrong += !said || !scry_label_problem(x) || scry_label_set(x, 2, "two", &err) || !strstr(err.text, file);
        size_t size;
        char *bytes = (char *)read_bytes(file, &size);
        wrong += strcmp(bytes, bad[i]) != 0 || !is(scry_label(x, 3), "three");
        free(bytes);
        scry_notes_free(&notes);
        scry_close(x);
    }
    check(wrong == 0, "a damaged file is named in a warning, and not written over, %zu wrong", wrong);
    unlink(file);
}

/* The study in the cache folder, once more with a second domain, and then with other latents. */
static void test_carried(const char *file, const char *before) {
    const char *folder = scratch_folder("cache/scry");
    double h[4 * LATENTS];
    for (int i = 0; i < 4 * LATENTS; i++) h[i] = i % 5 == 0 ? i : 0;
    write_npy(text_of("%s/b.npy", folder), F32, 4, LATENTS, h);
    static const char *const base[] = {"a.npy", "a.npy", "b.npy"};
    for (int i = 0; i < 3; i++) {
        write_text(
            text_of("%s/study.json", folder),
            "{\"scry_study\": 1, \"train\": {\"base\": {\"features\": \"%s\"}, \"sft\": {\"features\": \"b.npy\"}}, "
            "\"domains\": [{\"name\": \"d\", \"base\": {\"features\": \"a.npy\"}}, "
            "{\"name\": \"e\", \"base\": {\"features\": \"b.npy\"}}]}",
            base[i]);
        scry_error err = {0};
        const char *out = text_of("%s/fedcba9876543210.scry", folder);
        if (!scry_index_build(text_of("%s/study.json", folder), out, NULL, NULL, NULL, &err))
            check(false, "the study is indexed: %s", err.text);
        if (i == 1) { /* named by the content, as they were before */
            check(rename(file, before) == 0, "labels named by the content");
        }
        scry_index *x = open_at(out);
        check(is(scry_label(x, 1), i < 2 ? "kept" : NULL),
              i < 2 ? "a changed study has the labels of its latents%s" : "other latents have not%s",
              i == 1 ? ", taken over" : "");
        check(file_exists(file) && !file_exists(before), "in the file that is named by them");
        scry_close(x);
    }
}

static void test_places(const char *folder) {
    const char *cache = scratch_folder("cache"), *data = scratch("data");
    setenv("XDG_CACHE_HOME", cache, 1);
    setenv("XDG_DATA_HOME", data, 1);
    const char *cached = make_index(scratch_folder("cache/scry"), "0123456789abcdef.scry");
    scry_index *x = open_at(cached);
    scry_error err = {0};
    char *path = scry_sidecar_path(x, ".sets.json");
    check(is(path, text_of("%s/scry/0123456789abcdef.sets.json", data)), "of an index in the cache: %s", path);
    free(path);
    path = scry_sidecar_path_for_latents(x, ".labels.jsonl");
    check(strncmp(path, text_of("%s/scry/latents-", data), strlen(data) + 14) == 0, "what is about latents: %s", path);
    check(scry_label_set(x, 1, "kept", &err) && file_exists(path), "folders are made where there are none: %s",
          err.text);
    scry_close(x);
    test_carried(path, text_of("%s/scry/fedcba9876543210.labels.jsonl", data));
    free(path);
    const char *plain = make_index(folder, "no-suffix");
    x = open_at(plain);
    path = scry_sidecar_path(x, ".labels.jsonl");
    check(is(path, text_of("%s/no-suffix.labels.jsonl", folder)), "of a name without .scry: %s", path);
    free(path);
    scry_close(x);
    if (geteuid() == 0) {
        check_skip("a folder that cannot be written: root can write all");
        return;
    }
    const char *closed = scratch_folder("closed"), *index = make_index(closed, "x.scry");
    chmod(closed, 0555);
    x = open_at(index);
    path = scry_sidecar_path(x, ".labels.jsonl");
    check(strncmp(path, text_of("%s/scry/x-", data), strlen(data) + 8) == 0, "of one that cannot be written: %s", path);
    check(scry_label_set(x, 1, "kept", &err), "which is kept all the same: %s", err.text);
    free(path);
    scry_close(x);
    chmod(closed, 0755);
}

static void test_import(const char *folder, const char *index, const char *file) {
    unlink(file);
    scry_index *x = open_at(index);
    scry_error err = {0};
    scry_notes notes = {0};
    scry_labels_imported done;
    const char *answers = text_of("%s/answers.jsonl", folder);
    write_text(answers, "{\"custom_id\": \"latent-5\", \"content\": \"Label: five\"}\n"
                        "{\"custom_id\": \"latent-3\", \"content\": \"Label: 3\"}\n"
                        "{\"custom_id\": \"latent-6\", \"content\": \"Label: six\"}\n"
                        "{\"custom_id\": \"latent-77\", \"content\": \"Label: none\"}\n");
    scry_label_set(x, 6, "by hand", &err);
    uint64_t version = scry_label_version(x);
    scry_relabels changes;
    check(scry_labels_import(x, answers, false, &done, &changes, &notes, &err) && done.read == 3 && done.set == 1 &&
              done.kept == 2 && !done.too_long,
          "an import sets what has no label: read %u, set %u, kept %u %s", done.read, done.set, done.kept, err.text);
    check(is(scry_label(x, 5), "five") && is(scry_label(x, 3), "three") && is(scry_label(x, 6), "by hand"),
          "and keeps the others");
    check(scry_label_version(x) != version && notes.count == 1, "with a new version, and a note on what was left out");
    check(changes.count == 1 && changes.change[0].latent == 5 && !*changes.change[0].before &&
              is(changes.change[0].after, "five"),
          "the change is known");
    scry_relabels_free(&changes);
    check(scry_labels_import(x, answers, true, &done, &changes, NULL, &err) && done.set == 3 && !done.kept &&
              is(scry_label(x, 3), "3") && is(scry_label(x, 6), "six"),
          "or replaces them %s", err.text);
    check(changes.count == 2 && is(changes.change[0].before, "three") && is(changes.change[1].before, "by hand"),
          "and what was there: the label that stays is no change");
    check(scry_labels_change(x, changes.change, changes.count, true, &err) && is(scry_label(x, 3), "three") &&
              is(scry_label(x, 5), "five") && is(scry_label(x, 6), "by hand"),
          "taken back, at once %s", err.text);
    check(scry_labels_change(x, changes.change, changes.count, false, &err) && is(scry_label(x, 3), "3") &&
              is(scry_label(x, 6), "six"),
          "and done again %s", err.text);
    changes.change[1].latent = LATENTS;
    check(!scry_labels_change(x, changes.change, changes.count, true, &err) && is(scry_label(x, 3), "3"),
          "a latent that is not there: nothing changes: %s", err.text);
    scry_relabels_free(&changes);
    write_text(answers, "{\"latent\": 7, \"label\": \"seven\"}\n{\"latent\": 8}\n");
    check(!scry_labels_import(x, answers, true, &done, &changes, NULL, &err) && !scry_label(x, 7) && !changes.count,
          "a file with a mistake changes nothing: %s", err.text);
    scry_close(x);
    x = open_at(index);
    check(is(scry_label(x, 5), "five") && is(scry_label(x, 6), "six"), "imported labels are kept in the file");
    write_text(file, "not JSON\n");
    scry_close(x);
    x = open_at(index);
    write_text(answers, "{\"latent\": 9, \"label\": \"nine\"}\n");
    err = (scry_error){0};
    check(!scry_labels_import(x, answers, true, &done, NULL, NULL, &err), "an unreadable file is not overwritten: %s",
          err.text);
    unlink(file);
    scry_notes_free(&notes);
    scry_close(x);
}

int main(void) {
    const char *folder = scratch_folder("study"), *index = make_index(folder, "x.scry");
    const char *file = text_of("%s/x.labels.jsonl", folder);
    test_edits(index, file);
    test_two(index, file);
    test_model(index, file);
    test_damaged(index, file);
    test_import(folder, index, file);
    test_places(folder);
    return check_end();
}
