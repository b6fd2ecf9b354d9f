/* test_study.c: for an invalid manifest, the message names the key, what was found and what was expected; unknown keys
 * become notes; no file is left behind. */
#include "check.h"
#include "scry.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *folder;

/* A small study that is right. */
static const char right[] =
    "{\"scry_study\": 1, \"name\": \"n\", \"model\": \"m\", \"hook\": \"h\", \"pairing\": \"token\", \"correlate\": "
    "\"absolute\","
    " \"train\": {\"name\": \"math\", \"base\": {\"features\": \"a.npy\", \"tokens\": \"t.jsonl\"},"
    "             \"icl\": {\"features\": [\"b.npy\"], \"tokens\": \"t.jsonl\", \"skip_first\": 0, \"exclude\": []},"
    "             \"sft\": {\"features\": \"c.npy\", \"tokens\": \"t.jsonl\", \"exclude\": [\"x\"]}},"
    " \"domains\": [{\"name\": \"law\", \"change\": -1.5, \"base\": {\"features\": \"a.npy\", \"tokens\": \"t.jsonl\"},"
    "              \"icl\": {\"features\": \"b.npy\", \"tokens\": \"t.jsonl\"}},"
    "             {\"name\": \"art\", \"base\": {\"features\": \"a.npy\", \"tokens\": \"t.jsonl\", \"rows\": [0, "
    "4]}}]}";

static void write_parts(void) {
    double x[36];
    for (int i = 0; i < 36; i++) x[i] = i % 5;
    write_npy(text_of("%s/a.npy", folder), F32, 4, 8, x);
    for (int i = 0; i < 32; i++) x[i] = i % 7;
    write_npy(text_of("%s/b.npy", folder), F32, 4, 8, x);
    for (int i = 0; i < 32; i++) x[i] = i % 3;
    write_npy(text_of("%s/c.npy", folder), F32, 4, 8, x);
    for (int i = 0; i < 36; i++) x[i] = i % 5;
    write_npy(text_of("%s/wide.npy", folder), F32, 4, 9, x);
    write_npy(text_of("%s/empty.npy", folder), F32, 0, 8, x);
    write_text(
        text_of("%s/t.jsonl", folder),
        "{\"id\": \"s1\", \"tokens\": [\"a\", \"b\"]}\n{\"id\": \"s2\", \"ids\": [5, 6], \"response\": \"yes\"}\n");
    write_text(text_of("%s/response.jsonl", folder),
               "{\"id\": \"s1\", \"tokens\": [\"a\", \"b\"], \"ids\": [7, 8], \"response\": 1, \"subject\": \"art\"}\n"
               "{\"id\": \"s2\", \"ids\": [5, 6], \"tokens\": [\"c\", \"d\"], \"response\": 2}\n");
    write_text(text_of("%s/ids.jsonl", folder), "{\"tokens\": [\"a\", \"b\", \"c\"], \"ids\": [7, 8]}\n");
    write_text(text_of("%s/id.jsonl", folder), "{\"tokens\": [\"a\", \"b\"], \"ids\": [7, -8]}\n");
    write_text(text_of("%s/late.jsonl", folder),
               "{\"tokens\": [\"a\", \"b\"], \"response\": 0}\n{\"tokens\": [\"a\", \"b\"], \"response\": 3}\n");
    write_text(text_of("%s/half.jsonl", folder), "{\"tokens\": [\"a\", \"b\"], \"response\": 0.5}\n");
    write_text(text_of("%s/short.jsonl", folder), "{\"id\": \"s1\", \"tokens\": [\"a\"]}\n");
    write_text(text_of("%s/broken.jsonl", folder),
               "{\"id\": \"s1\", \"tokens\": [\"a\", \"b\"]}\n{\"id\": \"s2\", \"tokens\": [\n");
    write_text(text_of("%s/mixed.jsonl", folder), "{\"id\": \"s1\", \"tokens\": [\"a\", true, \"b\", \"c\"]}\n");
    write_text(text_of("%s/longer.jsonl", folder),
               "{\"id\": \"s1\", \"tokens\": [\"a\", \"b\", \"c\"]}\n{\"id\": \"s2\", \"tokens\": [\"d\"]}\n");
    write_text(text_of("%s/other.jsonl", folder),
               "{\"id\": \"z1\", \"tokens\": [\"a\", \"b\", \"c\"]}\n{\"id\": \"z2\", \"tokens\": [\"d\"]}\n");
    write_text(text_of("%s/labels.jsonl", folder),
               "{\"latent\": 3, \"label\": \"three\"}\n{\"latent\": 99, \"label\": \"far\"}\n");
    write_text(text_of("%s/broken.labels", folder), "{\"latent\": \"three\"}\n");
    write_text(text_of("%s/words.csv", folder), "a,b\n1,2\n");
}

