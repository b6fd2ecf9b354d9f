/* test_index_formats.c: a study whose captures are in any format, or are residuals with an SAE of any family, gives the
 * index of the same numbers written as plain .npy. */
#include "index_compare.h"

#include <dirent.h>
#include <unistd.h>

#define FORMATS "tests/specimens/formats"
#define SAES    "tests/specimens/sae"

static char here[2048]; /* manifests lie in scratch, specimens below here */

/* ---- numbers ---------------------------------------------------------------------------------- */

typedef struct numbers {
    size_t rows, cols;
    double *value;
} numbers;

/* A little-endian f4 .npy in C order. */
static numbers read_npy(const char *path) {
    size_t size;
    uint8_t *bytes = read_bytes(path, &size);
    numbers n = {0};
    const char *shape = strstr((const char *)bytes + 10, "'shape': (");
    size_t from = 10 + bytes[8] + 256u * bytes[9];
    if (!shape || !strstr((const char *)bytes + 10, "'<f4'") ||
        sscanf(shape, "'shape': (%zu, %zu)", &n.rows, &n.cols) != 2 || size != from + 4 * n.rows * n.cols)
        abort();
    n.value = malloc((n.rows * n.cols + 1) * sizeof *n.value);
    if (!n.value) abort();
    for (size_t i = 0; i < n.rows * n.cols; i++) {
        float x;
        memcpy(&x, bytes + from + 4 * i, 4);
        n.value[i] = (double)x;
    }
    free(bytes);
    return n;
}

/* ---- studies ---------------------------------------------------------------------------------- */

/* What stands for [rows, cols] numbers in a manifest: "\"file\"" or a list, and the tensor's name. */
typedef struct source {
    const char *kind, *files, *tensor; /* kind: features or residual */
} source;

static const char *capture(const source *s, size_t from, size_t to, const char *tokens) {
    return text_of("{\"%s\": [%s]%s, \"rows\": [%zu, %zu]%s}", s->kind, s->files,
                   s->tensor ? text_of(", \"tensor\": \"%s\"", s->tensor) : "", from, to,
                   tokens ? text_of(", \"tokens\": \"%s\"", tokens) : "");
}

static const char *write_tokens(size_t rows) {
    const char *path = scratch("%zu.jsonl", rows);
    if (file_exists(path)) return path;
    FILE *f = fopen(path, "w");
    if (!f) abort();
    for (size_t r = 0; r < rows; r++)
        fprintf(f, "%s\" w%zu\"%s", r % 5 ? ", " : text_of("{\"id\": \"s%zu\", \"tokens\": [", r / 5), r * 7 % 11,
                r % 5 == 4 || r + 1 == rows ? "]}\n" : "");
    fclose(f);
    return path;
}

/* The first and the last rows are the two sides of a training set, all of them a domain; `other`, when it
 * is not NULL, is the other side of that domain and a second one by itself. */
static const char *write_study(const char *name, const source *s, const source *other, size_t rows, const char *keys) {
    const char *tokens = write_tokens(rows), *path = scratch("%s.json", name);
    size_t half = rows / 2;
    const char *icl = other ? text_of(", \"icl\": %s", capture(other, 0, rows, tokens)) : "";
    const char *second =
        other ? text_of(", {\"name\": \"e\", \"change\": 3, \"base\": %s}", capture(other, 0, rows, NULL)) : "";
    write_text(path,
               "{\"scry_study\": 1, \"pairing\": \"row\"%s,\n \"train\": {\"base\": %s, \"icl\": %s},\n"
               " \"domains\": [{\"name\": \"d\", \"change\": -2, \"base\": %s%s}%s]}\n",
               keys, capture(s, 0, half, tokens), capture(s, rows - half, rows, tokens), capture(s, 0, rows, tokens),
               icl, second);
    return path;
}

/* ---- formats ---------------------------------------------------------------------------------- */

/* The index holds the numbers that went in, each where it was. */
static void holds(const scry_index *x, const numbers *n, const char *label) {
    int c = scry_find_capture_named(x, "d");
    worst w = {.tolerance = 0};
    size_t count = 0, found = 0;
    float *h = malloc(n->rows * sizeof *h);
    if (!h || c < 0) abort();
    for (size_t j = 0; j < n->cols; j++) {
        scry_activations(x, (uint32_t)j, (size_t)c, 0, n->rows, h);
        for (size_t r = 0; r < n->rows; r++) {
            worst_add(&w, (double)h[r], n->value[r * n->cols + j], 1, "latent %zu, row %zu", j, r);
            count += n->value[r * n->cols + j] != 0;
        }
    }
    for (size_t i = 0; i < scry_index_info(x)->captures; i++)
        if (i == (size_t)c) found = scry_index_info(x)->capture[i].nnz;
    worst_line(&w, "%s: the file's numbers, %zu of them not 0", label, count);
    check_is(found, count, "%s: as many activations", label);
    free(h);
}

