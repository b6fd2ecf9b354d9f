/* test_logits.c: what directions do to the logits, against transformers' own modules (make_unembed.py) and a plain
 * loop; the first tokens of both sides against a sort; and what an index keeps of them, by itself, in shards, and
 * damaged. */
#include "file_edits.h"
#include "logits.h"
#include "model/promoted_tokens.h"
#include "model_specimen.h"
#include "sample.h"

#include <sys/stat.h>
#include <unistd.h>

#define MODELS "tests/specimens/models/"
#define POCKET "sample_data/models/base"

static scry_model *model_of(const char *folder) {
    scry_error err = {0};
    scry_model *model = scry_model_open(folder, NULL, NULL, &err);
    if (!model) {
        check(false, "%s opens: %s", folder, err.text);
        exit(1);
    }
    return model;
}

/* ---- all logits ----------------------------------------------------------------------------------- */

/* A sink that keeps them in rows [.][vocabulary]; tokens of a row come once each, in order. */
typedef struct kept {
    float *rows;
    uint32_t vocabulary, *next; /* [rows] the token that comes next */
    bool *wrong;                /* [rows] */
} kept;

static void keep(void *context, size_t row, uint32_t first, uint32_t count, const float *logits) {
    kept *k = context;
    k->wrong[row] = k->wrong[row] || first != k->next[row] || count > k->vocabulary - first;
    if (k->wrong[row]) return;
    memcpy(k->rows + row * k->vocabulary + first, logits, count * sizeof *logits);
    k->next[row] = first + count;
}

/* [count][vocabulary]; the caller frees. */
static float *unembed(const scry_model *model, unsigned threads, uint64_t memory, const float *x, size_t count) {
    scry_run *run = run_of(model, threads, memory);
    scry_error err = {0};
    kept k = {.vocabulary = scry_model_info_of(model)->vocabulary};
    k.rows = mem_new(count * k.vocabulary + 1, sizeof *k.rows);
    k.next = mem_new(count + 1, sizeof *k.next);
    k.wrong = mem_new(count + 1, sizeof *k.wrong);
    if (!scry_run_unembed(run, x, count, keep, &k, &err)) check(false, "logits of directions: %s", err.text);
    size_t bad = 0;
    for (size_t i = 0; i < count; i++) bad += k.wrong[i] || k.next[i] != k.vocabulary;
    if (bad) check(false, "%zu rows of %zu did not get each token once, in order", bad, count);
    scry_run_free(run);
    free(k.next);
    free(k.wrong);
    return k.rows;
}

static void compare(worst *w, const float *found, const float *expected, size_t count, uint32_t vocabulary,
                    const char *name) {
    for (size_t r = 0; r < count; r++) {
        double sum = 0;
        for (uint32_t v = 0; v < vocabulary; v++)
            sum += (double)expected[r * vocabulary + v] * (double)expected[r * vocabulary + v];
        for (uint32_t v = 0; v < vocabulary; v++)
            worst_add(w, (double)found[r * vocabulary + v], (double)expected[r * vocabulary + v],
                      sqrt(sum / vocabulary), "%s, direction %zu, token %u", name, r, v);
    }
}

static float *floats_of(const tensor_file *file, const char *name, size_t *rows, size_t *columns) {
    const tensor *t = tensor_find(file, name);
    if (!t) {
        check(false, "%s is in the file", name);
        exit(1);
    }
    *rows = (size_t)t->shape[0];
    *columns = t->dims > 1 ? (size_t)t->shape[1] : 1;
    float *out = mem_new(*rows * *columns, sizeof *out);
    tensor_floats(t, 0, 1, *rows * *columns, out);
    return out;
}

static void families_agree(void) {
    scry_error err = {0};
    tensor_file file;
    size_t size, models = 0;
    worst w = {.tolerance = SPECIMEN_TOLERANCE};
    if (!tensor_file_open(&file, "tests/specimens/unembed.safetensors", NULL, &err)) {
        check(false, "%s", err.text);
        return;
    }
    char *list = (char *)read_bytes(MODELS "list.tsv", &size), *next = list;
    for (char *line; (line = strsep(&next, "\n")) && *line; models++) {
        const char *name = strsep(&line, "\t");
        scry_model *model = model_of(text_of(MODELS "%s", name));
        size_t rows, d, vocabulary;
        float *x = floats_of(&file, text_of("%s/directions", name), &rows, &d);
        float *expected = floats_of(&file, text_of("%s/logits", name), &rows, &vocabulary);
        float *found = unembed(model, 2, 0, x, rows);
        compare(&w, found, expected, rows, (uint32_t)vocabulary, name);
        scry_model_close(model);
        free(x);
        free(expected);
        free(found);
    }
    worst_line(&w, "%zu models of all families give the logits that transformers' norm and output matrix give", models);
    check(models > 25, "%zu models were compared", models);
    free(list);
    tensor_file_close(&file);
}

