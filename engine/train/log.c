/* train/log.c: train.jsonl, written by a run and read while another process may write it. */
#include "train/trainer.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/atomic_file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    FILE *old = text_file_open(path, NULL);
    if (!old) return true;
    atomic_file new;
    char *line = NULL;
    size_t room = 0;
    bool ok = atomic_file_begin(&new, path, err);
    while (ok && mem_line(&line, &room, old) > 0)
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
    number(line, "max_norm_ratio", t->data.outliers.max_norm_ratio);
    number(line, "outliers", (double)t->data.outliers.outliers);
    cJSON_AddBoolToObject(line, "outliers_kept", t->data.outliers.kept);
    number(line, "scale", (double)t->scale);
    if (t->data.difference) cJSON_AddBoolToObject(line, "difference", true);
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
        t->log = atomic_file_append(path, !resume, err);
        ok = t->log != NULL;
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

/* The keys of a line, in the order of scry_train_line. */
static const char *const line_keys[] = {"step",        "tokens",
                                        "seconds",     "loss",
                                        "l0",          "explained_variance",
                                        "held_out_l0", "held_out_explained_variance",
                                        "dead",        "tokens_per_second"};
enum { KEYS = sizeof line_keys / sizeof *line_keys };
#define MOST_STEPS 1e15 /* more is no log of ours */
_Static_assert(sizeof(scry_train_line) == KEYS * sizeof(double), "a line is doubles, one after the other");

struct scry_train_log {
    char *path;
    FILE *file;
    ino_t inode;
    off_t read; /* bytes of whole lines */
    uint64_t lines;
    scry_train_about about;
    scry_train_line *line;
    size_t count, room;
};

static double number_of(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static bool take_start(scry_train_log *log, const cJSON *line, scry_error *err) {
    const cJSON *event = cJSON_GetObjectItemCaseSensitive(line, "event");
    const cJSON *arch = cJSON_GetObjectItemCaseSensitive(line, "arch");
    scry_train_about *a = &log->about;
    *a = (scry_train_about){.d_in = number_of(line, "d_in"),
                            .width = number_of(line, "width"),
                            .steps = number_of(line, "steps"),
                            .batch = number_of(line, "batch"),
                            .log_every = number_of(line, "log_every")};
    bool fine = cJSON_IsString(event) && strcmp(event->valuestring, "start") == 0 && cJSON_IsString(arch) &&
                a->steps >= 1 && a->steps <= MOST_STEPS && a->batch >= 1 && a->batch <= MOST_STEPS;
    if (!fine)
        return scry_fail(err, "%s:1: found no \"event\": \"start\" with the settings, expected the log of scry train",
                         log->path);
    snprintf(a->arch, sizeof a->arch, "%s", arch->valuestring);
    return true;
}

static void take_line(scry_train_log *log, const cJSON *json) {
    double value[KEYS];
    for (int i = 0; i < KEYS; i++) value[i] = number_of(json, line_keys[i]);
    if (!(value[0] >= 0 && value[0] <= MOST_STEPS)) return; /* another event */
    if (log->count == log->room) {
        log->room = log->room ? 2 * log->room : 256;
        log->line = mem_resize(log->line, log->room, sizeof *log->line);
    }
    memcpy(&log->line[log->count++], value, sizeof value);
}

static bool take(scry_train_log *log, const char *text, scry_error *err) {
    cJSON *json = cJSON_Parse(text);
    bool first = log->lines++ == 0, ok = cJSON_IsObject(json);
    if (!ok)
        scry_fail(err, "%s:%llu: found \"%.40s\", expected a JSON object", log->path, (unsigned long long)log->lines,
                  text);
    else if (first) ok = take_start(log, json, err);
    else take_line(log, json);
    cJSON_Delete(json);
    return ok;
}

/* A log that is another file by now, or shorter, was written anew or cut by --resume: from the beginning, then. */
static bool reopen(scry_train_log *log, scry_error *err) {
    struct stat now;
    bool there = stat(log->path, &now) == 0;
    if (there && !S_ISREG(now.st_mode))
        return scry_fail(err, "%s: found no regular file, expected the log of scry train", log->path);
    if (there && log->file && now.st_ino == log->inode && now.st_size >= log->read) return true;
    if (log->file) fclose(log->file);
    log->file = there ? fopen(log->path, "re") : NULL;
    log->read = 0;
    log->lines = log->count = 0;
    if (!log->file) return scry_fail(err, "%s: cannot be read: %s", log->path, strerror(errno));
    log->inode = fstat(fileno(log->file), &now) == 0 ? now.st_ino : 0;
    return true;
}

bool scry_train_log_read(scry_train_log *log, scry_error *err) {
    char *text = NULL;
    size_t room = 0;
    bool ok = reopen(log, err);
    if (ok) clearerr(log->file);
    ok = ok && fseeko(log->file, log->read, SEEK_SET) == 0;
    for (ssize_t n; ok && (n = mem_line(&text, &room, log->file)) > 0;) {
        if (text[n - 1] != '\n') break; /* the rest is still to be written */
        text[n - 1] = 0;
        ok = take(log, text, err);
        log->read += n;
    }
    free(text);
    return ok;
}

scry_train_log *scry_train_log_open(const char *folder, scry_error *err) {
    scry_train_log *log = mem_new(1, sizeof *log);
    log->path = mem_format("%s/%s", folder, LOG_NAME);
    bool ok = scry_train_log_read(log, err) &&
              (log->lines > 0 || scry_fail(err, "%s: found no line, expected the log of scry train", log->path));
    if (ok) return log;
    scry_train_log_close(log);
    return NULL;
}

void scry_train_log_close(scry_train_log *log) {
    if (!log) return;
    if (log->file) fclose(log->file);
    free(log->path);
    free(log->line);
    free(log);
}

const scry_train_about *scry_train_log_about(const scry_train_log *log) {
    return &log->about;
}

const scry_train_line *scry_train_log_lines(const scry_train_log *log, size_t *count) {
    *count = log->count;
    return log->line;
}
