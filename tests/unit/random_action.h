/* random_action.h: draws an action at random as a person might perform it in the explorer: a command, keys, a click, or
 * a filter that table_model.h can evaluate. */
#ifndef SCRY_TESTS_UNIT_RANDOM_ACTION_H
#define SCRY_TESTS_UNIT_RANDOM_ACTION_H

#include "table_model.h"

/* Each as often as it stands here. */
static const char random_commands[] =
    "toggle;toggle;toggle 3,17,90-120;toggle 1000-1010;toggle-marked;more;fewer;top 0;top 1;top 40;top 100;"
    "top 300;top 99999;by-icl;by-trained;metric d;metric sq;metric abs;metric rate;metric mean;score-act;"
    "score-act2;score-icl;train-set;train-set math;signed;domains all;domains extremes:2;"
    "domains law,math,physics,history;leave-out;leave-out law;leave-out biology;mark;mark 5-9;mark 5,99999;"
    "mark-to;mark-rows 1-20;mark-all;mark-invert;unmark;choose top50 & !marked;choose current + 3,17;"
    "choose filtered;choose none;choose all - filtered;choose core;choose core + noise;keep core;"
    "keep noise marked;forget noise;against core;sets;export a.csv;export b.csv of filtered;import a.csv;"
    "import b.csv;label units;label law of torts;label;label =danger;undo;undo;undo;redo;redo;sort rank;"
    "sort what-if;sort step;sort label;sort in;sort rate;sort count;sort adds;sort cum;sort mean;sort moved;"
    "sort latent;sort;sort sts;sort residual;sort part;reverse;resort;unfilter;unfilter;filter;columns all;"
    "columns default;columns rank,what-if:12,label:30,in;column-right;column-left;column-hide;"
    "column-hide label;column-hide rank;column-show step;column-on;column-back;wider;fires-on the;"
    "fires-on of;sort on;search the;search 17;search-next;search-back;down 7;up 3;page-down;page-up;first;"
    "last;latent 1890;latent 17;latent random;pane;pane-back;pane latents;domain law;open;page;page tokens;"
    "page neighbours;page together;jump;back;sources;profile share;histogram log;capture;capture all;"
    "interval q2;interval top;conditions;wrap;together pmi;plot;plot scatter;plot sweep;plot mix;point 2;take;"
    "budget 200;overlap;help;info;compare;baselines;copy;theme;palette;edit-label;redraw;tab;tab;tab-back;"
    "close";

/* One of them; lasts until the next. */
static inline const char *random_command(uint64_t *state) {
    static char word[64];
    uint32_t count = 1;
    for (const char *at = random_commands; *at; at++) count += *at == ';';
    const char *at = random_commands;
    for (uint32_t skip = roll_below(state, count); skip; skip--) at += strcspn(at, ";") + 1;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(at, ";"), at);
    return word;
}

static const char *const random_keys[] = {"/the\r",
                                          "/the\x1b",
                                          "/ \r",
                                          "&\x15in:yes\r",
                                          "&rank<=15\x1b",
                                          "&\x15marked:yes\r",
                                          "&\x15label=units\r",
                                          "&in:y\x1b",
                                          "&\x15\r",
                                          ":sort wha\r",
                                          ":top 5\x1b",
                                          ":und\r",
                                          "l\x15units\r",
                                          "lxyz\x1b",
                                          "l\x15\r",
                                          "#17\r",
                                          "\\",
                                          "mmV",
                                          " ",
                                          "  ",
                                          "uu",
                                          "u\x12",
                                          "T",
                                          "M",
                                          "=",
                                          "s",
                                          "S",
                                          "-",
                                          "{",
                                          "}",
                                          "\t",
                                          "\x1b",
                                          "\x1b",
                                          "\x1b\x1b",
                                          "p2",
                                          "p3\r",
                                          "v",
                                          "xx",
                                          "b",
                                          "w",
                                          "\r",
                                          "n",
                                          "N",
                                          "jjj",
                                          "G",
                                          "g",
                                          "1",
                                          "2",
                                          "3",
                                          "4",
                                          "5",
                                          "]",
                                          "[",
                                          "?",
                                          "?\x1b",
                                          "??",
                                          ">",
                                          "<"};
enum { RANDOM_KEYS = sizeof random_keys / sizeof *random_keys };

/* *keys: keys still to be pressed, set and advanced here. Writes a description of the action to done. */
static inline void random_action(app *a, const char **keys, const char *other, uint64_t *state, char *done,
                                 size_t size) {
    uint32_t kind = roll_below(state, 20);
    int y = (int)roll_below(state, 23), x = (int)roll_below(state, 80);
    if (**keys) {
        snprintf(done, size, "the key '%c' (%d)", **keys, **keys);
        app_key(a, (unsigned char)*(*keys)++);
    } else if (other && !a->prompt.then && kind < 4) {
        snprintf(done, size, "add %s", other);
        app_command(a, done);
    } else if (kind == 0) {
        snprintf(done, size, "a click at %d,%d", y, x);
        app_click(a, y, x, 1);
    } else if (kind == 1) {
        snprintf(done, size, "a wheel at %d,%d", y, x);
        app_wheel(a, y, x, roll_below(state, 2) ? 3 : -3);
    } else if (kind <= 5) {
        *keys = random_keys[roll_below(state, RANDOM_KEYS)];
        snprintf(done, size, "nothing");
    } else if (kind <= 7) {
        size_t n = (size_t)snprintf(done, size, "filter ");
        model_filter_text(state, done + n, size - n);
        app_command(a, done);
    } else {
        snprintf(done, size, "%s", random_command(state));
        app_command(a, done);
    }
    table_finish(a);
    app_draw(a);
}

#endif
