/* image_file.c: pictures as files. */
#include "draw/image_file.h"
#include "base/atomic_file.h"
#include "base/path.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ARGUMENTS = 6 };

/* zoom: of pixels, for sharp text. */
static const struct { const char *ending, *format, *zoom; } converted[] = {{".png", "png", "2"}, {".pdf", "pdf", "1"}};
enum { CONVERTED = sizeof converted / sizeof *converted };

static int converted_of(const char *path) {
    int i = 0;
    while (i < CONVERTED && !path_ends_with(path, converted[i].ending)) i++;
    return i < CONVERTED ? i : -1;
}

bool image_file_is_known(const char *path) {
    return path_ends_with(path, ".svg") || converted_of(path) >= 0;
}

bool image_file_check(const char *path, scry_error *err) {
    static const char *const others[] = {".jpg", ".jpeg", ".gif", ".webp", ".eps", ".ps", ".tif", ".tiff", ".bmp"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (path_ends_with(path, others[i]))
            return scry_fail(err, "%s: cannot be written as %s; expected .svg, .png or .pdf", path, others[i] + 1);
    return true;
}

/* Starts the converter between two files, with its messages in `said`. Returns 0, or what is wrong as errno. */
static int start(int kind, FILE *svg, FILE *out, FILE *said, pid_t *pid) {
    char *const argv[ARGUMENTS] = {
        "rsvg-convert", "--format", (char *)converted[kind].format, "--zoom", (char *)converted[kind].zoom, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t as;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&as);
    posix_spawn_file_actions_adddup2(&files, fileno(svg), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, fileno(out), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, fileno(said), STDERR_FILENO);
    posix_spawnattr_setsigmask(&as, &none);
    posix_spawnattr_setsigdefault(&as, &usual);
    posix_spawnattr_setflags(&as, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int why = posix_spawnp(pid, argv[0], &files, &as, argv, environ);
    posix_spawnattr_destroy(&as);
    posix_spawn_file_actions_destroy(&files);
    return why;
}

static bool is_empty(FILE *f) {
    return lseek(fileno(f), 0, SEEK_END) == 0;
}

static bool failed(const char *path, FILE *said, int status, scry_error *err) {
    char line[200] = "";
    rewind(said);
    if (!fgets(line, sizeof line, said)) snprintf(line, sizeof line, "status %d", status);
    line[strcspn(line, "\r\n")] = 0;
    return scry_fail(err, "%s: rsvg-convert failed: %s", path, line);
}

/* A pipe's end is not known to be empty: the exit status alone counts there. */
static bool convert(int kind, const char *path, FILE *svg, const atomic_file *to, FILE *said, scry_error *err) {
    pid_t pid;
    int why = start(kind, svg, to->file, said, &pid), status = 0;
    if (why == ENOENT)
        return scry_fail(err, "%s: needs rsvg-convert, which is not on PATH (Debian package librsvg2-bin); or use .svg",
                         path);
    if (why) return scry_fail(err, "%s: rsvg-convert cannot be started: %s", path, strerror(why));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0 && (to->direct || !is_empty(to->file));
    return ok || failed(path, said, WIFEXITED(status) ? WEXITSTATUS(status) : status, err);
}

static bool write_converted(int kind, const char *path, FILE *svg, scry_error *err) {
    FILE *said = tmpfile();
    atomic_file to;
    if (!said) return scry_fail(err, "%s: no temporary file: %s", path, strerror(errno));
    bool ok = atomic_file_begin(&to, path, err);
    if (ok) {
        ok = convert(kind, path, svg, &to, said, err);
        ok = atomic_file_end(&to, ok, err) && ok;
    }
    fclose(said);
    return ok;
}

bool image_file_write(const char *path, image_draw *draw, const void *context, scry_error *err) {
    int kind = converted_of(path);
    if (!image_file_check(path, err)) return false;
    if (kind < 0) {
        atomic_file to;
        if (!atomic_file_begin(&to, path, err)) return false;
        draw(to.file, context);
        return atomic_file_end(&to, true, err);
    }
    FILE *svg = tmpfile();
    if (!svg) return scry_fail(err, "%s: no temporary file: %s", path, strerror(errno));
    draw(svg, context);
    bool ok = fflush(svg) == 0 && !ferror(svg);
    if (!ok) scry_fail(err, "%s: no room for a temporary file: %s", path, strerror(errno));
    rewind(svg); /* the converter reads from here: they share the position */
    ok = ok && write_converted(kind, path, svg, err);
    fclose(svg);
    return ok;
}
