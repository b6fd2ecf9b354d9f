/* shell/options.c: the command line: a command, its options and arguments. */
#include "shell/options.h"
#include "shell/commands.h"
#include "text/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const option_row option_rows[] = {
#define OPTION(field, name, argument, commands, help) {name, argument, commands, help, offsetof(options, field)},
#include "shell/options.def"
#undef OPTION
};
enum { ROWS = sizeof option_rows / sizeof *option_rows };
const size_t option_count = ROWS;

bool options_apply(const char *list, const char *name) {
    static const char but[] = "* but ";
    if (strcmp(list, "*") == 0) return true;
    if (strncmp(list, but, strlen(but)) == 0) return !options_apply(list + strlen(but), name);
    size_t length = strlen(name);
    for (const char *at = list; *at;) {
        size_t word = strcspn(at, " ");
        if (word == length && strncmp(at, name, length) == 0) return true;
        at += word;
        at += strspn(at, " ");
    }
    return false;
}

static bool unknown_option(const options *o, const char *name, scry_error *err) {
    const char *names[ROWS];
    size_t n = 0;
    for (size_t i = 0; i < ROWS; i++)
        if (options_apply(option_rows[i].commands, o->command)) names[n++] = option_rows[i].name;
    const char *near = suggest_nearest(name, names, n);
    const char *word = strcmp(o->command, "open") == 0 ? "scry" : o->command;
    return scry_misuse(err, "%s has no option %s%s%s%s; scry %s%s--help lists them", word, name,
                       near ? "; did you mean " : "", near ? near : "", near ? "?" : "",
                       strcmp(o->command, "open") == 0 ? "" : o->command, strcmp(o->command, "open") == 0 ? "" : " ");
}

/* Reads the option argv[*at] and its argument: the next word, or the text after "=". */
static bool read_option(options *o, int argc, char **argv, int *at, scry_error *err) {
    char name[64];
    const char *equals = strncmp(argv[*at], "--", 2) == 0 ? strchr(argv[*at], '=') : NULL;
    snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - argv[*at]) : 60, argv[*at]);
    if (strcmp(name, "-h") == 0) strcpy(name, "--help");
    if (strcmp(name, "-f") == 0) strcpy(name, "--force");
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(option_rows[i].name, name) != 0 || !options_apply(option_rows[i].commands, o->command)) continue;
        const char **field = (const char **)(void *)((char *)o + option_rows[i].offset);
        if (!option_rows[i].argument) {
            if (equals) return scry_misuse(err, "%s takes no argument", name);
            *field = "";
        } else if (equals) {
            *field = equals + 1;
        } else if (*at + 1 < argc) {
            *field = argv[++*at];
        } else {
            return scry_misuse(err, "%s needs %s after it", name, option_rows[i].argument);
        }
        if (o->given_count == OPTIONS_WORDS)
            return scry_misuse(err, "found more than %d options, expected at most as many", OPTIONS_WORDS);
        o->given[o->given_count][0] = option_rows[i].name;
        o->given[o->given_count++][1] = *field;
        return true;
    }
    return unknown_option(o, name, err);
}

/* A first word that is no file may be a misspelt command. */
static bool known_word(const char *word, scry_error *err) {
    const char *near = access(word, F_OK) == 0 ? NULL : commands_nearest(word);
    return !near || scry_misuse(err, "no command and no file \"%.60s\"; did you mean scry %s?", word, near);
}

/* The number of arguments that a command takes besides its options, by its row: its words, without each option, the
 * word after it, and a "..." that follows these; any number where one ends with "...", at least one. A SELECTION is
 * options.
 */
static int most_words(const char *name) {
    const command *c = command_find(name);
    if (!c || !c->shell) return OPTIONS_WORDS; /* the explorer: indexes */
    int length, words = 0;
    enum { PLAIN, OPTION_NAME, OPTION_ARGUMENT } last = PLAIN;
    const char *at = command_shell_arguments(c, &length), *end = at + length;
    for (size_t word; at < end; at += word + strspn(at + word, " []")) {
        at += strspn(at, " []");
        word = strcspn(at, " []");
        if (at >= end) break;
        bool repeats = word >= 3 && strncmp(at + word - 3, "...", 3) == 0;
        bool of_option = last == OPTION_NAME || (last == OPTION_ARGUMENT && repeats && word == 3);
        last = *at == '-' ? OPTION_NAME : of_option ? OPTION_ARGUMENT : PLAIN;
        if (last != PLAIN) continue;
        if (repeats) return OPTIONS_WORDS;
        words += strncmp(at, "SELECTION", word) != 0 && strncmp(at, "options", word) != 0;
    }
    return words ? words : 1;
}