static float *random_directions(size_t count, size_t d, uint64_t seed) {
    float *x = mem_new(count * d, sizeof *x);
    for (size_t i = 0; i < count * d; i++) x[i] = (float)(roll_unit(&seed) - 0.5);
    return x;
}

/* A vocabulary of more than one tile, and more rows than one batch. */
static void plain_loop_agrees(const scry_model *model) {
    enum { ROWS = 1100, COMPARED = 5 };
    scry_error err = {0};
    tensor_file file;
    size_t V, d, one, norm;
    if (!tensor_file_open(&file, POCKET "/model.safetensors", NULL, &err)) {
        check(false, "%s", err.text);
        return;
    }
    bool tied = !tensor_find(&file, "lm_head.weight");
    float *U = floats_of(&file, tied ? "model.embed_tokens.weight" : "lm_head.weight", &V, &d);
    float *g = floats_of(&file, "model.norm.weight", &norm, &one), *x = random_directions(ROWS, d, 5);
    float *found = unembed(model, 2, 0, x, ROWS), *again = unembed(model, 1, 24 << 20, x, ROWS);
    worst w = {.tolerance = 1e-5};
    for (size_t k = 0; k < COMPARED; k++) {
        size_t r = k * (ROWS - 1) / (COMPARED - 1);
        float *expected = mem_new(V, sizeof *expected);
        for (size_t v = 0; v < V; v++) {
            double sum = 0;
            for (size_t i = 0; i < d; i++) sum += (double)x[r * d + i] * (double)g[i] * (double)U[v * d + i];
            expected[v] = (float)sum;
        }
        compare(&w, found + r * V, expected, 1, (uint32_t)V, "pocket-llama");
        free(expected);
    }
    worst_line(&w, "a plain loop in double gives the logits of %zu tokens", V);
    check(memcmp(found, again, ROWS * V * sizeof *found) == 0, "threads and the memory limit change no bit");
    float *alone = unembed(model, 2, 0, x + 7 * d, 1);
    check(memcmp(alone, found + 7 * V, V * sizeof *alone) == 0,
          "a direction alone has the bits that it has among others");
    free(alone);
    free(found);
    free(again);
    free(U);
    free(g);
    free(x);
    tensor_file_close(&file);
}

/* ---- the first tokens ----------------------------------------------------------------------------- */

static const float *sorted_logits;
static int sorted_side;

static int by_logit(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    float p = sorted_logits[x], q = sorted_logits[y];
    if (p != q) return (p > q) == (sorted_side == SCRY_PROMOTED) ? -1 : 1;
    return x < y ? -1 : 1;
}

static void first_tokens_agree(const scry_model *model, const scry_tokenizer *tok) {
    enum { ROWS = 4, TOP = 300 };
    const uint32_t V = scry_model_info_of(model)->vocabulary, d = scry_model_info_of(model)->d_model;
    scry_error err = {0};
    float *x = random_directions(ROWS, d, 9);
    for (uint32_t i = 0; i < d; i++) x[2 * d + i] = 0; /* all logits are equal: the lowest ids */
    for (uint32_t i = 0; i < d; i++) x[3 * d + i] = NAN;
    float *all = unembed(model, 2, 0, x, ROWS);
    scry_token_logit *out = mem_new((size_t)ROWS * SCRY_LOGIT_SIDES * TOP, sizeof *out);
    scry_run *run = run_of(model, 2, 0);
    check(promoted_tokens(run, tok, x, ROWS, TOP, out, &err), "the first %d tokens of each side %s", TOP, err.text);
    uint32_t *order = mem_new(V, sizeof *order);
    size_t wrong = 0;
    for (size_t r = 0; r < 3; r++)
        for (int side = 0; side < SCRY_LOGIT_SIDES; side++) {
            uint32_t n = 0;
            for (uint32_t v = 0; v < V; v++)
                if (scry_tokenizer_piece(tok, v)) order[n++] = v;
            sorted_logits = all + r * V;
            sorted_side = side;
            qsort(order, n, sizeof *order, by_logit);
            const scry_token_logit *list = out + (r * SCRY_LOGIT_SIDES + (size_t)side) * TOP;
            for (uint32_t i = 0; i < TOP; i++)
                wrong += list[i].id != order[i] || list[i].logit != sorted_logits[order[i]] ||
                         list[i].token != scry_tokenizer_piece(tok, order[i]);
        }
    check(wrong == 0, "they are the first of a sort of all tokens, ties by id: %zu differ", wrong);
    size_t nan = 0;
    for (size_t i = 0; i < (size_t)SCRY_LOGIT_SIDES * TOP; i++)
        nan += out[(size_t)3 * SCRY_LOGIT_SIDES * TOP + i].id != SCRY_NO_TOKEN;
    check(nan == 0, "a direction of NaN has no tokens");
    scry_run_free(run);
    free(order);
    free(out);
    free(all);
    free(x);
}

