/* explorer_driver.c: see explorer_driver.h. */
#include "explorer_driver.h"

#include <math.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int failed;
const char *scry, *work;
char study_index[512];
int order[MOST], latents;

/* ---- saying -------------------------------------------------------------------------------------------------- */

static void show(term *t) {
    char *screen = term_screen(t);
    printf("# the screen was:\n");
    for (char *line = screen, *end; line; line = end) {
        end = strchr(line, '\n');
        if (end) *end++ = 0;
        printf("# |%s\n", line);
    }
    free(screen);
}

bool check_ok;
bool say(bool ok, term *t, const char *what, const char *format, ...) {
    printf("%s - %s", ok ? "ok" : "not ok", what);
    if (!ok) {
        va_list args;
        va_start(args, format);
        printf(": ");
        vprintf(format, args);
        va_end(args);
        failed++;
    }
    printf("\n");
    if (!ok && t) show(t);
    fflush(stdout);
    return ok;
}

bool check_number(double found, double expected, double within, term *t, const char *what) {
    return check(fabs(found - expected) <= within, t, what, "found %.9g, expected %.9g", found, expected);
}

bool check_text(const char *found, const char *expected, term *t, const char *what) {
    return check(strcmp(found, expected) == 0, t, what, "found \"%s\", expected \"%s\"", found, expected);
}

/* ---- the shell ------------------------------------------------------------------------------------------------ */

