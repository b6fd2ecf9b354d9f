/* identical.c: compare captures while they are read. One row that differs ends the work for that pair. */
#include "index/build/identical.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static bool same_features(const build_tile *tile, int a, int b) {
    const size_t blocks = blocks_of(tile->in->F);
    for (uint32_t part = 0; part * PART_ROWS < tile->n; part++) {
        const tile_part *x = &tile->part[a][part], *y = &tile->part[b][part];
        if (memcmp(x->start, y->start, (blocks + 1) * sizeof *x->start) != 0 ||
            memcmp(x->entry, y->entry, x->start[blocks] * sizeof *x->entry) != 0)
            return false;
    }
    return true;
}

static bool same_rows(const build_tile *tile, int a, int b) {
    if (!tile->X[a] != !tile->X[b]) return false; /* residuals and features */
    if (!tile->X[a]) return same_features(tile, a, b);
    return memcmp(tile->X[a], tile->X[b], (size_t)tile->n * tile->group[a]->m.cols * sizeof(float)) == 0;
}

/* Sums of hashes of numbers with their place do not depend on their order. */
static uint64_t hash_rows(const build_tile *tile, int c, uint64_t first_row) {
    uint64_t sum = 0;
    if (tile->X[c]) {
        const size_t cols = tile->group[c]->m.cols;
        for (uint32_t t = 0; t < tile->n; t++)
            sum += XXH3_64bits_withSeed(tile->X[c] + t * cols, cols * sizeof(float), first_row + t);
        return sum;
    }
    const size_t blocks = blocks_of(tile->in->F);
    for (uint32_t part = 0; part * PART_ROWS < tile->n; part++) {
        const tile_part *p = &tile->part[c][part];
        for (size_t block = 0; block < blocks; block++)
            for (uint32_t i = p->start[block]; i < p->start[block + 1]; i++) {
                uint64_t key[3] = {first_row + p->entry[i].row, block * BLOCK_LATENTS + p->entry[i].latent, 0};
                memcpy(&key[2], &p->entry[i].value, sizeof p->entry[i].value);
                sum += XXH3_64bits(key, sizeof key);
            }
    }
    return sum;
}

static bool undecided(const identical_check *check, const build_tile *tile, int c) {
    for (int k = 0; k < SCRY_CONDITIONS; k++)
        if (k != c && tile->group[k] && !check->differ[k < c ? k : c][k < c ? c : k]) return true;
    return false;
}

/* Pairs are whole samples, whose rows come one condition after the other. */
static void add_sample_rows(identical_check *check, const build_tile *tile) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (!(tile->mask >> c & 1)) continue;
        if (undecided(check, tile, c)) check->hash[c] += hash_rows(tile, c, check->rows[c]);
        check->rows[c] += tile->n;
    }
    if (!tile->sample_end) return;
    for (int a = 0; a < SCRY_CONDITIONS; a++)
        for (int b = a + 1; b < SCRY_CONDITIONS; b++) {
            if (!check->rows[a] || !check->rows[b]) continue;
            check->compared[a][b]++;
            if (check->rows[a] != check->rows[b] || check->hash[a] != check->hash[b] || !tile->X[a] != !tile->X[b])
                check->differ[a][b] = true;
        }
    memset(check->rows, 0, sizeof check->rows);
    memset(check->hash, 0, sizeof check->hash);
}

void identical_add_tile(identical_check *check, const build_tile *tile) {
    if (tile->in->pairing == SCRY_PAIR_SAMPLE) {
        add_sample_rows(check, tile);
        return;
    }
    for (int a = 0; a < SCRY_CONDITIONS; a++)
        for (int b = a + 1; b < SCRY_CONDITIONS; b++) {
            if (!(tile->mask >> a & 1) || !(tile->mask >> b & 1)) continue;
            check->compared[a][b] += tile->n;
            if (!check->differ[a][b]) check->differ[a][b] = !same_rows(tile, a, b);
        }
}

bool identical_result(const identical_check *check, int a, int b) {
    return a < b ? check->compared[a][b] && !check->differ[a][b] : b < a && identical_result(check, b, a);
}
