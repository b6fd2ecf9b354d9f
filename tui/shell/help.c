/* help.c: scry help: usage, the manual page and the shells' completions, all from shell/commands.def and
 * shell/options.def. */
#include "shell/commands.h"
#include "shell/output.h"

#include <stdio.h>
#include <string.h>

static const char *more_title;
static help_row more_rows;

void help_set_list(const char *title, help_row row) {
    more_title = title;
    more_rows = row;
}

/* Escapes text for roff: control characters at the beginning of a line, backslashes and hyphens. */
static void roff(const char *text, int length) {
    for (int i = 0; i < length && text[i]; i++) {
        if (i == 0 && (text[i] == '.' || text[i] == '\'')) fputs("\\&", stdout);
        if (text[i] == '\\') fputs("\\e", stdout);
        else if (text[i] == '-') fputs("\\-", stdout);
        else putchar(text[i]);
    }
}

static void whole(const char *text) {
    roff(text, (int)strlen(text));
}

/* Prints arguments in italics after a name; nothing where there are none. */
static void arguments(const char *text) {
    if (!text || !*text) return;
    printf(" \\fI");
    whole(text);
    printf("\\fR");
}

/* Prints an entry of a list: a name, and its description on the next line. keys "": none. */
static void entry(const char *name, const char *argument, const char *keys, const char *help) {
    printf(".TP\n.B ");
    whole(name);
    arguments(argument);
    if (*keys) printf("   (");
    whole(keys);
    puts(*keys ? ")" : "");
    whole(help);
    putchar('\n');
}

static void options_of(const char *of) {
    for (size_t i = 0; i < option_count; i++) {
        const option_row *o = &option_rows[i];
        if (strcmp(o->commands, "*") != 0 && options_apply(o->commands, of)) entry(o->name, o->argument, "", o->help);
    }
}

static void shell_commands(void) {
    printf(".SH COMMANDS\n");
    for (size_t i = 0; i < command_count; i++) {
        const command *c = &commands[i];
        int length;
        if (!c->shell) continue;
        const char *words = command_shell_arguments(c, &length);
        printf(".SS scry %s%s", c->name, length ? " " : "");
        roff(words, length);
        putchar('\n');
        whole(c->help);
        putchar('\n');
        options_of(c->name);
    }
}

static void explorer_commands(void) {
    printf(".SH THE EXPLORER\nKeys, and the commands of the palette (\\fB:\\fR) that do the same.\n");
    for (int g = 0; g < GROUPS; g++) {
        printf(".SS ");
        whole(command_group_names[g]);
        putchar('\n');
        for (size_t i = 0; i < command_count; i++) {
            const command *c = &commands[i];
            if (c->explorer && c->group == (command_group)g)
                entry(c->name, command_explorer_arguments(c), c->keys, c->help);
        }
    }
    const char *name, *help;
    if (more_rows) printf(".SS %s\n", more_title);
    for (size_t i = 0; more_rows && more_rows(i, &name, &help); i++) entry(name, NULL, "", help);
}

static void man(void) {
    printf(".TH SCRY 1 \"\" \"scry ");
    whole(scry_version());
    printf(
        "\"\n.SH NAME\nscry \\- explore which SAE latents post\\-training moves, and how that changes each domain\n"
        ".SH SYNOPSIS\n.B scry\n.I STUDY.json | X.scry ...\n.br\n.B scry\n.I COMMAND X\n[options]\n"
        ".SH DESCRIPTION\nOpens an index, or a study manifest (which is indexed first), in a terminal explorer: "
        "latents of a sparse autoencoder ranked by how far post\\-training moves them, the tokens each fires on, each "
        "domain's SAE\\-based Transferability Score and its correlation with the measured change. The commands give "
        "the same results to the shell.\n");
    options_of("open");
    shell_commands();
    printf(".SH SELECTION\n\\-\\-by \\fIicl\\fR \\-\\-top \\fI100\\fR, or \\-\\-set \\fIFILE\\fR, or \\-\\-latents "
           "\\fI3,17,90\\-120\\fR; then \\-\\-without and \\-\\-with.\n");
    explorer_commands();
    printf(".SH EXIT STATUS\n0 success; 1 failure; 2 usage error.\n"
           ".SH ENVIRONMENT\n.TP\n.B XDG_CACHE_HOME\ncached indexes of studies, in scry/\n"
           ".TP\n.B XDG_CONFIG_HOME\nyour settings, in scry/config.json\n"
           ".TP\n.B XDG_STATE_HOME\nthe saved session of each index\n"
           ".TP\n.B XDG_DATA_HOME\nmacros, and the labels and sets of indexes in the cache\n"
           ".TP\n.B NO_COLOR\ndo not use colour\n"
           ".TP\n.B OPENBLAS_CORETYPE\nthe kernels of OpenBLAS, instead of those that scry chooses\n");
}