static void test_format(const char *label, const source *s, const numbers *n) {
    /* another matrix of the same size, which the test writes */
    const char *plain = scratch("%s.npy", label), *turned = scratch("%s-turned.npy", label);
    double *other = malloc(n->rows * n->cols * sizeof *other);
    if (!other) abort();
    for (size_t i = 0; i < n->rows * n->cols; i++) other[i] = n->value[n->rows * n->cols - 1 - i] / 2;
    write_npy(plain, F32, n->rows, n->cols, n->value);
    write_npy(turned, F32, n->rows, n->cols, other);
    free(other);
    source p = {"features", text_of("\"%s\"", plain), NULL}, t = {"features", text_of("\"%s\"", turned), NULL};
    for (int mixed = 0; mixed < 2; mixed++) {
        const char *what = text_of("%s%s", label, mixed ? ", with .npy" : "");
        scry_index *a = index_of(write_study("found", s, mixed ? &t : NULL, n->rows, ""), NULL, what);
        scry_index *b = index_of(write_study("expected", &p, mixed ? &t : NULL, n->rows, ""), NULL, what);
        if (a && b) {
            same_indexes(&(same){what, a, b, 0});
            holds(a, n, what);
        }
        scry_close(a);
        scry_close(b);
    }
    unlink(plain);
    unlink(turned);
}

static void test_formats(void) {
    FILE *list = fopen(FORMATS "/list.tsv", "r");
    char line[400];
    size_t tested = 0;
    while (list && fgets(line, sizeof line, list)) {
        char files[300], tensor[100], equals[100];
        if (sscanf(line, "%299s %99s %99s", files, tensor, equals) != 3) continue;
        const char *quoted = "", *label = text_of("%s%s%s", files, *tensor == '-' && !tensor[1] ? "" : " ",
                                                  *tensor == '-' && !tensor[1] ? "" : tensor);
        char *save = NULL;
        for (char *f = strtok_r(files, "+", &save); f; f = strtok_r(NULL, "+", &save))
            quoted = text_of("%s%s\"%s/" FORMATS "/%s\"", quoted, *quoted ? ", " : "", here, f);
        char *plain = strdup(label);
        for (char *c = plain; *c; c++)
            if (*c == '/' || *c == '+' || *c == ' ') *c = '_';
        numbers n = read_npy(text_of(FORMATS "/%s", equals));
        source s = {"features", quoted, strcmp(tensor, "-") == 0 ? NULL : tensor};
        test_format(text_of("%.80s", plain), &s, &n);
        free(n.value);
        free(plain);
        tested++;
    }
    if (list) fclose(list);
    check(tested > 50, "%zu specimens of list.tsv", tested);
}

/* Every format in one study. */
static void test_together(void) {
    static const char *const bases[] = {"csr.npz", "f16.safetensors",    "coo.pt",       "top_k.safetensors",
                                        "bf16.pt", "delphi.safetensors", "deflated.npz", "f4_fortran.npy"};
    numbers n = read_npy(FORMATS "/a.npy");
    const char *plain = scratch("a.npy");
    write_npy(plain, F32, n.rows, n.cols, n.value);
    const char *study[2];
    for (int k = 0; k < 2; k++) {
        const char *domains = "";
        for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
            domains = text_of("%s%s{\"name\": \"d%zu\", \"base\": {\"features\": \"%s\", \"skip_first\": %zu, "
                              "\"tokens\": \"%s\"}}",
                              domains, i ? ", " : "", i, k ? plain : text_of("%s/" FORMATS "/%s", here, bases[i]),
                              i % 3, write_tokens(n.rows));
        study[k] = scratch("together-%d.json", k);
        write_text(study[k],
                   "{\"scry_study\": 1, \"train\": {\"base\": {\"features\": \"%s\", \"rows\": [0, 12]}, \"icl\": "
                   "{\"features\": \"%s\", \"rows\": [12, 24]}}, \"pairing\": \"row\", \"domains\": [%s]}",
                   k ? plain : text_of("%s/" FORMATS "/csc.pt", here),
                   k ? plain : text_of("%s/" FORMATS "/top_k.npz", here), domains);
    }
    scry_index *a = index_of(study[0], NULL, "formats together"), *b = index_of(study[1], NULL, "formats together");
    if (a && b) same_indexes(&(same){"formats together", a, b, 0});
    scry_close(a);
    scry_close(b);
    free(n.value);
}

