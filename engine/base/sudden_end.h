/* base/sudden_end.h: what is put in order when the program must end at once: memory is used up, a mapped file lost its
 * end, a signal that nobody takes arrived, or a second one.
 *
 * In this order the terminal is given back, files half written are removed, the reason is said on standard error, and
 * the session is saved; the program then ends with status 1, or by the signal. Whatever thread it happens on, the
 * others do not go on. All state is the process's own; any thread may call what follows. */
#ifndef SCRY_BASE_SUDDEN_END_H
#define SCRY_BASE_SUDDEN_END_H

#include <stddef.h>

typedef enum sudden_step { SUDDEN_TERMINAL, SUDDEN_SESSION, SUDDEN_STEPS } sudden_step;

/* Names what a step runs: once, on whichever thread ends the program, perhaps in a signal handler. run NULL: nothing
 * any more. SUDDEN_TERMINAL may only call what a signal handler may. */
void sudden_end_set(sudden_step step, void (*run)(void *context), void *context);

/* Catches the signals that would end the program, but for those that are ignored. main calls it once, before threads
 * are started. SIGXFSZ is ignored, so that a file at its limit fails as a full disk does. */
void sudden_end_catch(void);
/* Lets a signal end the program again as sudden_end_catch had it. */
void sudden_end_catch_again(int number);

/* Ends the program with status 1; the message gets "scry: " in front and a line feed. Control characters become '?'. */
_Noreturn void sudden_end(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends the program by a signal, from its handler. */
void sudden_end_by(int number);

/* A file that is removed where the program ends at once. sudden_end_reserve comes before the file is made, as it may
 * end the program itself; sudden_end_forget after it. path is copied. */
typedef struct sudden_file sudden_file;
sudden_file *sudden_end_reserve(void);
void sudden_end_remove(sudden_file *file, const char *path);
void sudden_end_forget(sudden_file *file);

/* A range of mapped memory whose file may become shorter: SIGBUS in it names the path. Both must stay until
 * sudden_end_unmap. */
typedef struct sudden_map sudden_map;
sudden_map *sudden_end_map(const void *data, size_t size, const char *path);
void sudden_end_unmap(sudden_map *map);

#endif