static void names_of_commands(void) {
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].shell) printf(" %s", commands[i].name);
}

static void names_of_options(const char *of) {
    for (size_t i = 0; i < option_count; i++)
        if (options_apply(option_rows[i].commands, of)) printf(" %s", option_rows[i].name);
}

static void bash(void) {
    printf("_scry() {\n    local cur=${COMP_WORDS[COMP_CWORD]} words\n    COMPREPLY=()\n    case $cur in\n    -*)\n"
           "        case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < command_count; i++) {
        if (!commands[i].shell) continue;
        printf("        %s) words='", commands[i].name);
        names_of_options(commands[i].name);
        printf("' ;;\n");
    }
    printf("        *) words='");
    names_of_options("open");
    printf("' ;;\n        esac ;;\n    *)\n        [ \"$COMP_CWORD\" -eq 1 ] && words='");
    names_of_commands();
    printf("' ;;\n    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
           "complete -o default -F _scry scry\n");
}

/* Escapes a help text for zsh's '...[...]': quotes, brackets and colons. */
static void zsh_text(const char *text) {
    for (; *text; text++) {
        if (strchr("[]:\\", *text)) putchar('\\');
        if (*text == '\'') fputs("'\\''", stdout);
        else putchar(*text);
    }
}

static void zsh_options(const char *of) {
    for (size_t i = 0; i < option_count; i++) {
        const option_row *o = &option_rows[i];
        if (!options_apply(o->commands, of)) continue;
        printf(" \\\n        '%s[", o->name);
        zsh_text(o->help);
        printf("]");
        if (o->argument) {
            printf(":");
            zsh_text(o->argument);
            printf(":_files");
        }
        printf("'");
    }
}

static void zsh(void) {
    printf("#compdef scry\nlocal -a commands=(\n");
    for (size_t i = 0; i < command_count; i++) {
        if (!commands[i].shell) continue;
        printf("    '%s:", commands[i].name);
        zsh_text(commands[i].help);
        printf("'\n");
    }
    printf(")\nif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n    _describe command commands\n    _files\n    "
           "return\nfi\n"
           "case $words[2] in\n");
    for (size_t i = 0; i < command_count; i++) {
        if (!commands[i].shell) continue;
        printf("%s) _arguments", commands[i].name);
        zsh_options(commands[i].name);
        printf(" '*:file:_files' ;;\n");
    }
    printf("*) _arguments");
    zsh_options("open");
    printf(" '*:file:_files' ;;\nesac\n");
}

/* Prints a text in single quotes. */
static void fish_text(const char *text) {
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') putchar('\\');
        putchar(*text);
    }
    putchar('\'');
}

static void fish_option(const option_row *o, const char *of) {
    bool open = strcmp(of, "open") == 0;
    printf("complete -c scry -n '%s%s'", open ? "__fish_use_subcommand" : "__fish_seen_subcommand_from ",
           open ? "" : of);
    if (strncmp(o->name, "--", 2) == 0) printf(" -l %s", o->name + 2);
    else printf(" -s %s", o->name + 1);
    printf("%s -d ", o->argument ? " -r" : "");
    fish_text(o->help);
    putchar('\n');
}

static void fish(void) {
    for (size_t i = 0; i < command_count; i++) {
        if (!commands[i].shell) continue;
        printf("complete -c scry -n __fish_use_subcommand -a %s -d ", commands[i].name);
        fish_text(commands[i].help);
        putchar('\n');
        for (size_t k = 0; k < option_count; k++)
            if (options_apply(option_rows[k].commands, commands[i].name))
                fish_option(&option_rows[k], commands[i].name);
    }
    for (size_t k = 0; k < option_count; k++)
        if (options_apply(option_rows[k].commands, "open")) fish_option(&option_rows[k], "open");
}

static int completion(const char *shell) {
    if (strcmp(shell, "bash") == 0) bash();
    else if (strcmp(shell, "zsh") == 0) zsh();
    else if (strcmp(shell, "fish") == 0) fish();
    else {
        scry_error err = {0};
        scry_misuse(&err, "--completion: found \"%.40s\", expected bash, zsh or fish", shell);
        return output_error(&err);
    }
    return 0;
}

/* scry help [COMMAND] */
int shell_help(const options *o) {
    if (o->words && !command_in_shell(o->word[0])) {
        scry_error err = {0};
        const char *near = commands_nearest(o->word[0]);
        scry_misuse(&err, "no command \"%.60s\"%s%s%s", o->word[0], near ? "; did you mean " : "", near ? near : "",
                    near ? "?" : "; scry help lists them");
        return output_error(&err);
    }
    if (o->man) man();
    else if (o->completion) return completion(o->completion);
    else options_help(o->words ? command_find(o->word[0])->name : NULL);
    return 0;
}