char *shell(int *status, const char *format, ...) {
    char command[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    fflush(stdout);
    FILE *f = popen(command, "r");
    size_t used = 0, room = 1 << 16;
    char *text = malloc(room + 1);
    if (!f || !text) {
        perror("popen");
        exit(1);
    }
    for (size_t n; (n = fread(text + used, 1, room - used, f)) > 0;) {
        used += n;
        if (used < room) continue;
        text = realloc(text, (room *= 2) + 1);
        if (!text) abort();
    }
    text[used] = 0;
    int result = pclose(f);
    if (status) *status = WIFEXITED(result) ? WEXITSTATUS(result) : 128 + WTERMSIG(result);
    return text;
}

/* The number behind "key": in JSON; NaN where there is none. */
static double json_number(const char *json, const char *key) {
    char name[64];
    snprintf(name, sizeof name, "\"%s\":", key);
    const char *at = strstr(json, name);
    char *end;
    if (!at) return (double)NAN;
    double value = strtod(at + strlen(name), &end);
    return end == at + strlen(name) ? (double)NAN : value;
}

facts shell_score(const char *options) {
    facts f = {0};
    char *json = shell(NULL, "'%s' score '%s' --json %s", scry, study_index, options);
    f.n = (int)json_number(json, "n");
    f.pearson = json_number(json, "pearson");
    for (const char *at = json; (at = strstr(at, "{\"name\":\"")) && f.domains < DOMAINS_MOST; f.domains++) {
        at += 9;
        snprintf(f.domain[f.domains].name, sizeof f.domain[0].name, "%.*s", (int)strcspn(at, "\""), at);
        f.domain[f.domains].sts = json_number(at, "sts");
    }
    free(json);
    return f;
}

void read_order(void) {
    char *csv = shell(NULL, "'%s' rank '%s' --csv --top %d", scry, study_index, MOST);
    char *state = NULL;
    for (char *line = strtok_r(csv, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
        int rank, latent;
        if (sscanf(line, "%d,%d,", &rank, &latent) == 2 && rank == latents + 1 && latents < MOST)
            order[latents++] = latent;
    }
    free(csv);
}

/* ---- all that is sent ------------------------------------------------------------------------------------------ */

char *sent;
size_t sent_used;

static void take_sent(int fd, pid_t pid, int quiet_ms) {
    static size_t room;
    struct pollfd in = {.fd = fd, .events = POLLIN};
    for (;;) {
        if (poll(&in, 1, quiet_ms) == 0) {
            if (quiet_ms && term_is_working(pid)) continue;
            return;
        }
        if (sent_used + 4096 > room) {
            sent = realloc(sent, room = 2 * room + 8192);
            if (!sent) abort();
        }
        ssize_t n = read(fd, sent + sent_used, 4096);
        if (n <= 0) return;
        sent_used += (size_t)n;
    }
}

int play(int rows, int cols, char *const argv[], char *const env[], const char *const keys[]) {
    struct winsize size = {(unsigned short)rows, (unsigned short)cols, 0, 0};
    int fd, status = 0;
    sent_used = 0;
    pid_t pid = forkpty(&fd, NULL, NULL, &size);
    if (pid < 0) {
        perror("forkpty");
        exit(1);
    }
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        for (int i = 0; env[i]; i++) putenv(env[i]);
        execv(argv[0], argv);
        _exit(127);
    }
    take_sent(fd, pid, 150);
    for (int i = 0; keys[i]; i++) {
        if (write(fd, keys[i], strlen(keys[i])) < 0) break;
        take_sent(fd, pid, strchr(keys[i], '\033') ? 80 : 25); /* an Esc is one when nothing follows it */
    }
    for (int i = 0; i < WAIT / 10 && waitpid(pid, &status, WNOHANG) == 0; i++) {
        struct timespec pause = {0, 10 * 1000000L};
        take_sent(fd, pid, 0);
        nanosleep(&pause, NULL);
        if (i < WAIT / 10 - 1) continue;
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        status = -1;
    }
    close(fd);
    return status == -1 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool was_sent(const char *bytes) {
    return sent_used && memmem(sent, sent_used, bytes, strlen(bytes)) != NULL;
}

/* ---- waiting -------------------------------------------------------------------------------------------------- */

typedef struct waiter {
    condition holds;
    const void *arg;
} waiter;

static bool holds(term *t, void *arg) {
    const waiter *w = arg;
    return w->holds(t, w->arg);
}

bool await_strictly(term *t, condition c, const void *arg) {
    waiter w = {c, arg};
    bool ok = term_wait(t, holds, &w, WAIT);
    if (!ok) {
        printf("# waited in vain for %d s\n", WAIT / 1000);
        show(t);
    }
    return ok;
}

bool await(term *t, condition c, const void *arg) {
    bool ok = await_strictly(t, c, arg);
    if (ok) term_settle(t, 15);
    return ok && c(t, arg);
}

static bool shows(term *t, const void *needle) {
    return term_has(t, needle);
}
bool await_text(term *t, const char *needle) {
    return await(t, shows, needle);
}

/* A message that is longer than the line begins on the lines above it. */
bool says(term *t, const void *text) {
    char words[1200] = "";
    int last = height(t) - 1;
    if (strstr(row(t, last), text)) return true;
    for (int y = last > 2 ? last - 2 : 0; y <= last; y++) {
        const char *line = row(t, y);
        int length = (int)strlen(line);
        while (length > 0 && line[length - 1] == ' ') length--;
        size_t used = strlen(words);
        snprintf(words + used, sizeof words - used, "%s%.*s", used ? " " : "", length, line);
    }
    return strstr(words, text) != NULL;
}

/* The first line of rho's statistics, "rho .932  n 14  p <.001", which go on in the lines below it; -1: none. */
static int statistics_row(term *t) {
    for (int y = find_row(t, "rho ", 1); y >= 0; y = find_row(t, "rho ", y + 1))
        if (strstr(strstr(row(t, y), "rho "), "  n ")) return y;
    return -1;
}

bool await_message(term *t, const char *text) {
    return await(t, says, text);
}
/* None of the statistics is still "..". */
static bool is_complete(term *t, const void *arg) {
    (void)arg;
    int y = statistics_row(t);
    for (int i = 0; y >= 0 && i < 3; i++)
        if (strstr(row(t, y + i), " ..")) return false;
    return y >= 0;
}

bool rest(term *t) {
    bool ok = await_strictly(t, is_complete, NULL);
    term_settle(t, 60);
    return ok && is_complete(t, NULL);
}

/* ---- reading the screen ---------------------------------------------------------------------------------------- */

const char *row(term *t, int y) {
    static char kept[16][2048];
    static int next;
    char *text = term_row(t, y), *to = kept[next = (next + 1) % 16];
    snprintf(to, sizeof kept[0], "%s", text);
    free(text);
    return to;
}

int height(term *t) {
    int y = 0;
    while (term_at(t, y, 0).width || term_at(t, y, 1).width) y++;
    return y;
}

int find_row(term *t, const char *needle, int from) {
    int rows = height(t);
    for (int y = from; y < rows; y++)
        if (strstr(row(t, y), needle)) return y;
    return -1;
}

const char *footer(term *t) {
    return row(t, height(t) - 1);
}

/* Where "latent 1819" stands in the title of its pane. */
static int find_latent(term *t, int *latent) {
    int rows = height(t);
    for (int y = 1; y < rows - 1; y++)
        for (const char *text = row(t, y), *at = text; (at = strstr(at, "latent ")); at += 7)
            if (at > text && at[-1] == ' ' && sscanf(at, "latent %d  ", latent) == 1) return y;
    return -1;
}

int latent_row(term *t) {
    int latent;
    return find_latent(t, &latent);
}

int current(term *t) {
    int latent;
    return find_latent(t, &latent) < 0 ? -1 : latent;
}
static bool is_current(term *t, const void *latent) {
    return current(t) == *(const int *)latent;
}
bool await_current(term *t, int latent) {
    return await(t, is_current, &latent);
}

int count(term *t) {
    const char *at = strstr(row(t, 0), "  N ");
    int n, edited;
    if (!at || sscanf(at, "  N %d", &n) != 1) return -1;
    const char *equals = strstr(at, " = "), *end = strstr(at, "  score");
    return equals && end && equals < end && sscanf(equals, " = %d", &edited) == 1 ? edited : n;
}
static bool is_count(term *t, const void *n) {
    return count(t) == *(const int *)n;
}
bool await_count(term *t, int n) {
    return await(t, is_count, &n);
}

const char *rho(term *t) {
    static char kept[4][32];
    static int next;
    char *to = kept[next = (next + 1) % 4];
    *to = 0;
    int y = statistics_row(t);
    const char *at = y < 0 ? NULL : strstr(row(t, y), "rho ");
    if (at) sscanf(at, "rho %31s", to);
    return to;
}

double rho_value(term *t) {
    const char *text = rho(t);
    return *text ? strtod(text, NULL) : (double)NAN;
}

int domains_row(term *t) {
    return find_row(t, "STS ", 1);
}

/* A domain's line from its name on: bar, STS, change; "" where it is not shown. */
static const char *domain_line(term *t, const char *name) {
    char prefix[16];
    snprintf(prefix, sizeof prefix, " %.8s", name);
    int from = domains_row(t);
    for (int y = from < 0 ? -1 : find_row(t, prefix, from + 1); y >= 0; y = find_row(t, prefix, y + 1)) {
        const char *line = row(t, y), *at = strstr(line, prefix);
        if (at == line || at[-1] == ' ') return at + 1; /* "without math" is no line of math */
    }
    return "";
}

void domain_parts(term *t, const char *name, char number[32], char bar[512]) {
    const char *line = domain_line(t, name), *at = line;
    number[0] = bar[0] = 0;
    while (*at && !(strchr(".0123456789", *at) && at > line && at[-1] == ' ')) at++;
    snprintf(number, 32, "%.*s", (int)strcspn(at, " "), at);
    snprintf(bar, 512, "%.*s", (int)(at - line), line);
    for (size_t n = strlen(bar); n && bar[n - 1] == ' ';) bar[--n] = 0;
}

/* Is a number as it is shown, "2.216", ".0713" or "5.3e-3", the value to its last digit? */
static bool is_rounded(const char *text, double value) {
    char *end;
    double number = strtod(text, &end), unit = 1;
    const char *point = strchr(text, '.'), *e = strchr(text, 'e');
    if (end == text || *end) return false;
    for (const char *at = point ? point + 1 : ""; *at && *at != 'e'; at++) unit /= 10;
    for (int k = e ? atoi(e + 1) : 0; k < 0; k++) unit /= 10;
    return fabs(number - value) <= 0.500001 * unit;
}

int header_row(term *t) {
    return find_row(t, "latent", 1);
}

/* Column where a title of the table begins, -1 where it does not stand, and its cells. `arrow` is told whether it has
 * one; that is the last of the cells, in the place of the last letter where the title fills its column. */
static int find_title(term *t, const char *title, int *cells, bool *arrow) {
    static const char *const arrows[] = {"\xe2\x96\xb4", "\xe2\x96\xbe"};
    int head = header_row(t), length = (int)strlen(title);
    for (int x = 0; x < 500; x++) {
        if (x && strcmp(term_at(t, head, x - 1).utf8, " ") != 0) continue;
        int n = 0;
        while (n < length && term_at(t, head, x + n).utf8[0] == title[n]) n++;
        term_cell next = term_at(t, head, x + n);
        *arrow = n >= length - 1 && (strcmp(next.utf8, arrows[0]) == 0 || strcmp(next.utf8, arrows[1]) == 0);
        *cells = n + *arrow;
        if (*arrow || n == length) return x;
    }
    return -1;
}

int title_column(term *t, const char *title) {
    int cells;
    bool arrow;
    return find_title(t, title, &cells, &arrow);
}

bool sorted_by(term *t, const char *title) {
    int cells;
    bool arrow;
    return find_title(t, title, &cells, &arrow) >= 0 && arrow;
}

double table_number(term *t, int y, const char *title) {
    int cells, at = find_title(t, title, &cells, &(bool){false}), end = at + cells, from = end;
    char cell[32] = "";
    if (at < 0) return (double)NAN;
    while (from > 0 && strcmp(term_at(t, y, from - 1).utf8, " ") != 0) from--;
    for (int x = from; x < end; x++) strncat(cell, term_at(t, y, x).utf8, sizeof cell - strlen(cell) - 1);
    return strtod(cell, NULL);
}

char *picture(term *t, int rows, int cols) {
    size_t room = (size_t)(rows * cols) * 48 + 1, used = 0;
    char *text = malloc(room);
    if (!text) abort();
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < cols; x++) {
            term_cell c = term_at(t, y, x);
            used += (size_t)snprintf(text + used, room - used, "%s/%d%d%d%d/%d/%d ", c.utf8, c.width, c.bold,
                                     c.underline, c.reverse, c.fg, c.bg);
        }
    text[used] = 0;
    return text;
}

bool is_drawn(term *t, const void *size) {
    const int *rc = size;
    return height(t) == rc[0] && footer(t)[0] && is_complete(t, NULL) && !term_has(t, "scry needs");
}
void check_domains(term *t, const facts *f, const char *what) {
    char number[32], bar[512], wrong[400] = "";
    for (int d = 0; d < f->domains; d++) {
        domain_parts(t, f->domain[d].name, number, bar);
        if (!is_rounded(number, f->domain[d].sts))
            snprintf(wrong + strlen(wrong), sizeof wrong - strlen(wrong), "%s %s for %g; ", f->domain[d].name, number,
                     f->domain[d].sts);
    }
    check(f->domains > 0 && !wrong[0], t, what, "found %s expected what scry score says",
          f->domains ? wrong : "no domain");
}
/* ---- starting -------------------------------------------------------------------------------------------------- */

void forget_sessions(void) {
    free(shell(NULL, "rm -rf '%s/kept'", work));
}

term *start(int rows, int cols, const char *term_name, const char *what, char *const env[]) {
    char *argv[] = {(char *)scry, (char *)what, NULL};
    forget_sessions();
    term *t = term_start(rows, cols, term_name, argv, env);
    if (!t) {
        perror(scry);
        exit(1);
    }
    return t;
}

term *open_sample(void) {
    term *t = start(ROWS, COLS, NULL, study_index, NULL);
    rest(t);
    return t;
}

void leave(term *t) {
    term_keys(t, "q");
    term_wait_exit(t, WAIT);
    term_free(t);
}

void type_line(term *t, const char *text) {
    term_send(t, text);
    term_keys(t, "Enter");
}

void command(term *t, const char *text) {
    term_keys(t, ":");
    type_line(t, text);
}

const char *left_over(term *t) {
    if (term_altscreen(t)) return "the alternate screen is on";
    if (!term_cursor_visible(t)) return "the cursor is hidden";
    if (term_mouse_mode(t)) return "the mouse is on";
    if (term_paste_mode(t)) return "pastes are bracketed";
    if (!term_modes_restored(t)) return "the modes are not those of before";
    return NULL;
}

void check_restored(term *t, const char *what) {
    const char *wrong = left_over(t);
    check(!wrong, t, what, "found that %s, expected the terminal as it was", wrong ? wrong : "");
}

void check_restore_bytes(term *t, const char *what) {
    static const char *const parts[] = {"\033[?1006;1000l", "\033[?25h", "\033[?1049l", "\033[?2004l"};
    size_t n, from;
    const char *tail = term_raw_tail(t, &n), *missing = NULL;
    from = n > 400 ? n - 400 : 0;
    bool found[4];
    for (int i = 0; i < 4; i++) {
        found[i] = memmem(tail + from, n - from, parts[i], strlen(parts[i])) != NULL;
        if (!found[i] && !missing) missing = parts[i] + 1;
    }
    check(!missing, NULL, what, "found no ESC %s among the last bytes, expected it", missing ? missing : "");
}

/* ---- resting -------------------------------------------------------------------------------------------------------
 */

/* CPU time in clock ticks, and in nanoseconds for all threads; -1 when it is gone. */
static long long cpu_ticks(pid_t pid, long long *nanoseconds) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "r");
    if (!f) return -1;
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = 0;
    fclose(f);
    unsigned long user = 0, system_time = 0;
    const char *at = strrchr(text, ')');
    if (!at || sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system_time) != 2) return -1;
    char *sum = shell(NULL, "cat /proc/%ld/task/*/schedstat 2>/dev/null | awk '{s += $1} END {printf \"%%.0f\", s}'",
                      (long)pid);
    *nanoseconds = atoll(sum);
    free(sum);
    return (long long)(user + system_time);
}

