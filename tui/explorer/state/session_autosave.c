/* session_autosave.c: saves the session of an index to a file and restores it. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/user_files.h"
#include "explorer/state/session_autosave.h"
#include "explorer/state/view_state.h"
#include "explorer/table/table.h"
#include "shell/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static int64_t now_ms(void) {
    return (int64_t)(clock_seconds() * 1000);
}

/* Letters and digits of a name, '-' for what stands between them. */
static void slug(const char *name, char *out, size_t size) {
    size_t n = 0;
    for (; *name && n + 1 < size; name++) {
        bool plain = (*name >= '0' && *name <= '9') || (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z');
        if (plain) out[n++] = *name;
        else if (n && out[n - 1] != '-') out[n++] = '-';
    }
    while (n && out[n - 1] == '-') n--;
    out[n] = 0;
}

static char *path_of(const tab *t) {
    char name[41], train[33] = "", *folder = scry_user_folder("XDG_STATE_HOME", ".local/state");
    size_t which = scry_session_ranking(t->session)->train;
    slug(t->info->name, name, sizeof name);
    if (t->info->trains > 1) slug(t->info->train[which].name, train, sizeof train);
    char *path = mem_format("%s/sessions/%s-%016" PRIx64 "%s%s.session", folder, name[0] ? name : "index",
                            scry_fingerprint(t->index), train[0] ? "-" : "", train);
    free(folder);
    return path;
}

/* The tab's state as the file has it; the caller frees. */
static char *text_of(app *a, tab *t, size_t *length) {
    char *text = NULL;
    FILE *f = mem_stream(&text, length);
    tab *shown = a->tab;
    a->tab = t;
    scry_session_write(t->session, f);
    view_state_write(a, f);
    a->tab = shown;
    mem_stream_end(f);
    return text;
}

static uint64_t hash_of(app *a, tab *t) {
    size_t length;
    char *text = text_of(a, t, &length);
    uint64_t hash = XXH3_64bits(text, length);
    free(text);
    return hash;
}

void autosave_begin(app *a, tab *t, const char *path) {
    t->autosave->path = path ? mem_copy_string(path) : path_of(t);
    t->autosave->backup_previous = access(t->autosave->path, F_OK) == 0;
    t->autosave->saved = hash_of(a, t);
}

bool autosave_restore(app *a, tab *t) {
    scry_error err = {0};
    FILE *f = text_file_open(t->autosave->path, &err);
    struct stat st;
    if (!f && errno != ENOENT && errno != ENOTDIR) app_fail(a, "%s; it is not restored", err.text);
    if (!f || fstat(fileno(f), &st) != 0) return false;
    tab *shown = a->tab;
    bool ok = scry_session_read(t->session, f, &err);
    app_follow_reference(t);
    a->tab = t;
    table_refresh(a); /* the ranking may be another one */
    if (ok) view_state_read(a, f);
    fclose(f);
    a->tab = shown;
    if (ok) {
        char when[32] = "";
        struct tm local;
        if (localtime_r(&st.st_mtime, &local)) strftime(when, sizeof when, "%Y-%m-%d %H:%M", &local);
        t->autosave->backup_previous = false;
        t->autosave->saved = hash_of(a, t);
        app_say(a, "session of %s restored; --fresh starts a new one", when);
    } else {
        app_fail(a, "%s; it is not restored", err.text);
    }
    return ok;
}

static bool write_text(FILE *f, const void *context) {
    const session_autosave *k = context;
    return fwrite(k->text, 1, k->length, f) == k->length;
}

static void *write_file(void *context) {
    session_autosave *k = context;
    scry_error err = {0};
    if (k->backup_previous) {
        char old[4200];
        snprintf(old, sizeof old, "%s.old", k->path);
        if (rename(k->path, old) == 0) k->backup_previous = false;
    }
    if (!scry_write_atomically(k->path, write_text, k, &err)) snprintf(k->why_not, sizeof k->why_not, "%s", err.text);
    else k->why_not[0] = 0;
    atomic_store(&k->done, true);
    return NULL;
}

static void ended(session_autosave *k) {
    free(k->text);
    k->text = NULL;
    memcpy(k->trouble, k->why_not, sizeof k->trouble);
    if (k->trouble[0]) k->saved = 0; /* so that it is tried again */
}

/* The thread that wrote last, if it has ended or is waited for. */
static bool finish(session_autosave *k, bool wait) {
    if (!k->running) return true;
    if (!wait && !atomic_load(&k->done)) return false;
    pthread_join(k->thread, NULL);
    k->running = false;
    ended(k);
    return true;
}

/* False while writing goes on. */
static bool save(app *a, tab *t, bool wait) {
    session_autosave *k = t->autosave;
    if (!k->path) return true;
    if (!finish(k, wait)) return false;
    k->text = text_of(a, t, &k->length);
    uint64_t hash = XXH3_64bits(k->text, k->length);
    if (hash == k->saved) {
        free(k->text);
        k->text = NULL;
        return true;
    }
    k->saved = hash;
    atomic_store(&k->done, false);
    k->running = pthread_create(&k->thread, NULL, write_file, k) == 0;
    if (!k->running) { /* no thread could be started: write now */
        write_file(k);
        ended(k);
    }
    return finish(k, wait) && !k->trouble[0];
}

void autosave_mark_dirty(app *a) {
    if (!a->unsaved_since) a->unsaved_since = now_ms();
}

int autosave_due(const app *a) {
    if (!a->unsaved_since) return -1;
    int64_t left = a->unsaved_since + AUTOSAVE_AFTER_MS - now_ms();
    return left > 0 ? (int)left : 0;
}

/* Why it could not be written, without its path, which would not fit. */
static const char *reason(const session_autosave *k) {
    size_t length = strlen(k->path);
    bool named = strncmp(k->trouble, k->path, length) == 0 && strncmp(k->trouble + length, ": ", 2) == 0;
    return named ? k->trouble + length + 2 : k->trouble;
}

bool autosave_save(app *a, bool wait) {
    bool all = true, said = false;
    for (size_t i = 0; i < a->tab_count; i++) {
        session_autosave *k = a->tabs[i]->autosave;
        all = save(a, a->tabs[i], wait) && all;
        if (k->trouble[0] && !k->told) {
            app_fail(a, "session %s; :session FILE moves it", reason(k));
            said = true;
        }
        k->told = k->trouble[0];
    }
    a->unsaved_since = all ? 0 : now_ms();
    return said;
}

const char *autosave_error(app *a) {
    for (size_t i = 0; i < a->tab_count; i++) {
        session_autosave *k = a->tabs[i]->autosave;
        finish(k, false);
        if (k->trouble[0]) return reason(k);
    }
    return NULL;
}

bool autosave_may_replace(const char *path, scry_error *err) {
    struct stat st;
    char head[] = "scry-session ", found[sizeof head] = "";
    if (stat(path, &st) != 0) return true;
    FILE *f = S_ISREG(st.st_mode) ? fopen(path, "re") : NULL;
    bool is = f && (st.st_size == 0 || (fread(found, 1, sizeof found - 1, f) > 0 && strcmp(found, head) == 0));
    if (f) fclose(f);
    return is || scry_fail(err, "%s: exists and is not a session of scry; expected one, or a new name", path);
}

bool autosave_move(app *a, tab *t, const char *path, scry_error *err) {
    session_autosave *k = t->autosave;
    if (!autosave_may_replace(path, err)) return false;
    finish(k, true);
    char *before = k->path;
    k->path = mem_copy_string(path);
    k->saved = 0;
    k->backup_previous = false;
    save(a, t, true);
    k->told = false;
    if (!k->trouble[0]) {
        free(before);
        return true;
    }
    scry_fail(err, "%s", k->trouble);
    free(k->path);
    k->path = before;
    return false;
}

void autosave_rescue(void *context) {
    app *a = context;
    for (size_t i = 0; i < a->tab_count; i++) {
        const session_autosave *own = a->tabs[i]->autosave;
        if (!own->path) continue;
        session_autosave k = {.path = own->path, .backup_previous = own->backup_previous};
        k.text = text_of(a, a->tabs[i], &k.length);
        if (XXH3_64bits(k.text, k.length) == own->saved) continue;
        write_file(&k);
        if (k.why_not[0]) output_say("the session is not saved: %s", k.why_not);
        else output_say("the session is saved in %s", k.path);
    }
}

session_autosave *autosave_new(void) {
    return mem_new(1, sizeof(session_autosave));
}

void autosave_free(session_autosave *k) {
    finish(k, true);
    free(k->path);
    free(k);
}
