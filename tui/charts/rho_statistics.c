/* rho_statistics.c: rho's statistics as text, in as much room as there is. */
#include "text/text.h"
#include "charts/chart.h"
#include "text/number_format.h"

#include <math.h>
#include <stdio.h>

enum { PART_R2, PART_N, PART_P, PART_OUT, PART_INTERVAL, PART_RANDOM, PART_SPEARMAN, PARTS };

/* How much each part says where there is less and less room. */
typedef enum fullness { BRIEF, CLEAR, FULL } fullness;

/* Two numbers: "-.81 to -.63", or without "to". */
static void range(char *text, const char *name, double low, double high, bool ready, bool full) {
    char a[16], b[16];
    format_rho(low, 2, false, a, sizeof a);
    format_rho(high, 2, false, b, sizeof b);
    if (!ready) snprintf(text, RHO_STATISTIC_TEXT, "%s ..", name);
    else if (isnan(low)) snprintf(text, RHO_STATISTIC_TEXT, "%s -", name);
    else snprintf(text, RHO_STATISTIC_TEXT, "%s %s%s%s", name, a, full ? " to " : " ", b);
}

static void write_part(int which, const scry_result *r, bool ready, fullness how, char *text) {
    char number[16];
    switch (which) {
    case PART_R2:
        format_rho(r->fit.r2, 2, false, number, sizeof number);
        snprintf(text, RHO_STATISTIC_TEXT, "R2 %s", number);
        return;
    case PART_N:
        snprintf(text, RHO_STATISTIC_TEXT, "n %zu", r->fit.n);
        return;
    case PART_P:
        format_rho(r->p_value, 3, false, number, sizeof number);
        snprintf(text, RHO_STATISTIC_TEXT, "p %s", !ready ? ".." : r->p_value < 0.0005 ? "<.001" : number);
        return;
    case PART_OUT:
        range(text, how == FULL ? "leave-one-out" : "LOO", r->loo_min, r->loo_max, ready, how == FULL);
        return;
    case PART_INTERVAL:
        range(text, "95%", r->ci_low, r->ci_high, ready, how == FULL);
        return;
    case PART_RANDOM:
        format_rho(r->random_mean, 2, false, number, sizeof number);
        if (!ready || isnan(r->random_mean)) snprintf(text, RHO_STATISTIC_TEXT, "random %s", ready ? "-" : "..");
        else if (how == CLEAR) snprintf(text, RHO_STATISTIC_TEXT, "beats %.0f%% of random sets", 100 * r->random_rank);
        else
            snprintf(text, RHO_STATISTIC_TEXT, how == FULL ? "random %s, beats %.0f%%" : "random %s %.0f%%", number,
                     100 * r->random_rank);
        return;
    default:
        format_rho(r->spearman, 2, false, number, sizeof number);
        snprintf(text, RHO_STATISTIC_TEXT, "Spearman %s", ready ? number : "..");
    }
}

/* Parts of a mask, in order; what they take with two blanks before each. */
static int write_parts(unsigned mask, const scry_result *r, bool ready, fullness how,
                       char part[RHO_STATISTICS][RHO_STATISTIC_TEXT], int *n) {
    int columns = 0;
    *n = 0;
    for (int i = 0; i < PARTS; i++) {
        if (!(mask >> i & 1)) continue;
        write_part(i, r, ready, how, part[*n]);
        columns += 2 + text_columns(part[(*n)++]);
    }
    return columns;
}

int rho_statistics_text(const scry_result *r, bool ready, int columns, char part[RHO_STATISTICS][RHO_STATISTIC_TEXT]) {
    /* What goes first where room is short: R2 is rho squared, Spearman another rho. */
    static const int least[] = {PART_SPEARMAN, PART_R2, PART_RANDOM, PART_INTERVAL, PART_OUT, PART_P, PART_N};
    unsigned mask = (1u << PARTS) - 1;
    int n;
    if (write_parts(mask, r, ready, FULL, part, &n) <= columns) return n;
    /* Clear without the two that say it again, before brief with them. */
    unsigned most = mask;
    for (size_t i = 0; i < 3; i++) {
        if (write_parts(most, r, ready, CLEAR, part, &n) <= columns) return n;
        if (i < 2) most &= ~(1u << least[i]);
    }
    for (size_t i = 0; write_parts(mask, r, ready, BRIEF, part, &n) > columns && i < PARTS; i++)
        mask &= ~(1u << least[i]);
    return n;
}