/* "domains[1].base" in root: its parent, and the last name (or number, when name is ""). */
static cJSON *parent_of(cJSON *root, const char *path, char *name, int *number) {
    cJSON *at = root;
    const char *p = path;
    for (;;) {
        *number = -1;
        name[0] = 0;
        size_t length = strcspn(p, ".[");
        if (*p == '[') {
            *number = atoi(p + 1);
            p = strchr(p, ']') + 1;
        } else {
            snprintf(name, 60, "%.*s", (int)length, p);
            p += length;
        }
        if (*p == '.') p++;
        if (!*p) return at;
        at = *number >= 0 ? cJSON_GetArrayItem(at, *number) : cJSON_GetObjectItemCaseSensitive(at, name);
    }
}

/* The right study with one place changed; value NULL: taken out. */
static const char *changed(const char *path, const char *value) {
    cJSON *root = cJSON_Parse(right), *item = value ? cJSON_Parse(value) : NULL;
    char name[60];
    int number;
    if (!root || (value && !item)) abort();
    cJSON *parent = parent_of(root, path, name, &number);
    if (number >= 0) cJSON_ReplaceItemInArray(parent, number, item);
    else {
        cJSON_DeleteItemFromObjectCaseSensitive(parent, name);
        if (item) cJSON_AddItemToObject(parent, name, item);
    }
    char *text = cJSON_Print(root);
    const char *study = text_of("%s/study.json", folder);
    write_text(study, "%s", text);
    cJSON_free(text);
    cJSON_Delete(root);
    return study;
}

static bool build(const char *study, scry_notes *notes, scry_error *err) {
    *err = (scry_error){0};
    return scry_index_build(study, text_of("%s/out.scry", folder), NULL, NULL, notes, err);
}

static size_t left_behind;

/* The change at path must be refused by a message with the key, "expected" and the words. */
static void refuse(const char *path, const char *value, const char *key, const char *const *says) {
    scry_error err;
    const char *what = text_of("%s: %s", path, value ? value : "(absent)");
    if (build(changed(path, value), NULL, &err)) {
        check(false, "%s: found no error, expected a refusal that names %s", what, key);
        remove(text_of("%s/out.scry", folder));
        return;
    }
    left_behind += count_names(folder, "out.scry");
    const char *all[12] = {key, "expected"};
    size_t n = 2;
    for (; says[n - 2]; n++) all[n] = says[n - 2];
    check_says(err.text, all, "%s", what);
}

#define REFUSE(path, value, key, ...) refuse(path, value, key, SAYS(__VA_ARGS__))

