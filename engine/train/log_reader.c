/* train/log_reader.c: a run's train.jsonl, read while another process may write it. */
#include "base/mem.h"
#include "train.h"
#include "train/log.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The keys of a line, in the order of scry_train_line. */
static const char *const keys[] = {"step",        "tokens",
                                   "seconds",     "loss",
                                   "l0",          "explained_variance",
                                   "held_out_l0", "held_out_explained_variance",
                                   "dead",        "tokens_per_second"};
enum { KEYS = sizeof keys / sizeof *keys };
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
    for (int i = 0; i < KEYS; i++) value[i] = number_of(json, keys[i]);
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
    for (ssize_t n; ok && (n = getline(&text, &room, log->file)) > 0;) {
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
