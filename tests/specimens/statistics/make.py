"""Figures of scipy and numpy for points, one case a line, as cases.tsv next to this script.

Each line: n, x[n], y[n], then pearson, slope, intercept, spearman, exact two-sided permutation p of
Pearson's rho (all orders, by |rho|; nan above 7 points), leave-one-out minimum and maximum, and the
quantiles 0, .025, .25, .5, .975, 1 of x by numpy's default method. Needs numpy and scipy."""

import itertools
import pathlib

import numpy as np
from scipy import stats

random = np.random.default_rng(20260302)


def exact_p(x, y):
    observed = abs(stats.pearsonr(x, y).statistic)
    rhos = [abs(np.corrcoef(x, order)[0, 1]) for order in itertools.permutations(y)]
    return np.mean(np.array(rhos) >= observed - 1e-10)


def case(x, y):
    line = stats.linregress(x, y)
    left = [stats.pearsonr(np.delete(x, i), np.delete(y, i)).statistic for i in range(len(x))]
    figures = [
        stats.pearsonr(x, y).statistic,
        line.slope,
        line.intercept,
        stats.spearmanr(x, y).statistic,
        exact_p(x, y) if len(x) <= 7 else np.nan,
        min(left),
        max(left),
        *np.quantile(x, [0, 0.025, 0.25, 0.5, 0.975, 1]),
    ]
    return "\t".join([str(len(x)), *(float(v).hex() if v == v else "nan" for v in [*x, *y, *figures])])


cases = []
for n in [4, 5, 6, 7, 7, 8, 9, 12, 14, 14, 20]:
    for scale in [1.0, 1e-4, 1e5]:
        x = random.normal(3, 1, n) * scale
        y = 0.6 * x / scale + random.normal(0, 1, n)
        cases.append(case(x, y))
    x = random.integers(0, 4, n).astype(float)
    y = random.integers(0, 5, n).astype(float)
    x[:2], y[:2], x[2], y[2] = [0, 1], [1, 4], 3, 2
    cases.append(case(x, y))
pathlib.Path(__file__).with_name("cases.tsv").write_text("\n".join(cases) + "\n")
