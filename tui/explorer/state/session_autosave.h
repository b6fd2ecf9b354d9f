/* session_autosave.h: saves the session of an index to a file and restores it when the index is opened again.
 *
 * The file has the engine's lines (session.h: selection, score, scope and all history), then lines of
 * the palette's commands that bring the view back; each part of the explorer writes its own
 * (explorer/state/view_state.h). It is $XDG_STATE_HOME/scry/sessions/NAME-IDENTITY.session, NAME and IDENTITY being
 * the index's, not its file's. It is written whole or not at all, in a thread of its own, so that no
 * frame waits for a disk; where two explorers have one index open, the last to write wins. */
#ifndef SCRY_EXPLORER_STATE_SESSION_AUTOSAVE_H
#define SCRY_EXPLORER_STATE_SESSION_AUTOSAVE_H

#include "explorer/app_services.h"

#include <pthread.h>
#include <stdatomic.h>

/* Changes are saved after this long, even while keys keep coming. */
enum { AUTOSAVE_AFTER_MS = 1000 };

/* A tab's file. All zero: nothing is kept. */
typedef struct session_autosave {
    char *path;           /* owned; NULL: nothing is kept */
    uint64_t saved;       /* hash of what is in the file, or of the state as it was opened */
    bool backup_previous; /* an existing session that was not restored is first renamed to PATH.old */
    char *text;           /* owned: what the thread writes */
    size_t length;
    pthread_t thread;
    bool running;
    atomic_bool done;
    char why_not[1024]; /* of the thread: why it could not be written; "": it could */
    char trouble[1024]; /* the same of the last write that ended */
    bool told;          /* on the message line */
} session_autosave;

/* Starts saving the tab's session: to `path`, or (NULL) to the default file of its index. */
void autosave_begin(app *a, tab *t, const char *path);
/* Restores the file's session, with a message. False when there is no file, or (with an error message) it is damaged.
 */
bool autosave_restore(app *a, tab *t);
/* Notes that something may have changed. */
void autosave_mark_dirty(app *a);
/* Milliseconds until autosave_save should be called; -1: nothing is unsaved. */
int autosave_due(const app *a);
/* Writes what has changed, in the background; wait: until it is on disk. What could not be written is tried again. True
 * when the message line says now that a session cannot be saved. */
bool autosave_save(app *a, bool wait);
/* Why the session of a tab cannot be saved, without the path ("cannot be written: ..."); NULL: all can, or need not be.
 */
const char *autosave_error(app *a);
/* Saves the tab's session to another file from now on. False and err when that cannot be done. */
bool autosave_move(app *a, tab *t, const char *path, scry_error *err);
/* False and err where a file at path is not a session: it would be lost. */
bool autosave_may_replace(const char *path, scry_error *err);
/* Saves what has changed when the program ends at once, and says so on standard error; context: the app. For
 * sudden_end_set. */
void autosave_rescue(void *context);
/* A tab's file before autosave_begin. Owner: autosave_free. */
session_autosave *autosave_new(void);
/* Waits until the file is written. */
void autosave_free(session_autosave *k);

#endif