static void wrong_types(void) {
    REFUSE("scry_study", NULL, "scry_study", "found nothing", "study.json");
    REFUSE("scry_study", "2", "scry_study", "found");
    REFUSE("scry_study", "\"1\"", "scry_study", "found text");
    REFUSE("name", "5", "name", "found a number", "text");
    REFUSE("model", "[]", "model", "found a list");
    REFUSE("hook", "{}", "hook", "found an object");
    REFUSE("sae", "true", "sae", "found true or false");
    REFUSE("labels", "null", "labels", "found null");
    REFUSE("tokenizer", "5", "tokenizer", "found a number");
    REFUSE("pairing", "1", "pairing", "found a number");
    REFUSE("pairing", "\"tokens\"", "pairing", "found \"tokens\"", "sample", "row");
    REFUSE("correlate", "\"sign\"", "correlate", "found \"sign\"", "absolute", "signed");
    REFUSE("correlate", "false", "correlate", "found true or false");
    REFUSE("train", NULL, "train", "found nothing");
    REFUSE("train", "\"math\"", "train", "found text");
    REFUSE("train", "[]", "train", "found a list");
    REFUSE("train", "[5]", "train[0]", "found a number");
    REFUSE("train.name", "5", "train.name", "found a number");
    REFUSE("train.base", NULL, "train.base", "missing");
    REFUSE("train.base", "\"a.npy\"", "train.base", "found text");
    REFUSE("train.base", "{}", "train.base", "found neither", "residual", "features");
    REFUSE("train.base.residual", "\"a.npy\"", "train.base", "found both");
    REFUSE("train.base.features", "5", "train.base.features", "found a number");
    REFUSE("train.base.features", "[]", "train.base.features", "found a list");
    REFUSE("train.base.features", "[\"a.npy\", 7]", "train.base.features", "found a number");
    REFUSE("train.icl.tensor", "1", "train.icl.tensor", "found a number");
    REFUSE("train.icl.tokens", "[\"t.jsonl\"]", "train.icl.tokens", "found a list");
    REFUSE("train.icl.skip_first", "-1", "train.icl.skip_first", "found");
    REFUSE("train.icl.skip_first", "1.5", "train.icl.skip_first", "found");
    REFUSE("train.icl.skip_first", "1e30", "train.icl.skip_first", "found");
    REFUSE("train.icl.skip_first", "\"1\"", "train.icl.skip_first", "found text");
    REFUSE("train.icl.exclude", "5", "train.icl.exclude", "found a number");
    REFUSE("train.icl.exclude", "[5]", "train.icl.exclude", "found a number");
    REFUSE("domains", "{}", "domains", "found an object");
    REFUSE("domains[0]", "\"law\"", "domains[0]", "found text");
    REFUSE("domains[1].name", NULL, "domains[1].name", "missing");
    REFUSE("domains[1].name", "\"\"", "domains[1].name", "name");
    REFUSE("domains[1].name", "7", "domains[1].name", "found a number");
    REFUSE("domains[0].change", "\"-1\"", "domains[0].change", "found text");
    REFUSE("domains[0].change", "{\"math\": \"x\"}", "domains[0].change", "found text");
    REFUSE("domains[0].change", "[1]", "domains[0].change", "found a list");
    REFUSE("domains[0].base", NULL, "domains[0].base", "missing");
    REFUSE("domains[0].base.features", "null", "domains[0].base.features", "found null");
    REFUSE("domains[0].sts", "{\"act\": 5}", "domains[0].sts", "with \"train\"", "captures");
    REFUSE("domains[1].base.rows", "5", "domains[1].base.rows", "found a number");
    REFUSE("domains[1].base.rows", "[1]", "domains[1].base.rows", "found a list");
    REFUSE("domains[1].base.rows", "[3, 1]", "domains[1].base.rows", "found");
    REFUSE("domains[1].base.rows", "[0, \"4\"]", "domains[1].base.rows", "whole numbers");
    REFUSE("domains[1].base.rows", "[-1, 4]", "domains[1].base.rows", "whole numbers");
    REFUSE("train.icl.padding", "1", "train.icl.padding", "found a number");
    REFUSE("train.icl.padding", "\"both\"", "train.icl.padding", "found \"both\"", "left", "right");
    REFUSE("train.icl.mask", "7", "train.icl.mask", "found a number", "file name");
    REFUSE("train.icl.mask", "\"a.npy\"", "train.icl.mask", "b.npy", "[samples, positions, width]");
}

static bool noted(const scry_notes *notes, const char *a, const char *b) {
    for (size_t i = 0; i < notes->count; i++)
        if (strstr(notes->text[i], a) && strstr(notes->text[i], b)) return true;
    return false;
}

static void wrong_model_keys(void) {
    REFUSE("model_path", "5", "model_path", "found a number", "text");
    REFUSE("train.sft_path", "[]", "train.sft_path", "found a list");
    REFUSE("train.rl_path", "{}", "train.rl_path", "found an object");
    REFUSE("capture", "\"x\"", "capture", "found text", "settings of scry capture");
    REFUSE("domains[0].change_se", "-1", "domains[0].change_se", "found -1", "standard error");
    REFUSE("domains[0].measured", "5", "domains[0].measured", "found a number", "accuracy");
    REFUSE("domains[0].measured", "{\"accuracy\": 5}", "domains[0].measured.accuracy", "found a number", "tuned");
    REFUSE("domains[0].measured", "{\"loss\": {\"base\": \"x\"}}", "domains[0].measured.loss.base", "found text");
    REFUSE("domains[0].measured", "{\"loss\": {\"se\": -1}}", "domains[0].measured.loss.se", "found -1", "0 or more");
    REFUSE("domains[0].measured", "{\"loss\": {\"n\": -1}}", "domains[0].measured.loss.n", "found -1",
           "a whole number");
    REFUSE("domains[0].measured", "{\"math\": [1]}", "domains[0].measured.math", "found a list");
    REFUSE("domains[0].measured", "{\"math\": {}, \"law\": {}}", "domains[0].measured", "\"law\"", "training set",
           "accuracy");
    REFUSE("domains[0].base.tokens", "\"ids.jsonl\"", "domains[0].base.tokens", "ids.jsonl", "line 1",
           "a list of 3 numbers");
    REFUSE("domains[0].base.tokens", "\"id.jsonl\"", "domains[0].base.tokens", "id.jsonl", "line 1", "id 1");
    REFUSE("domains[0].base.tokens", "\"late.jsonl\"", "domains[0].base.tokens", "late.jsonl", "line 2", "found 3",
           "from 0 to 2");
    REFUSE("domains[0].base.tokens", "\"half.jsonl\"", "domains[0].base.tokens", "half.jsonl", "line 1", "found 0.5");
}

