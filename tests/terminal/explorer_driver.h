/* explorer_driver.h: what the tests of the explorer share: checks, shell commands, waiting, reading the screen,
 * starting and leaving. Running out of memory and a failed pty call end the test program. No threads. */
#ifndef SCRY_TESTS_TERMINAL_EXPLORER_DRIVER_H
#define SCRY_TESTS_TERMINAL_EXPLORER_DRIVER_H

#include "term.h"

/* Milliseconds: only what never comes is waited for so long. */
enum { WAIT = 60000 };

enum { ROWS = 24, COLS = 80, MOST = 4096, DOMAINS_MOST = 32 };

/* Set by main(). */
extern int failed;               /* checks so far */
extern const char *scry, *work;  /* $SCRY, $WORK */
extern char study_index[512];    /* of the sample study */
extern int order[MOST], latents; /* latents by rank, as the shell says */

/* ---- saying ---- */

/* "ok - what", or "not ok - what: " and the rest, then the screen (t may be NULL). `ok` is found out before the rest,
 * so that it may wait and the rest may say what is there then. */
#define check(ok, ...) (check_ok = (ok), say(check_ok, __VA_ARGS__))
extern bool check_ok;
bool say(bool ok, term *t, const char *what, const char *format, ...) __attribute__((format(printf, 4, 5)));
bool check_number(double found, double expected, double within, term *t, const char *what);
bool check_text(const char *found, const char *expected, term *t, const char *what);

/* ---- the shell ---- */

/* Standard output of a command, for the caller to free; its exit status in *status (may be NULL). */
char *shell(int *status, const char *format, ...) __attribute__((format(printf, 2, 3)));

typedef struct facts {
    int n;
    double pearson;
    int domains;
    struct {
        char name[64];
        double sts;
    } domain[DOMAINS_MOST];
} facts;
facts shell_score(const char *options); /* what scry score says of a selection */
void read_order(void);                  /* fills order and latents */

/* ---- all that is sent ---- */

extern char *sent; /* [sent_used] every byte of the last play */
extern size_t sent_used;

/* Runs scry on a bare terminal of this size, types each of keys (ends with NULL) when all is quiet, and keeps what
 * came. Returns the exit status, -1 when it did not end. */
int play(int rows, int cols, char *const argv[], char *const env[], const char *const keys[]);
bool was_sent(const char *bytes);

/* ---- waiting ---- */

typedef bool (*condition)(term *t, const void *arg);
bool await(term *t, condition c, const void *arg);          /* until it holds, and then for the rest of that frame */
bool await_strictly(term *t, condition c, const void *arg); /* until it holds, and for no more of the frame */
bool await_text(term *t, const char *needle);
bool await_message(term *t, const char *text); /* in the footer */
bool await_current(term *t, int latent);
bool await_count(term *t, int n);

/* The frame with all figures of rho, those too that come when the keys rest; and all of it here. */
bool rest(term *t);

bool says(term *t, const void *text);     /* condition: the footer has it */
bool is_drawn(term *t, const void *size); /* condition: a whole frame of rows, columns (int[2]) */

/* ---- reading the screen ---- */

const char *row(term *t, int y); /* in a buffer that lasts until sixteen more have been read */
int height(term *t);
int find_row(term *t, const char *needle, int from); /* -1 where there is none */
const char *footer(term *t);
int current(term *t);     /* the latent under the cursor, from the title of its pane */
int count(term *t);       /* how many latents are in the score: "N 100 -1 = 99" in the title */
const char *rho(term *t); /* as shown, ".932": in one of four buffers */
double rho_value(term *t);
int header_row(term *t);
int latent_row(term *t); /* of the title of the pane */
int domains_row(term *t);

/* The first number of a domain's line, as text; and the bar before it. "" where it is not shown. */
void domain_parts(term *t, const char *name, char number[32], char bar[512]);
void check_domains(term *t, const facts *f, const char *what);

int title_column(term *t, const char *title);           /* where it begins in the header; -1 where it does not stand */
bool sorted_by(term *t, const char *title);             /* it has the arrow */
double table_number(term *t, int y, const char *title); /* the cell below a column's title */
char *picture(term *t, int rows, int cols);             /* every cell with its looks, for the caller to free */

/* ---- starting and leaving ---- */

/* Removes what explorers have kept so far: a test does not begin where another one ended. start() does so itself. */
void forget_sessions(void);
term *start(int rows, int cols, const char *term_name, const char *what, char *const env[]);
term *open_sample(void);
void leave(term *t); /* by q; frees t */
void type_line(term *t, const char *text);
void command(term *t, const char *text); /* by the palette */

const char *left_over(term *t); /* what is not as it was before the start; NULL where all is */
void check_restored(term *t, const char *what);
void check_restore_bytes(term *t, const char *what); /* mouse off, cursor on, screen back: among the last bytes */

/* ---- resting ---- */

void check_idle(term *t, const char *what); /* nothing is sent and no processor time taken */

/* Sends keys that end the program, and waits for that: its status, and the processor time it still took, in seconds,
 * which a loaded machine does not change. */
int end_by(term *t, const char *keys, double *took);
double seconds(void); /* for what is said only: no check may be decided by it */

/* ---- the tests, by file ---- */

/* explorer_views.c */
void test_first_frame(void);
void test_panes(void);
void test_views(void);
void test_search(void);
void test_filter(void);
void test_palette(void);
void test_help(void);

/* explorer_plots.c */
void test_plots(void);
void test_plots_live(void);
void test_plots_storm(void);
void test_plots_leave(void);
void test_domain_cursor(void);

/* explorer_jobs.c */
void test_jobs(void);

/* explorer_prompt.c */
void test_prompt(void);
/* explorer_continue.c */
void test_continue(void);

/* explorer_causal.c */
void test_causal(void);

/* explorer_keys.c */
void test_toggle(void);
void test_moving(void);
void test_marks(void);
void test_history(void);
void test_sorting(void);
void test_mouse(void);

/* explorer_files.c */
void test_export(void);
void test_manifest(void);

/* explorer_terminal.c */
void test_resize(void);
void test_quit(void);
void test_signals(void);
void test_stop(void);
void test_stop_storm(void);
void test_terminals(void);

/* explorer_session.c */
void test_session(void);

/* explorer_settings.c */
void test_settings(void);

/* explorer_sent.c */
void test_copy(void);
void test_ascii(void);
void test_locale(void);
void test_idle(void);
void test_hostile(void);

/* explorer_input.c */
void test_reports(void);
void test_paste(void);
void test_csi_u(void);

/* explorer_watch.c */
void test_watch(void);

/* explorer_latent.c */
void test_pages(void);
void test_labels(void);

#endif