/* A model with more rows than its tokenizer has tokens: the rows beyond are padding. */
static void padding_is_left_out(void) {
    scry_error err = {0};
    const char *folder = copy_folder(POCKET, "padded");
    size_t size;
    char *text = (char *)read_bytes(text_of("%s/tokenizer.json", folder), &size);
    cJSON *json = cJSON_Parse(text), *model = cJSON_GetObjectItem(json, "model");
    cJSON *vocab = cJSON_GetObjectItem(model, "vocab");
    cJSON *keep_ids = cJSON_CreateObject();
    const cJSON *item;
    cJSON_ArrayForEach (item, vocab)
        if (item->valueint < 300) cJSON_AddNumberToObject(keep_ids, item->string, item->valueint);
    cJSON_ReplaceItemInObject(model, "vocab", keep_ids);
    cJSON_ReplaceItemInObject(model, "merges", cJSON_CreateArray());
    char *out = cJSON_PrintUnformatted(json);
    write_bytes(text_of("%s/tokenizer.json", folder), out, strlen(out));
    cJSON_Delete(json);
    free(out);
    free(text);
    scry_tokenizer *tok = scry_tokenizer_open(folder, &err);
    if (!check(tok != NULL, "a tokenizer of fewer tokens than the model has rows %s", err.text)) return;
    scry_model *m = model_of(folder);
    scry_run *run = run_of(m, 2, 0);
    enum { TOP = 500 };
    const uint32_t d = scry_model_info_of(m)->d_model;
    float *x = random_directions(1, d, 3);
    scry_token_logit *list = mem_new(SCRY_LOGIT_SIDES * TOP, sizeof *list);
    promoted_tokens(run, tok, x, 1, TOP, list, &err);
    uint32_t known = 0, listed = 0, beyond = 0;
    for (uint32_t id = 0; id < scry_tokenizer_size(tok); id++) known += scry_tokenizer_piece(tok, id) != NULL;
    for (size_t i = 0; i < TOP; i++) {
        listed += list[i].id != SCRY_NO_TOKEN;
        beyond += list[i].id != SCRY_NO_TOKEN && !scry_tokenizer_piece(tok, list[i].id);
    }
    check(listed == known && known < TOP && !beyond, "ids without a text are left out: %u listed of %u known", listed,
          known);
    free(list);
    free(x);
    scry_run_free(run);
    scry_model_close(m);
    scry_tokenizer_close(tok);
}

/* ---- what an index keeps -------------------------------------------------------------------------- */

static bool has_sections(const scry_index *x) {
    const char *name;
    uint64_t bytes;
    bool has = false;
    for (size_t i = 0; scry_section(x, i, &name, &bytes); i++) has = has || strncmp(name, "logit/", 6) == 0;
    return has;
}

static scry_index *open_index(const char *path) {
    scry_error err = {0};
    scry_index *x = scry_open(path, true, &err);
    if (x) return x;
    check(false, "%s opens: %s", path, err.text);
    exit(check_end());
}

static bool same_tokens(const scry_token_logit *a, const scry_token_logit *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (a[i].id != b[i].id || a[i].logit != b[i].logit || !a[i].token != !b[i].token) return false;
        if (a[i].token && strcmp(a[i].token, b[i].token) != 0) return false;
    }
    return true;
}