bool options_read(options *o, int argc, char **argv, scry_error *err) {
    *o = (options){.command = "open"};
    int at = 1;
    if (argc > 1 && command_in_shell(argv[1])) o->command = command_find(argv[at++])->name;
    else if (argc > 1 && argv[1][0] != '-' && !known_word(argv[1], err)) return false;
    bool only_words = false;
    for (; at < argc; at++) {
        if (!only_words && strcmp(argv[at], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[at][0] == '-' && argv[at][1]) {
            if (!read_option(o, argc, argv, &at, err)) return false;
        } else if (o->words == most_words(o->command)) {
            return scry_misuse(err, "%s: unexpected argument \"%.60s\"",
                               strcmp(o->command, "open") == 0 ? "the explorer" : o->command, argv[at]);
        } else {
            o->word[o->words++] = argv[at];
        }
    }
    if (o->json && o->csv) return scry_misuse(err, "--json and --csv: expected one of them");
    uint32_t threads; /* checked also for commands on an existing index, which use neither */
    uint64_t memory;
    return options_number("--threads", o->threads, 1, 0, &threads, err) &&
           options_bytes("--memory", o->memory, &memory, err);
}

size_t options_repeated(const options *o, const char *name, const char *out[OPTIONS_WORDS]) {
    size_t count = 0;
    for (int i = 0; i < o->given_count; i++)
        if (strcmp(o->given[i][0], name) == 0) out[count++] = o->given[i][1];
    return count;
}

bool options_number(const char *name, const char *text, uint32_t least, uint32_t fallback, uint32_t *out,
                    scry_error *err) {
    *out = fallback;
    if (!text) return true;
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || number > UINT32_MAX || number < least)
        return scry_misuse(err, "%s: found \"%.40s\", expected a whole number of %u or more", name, text, least);
    *out = (uint32_t)number;
    return true;
}

bool options_size(const char *text, int least_rows, int least_cols, int *rows, int *cols, scry_error *err) {
    char rest;
    if (!text || (sscanf(text, "%dx%d%c", rows, cols, &rest) == 2 && *rows >= least_rows && *cols >= least_cols &&
                  *rows <= OPTIONS_CELLS && *cols <= OPTIONS_CELLS))
        return true;
    return scry_misuse(err, "--size: found \"%.40s\", expected ROWSxCOLUMNS such as 24x80, from %dx%d to %dx%d", text,
                       least_rows, least_cols, OPTIONS_CELLS, OPTIONS_CELLS);
}

bool options_bytes(const char *name, const char *text, uint64_t *out, scry_error *err) {
    *out = 0;
    if (!text) return true;
    char *end;
    double number = strtod(text, &end);
    static const char units[] = "KMGT";
    bool letter = (*end >= 'A' && *end <= 'Z') || (*end >= 'a' && *end <= 'z');
    const char *unit = letter ? strchr(units, *end & ~0x20) : NULL;
    if (unit) end++;
    if (unit && (*end == 'B' || *end == 'b')) end++;
    else if (unit && strncmp(end, "iB", 2) == 0) end += 2;
    for (int i = 0; unit && i <= (int)(unit - units); i++) number *= 1024;
    if (text[0] < '0' || text[0] > '9' || *end || !(number >= 1 && number < 0x1p62))
        return scry_misuse(err, "%s: found \"%.40s\", expected a size such as 800M or 4G", name, text);
    *out = (uint64_t)number;
    return true;
}

void options_help(const char *name) {
    if (!name) {
        printf("scry: which SAE latents post-training moves, and how that changes each domain\n\n");
        print_definition("scry STUDY.json | FOLDER | X.scry ...", "open the explorer (? there shows all keys)");
        print_definition("scry COMMAND X [options]", "X is an index, or a study manifest in its place");
        putchar('\n');
        commands_list_shell();
        printf("\nSELECTION: --by icl --top 100, or --set FILE, or --latents 3,17,90-120;\n"
               "then --without and --with. scry COMMAND --help lists a command's options.\n\n"
               "Options of the explorer:\n");
        name = "open";
    } else {
        commands_usage(name);
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (!options_apply(option_rows[i].commands, name)) continue;
        char left[64];
        const char *argument = option_rows[i].argument;
        snprintf(left, sizeof left, "%s %s", option_rows[i].name, argument ? argument : "");
        print_definition(left, option_rows[i].help);
    }
}