/* Figures by measure where there are several training sets. */
static void measured_by_train(void) {
    scry_error err;
    const char *two = "[{\"name\": \"a\", \"base\": {\"features\": \"a.npy\"}, \"sft\": {\"features\": \"b.npy\"}},"
                      " {\"name\": \"b\", \"base\": {\"features\": \"a.npy\"}, \"sft\": {\"features\": \"c.npy\"}}]";
    cJSON *root = cJSON_Parse(right), *domain = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "domains"), 0);
    cJSON_ReplaceItemInObject(root, "train", cJSON_Parse(two));
    cJSON_ReplaceItemInObject(root, "pairing", cJSON_CreateString("row"));
    cJSON_ReplaceItemInObject(domain, "change", cJSON_Parse("{\"b\": 3}"));
    cJSON_AddItemToObject(domain, "measured", cJSON_Parse("{\"b\": {\"loss\": {\"change\": 0.25}}}"));
    char *text = cJSON_Print(root);
    const char *study = text_of("%s/study.json", folder);
    write_text(study, "%s", text);
    cJSON_free(text);
    bool ok = build(study, NULL, &err);
    scry_index *x = ok ? scry_open(text_of("%s/out.scry", folder), true, &err) : NULL;
    if (check(x != NULL, "figures by training set are indexed %s", err.text)) {
        const scry_measured *m = scry_index_info(x)->domain[0].measured;
        check(m && isnan(m[SCRY_LOSS].change), "none of the first training set");
        if (m) check_near(m[SCRY_MEASURES + SCRY_LOSS].change, 0.25, 0, "the second's change of the loss");
        check(!scry_index_info(x)->domain[1].measured, "a domain without figures");
    }
    scry_close(x);
    cJSON_ReplaceItemInObject(domain, "measured", cJSON_Parse("{\"loss\": {\"change\": 0.25}}"));
    text = cJSON_Print(root);
    write_text(study, "%s", text);
    cJSON_free(text);
    cJSON_Delete(root);
    check(!build(study, NULL, &err), "one set of figures for two training sets is refused");
    check_says(err.text, SAYS("domains[0].measured", "2 training sets", "NAME"),
               "and the message says how to write it");
}

static const char model_keys[] =
    "{\"scry_study\": 1, \"pairing\": \"row\", \"model_path\": \"../model\", \"capture\": {\"layer\": 3, \"demos\": "
    "[2]},"
    " \"train\": {\"base\": {\"features\": \"%s/a.npy\"}, \"sft\": {\"features\": \"%s/b.npy\"}, \"sft_path\": "
    "\"tuned\", \"rl_path\": \"/gone/rl\"},"
    " \"domains\": [{\"name\": \"law\", \"change\": -2, \"change_se\": 0.5,"
    "   \"measured\": {\"accuracy\": {\"base\": 41.5, \"tuned\": 39.5, \"change\": -2, \"se\": 0.5, \"n\": 600},"
    "                \"loss\": {\"base\": 2.5, \"tuned\": null}},"
    "   \"base\": {\"features\": \"%s/a.npy\"}}]}";

