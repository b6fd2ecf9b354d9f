/* palette.c: matches of the typed text: commands, then their arguments. */
#include "explorer/panes/prompt.h"
#include "base/utf8.h"
#include "text/fuzzy_match.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MOST = 64 };

bool is_palette(const app *a) {
    return strcmp(a->prompt.then->name, "palette") == 0;
}

typedef struct match {
    const command *c;
    int score;
    uint64_t letters; /* of its name */
} match;

/* Either commands, while their name is typed, or what an argument can be. */
typedef struct list {
    const command *of; /* whose argument is typed; NULL: the command itself */
    size_t argument;   /* where in the text its arguments begin */
    match match[256];
    completion arguments;
    size_t count;
} list;

static int better(const void *x, const void *y) {
    const match *a = x, *b = y;
    if (a->score != b->score) return b->score - a->score;
    return (a->c > b->c) - (a->c < b->c);
}

/* By name; behind those, commands whose help says the word. */
static void find_commands(const char *word, list *l) {
    for (size_t i = 0; i < command_count && l->count < 256; i++) {
        if (!commands[i].explorer) continue;
        match m = {&commands[i], 0, 0};
        int score = fuzzy_score(word, commands[i].name, &m.letters);
        if (score > 0) m.score = WORD_MOST + score;
        else if (strlen(word) > 2 && strcasestr(commands[i].help, word)) m.score = 1;
        if (m.score) l->match[l->count++] = m;
    }
    qsort(l->match, l->count, sizeof *l->match, better);
}

/* "export!" is export: takes the sign away, and returns it. */
static const char *take_sign(char *name) {
    size_t length = strlen(name);
    if (length < 2 || name[length - 1] != '!') return "";
    name[length - 1] = 0;
    return "!";
}

static void make_list(app *a, list *l) {
    const prompt *p = &a->prompt;
    size_t word = strcspn(p->text, " ");
    char name[WORD_MOST];
    l->of = is_palette(a) ? NULL : p->then;
    l->argument = l->count = 0;
    snprintf(name, sizeof name, "%.*s", (int)(word < WORD_MOST ? word : WORD_MOST - 1), p->text);
    take_sign(name);
    if (is_palette(a) && (p->at <= word || !p->text[word])) {
        find_commands(name, l);
        return;
    }
    if (is_palette(a)) {
        l->of = command_find(name);
        l->argument = word + strspn(p->text + word, " ");
        if (l->argument > p->at) l->argument = p->at;
        if (!l->of || !l->of->explorer) return;
    }
    completion_find(a, command_explorer_arguments(l->of), p->text + l->argument, p->at - l->argument, &l->arguments);
    l->count = l->arguments.count;
}

/* Rows of the list on the screen, and the first of them: so many that the picked one is shown. */
static int shown(const app *a, const list *l, int *first) {
    int most = a->grid->rows > 16 ? 8 : 4, n = (int)l->count < most ? (int)l->count : most, pick = a->prompt.pick;
    if (pick >= (int)l->count) pick = (int)l->count - 1;
    *first = pick >= n ? pick - n + 1 : 0;
    return n;
}

/* A name with the letters that were typed. */
static int put_name(app *a, int y, int x, int cols, role look, const char *name, uint64_t letters) {
    char safe[COMPLETE_TEXT];
    app_fit_text(a, name, cols, safe, sizeof safe);
    int start = x;
    for (const char *at = safe; *at;) {
        const char *here = at;
        char one[8];
        utf8_next(&at);
        snprintf(one, sizeof one, "%.*s", (int)(at - here), here);
        bool typed = here - safe < 63 && letters >> (here - safe) & 1;
        x += grid_put(a->grid, y, x, start + cols - x, typed ? ROLE_FOCUS : look, one);
    }
    return x - start;
}

static void draw_command(app *a, int y, const match *m, role look) {
    char help[200];
    grid_put(a->grid, y, 2, 9, ROLE_KEY, keymap_keys(&a->keys, m->c));
    int x = 12 + put_name(a, y, 12, 27, look, m->c->name, m->letters);
    snprintf(help, sizeof help, "%s", command_explorer_arguments(m->c));
    text_fit(help, 38 - x, a->ascii);
    grid_put(a->grid, y, x + 1, 38 - x, ROLE_FAINT, help);
    snprintf(help, sizeof help, "%s", m->c->help);
    text_fit(help, a->grid->cols - 41, a->ascii);
    grid_put(a->grid, y, 40, a->grid->cols - 41, ROLE_FAINT, help);
}

/* What the argument is of, where the command's own row no longer says it. */
static void draw_usage(app *a, int y, const command *c) {
    char text[300];
    snprintf(text, sizeof text, "%s  %s", command_explorer_arguments(c), c->help);
    text_fit(text, a->grid->cols - 4 - text_columns(c->name), a->ascii);
    grid_fill(a->grid, y, 0, a->grid->cols, ROLE_TEXT, ' ');
    int x = 2 + grid_put(a->grid, y, 2, a->grid->cols, ROLE_TEXT, c->name);
    grid_put(a->grid, y, x + 1, a->grid->cols - x - 1, ROLE_FAINT, text);
    grid_flag(a->grid, y, 0, a->grid->cols, CELL_CURSOR);
}

