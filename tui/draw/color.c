/* color.c: the 256 colours of terminals: as RGB, and as written in settings. */
#include "draw/color.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t color_rgb(int index) {
    static const uint32_t base[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
                                      0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
    static const uint32_t step[6] = {0, 95, 135, 175, 215, 255};
    if (index < 16) return base[index & 15];
    if (index >= 232) return (uint32_t)(8 + 10 * (index - 232)) * 0x010101u;
    index -= 16;
    return step[index / 36] << 16 | step[index / 6 % 6] << 8 | step[index % 6];
}

short color_nearest(uint32_t rgb, int from, int to) {
    int best = from;
    long least = -1;
    for (int i = from; i < to; i++) {
        uint32_t have = color_rgb(i);
        long distance = 0;
        for (int shift = 0; shift < 24; shift += 8) {
            long d = (long)(rgb >> shift & 255) - (long)(have >> shift & 255);
            distance += d * d;
        }
        if (least < 0 || distance < least) {
            least = distance;
            best = i;
        }
    }
    return (short)best;
}

static bool one_color(const char *word, short *out) {
    static const char *const names[] = {"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"};
    for (short i = 0; i < 8; i++)
        if (strcmp(word, names[i]) == 0) return *out = i, true;
    if (strcmp(word, "default") == 0) return *out = -1, true;
    char *end;
    if (word[0] == '#' && strlen(word) == 7) {
        unsigned long rgb = strtoul(word + 1, &end, 16);
        if (*end) return false;
        return *out = color_nearest((uint32_t)rgb, 16, 256), true;
    }
    unsigned long index = strtoul(word, &end, 10);
    if (word[0] < '0' || word[0] > '9' || *end || index > 255) return false;
    return *out = (short)index, true;
}

bool color_read(const char *text, short *fg, short *bg) {
    char first[16], second[16], rest;
    int n = sscanf(text, "%15s on %15s %c", first, second, &rest);
    short a, b;
    if (n == 1 && !strchr(text, ' ') && one_color(first, &a)) return *fg = a, true;
    if (n == 2 && one_color(first, &a) && one_color(second, &b)) return *fg = a, *bg = b, true;
    return false;
}