/* What no study can be made of is refused with the place in the manifest. */
static void test_refused(void) {
    static const struct {
        const char *file, *tensor, *words[5];
    } cases[] = {
        {"refused/evil.pt", NULL, {"train.base.features", "evil.pt", "posix.system"}},
        {"refused/bomb.npz", NULL, {"train.base.features", "bomb.npz"}},
        {"refused/legacy.pt", NULL, {"train.base.features", "legacy.pt", "before PyTorch 1.6"}},
        {"dict.pt", NULL, {"train.base.features", "dict.pt", "acts", "\"tensor\""}},
        {"dict.pt", "nope", {"train.base", "dict.pt", "nope"}},
        {"two.npz", NULL, {"train.base.features", "two.npz", "first", "second"}},
        {"sharded/model-00001-of-00002.safetensors", "nope", {"train.base", "nope"}},
        {"none.npz", NULL, {"train.base.features", "none.npz", "cannot be opened"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        source s = {"features", text_of("\"%s/" FORMATS "/%s\"", here, cases[i].file), cases[i].tensor};
        index_refused(write_study("refused", &s, NULL, 24, ""), NULL, cases[i].words,
                      text_of("%s %s", cases[i].file, cases[i].tensor ? cases[i].tensor : ""));
    }
    source narrow = {"features", text_of("\"%s/" FORMATS "/a_every_second.npy\"", here), NULL},
           wide = {"features", text_of("\"%s/" FORMATS "/a_rows_3_to_15.npy\"", here), NULL};
    index_refused(write_study("refused", &wide, &narrow, 12, ""), NULL,
                  SAYS("domains[0].icl", "found 3", "expected 10"), "captures of 10 and of 3 latents");
}

/* ---- SAEs ------------------------------------------------------------------------------------- */

static const char *family_of(const char *name) {
    static const char *const names[][2] = {{"saelens", "SAELens "},
                                           {"qwen", "SAELens "},
                                           {"gemma", "Gemma Scope "},
                                           {"sparsify", "sparsify "},
                                           {"dl_", "dictionary_learning "},
                                           {"openmoss", "OpenMOSS "},
                                           {"llama", "OpenMOSS (Llama Scope) "}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(name, names[i][0], strlen(names[i][0])) == 0) return names[i][1];
    return "?";
}

static const char *format_of(const char *name) {
    static const char *const names[][2] = {
        {"saelens", "saelens"},         {"qwen", "saelens"},      {"gemma", "gemma-scope"}, {"sparsify", "sparsify"},
        {"dl_", "dictionary-learning"}, {"openmoss", "openmoss"}, {"llama", "openmoss"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(name, names[i][0], strlen(names[i][0])) == 0) return names[i][1];
    return "?";
}

static const char *activation_of(const char *name) {
    if (strstr(name, "gated")) return "(gated)";
    if (strstr(name, "tanh")) return "(tanh ReLU)";
    if (strstr(name, "batchtopk") || strstr(name, "matryoshka") || strstr(name, "jumprelu") || strstr(name, "gemma") ||
        strstr(name, "backup") || strstr(name, "checkpoint"))
        return strstr(name, "average") ? "(ReLU)" : "(JumpReLU)";
    if (strstr(name, "topk") || strstr(name, "sparsify") || strstr(name, "qwen")) return "(TopK, k 5)";
    return "(ReLU)";
}

/* Every row of every capture has at most k latents; returns the most. */
static size_t most_active(const scry_index *x) {
    const scry_info *info = scry_index_info(x);
    size_t most = 0;
    for (size_t c = 0; c < info->captures; c++)
        for (uint64_t r = 0; r < info->capture[c].rows; r++) {
            size_t active = 0;
            for (uint32_t j = 0; j < info->d_sae; j++) {
                float h;
                scry_activations(x, j, c, r, 1, &h);
                active += h != 0;
            }
            if (active > most) most = active;
        }
    return most;
}

/* Another family's name over the files is an error, unless they can be read so. */
static void test_override(const char *name, const char *place, const source *x) {
    static const char *const formats[] = {"saelens", "gemma-scope", "sparsify", "dictionary-learning", "openmoss"};
    scry_error err = {0};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const char *study = write_study("override", x, NULL, 32,
                                        text_of(", \"sae\": \"%s\", \"sae_format\": \"%s\"", place, formats[i]));
        const char *out = scratch("override.scry");
        err = (scry_error){0};
        bool built = scry_index_build(study, out, NULL, NULL, NULL, &err);
        if (strcmp(formats[i], format_of(name)) == 0) check(built, "%s read as %s %s", name, formats[i], err.text);
        else
            check(!built && *err.text && strstr(err.text, name), "%s read as %s is refused: %s", name, formats[i],
                  built ? "no, it was indexed" : err.text);
        if (built) unlink(out);
    }
}

static void test_sae(const char *name) {
    const char *place = text_of("%s/" SAES "/%s%s", here, name,
                                strcmp(name, "dl_checkpoint") == 0 ? "/checkpoints/ae_100.pt"
                                : strcmp(name, "qwen_scope") == 0  ? "/layer1.sae.pt"
                                                                   : "");
    source x = {"residual", text_of("\"%s/" SAES "/x.npy\"", here), NULL},
           h = {"features", text_of("\"%s/" SAES "/%s.h.npz\"", here, name), NULL};
    const char *keys = text_of(", \"sae\": \"%s\"", place);
    scry_index *a = index_of(write_study("found", &x, &x, 32, keys), NULL, name);
    scry_index *b = index_of(write_study("expected", &h, &h, 32, ""), NULL, name);
    if (a && b) {
        same_indexes(&(same){name, a, b, 1e-4});
        const scry_info *info = scry_index_info(a);
        check(strncmp(info->sae, family_of(name), strlen(family_of(name))) == 0 &&
                  strstr(info->sae, activation_of(name)) && strstr(info->sae, "8 -> 24") && info->d_model == 8,
              "%s: is called \"%s\", expected %s... %s", name, info->sae, family_of(name), activation_of(name));
        bool topk = strstr(activation_of(name), "TopK") != NULL;
        check_is(info->k, topk ? 5 : 0, "%s: k", name);
        if (topk) {
            size_t most = most_active(a);
            check(most >= 1 && most <= 5 && info->capture[0].l0 <= 5, "%s: at most %zu latents a token, L0 %g", name,
                  most, info->capture[0].l0);
        }
    }
    scry_close(a);
    scry_close(b);
    test_override(name, place, &x);
    /* features and residuals of one SAE in one study */
    scry_index *mixed = index_of(write_study("mixed", &h, &x, 32, keys), NULL, name);
    if (mixed) {
        int c = scry_find_capture_named(mixed, "d"), d = scry_find_capture_named(mixed, "d.icl");
        worst w = {.tolerance = 1e-4};
        for (uint32_t j = 0; j < 24; j++) {
            float one[32], two[32];
            scry_activations(mixed, j, (size_t)c, 0, 32, one);
            scry_activations(mixed, j, (size_t)d, 0, 32, two);
            for (int r = 0; r < 32; r++)
                worst_add(&w, (double)two[r], (double)one[r], figure_scale((double)one[r]), "latent %u, row %d", j, r);
        }
        worst_line(&w, "%s: its features and its residuals", name);
    }
    scry_close(mixed);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void test_saes(void) {
    const char *names[200];
    size_t count = 0;
    DIR *d = opendir(SAES);
    for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        const char *end = strstr(e->d_name, ".h.npz");
        if (end && count < 200) names[count++] = text_of("%.*s", (int)(end - e->d_name), e->d_name);
    }
    if (d) closedir(d);
    qsort(names, count, sizeof *names, by_name);
    check(count >= 40, "%zu SAE specimens", count);
    for (size_t i = 0; i < count; i++) test_sae(names[i]);
}

static void test_sae_refused(void) {
    source x = {"residual", text_of("\"%s/" SAES "/x.npy\"", here), NULL},
           a = {"features", text_of("\"%s/" FORMATS "/a.npy\"", here), NULL},
           wide = {"residual", text_of("\"%s/" FORMATS "/a.npy\"", here), NULL};
    const char *sae = text_of("\"%s/" SAES "/saelens6_topk\"", here);
    index_refused(write_study("r", &x, NULL, 24, ""), NULL, SAYS("sae: missing", "residuals"), "residuals, no SAE");
    index_refused(write_study("r", &wide, NULL, 24, text_of(", \"sae\": %s", sae)), NULL,
                  SAYS("train.base.residual", "found 10", "expected 8", "saelens6_topk"), "residuals of another width");
    index_refused(write_study("r", &a, NULL, 24, text_of(", \"sae\": %s", sae)), NULL,
                  SAYS("train.base.features", "found 10", "expected 24", "saelens6_topk"), "features of another SAE");
    index_refused(write_study("r", &x, NULL, 24, text_of(", \"sae\": %s, \"sae_format\": \"saelenz\"", sae)), NULL,
                  SAYS("saelenz", "gemma-scope, sparsify, saelens"), "a format that is none");
    index_refused(write_study("r", &x, NULL, 24, text_of(", \"sae\": %s, \"sae_format\": 3", sae)), NULL,
                  SAYS("sae_format", "a number", "text"), "a format that is a number");
    index_refused(write_study("r", &x, NULL, 24, text_of(", \"sae\": \"%s/" SAES "/refused_dl_batchtopk\"", here)),
                  NULL, SAYS("refused_dl_batchtopk"), "an SAE that is not finished");
    index_refused(write_study("r", &x, NULL, 24, ", \"sae\": \"nowhere\""), NULL, SAYS("nowhere"),
                  "an SAE that is not there");
    const char *sparse = text_of("\"%s/" FORMATS "/csr.npz\"", here);
    source s = {"residual", sparse, NULL};
    index_refused(write_study("r", &s, NULL, 24, text_of(", \"sae\": %s", sae)), NULL,
                  SAYS("train.base.residual", "10"), "sparse residuals of another width");
}

/* ---- TopK over several blocks of latents --------------------------------------------------------- */

/* h of a TopK SAE, computed here: the k largest of all latents, which no two share. */
static void test_wide_topk(void) {
    enum { D = 16, F = 1300, ROWS = 700, K = 20 };
    const char *folder = scratch_folder("wide");
    uint64_t seed = 11;
    double *W = malloc((size_t)2 * D * F * sizeof *W), *b = calloc(F + D, sizeof *b),
           *x = malloc((size_t)ROWS * D * sizeof *x), *h = calloc((size_t)ROWS * F, sizeof *h),
           *pre = malloc(F * sizeof *pre);
    if (!W || !b || !x || !h || !pre) abort();
    for (size_t i = 0; i < (size_t)2 * D * F; i++) W[i] = (float)(roll_unit(&seed) - 0.5);
    for (size_t i = 0; i < F; i++) b[i] = (float)((roll_unit(&seed) - 0.5) / 4);
    for (size_t i = 0; i < (size_t)ROWS * D; i++) x[i] = (float)(4 * roll_unit(&seed) - 2);
    write_sae_folder(folder, D, F, W, b,
                     text_of("\"architecture\": \"topk\", \"k\": %d, \"apply_b_dec_to_input\": false, "
                             "\"rescale_acts_by_decoder_norm\": false",
                             K));
    for (size_t r = 0; r < ROWS; r++) {
        double *row = h + r * F;
        for (size_t j = 0; j < F; j++) {
            pre[j] = b[j];
            for (size_t i = 0; i < D; i++) pre[j] += x[r * D + i] * W[i * F + j];
        }
        for (size_t j = 0; j < F; j++) {
            size_t above_j = 0;
            for (size_t i = 0; i < F; i++) above_j += pre[i] > pre[j];
            row[j] = pre[j] > 0 && above_j < K ? pre[j] : 0;
        }
    }
    write_npy(scratch("wide.x.npy"), F32, ROWS, D, x);
    write_npy(scratch("wide.h.npy"), F32, ROWS, F, h);
    source xs = {"residual", text_of("\"%s\"", scratch("wide.x.npy")), NULL},
           hs = {"features", text_of("\"%s\"", scratch("wide.h.npy")), NULL};
    scry_index *a =
        index_of(write_study("found", &xs, &xs, ROWS, text_of(", \"sae\": \"%s\"", folder)), NULL, "wide topk");
    scry_index *e = index_of(write_study("expected", &hs, &hs, ROWS, ""), NULL, "wide topk");
    if (a && e) {
        same_indexes(&(same){"TopK over three blocks", a, e, 1e-4});
        check_near(scry_index_info(a)->capture[0].l0, K, 0, "TopK over three blocks: L0 is k");
    }
    scry_close(a);
    scry_close(e);
    free(W);
    free(b);
    free(x);
    free(h);
    free(pre);
}

int main(void) {
    if (!getcwd(here, sizeof here)) return 1;
    test_formats();
    test_together();
    test_refused();
    test_saes();
    test_sae_refused();
    test_wide_topk();
    return check_end();
}
