/* measured_result.c: what was measured of the domains next to the change that rho is of. */
#include "results/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const scry_measured *measured_of(const scry_info *info, size_t d, size_t train) {
    const scry_measured *all = info->domain[d].measured;
    return all ? all + train * SCRY_MEASURES : NULL;
}

change_doubt change_doubt_of(const scry_info *info, size_t d, size_t train) {
    scry_measured m = {.change = info->domain[d].change[train], .change_se = info->domain[d].change_se[train]};
    if (isnan(m.change) || isnan(m.change_se)) return CHANGE_UNKNOWN;
    return scry_change_is_clear(&m) ? CHANGE_CLEAR : CHANGE_IN_DOUBT;
}

bool measure_is_chosen(const scry_info *info, size_t train, scry_measure measure) {
    bool any = false;
    for (size_t d = 0; d < info->domains; d++) {
        const scry_measured *m = measured_of(info, d, train);
        double change = info->domain[d].change[train];
        if (isnan(change)) continue;
        if (!m || !(fabs(m[measure].change - change) <= 1e-6 * fabs(change))) return false;
        any = true;
    }
    return any;
}

size_t measures_beyond_change(const scry_info *info, size_t train, scry_measure out[SCRY_MEASURES]) {
    size_t n = 0;
    for (int k = 0; k < SCRY_MEASURES; k++) {
        bool any = false;
        for (size_t d = 0; d < info->domains && !any; d++) {
            const scry_measured *m = measured_of(info, d, train);
            any = m && !isnan(m[k].change);
        }
        if (any && !measure_is_chosen(info, train, (scry_measure)k)) out[n++] = (scry_measure)k;
    }
    return n;
}

double measured_change(const scry_info *info, size_t d, size_t train, scry_measure measure, double *se) {
    const scry_measured *m = measured_of(info, d, train);
    *se = m ? m[measure].change_se : (double)NAN;
    return m ? m[measure].change : (double)NAN;
}

static bool any_error(const scry_info *info, size_t train) {
    bool any = false;
    for (size_t d = 0; d < info->domains; d++) any = any || !isnan(info->domain[d].change_se[train]);
    return any;
}

void add_measured_changes(cJSON *item, const scry_info *info, size_t d, size_t train) {
    scry_measure measures[SCRY_MEASURES];
    size_t n = measures_beyond_change(info, train, measures);
    if (any_error(info, train)) {
        change_doubt doubt = change_doubt_of(info, d, train);
        result_number(item, "change_se", info->domain[d].change_se[train]);
        result_text(item, "change_note", doubt == CHANGE_IN_DOUBT ? "below 2 SE" : NULL);
    }
    for (size_t i = 0; i < n; i++) {
        char key[40];
        double se, change = measured_change(info, d, train, measures[i], &se);
        snprintf(key, sizeof key, "%s_change", scry_measures[measures[i]].name);
        result_number(item, key, change);
        snprintf(key, sizeof key, "%s_change_se", scry_measures[measures[i]].name);
        result_number(item, key, se);
    }
}

void measured_columns_of(const scry_info *info, size_t train, measured_columns *out) {
    scry_measure measures[SCRY_MEASURES];
    size_t n = measures_beyond_change(info, train, measures), used = 0;
    if (any_error(info, train)) {
        out->error[0] = (result_column){"change_se", "SE", "%.2f", 0};
        out->error[1] = (result_column){"change_note", "", NULL, 0};
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = scry_measures[measures[i]].name;
        snprintf(out->key[i][0], sizeof out->key[i][0], "%s_change", name);
        snprintf(out->key[i][1], sizeof out->key[i][1], "%s_change_se", name);
        out->others[used++] = (result_column){out->key[i][0], name, "%+.2f", 0};
        out->others[used++] = (result_column){out->key[i][1], "SE", "%.2f", 0};
    }
}