static void kept_as_computed(const char *path) {
    enum { N = SCRY_LOGIT_SIDES * SCRY_LOGITS_KEPT };
    scry_index *x = open_index(path);
    uint32_t F = scry_index_info(x)->d_sae, active = 0, *latents = mem_new(F, sizeof *latents);
    for (uint32_t j = 0; j < F; j++) latents[j] = j;
    uint32_t *firing = mem_new(F, sizeof *firing);
    active = scry_active_latents(x, firing);
    scry_token_logit *computed = mem_new((size_t)F * N, sizeof *computed), *kept_ones = mem_new(N, sizeof *kept_ones);
    scry_error err = {0};
    scry_logits *with = scry_logits_new(x, POCKET, 2, 0), *without = scry_logits_new(x, NULL, 2, 0);
    check(scry_logits_read(with, latents, F, SCRY_LOGITS_KEPT, computed, NULL, &err), "all latents with the model %s",
          err.text);
    size_t same = 0, silent = 0;
    for (uint32_t j = 0; j < F; j++) {
        if (!scry_keeps_logits(x, j)) {
            silent++;
            continue;
        }
        if (!scry_logits_at_hand(without, j, SCRY_LOGITS_KEPT)) continue;
        bool ok = scry_logits_read(without, &j, 1, SCRY_LOGITS_KEPT, kept_ones, NULL, &err);
        same += ok && same_tokens(kept_ones, computed + (size_t)j * N, N);
    }
    check(same == active && same + silent == F,
          "the index keeps what the model gives, to the bit: %zu of %u active "
          "latents, %zu are silent",
          same, active, silent);
    check(scry_logits_read(without, latents, 1, 12, computed, NULL, &err) && computed[11].id != SCRY_NO_TOKEN,
          "more than it keeps comes from the study's model_path %s", err.text);
    scry_logits_close(with);
    scry_logits_close(without);
    free(firing);
    free(kept_ones);
    free(computed);
    free(latents);
    scry_close(x);
}

/* The sample study in a folder of its own, with or without its models. */
static const char *sample_copy(const char *name, const char *model) {
    static const char *const parts[] = {"acts", "text", "sae"};
    const char *folder = scratch_folder("%s", name);
    char here[2048];
    if (!getcwd(here, sizeof here)) abort();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (symlink(text_of("%s/sample_data/%s", here, parts[i]), text_of("%s/%s", folder, parts[i])) != 0) abort();
    if (model && (mkdir(text_of("%s/models", folder), 0777) != 0 ||
                  symlink(text_of("%s/%s", here, model), text_of("%s/models/base", folder)) != 0))
        abort();
    size_t size;
    uint8_t *manifest = read_bytes("sample_data/study.json", &size);
    write_bytes(text_of("%s/study.json", folder), manifest, size);
    free(manifest);
    return text_of("%s/study.json", folder);
}

static const char *shard_of(const char *study, const char *out, uint32_t shard, uint32_t shards, scry_notes *notes) {
    scry_error err = {0};
    scry_build_options o = {.shard = shard, .shards = shards};
    if (!scry_index_build(study, out, &o, NULL, notes, &err)) check(false, "%s: %s", out, err.text);
    return out;
}

static bool noted(const scry_notes *notes, const char *part) {
    for (size_t i = 0; i < notes->count; i++)
        if (strstr(notes->text[i], part)) return true;
    return false;
}

static void without_a_model(void) {
    scry_error err = {0};
    scry_notes notes = {0};
    const char *study = sample_copy("bare", NULL), *path = scratch("bare.scry");
    bool ok = scry_index_build(study, path, NULL, NULL, &notes, &err);
    check(ok && noted(&notes, "models/base") && noted(&notes, "scry logits --model"),
          "a model that is not there is a note, not an error: %s", ok ? "" : err.text);
    scry_index *x = open_index(path);
    check(!has_sections(x) && !scry_keeps_logits(x, 0), "the index is without logits");
    scry_logits *l = scry_logits_new(x, NULL, 1, 0);
    scry_token_logit out[2];
    uint32_t latent = 0;
    bool read = scry_logits_read(l, &latent, 1, 1, out, NULL, &err);
    check(!read && strstr(err.text, "models/base"), "reading them says where the model was looked for: %s", err.text);
    scry_logits_close(l);
    l = scry_logits_new(x, MODELS "llama", 1, 0);
    read = scry_logits_read(l, &latent, 1, 1, out, NULL, &err);
    check(!read, "a folder without a tokenizer is refused: %s", err.text);
    scry_logits_close(l);
    scry_close(x);
    scry_notes_free(&notes);
}