/* A save that was due, or what a page goes on with, may fall into the first window; one that never rests has none. */
void check_idle(term *t, const char *what) {
    enum { WINDOWS = 10 };
    char line[160];
    long bytes = 1;
    long long ticks = 1, ns = 0;
    for (int i = 0; i < WINDOWS && (bytes || ticks || ns >= 1000000); i++) {
        term_settle(t, 150);
        long long before_ns = 0, after_ns = 0, before = cpu_ticks(term_pid(t), &before_ns);
        bytes = term_bytes(t);
        struct timespec pause = {0, 300 * 1000000L};
        nanosleep(&pause, NULL);
        term_settle(t, 1);
        long long after = cpu_ticks(term_pid(t), &after_ns);
        bytes = term_bytes(t) - bytes;
        ticks = before < 0 ? -1 : after - before;
        ns = after_ns - before_ns;
    }
    snprintf(line, sizeof line, "%s: nothing is sent in 300 ms", what);
    check(bytes == 0, t, line, "found %ld bytes", bytes);
    snprintf(line, sizeof line, "%s: no processor time in 300 ms", what);
    check(ticks == 0 && ns < 1000000, t, line, "found %lld ticks, %lld us", ticks, ns / 1000);
}

static double children_took(void) {
    struct rusage r;
    getrusage(RUSAGE_CHILDREN, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + 1e-6 * (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

int end_by(term *t, const char *keys, double *took) {
    long long ignored, ticks = cpu_ticks(term_pid(t), &ignored);
    double before = children_took();
    term_keys(t, keys);
    int status = term_wait_exit(t, WAIT);
    *took = children_took() - before - (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return status;
}

double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
