/* train/log.c: train.jsonl. */
#include "train/log.h"
#include "base/mem.h"
#include "base/atomic_file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool unwritten(const char *folder, scry_error *err) {
    return scry_fail(err, "%s/%s: cannot be written: %s", folder, LOG_NAME, strerror(errno));
}

static bool put(FILE *f, const char *folder, cJSON *object, scry_error *err) {
    char *text = cJSON_PrintUnformatted(object);
    bool ok = fprintf(f, "%s\n", text) > 0 && fflush(f) == 0;
    cJSON_free(text);
    cJSON_Delete(object);
    return ok || unwritten(folder, err);
}

static void number(cJSON *object, const char *key, double value) {
    cJSON_AddItemToObject(object, key, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

/* Does the line tell of a step that the checkpoint has not done? A line cut by a crash does not count either. */
static bool is_later(const char *line, double done) {
    cJSON *json = cJSON_Parse(line);
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(json, "step");
    bool later = !json || (cJSON_IsNumber(step) && step->valuedouble > done);
    cJSON_Delete(json);
    return later;
}

/* Copies what is kept to a new file, which takes the old one's place. */
static bool cut_log(const char *path, double done, scry_error *err) {
    FILE *old = fopen(path, "re");
    if (!old) return true;
    atomic_file new;
    char *line = NULL;
    size_t room = 0;
    bool ok = atomic_file_begin(&new, path, err);
    while (ok && getline(&line, &room, old) > 0)
        if (!is_later(line, done)) fprintf(new.file, "%s%s", line, strchr(line, '\n') ? "" : "\n");
    ok = ok && atomic_file_end(&new, true, err);
    fclose(old);
    free(line);
    return ok;
}

static bool put_start(trainer *t, const char *folder, scry_error *err) {
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "event", "start");
    cJSON_AddStringToObject(line, "arch", scry_arch_names[(int)t->settings.arch]);
    for (int i = 1; i < SETTINGS; i++) number(line, setting_names[i], setting_get(&t->settings, i));
    number(line, "rows", (double)t->data.train.rows);
    number(line, "held_out_rows", (double)t->data.held.rows);
    number(line, "scale", (double)t->scale);
    return put(t->log, folder, line, err);
}

/* Of a log that was lost but for its name, or with it, the first line is written again. */
static bool is_empty(FILE *f) {
    return fseeko(f, 0, SEEK_END) == 0 && ftello(f) == 0;
}

bool log_open(trainer *t, const char *folder, bool resume, scry_error *err) {
    char *path = mem_format("%s/%s", folder, LOG_NAME);
    bool ok = !resume || cut_log(path, (double)t->done, err);
    if (ok) {
        t->log = fopen(path, resume ? "ae" : "we");
        if (!t->log) ok = scry_fail(err, "%s: cannot be written: %s", path, strerror(errno));
    }
    free(path);
    return ok && ((resume && !is_empty(t->log)) || put_start(t, folder, err));
}

bool log_write(trainer *t, const char *folder, const log_line *l, scry_error *err) {
    const train_step *s = &t->step;
    cJSON *line = cJSON_CreateObject();
    number(line, "step", (double)t->done);
    number(line, "tokens", (double)t->done * s->B);
    number(line, "seconds", l->seconds);
    number(line, "lr", l->lr);
    number(line, "sparsity", (double)s->rules.sparsity);
    number(line, "loss", s->loss);
    number(line, "mse", s->mse);
    number(line, "penalty", s->penalty);
    number(line, "aux", s->aux_loss);
    number(line, "pre_act", s->pre_act_loss);
    number(line, "l0", s->l0);
    number(line, "explained_variance", 1 - s->mse / s->variance);
    number(line, "held_out_explained_variance", l->held_explained_variance);
    number(line, "held_out_l0", l->held_l0);
    number(line, "dead", (double)t->revive.dead / t->model.F);
    number(line, "resampled", l->resampled);
    number(line, "gradient", l->gradient);
    number(line, "tokens_per_second", l->tokens_a_second);
    return put(t->log, folder, line, err);
}

bool log_sync(trainer *t, const char *folder, scry_error *err) {
    return fsync(fileno(t->log)) == 0 || errno == EINVAL || unwritten(folder, err);
}

void log_close(trainer *t) {
    if (t->log) fclose(t->log);
    t->log = NULL;
}
