/* test_tui_copy.c: the clipboard sequence, decoded by an independent decoder; marks that are restored; a number as a
 * command. */
#include "table_fixture.h"

#include "terminal/osc52.h"
#include "sets.h"

/* Base64 by the book: a bit at a time. False: not between the right brackets, or no base64. */
static bool decode(const char *sequence, size_t length, char *out, size_t *size) {
    const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0, bits = 0, end = length - 1;
    unsigned value = 0;
    if (length < 8 || memcmp(sequence, "\033]52;c;", 7) != 0 || sequence[end] != '\a' || (end - 7) % 4) return false;
    while (end > 7 && sequence[end - 1] == '=') end--;
    for (size_t i = 7; i < end; i++) {
        const char *at = strchr(digits, sequence[i]);
        if (!at) return false;
        for (int bit = 5; bit >= 0; bit--) {
            value = value << 1 | ((unsigned)(at - digits) >> bit & 1);
            if (++bits % 8 == 0) out[n++] = (char)value, value = 0;
        }
    }
    *size = n;
    return length - 1 - end < 3;
}

static void sequences(void) {
    static const char *const known[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}}; /* RFC 4648 */
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t length;
        char *found = osc52_sequence(known[i][0], &length);
        const char *expected = text_of("\033]52;c;%s\a", known[i][1]);
        check(strcmp(found, expected) == 0 && length == strlen(expected), "\"%s\" as in RFC 4648", known[i][0]);
        free(found);
    }
    size_t wrong = 0;
    for (size_t n = 0; n < 300; n++) {
        char text[301], back[301];
        size_t length, size = 0;
        for (size_t i = 0; i < n; i++) text[i] = (char)(1 + (i * 37 + n) % 255);
        text[n] = 0;
        char *found = osc52_sequence(text, &length);
        wrong += !decode(found, length, back, &size) || size != n || memcmp(text, back, n) != 0;
        free(found);
    }
    check(wrong == 0, "300 texts come back: %zu do not", wrong);
}

static void copies(app *a, const char *line, const char *expected) {
    say_command(a, line);
    check(a->copied && strcmp(a->copied, expected) == 0 && !a->message_is_error, "%s copies %.40s, found %.40s: \"%s\"",
          line, expected, a->copied ? a->copied : "nothing", a->message);
    free(a->copied);
    a->copied = NULL;
}

static void refuses(app *a, const char *line, const char *because) {
    say_command(a, line);
    check(!a->copied && a->message_is_error && strstr(a->message, because), "%s is refused: \"%s\"", line, a->message);
}

static void commands_of(app *a) {
    say_command(a, "120");
    check(app_latent(a) == 120, "a number alone goes to the latent: %u", app_latent(a));
    say_command(a, "99999");
    check(a->message_is_error && app_latent(a) == 120, "one too large does not: \"%s\"", a->message);
    copies(a, "copy", "120");
    refuses(a, "copy marked", "nothing is marked");
    say_command(a, "mark 7,3,4,5");
    copies(a, "copy", "3-5,7");
    copies(a, "copy latent", "120");
    char *all = scry_set_text(scry_session_set(a->tab->session));
    copies(a, "copy set", all);
    free(all);
    refuses(a, "copy that", "expected latent, marked or set");
    say_command(a, "unmark");
    check(a->tab->table->marks->count == 0 && strstr(a->message, "M restores them"), "M removes marks: \"%s\"",
          a->message);
    say_command(a, "mark 9");
    say_command(a, "unmark");
    say_command(a, "unmark");
    check(a->tab->table->marks->count == 1 && scry_set_has(a->tab->table->marks, 9), "M again restores the last");
    say_command(a, "unmark");
    say_command(a, "unmark");
    check(a->tab->table->marks->count == 1, "and again");
    say_command(a, "top 0");
    refuses(a, "copy set", "no latent");
}

int main(void) {
    sequences();
    app *a = open_table(600);
    if (!a) return check_end();
    commands_of(a);
    app_free(a);
    return check_end();
}