void palette_draw(app *a, int bottom) {
    list l;
    int first;
    make_list(a, &l);
    int n = shown(a, &l, &first);
    if (l.of && is_palette(a)) draw_usage(a, bottom - n - 1, l.of);
    for (int i = 0; i < n; i++) {
        int y = bottom - n + i;
        /* Enter takes the first command even when none is picked, if it is one by its name. */
        bool taken = !l.of && a->prompt.pick < 0 && i == 0 && l.match[0].score > WORD_MOST;
        bool picked = first + i == a->prompt.pick || taken;
        role look = picked ? ROLE_PROMPT : ROLE_TEXT;
        grid_fill(a->grid, y, 0, a->grid->cols, ROLE_TEXT, ' ');
        if (picked) grid_put(a->grid, y, 0, 1, ROLE_PROMPT, ">");
        if (!l.of) {
            draw_command(a, y, &l.match[first + i], look);
        } else {
            const candidate *c = &l.arguments.candidate[first + i];
            put_name(a, y, 2, a->grid->cols - 3, look, c->text, c->letters);
        }
        grid_flag(a->grid, y, 0, a->grid->cols, CELL_CURSOR);
    }
}

/* new[0..length] in the place of text[from..to]; the cursor behind it. */
static void put_in_place(prompt *p, size_t from, size_t to, const char *new, size_t length) {
    size_t rest = strlen(p->text + to) + 1;
    if (from + length + rest > sizeof p->text) return;
    memmove(p->text + from + length, p->text + to, rest);
    memcpy(p->text + from, new, length);
    p->at = from + length;
    p->pick = -1;
}

void palette_move(app *a, int steps) {
    list l;
    make_list(a, &l);
    int pick = a->prompt.pick + steps;
    /* The first command is as good as picked from the start. */
    if (!l.of && l.count && a->prompt.pick < 0 && steps > 0 && l.match[0].score > WORD_MOST) pick++;
    if (pick >= (int)l.count) pick = (int)l.count - 1;
    a->prompt.pick = pick < -1 ? -1 : pick;
    a->prompt.listing = true;
}

/* How many bytes all those have in common that begin with what is typed, and the first of them; 0: none does. */
static size_t common(const completion *c, const char *typed, size_t length, const char **first) {
    size_t n = 0;
    *first = NULL;
    for (size_t i = 0; i < c->count; i++) {
        const char *text = c->candidate[i].text;
        if (strncmp(text, typed, length) != 0) continue;
        if (!*first) {
            *first = text;
            n = strlen(text);
        }
        size_t k = 0;
        while (k < n && text[k] == (*first)[k]) k++;
        n = k;
    }
    while (n > 0 && utf8_is_continuation((*first)[n])) n--;
    return n;
}

static void complete_command(app *a, const match *m) {
    prompt *p = &a->prompt;
    char name[WORD_MOST];
    size_t word = strcspn(p->text, " ");
    bool forced = word > 1 && p->text[word - 1] == '!' && command_writes(m->c);
    int n = snprintf(name, sizeof name, "%s%s%s", m->c->name, forced ? "!" : "",
                     command_explorer_arguments(m->c)[0] ? " " : "");
    put_in_place(p, 0, word + strspn(p->text + word, " "), name, (size_t)n);
}

void palette_complete(app *a) {
    prompt *p = &a->prompt;
    list l;
    make_list(a, &l);
    p->listing = true;
    if (!l.count) return;
    int pick = p->pick < (int)l.count ? p->pick : (int)l.count - 1;
    if (!l.of) {
        complete_command(a, &l.match[pick < 0 ? 0 : pick]);
        return;
    }
    const completion *c = &l.arguments;
    const char *first;
    size_t from = l.argument + c->from, typed = p->at - from, n = common(c, p->text + from, typed, &first);
    if (pick >= 0 || l.count == 1) {
        const char *text = c->candidate[pick < 0 ? 0 : pick].text;
        put_in_place(p, from, l.argument + c->to, text, strlen(text));
    } else if (n > typed) {
        put_in_place(p, from, l.argument + c->to, first, n);
    } else {
        p->pick = 0;
    }
}

void palette_line(app *a, char *line, size_t size) {
    const prompt *p = &a->prompt;
    list l;
    make_list(a, &l);
    size_t word = strcspn(p->text, " ");
    char name[WORD_MOST];
    snprintf(name, sizeof name, "%.*s", (int)(word < WORD_MOST ? word : WORD_MOST - 1), p->text);
    const char *sign = take_sign(name);
    bool picked = p->pick >= 0 && p->pick < (int)l.count;
    if (l.of && picked) palette_complete(a);
    else if (l.of && p->text[l.argument])
        completion_rest(a, command_explorer_arguments(l.of), a->prompt.text + l.argument,
                        sizeof a->prompt.text - l.argument);
    else if (!l.of && picked) snprintf(name, sizeof name, "%s", l.match[p->pick].c->name);
    else if (!l.of && l.count && name[0] && !command_find(name) && l.match[0].score > WORD_MOST)
        snprintf(name, sizeof name, "%s", l.match[0].c->name);
    snprintf(line, size, "%s%s%s", name, sign, a->prompt.text + word);
}

bool palette_click(app *a, int y, int bottom) {
    list l;
    int first;
    make_list(a, &l);
    int n = shown(a, &l, &first);
    if (y < bottom - n || y >= bottom) return false;
    a->prompt.pick = first + y - (bottom - n);
    return true;
}
