/* test_paired.c: differences of two models on the same samples, and their errors, against formulas and plain loops. */
#include "check.h"

#include "stats/paired.h"

#include <math.h>
#include <string.h>

enum { MANY = 400, DRAWS = 4000 };

static double exponential(double loss) {
    return 100 * exp(-loss);
}

/* The analytic error of a ratio of sums over samples (delta method), sqrt(m / (m - 1) sum (y - r n)^2) / sum n. */
static double ratio_error(const paired_sample *s, size_t count, double weight_base, double weight_tuned) {
    double n = 0, y = 0, sum = 0;
    for (size_t i = 0; i < count; i++) n += s[i].n, y += weight_base * s[i].base + weight_tuned * s[i].tuned;
    for (size_t i = 0; i < count; i++) {
        double rest = weight_base * s[i].base + weight_tuned * s[i].tuned - y / n * s[i].n;
        sum += rest * rest;
    }
    return sqrt((double)count / (double)(count - 1) * sum) / n;
}

/* Samples of different length, whose difficulty both models share. */
static void fill(paired_sample *s, size_t count) {
    uint64_t state = 5;
    for (size_t i = 0; i < count; i++) {
        s[i] = (paired_sample){0, 0, 5 + roll_below(&state, 60)};
        double hard = roll_unit(&state);
        for (int t = 0; t < (int)s[i].n; t++) {
            s[i].base += roll_unit(&state) > 0.2 + 0.6 * hard;
            s[i].tuned += roll_unit(&state) > 0.15 + 0.6 * hard;
        }
    }
}

static void against_formulas(void) {
    static paired_sample s[MANY];
    paired_estimate e;
    fill(s, MANY);
    paired_bootstrap(s, MANY, NULL, DRAWS, 7, &e);
    double base = 0, tuned = 0, n = 0;
    for (int i = 0; i < MANY; i++) base += s[i].base, tuned += s[i].tuned, n += s[i].n;
    check_near(e.base, base / n, 1e-15, "the ratio of sums");
    check_near(e.change, tuned / n - base / n, 1e-13, "the difference of ratios");
    /* 4,000 draws know a standard deviation to 1.1 %; the sample itself makes more */
    check_near(e.base_se, ratio_error(s, MANY, 1, 0), 0.05, "error of base, against the formula");
    check_near(e.tuned_se, ratio_error(s, MANY, 0, 1), 0.05, "error of tuned, against the formula");
    check_near(e.change_se, ratio_error(s, MANY, -1, 1), 0.05, "error of the difference, against the formula");
    check(e.change_se < 0.7 * hypot(e.base_se, e.tuned_se), "pairing makes the error smaller: %g of %g", e.change_se,
          hypot(e.base_se, e.tuned_se));
    paired_estimate again, value;
    paired_bootstrap(s, MANY, NULL, DRAWS, 7, &again);
    check(memcmp(&e, &again, sizeof e) == 0, "the same seed gives the same bits");
    paired_bootstrap(s, MANY, NULL, DRAWS, 8, &again);
    check(e.change_se != again.change_se, "another seed gives another error");
    paired_bootstrap(s, MANY, exponential, DRAWS, 7, &value);
    check_near(value.change, exponential(e.tuned) - exponential(e.base), 1e-12, "a value of the ratio");
    /* the delta method: |f'| at the ratio times the error */
    check_near(value.change_se, ratio_error(s, MANY, exponential(e.base), -exponential(e.tuned)), 0.05,
               "its error, against the formula");
}

/* One each: the bootstrap's error is the mean's. */
static void questions(void) {
    static paired_sample s[MANY];
    double difference[MANY], mean, se;
    uint64_t state = 11;
    for (int i = 0; i < MANY; i++) {
        s[i] = (paired_sample){roll_below(&state, 10) < 4, roll_below(&state, 10) < 5, 1};
        difference[i] = s[i].tuned - s[i].base;
    }
    paired_estimate e;
    paired_bootstrap(s, MANY, NULL, DRAWS, 1, &e);
    paired_mean_difference(difference, MANY, &mean, &se);
    check_near(e.change, mean, 1e-12, "questions: the mean difference");
    check_near(e.change_se, se, 0.05, "questions: its error, against sd / sqrt(n)");
    check_near(e.base_se, sqrt(e.base * (1 - e.base) / MANY), 0.05, "questions: a binomial error");
}

static void few(void) {
    paired_sample s[2] = {{1, 2, 4}, {3, 3, 4}};
    paired_estimate e;
    paired_bootstrap(s, 0, NULL, 10, 1, &e);
    check(isnan(e.base) && isnan(e.change) && isnan(e.change_se), "no samples: nothing is known");
    paired_bootstrap(s, 1, NULL, 10, 1, &e);
    check(e.base == 0.25 && e.change == 0.25 && isnan(e.change_se) && isnan(e.base_se), "one sample: no error");
    paired_bootstrap(s, 2, NULL, 1000, 1, &e);
    check_near(e.change_se, 0.125, 0.1, "two samples: changes 0, 1/8 and 1/4, with weights 1, 2, 1, times sqrt(2)");
    paired_sample alike[3] = {{1, 1, 2}, {2, 2, 4}, {0, 0, 1}};
    paired_bootstrap(alike, 3, NULL, 1000, 1, &e);
    check(e.change == 0 && isnan(e.change_se) && e.base_se > 0,
          "no sample differs: the error of the change is not known");
    double one = 3, mean, se;
    paired_mean_difference(&one, 1, &mean, &se);
    check(mean == 3 && isnan(se), "one difference: no error");
    double equal[] = {2, 2, 2};
    paired_mean_difference(equal, 3, &mean, &se);
    check(mean == 2 && isnan(se), "equal differences: the error is not known");
    double three[] = {1, 2, 6};
    paired_mean_difference(three, 3, &mean, &se);
    check_near(se, sqrt(7. / 3), 1e-14, "three differences: sqrt(((1-3)^2 + (2-3)^2 + (6-3)^2) / 2 / 3)");
}

int main(void) {
    against_formulas();
    questions();
    few();
    return check_end();
}