static void shards_merge(const char *whole) {
    scry_error err = {0};
    char *part[3];
    for (uint32_t i = 0; i < 3; i++) {
        scry_notes notes = {0};
        part[i] = mem_copy_string(scratch("part%u.scry", i));
        shard_of("sample_data/study.json", part[i], i + 1, 3, &notes);
        scry_notes_free(&notes);
    }
    const char *out = scratch("merged.scry");
    check(scry_merge((char *[]){part[2], part[0], part[1]}, 3, out, &err) && same_content(out, whole),
          "three shards merge to the bytes of one run, logits among them %s", err.text);
    /* one shard where the model is not */
    char *away = mem_copy_string(scratch("away.scry"));
    scry_notes notes = {0};
    shard_of(sample_copy("away", NULL), away, 2, 3, &notes);
    bool ok = scry_merge((char *[]){part[0], away, part[2]}, 3, out, &err);
    scry_index *x = ok ? open_index(out) : NULL;
    check(ok && !has_sections(x) && !scry_keeps_logits(x, 5), "with a shard without logits the index has none %s",
          ok ? "" : err.text);
    scry_close(x);
    /* one with another model */
    const char *study = sample_copy("other", "sample_data/models/sft");
    shard_of(study, away, 2, 3, &notes);
    ok = scry_merge((char *[]){part[0], away, part[2]}, 3, out, &err);
    x = ok ? open_index(out) : NULL;
    check(ok && !has_sections(x), "nor with a shard of another model %s", ok ? "" : err.text);
    scry_close(x);
    scry_notes_free(&notes);
    free(away);
    for (size_t i = 0; i < 3; i++) free(part[i]);
}

/* Bytes of its sections are changed and the index read without verifying. */
static void damage_is_survived(const char *path) {
    size_t size, opened = 0, refused = 0, listed = 0;
    uint8_t *bytes = read_bytes(path, &size);
    const char *hurt = scratch("hurt.scry");
    uint64_t table, seed = 8;
    uint32_t sections;
    memcpy(&table, bytes + 24, 8); /* container.h */
    memcpy(&sections, bytes + 32, 4);
    for (int i = 0; i < (SANITIZED ? 60 : 200); i++) {
        uint32_t s;
        do s = roll_below(&seed, sections);
        while (strncmp((char *)bytes + table + s * 64, "logit/", 6) != 0);
        uint64_t at, length;
        memcpy(&at, bytes + table + s * 64 + 40, 8);
        memcpy(&length, bytes + table + s * 64 + 48, 8);
        uint64_t place = at + (i % 5 == 4 ? length - 1 : roll(&seed) % length);
        uint8_t was = bytes[place];
        bytes[place] = (uint8_t)roll(&seed);
        write_bytes(hurt, bytes, size);
        bytes[place] = was;
        scry_error err = {0};
        scry_index *x = scry_open(hurt, false, &err);
        refused += !x;
        if (!x) continue;
        opened++;
        for (uint32_t j = 0; j < scry_index_info(x)->d_sae; j += 3)
            for (int side = 0; side < SCRY_LOGIT_SIDES; side++) {
                scry_token_logit out[SCRY_LOGITS_KEPT];
                size_t n = scry_kept_logits(x, j, (scry_logit_side)side, out);
                for (size_t k = 0; k < n; k++) listed += 1 + strlen(out[k].token);
            }
        scry_close(x);
    }
    check(opened > 20 && refused && listed, "damaged logits are read without harm: opened %zu times, refused %zu times",
          opened, refused);
    free(bytes);
}

int main(void) {
    families_agree();
    scry_error err = {0};
    scry_model *model = model_of(POCKET);
    scry_tokenizer *tok = scry_tokenizer_open(POCKET, &err);
    plain_loop_agrees(model);
    if (check(tok != NULL, "the tokenizer opens %s", err.text)) first_tokens_agree(model, tok);
    scry_tokenizer_close(tok);
    scry_model_close(model);
    padding_is_left_out();
    const char *path = sample_index();
    kept_as_computed(path);
    without_a_model();
    shards_merge(path);
    damage_is_survived(path);
    return check_end();
}