/* Models are found from the manifest's folder, and once the index and they were moved together, from the index's. */
static void models(void) {
    scry_error err = {0};
    scry_notes notes = {0};
    const char *here = scratch_folder("study/here"), *there = scratch("study/there");
    const char *study = text_of("%s/s/study.json", here), *out = text_of("%s/s/out.scry", here);
    scratch_folder("study/here/s");
    scratch_folder("study/here/model");
    char *real = realpath(here, NULL);
    write_text(study, model_keys, folder, folder, folder);
    bool ok = scry_index_build(study, out, NULL, NULL, &notes, &err);
    check(ok && noted(&notes, "train.sft_path", "not found") && noted(&notes, "train.rl_path", "/gone/rl") &&
              !noted(&notes, "model_path: ", "") && !noted(&notes, "unknown", ""),
          "models that are not there are noted, the one that is not %s", err.text);
    scry_notes_free(&notes);
    scry_index *x = ok ? scry_open(out, true, &err) : NULL;
    if (check(x != NULL, "a study with models is indexed %s", err.text)) {
        const scry_info *info = scry_index_info(x);
        check(strcmp(info->model_path, text_of("%s/s/../model", real)) == 0, "model_path: %s", info->model_path);
        check(strcmp(info->train[0].tuned_path[SCRY_SFT], text_of("%s/s/tuned", real)) == 0, "sft_path: %s",
              info->train[0].tuned_path[SCRY_SFT]);
        check(strcmp(info->train[0].tuned_path[SCRY_RL], "/gone/rl") == 0 && !*info->train[0].tuned_path[SCRY_ICL],
              "rl_path, which is absolute: %s", info->train[0].tuned_path[SCRY_RL]);
        check(strcmp(info->capture_settings, "{\"layer\":3,\"demos\":[2]}") == 0, "the settings of the capture: %s",
              info->capture_settings);
        check_near(info->domain[0].change_se[0], 0.5, 0, "change_se");
        const scry_measured *m = info->domain[0].measured;
        if (check(m != NULL, "measured figures")) {
            check_near(m[SCRY_ACCURACY].base, 41.5, 0, "base");
            check_near(m[SCRY_ACCURACY].tuned, 39.5, 0, "tuned");
            check_near(m[SCRY_ACCURACY].change, -2, 0, "change");
            check_near(m[SCRY_ACCURACY].change_se, 0.5, 0, "its standard error");
            check_is(m[SCRY_ACCURACY].n, 600, "n");
            check_near(m[SCRY_LOSS].base, 2.5, 0, "loss of base");
            check(isnan(m[SCRY_LOSS].tuned) && isnan(m[SCRY_CHOICE].base), "null, and what is absent, is NaN");
        }
    }
    scry_close(x);
    free(real);
    check(rename(here, there) == 0, "the study moves");
    x = ok ? scry_open(text_of("%s/s/out.scry", there), true, &err) : NULL;
    if (check(x != NULL, "opens elsewhere")) {
        const scry_info *info = scry_index_info(x);
        check(strcmp(info->model_path, text_of("%s/s/../model", there)) == 0, "the model moved along: %s",
              info->model_path);
        check(strstr(info->train[0].tuned_path[SCRY_SFT], "/here/s/tuned") != NULL,
              "a model that is nowhere is named where it was: %s", info->train[0].tuned_path[SCRY_SFT]);
    }
    scry_close(x);
}

/* Two copies of a study share a cached index, unless it says where models are. */
static void cached_place(void) {
    static const char plain[] =
        "{\"scry_study\": 1, \"pairing\": \"row\", \"train\": {\"base\": {\"features\": \"%s/a.npy\"}, "
        "\"sft\": {\"features\": \"%s/b.npy\"}}, \"domains\": [{\"name\": \"law\", \"base\": "
        "{\"features\": \"%s/a.npy\"}}]}";
    setenv("XDG_CACHE_HOME", scratch("study/cache"), 1);
    for (int named = 0; named < 2; named++) {
        char *key[2];
        for (int i = 0; i < 2; i++) {
            scry_error err = {0};
            const char *study = text_of("%s/study.json", scratch_folder("study/copy%d", i));
            write_text(study, named ? model_keys : plain, folder, folder, folder);
            key[i] = scry_cache_path(study, &err);
            check(key[i] != NULL, "a key of the cache %s", err.text);
        }
        if (key[0] && key[1])
            check((strcmp(key[0], key[1]) == 0) == !named, "copies of a study %s models: %s",
                  named ? "with" : "without", named ? "an index for each" : "one index");
        free(key[0]);
        free(key[1]);
    }
}

