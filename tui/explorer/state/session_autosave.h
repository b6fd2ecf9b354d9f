/* session_autosave.h: what one did with an index is kept in a file and found again when it is next opened.
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

/* What is unsaved is saved after this long, whether or not keys go on coming. */
enum { AUTOSAVE_AFTER_MS = 1000 };

/* A tab's file. All zero: nothing is kept. */
typedef struct session_autosave {
    char *path;           /* owned; NULL: nothing is kept */
    uint64_t saved;       /* hash of what is in the file, or of the state as it was opened */
    bool backup_previous; /* a session that is there and was not taken up is first renamed to PATH.old */
    char *text;           /* owned: what the thread writes */
    size_t length;
    pthread_t thread;
    bool running;
    atomic_bool done;
    char why_not[1024]; /* why it could not be written, once that was so */
} session_autosave;

/* Keeps the tab's session in a file: at `path`, or (NULL) where its index's session belongs. */
void autosave_begin(app *a, tab *t, const char *path);
/* Takes up what is in the file and says so. False when there is none, or it is damaged (which is said). */
bool autosave_restore(app *a, tab *t);
/* Something may have changed just now. */
void autosave_mark_dirty(app *a);
/* Milliseconds until autosave_save should be called; -1: nothing is unsaved. */
int autosave_due(const app *a);
/* Writes what has changed, in the background; wait: until it is on disk. */
void autosave_save(app *a, bool wait);
/* Why sessions are not being kept; NULL: they are, or need not be. */
const char *autosave_error(app *a);
/* A tab's file before autosave_begin. Owner: autosave_free. */
session_autosave *autosave_new(void);
/* Waits until the file is written. */
void autosave_free(session_autosave *k);

#endif