/* "ids" beside "tokens", and where the response begins, also where rows cut the sample. */
static void responses(void) {
    static const struct {
        const char *rows;
        uint32_t first, second;
    } cases[] = {{"[0, 4]", 1, 2}, {"[1, 4]", 0, 2}, {"[0, 3]", 1, 1}};
    for (size_t i = 0; i < 3; i++) {
        scry_error err;
        const char *capture =
            text_of("{\"features\": \"a.npy\", \"tokens\": \"response.jsonl\", \"rows\": %s}", cases[i].rows);
        bool ok = build(changed("domains[1].base", capture), NULL, &err);
        scry_index *x = ok ? scry_open(text_of("%s/out.scry", folder), true, &err) : NULL;
        int at = x ? scry_find_capture_named(x, "art") : -1;
        if (check(at >= 0, "responses are indexed %s", err.text)) {
            scry_sample a = scry_sample_at(x, (size_t)at, 0), b = scry_sample_at(x, (size_t)at, 1);
            check_is(a.response, cases[i].first, "rows %s: response of the first sample", cases[i].rows);
            check_is(b.response, cases[i].second, "rows %s: a response of no token", cases[i].rows);
            check(strcmp(a.metadata, "{\"subject\":\"art\"}") == 0, "is not shown as an unknown key: %s", a.metadata);
            check(strcmp(b.metadata, "") == 0, "nor are ids: %s", b.metadata);
            check_is(scry_sample_at(x, 0, 0).response, SCRY_NO_RESPONSE, "a sample that does not say");
            check(strcmp(scry_sample_at(x, 0, 1).metadata, "{\"response\":\"yes\"}") == 0,
                  "a response that is text is shown as any key");
        }
        scry_close(x);
    }
}

static void wrong_numbers(void) {
    scry_error err;
    const char *path = text_of("%s/study.json", folder), *number = strstr(right, "-1.5");
    write_text(path, "%.*s1e999%s", (int)(number - right), right, number + 4);
    bool infinite = !build(path, NULL, &err);
    check(infinite && strstr(err.text, "domains[0].change"), "change: 1e999, which is infinite, is refused by name: %s",
          infinite ? err.text : "found no error");
    remove(text_of("%s/out.scry", folder));
    check(!build(changed("domains[1].name", "\"law\""), NULL, &err), "two domains of one name");
    check_says(err.text, SAYS("domains[1].name", "\"law\"", "domains[0]"), "names both places");
    check(!build(changed("domains[0].change", "{\"history\": 1}"), NULL, &err),
          "change by a training set that is not there");
    check_says(err.text, SAYS("domains[0].change", "history"), "names it");
    check(!build(changed("domains[1].base.rows", "[0, 5]"), NULL, &err), "rows beyond the file");
    check_says(err.text, SAYS("domains[1].base.rows", "found", "5", "4", "a.npy"), "names the file and its rows");
    check(!build(changed("train.icl.skip_first", "9"), NULL, &err), "skip_first leaves nothing");
    check_says(err.text, SAYS("train.icl", "skip_first"), "says so");
}

static void wrong_files(void) {
    REFUSE("train.base.features", "\"gone.npy\"", "train.base.features", "gone.npy");
    REFUSE("train.sft.features", "[\"a.npy\", \"gone.npy\"]", "train.sft.features", "gone.npy");
    REFUSE("domains[1].base.features", "\"gone.npy\"", "domains[1].base.features", "gone.npy");
    REFUSE("domains[0].icl.tokens", "\"gone.jsonl\"", "domains[0].icl.tokens", "gone.jsonl");
    REFUSE("sae", "\"gone\"", "sae", "gone");
    REFUSE("labels", "\"gone.jsonl\"", "labels:", "gone.jsonl");
    REFUSE("labels", "\"gone.csv\"", "labels:", "gone.csv");
    REFUSE("labels", "\"broken.labels\"", "labels:", "broken.labels", "line 1");
    REFUSE("labels", "\"words.csv\"", "labels:", "words.csv", "latent");
    REFUSE("train.base.features", "\".\"", "train.base.features", "directory");
    REFUSE("train.base.features", "\"t.jsonl\"", "train.base.features", "t.jsonl", "not a tensor file");
    REFUSE("domains[0].base.features", "\"wide.npy\"", "domains[0].base.features", "wide.npy", "found 9", "8");
    REFUSE("domains[0].base.features", "\"empty.npy\"", "domains[0].base", "empty.npy");
    REFUSE("train.icl.tokens", "\"short.jsonl\"", "train.icl.tokens", "short.jsonl", "found 1", "4");
    REFUSE("train.icl.tokens", "\"broken.jsonl\"", "train.icl.tokens", "broken.jsonl", "line 2");
    REFUSE("train.icl.tokens", "\"longer.jsonl\"", "train.icl", "longer.jsonl", "\"s1\"", "found 3 tokens", "last 2",
           "token 1: found \"b\", expected \"a\"", "t.jsonl, token 0");
    REFUSE("train.icl.tokens", "\"other.jsonl\"", "train.icl", "train.base");
    REFUSE("train.icl.tokens", "\"a.npy\"", "train.icl.tokens", "a.npy");
    scry_error err;
    check(!build(changed("domains[0].base", "{\"residual\": \"a.npy\"}"), NULL, &err), "residuals without an SAE");
    check_says(err.text, SAYS("sae: missing", "domains[0].base"), "names the key and the capture that needs it");
    check(!build(changed("train.icl.tokens", NULL), NULL, &err), "pairing by token without tokens");
    check_says(err.text, SAYS("train.icl.tokens", "missing", "row"), "names the key and the way out");
    check(!build(changed("train.icl.tokens", "\"mixed.jsonl\""), NULL, &err), "a token that is true");
    check_says(err.text, SAYS("train.icl.tokens", "mixed.jsonl", "line 1", "token 1"), "is named");
    check_is(left_behind, 0, "no refusal leaves a file behind, whole or temporary");
}

static void not_a_study(void) {
    static const char *const texts[] = {
        "", "{", "{\"scry_study\": 1,}", "[1, 2]", "5", "\xff\xfe\x00", "{\"scry_study\": 1} x"};
    const char *path = text_of("%s/study.json", folder);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scry_error err;
        write_text(path, "%s", texts[i]);
        bool ok = build(path, NULL, &err);
        check(!ok && strstr(err.text, "study.json") && strstr(err.text, "expected"), "not a study: %s: %s", texts[i],
              ok ? "found no error" : err.text);
    }
    scry_error err;
    write_text(path, "{\n  \"scry_study\": 1,\n  \"name\" \"x\"\n}");
    check(!build(path, NULL, &err), "a missing colon");
    check_says(err.text, SAYS("line 3"), "is found in line 3");
    check(!build(text_of("%s/nothing.json", folder), NULL, &err) && strstr(err.text, "nothing.json"), "no file: %s",
          err.text);
    size_t length = 200000;
    char *deep = malloc(length + 1);
    if (!deep) abort();
    memset(deep, '[', length);
    deep[length] = 0;
    write_bytes(path, deep, length);
    free(deep);
    check(!build(path, NULL, &err), "200000 brackets are refused");
}

/* A training set needs only base, and a study no domains. */
static void nearly_nothing(void) {
    static const char *const cases[][2] = {{"domains", NULL},
                                           {"domains", "[]"},
                                           {"train", "{\"base\": {\"features\": \"a.npy\", \"tokens\": \"t.jsonl\"}}"},
                                           {"train", "{\"base\": {\"features\": \"a.npy\"}}"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scry_error err;
        bool ok = build(changed(cases[i][0], cases[i][1]), NULL, &err);
        scry_index *x = ok ? scry_open(text_of("%s/out.scry", folder), true, &err) : NULL;
        if (check(x != NULL, "%s: %s: is indexed %s", cases[i][0], cases[i][1] ? cases[i][1] : "(absent)", err.text)) {
            scry_condition source = SCRY_RL;
            check_is(scry_index_info(x)->domains, i < 2 ? 0 : 2, "its domains");
            check(scry_default_source(x, 0, &source, &err) && source == (i < 2 ? SCRY_ICL : SCRY_BASE),
                  "is ranked by %s", scry_condition_name(source));
            check(scry_require_domains(x, &err) == (i >= 2), "domains are missed where there are none");
            if (i < 2) check_says(err.text, SAYS("no domains", "\"domains\"", "\"change\""), "and what to add is said");
            scry_ranking *r = scry_rank(x, 0, SCRY_BASE, SCRY_D, &err);
            check(!r, "no d of base alone");
            check_says(err.text, SAYS("\"d\"", "two conditions", "sq, abs, mean or rate"), "as the message says");
        }
        scry_close(x);
    }
}

static void unknown_keys(void) {
    static const char *const cases[][2] = {{"colour", "colour"},
                                           {"train.bose", "train.bose"},
                                           {"train.base.token", "train.base.token"},
                                           {"train.icl.skip-first", "train.icl.skip-first"},
                                           {"domains[1].changes", "domains[1].changes"},
                                           {"domains[0].icl.layer", "domains[0].icl.layer"}};
    scry_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scry_notes notes = {0};
        bool ok = build(changed(cases[i][0], "{\"a\": 1}"), &notes, &err);
        check(ok && noted(&notes, cases[i][1], "unknown"), "%s: indexed, and noted as unknown %s", cases[i][0],
              err.text);
        scry_index *x = ok ? scry_open(text_of("%s/out.scry", folder), true, &err) : NULL;
        bool kept = false;
        for (size_t k = 0; x && k < scry_index_info(x)->notes; k++)
            kept = kept || strstr(scry_index_info(x)->note[k], cases[i][1]);
        check(kept, "%s: the index keeps the note", cases[i][0]);
        scry_close(x);
        scry_notes_free(&notes);
    }
    scry_notes notes = {0};
    check(build(changed("labels", "\"labels.jsonl\""), &notes, &err),
          "labels of a latent that is not there: indexed %s", err.text);
    check(noted(&notes, "labels", "ignored"), "and noted");
    scry_notes_free(&notes);
    notes = (scry_notes){0};
    bool ok = build(changed("name", "\"n\""), &notes, &err);
    check(ok && !noted(&notes, "unknown", ""), "the right study has no unknown keys %s", err.text);
    scry_notes_free(&notes);
}

/* What the manifest says comes out again. */
static void about(void) {
    scry_error err;
    if (!build(changed("correlate", "\"signed\""), NULL, &err)) return;
    scry_index *x = scry_open(text_of("%s/out.scry", folder), true, &err);
    if (!check(x != NULL, "the right study opens %s", err.text)) return;
    const scry_info *info = scry_index_info(x);
    check(strcmp(info->name, "n") == 0 && strcmp(info->model, "m") == 0 && strcmp(info->hook, "h") == 0,
          "name, model, hook");
    check(info->is_signed && info->pairing == SCRY_PAIR_TOKEN && info->d_sae == 8 && info->d_model == 0,
          "correlate, pairing, sizes");
    check(info->trains == 1 && info->domains == 2 && info->captures == 6 && info->tokens == 24, "counts");
    check(info->domain[0].has_icl && !info->domain[1].has_icl, "which domains have icl");
    check_near(info->domain[0].change[0], -1.5, 0, "change");
    check(info->domain[1].change[0] != info->domain[1].change[0], "absent change is NaN");
    scry_condition source[SCRY_CONDITIONS];
    check(scry_train_sources(x, 0, source) == 2 && source[0] == SCRY_ICL && source[1] == SCRY_SFT,
          "sources are icl and sft");
    check(strcmp(scry_token(x, 0, 1), "b") == 0 && strcmp(scry_token(x, 0, 2), "#5") == 0, "tokens, and ids as #5");
    scry_sample s = scry_sample_at(x, 0, 1);
    check(strcmp(s.id, "s2") == 0 && s.first == 2 && s.count == 2, "the second sample");
    scry_close(x);
}

/* A slice that begins inside a sample: skip_first counts from the sample's own first token. */
static void sliced_sample(void) {
    scry_error err;
    if (!build(changed("domains[1].base",
                       "{\"features\": \"a.npy\", \"tokens\": \"t.jsonl\", \"rows\": [1, 4], \"skip_first\": 1}"),
               NULL, &err)) {
        check(false, "rows of a token file that covers the whole matrix: %s", err.text);
        return;
    }
    scry_index *x = scry_open(text_of("%s/out.scry", folder), true, &err);
    int at = x ? scry_find_capture_named(x, "art") : -1;
    if (check(at >= 0, "a slice of rows and tokens is indexed %s", err.text)) {
        check(strcmp(scry_token(x, (size_t)at, 0), "b") == 0, "its first token is the matrix's second");
        check_is(scry_index_info(x)->capture[at].rows, 3, "its rows");
        check_is(scry_index_info(x)->capture[at].kept, 2, "skip_first 1 of [a b][5 6] from row 1 leaves b and 6");
    }
    scry_close(x);
}

int main(void) {
    folder = scratch_folder("study");
    write_parts();
    wrong_types();
    wrong_model_keys();
    wrong_numbers();
    wrong_files();
    not_a_study();
    nearly_nothing();
    unknown_keys();
    about();
    sliced_sample();
    measured_by_train();
    models();
    cached_place();
    responses();
    return check_end();
}
