/* test_tui_sources.c: a latent by each source and in each open index: its ranks against full rankings, and whether its
 * number means the same latent in another index. */
#include "table_fixture.h"

#include "text/text.h"

#include <math.h>

enum { LATENTS = 600 };

static char *screen_of(app *a) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) abort();
    grid_write(a->grid, f, false);
    fclose(f);
    return text;
}

static bool shows(app *a, const char *what) {
    char *text = screen_of(a);
    bool has = strstr(text, what) != NULL;
    free(text);
    return has;
}

/* "icl  rank  shift  share" as the ranking of all latents has them. */
static void test_ranks(app *a, scry_metric metric) {
    static const scry_condition source[] = {SCRY_ICL, SCRY_SFT};
    size_t right = 0, tried = 0;
    for (int k = 0; k < 2; k++) {
        scry_ranking *r = scry_rank(a->tab->index, 0, source[k], metric, NULL);
        for (uint32_t latent = 0; r && latent < LATENTS; latent += 37) {
            char words[32], line[80], share[32];
            snprintf(words, sizeof words, "latent %u", latent);
            say_command(a, words);
            snprintf(share, sizeof share, "%.1f%%", r->total > 0 ? 100 * fabs(r->shift[latent]) / r->total : 0);
            snprintf(line, sizeof line, "%s%-5s%8u%9.3g%7s", r->rank[latent] < 50 ? "*" : " ",
                     scry_condition_name(source[k]), r->rank[latent] + 1, r->shift[latent], share);
            right += shows(a, line);
            tried++;
        }
        scry_ranking_free(r);
    }
    check(tried > 20 && right == tried, "%s: %zu of %zu ranks and shifts by icl and sft", scry_metric_name(metric),
          right, tried);
}

static void test_tabs(app *a, const char *same, const char *other) {
    scry_error err = {0};
    const char *path[2] = {same, other};
    for (int i = 0; i < 2; i++) {
        scry_index *index = scry_open(path[i], true, &err);
        app_add_tab(a, index, scry_session_new(index, 0, SCRY_ICL, SCRY_SQ, 50, SCRY_ACT, &err));
    }
    say_command(a, "tab 1");
    say_command(a, "open");
    check(shows(a, " again.scry, ") && shows(a, "planted: cosine of the decoder rows") &&
              shows(a, "planted has 700 latents, so its numbers mean other latents"),
          "another index of the same width is compared, one of another width is not");
    check(shows(a, " 1/3 ") && shows(a, "study-600.scry"), "the title names the file");
    say_command(a, "tab 2");
    check(shows(a, "again.scry"), "of the tab that is shown");
}

/* Another index from inside: it ranks and scores as the one that was shown, and is not opened twice. */
static void test_add(app *a, const char *path) {
    say_command(a, "tab 1");
    say_command(a, "metric d");
    say_command(a, "top 77");
    say_command(a, "latent 111");
    size_t tabs = a->tab_count;
    say_command(a, text_of("add %s", path));
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    check(a->tab_count == tabs + 1 && a->tab == a->tabs[tabs] && r->metric == SCRY_D &&
              scry_session_n(a->tab->session) == 77 && a->tab->latent == 111,
          "an added index is shown, ranked as before, on the same latent");
    say_command(a, "tab 1");
    say_command(a, text_of("add %s", path));
    check(a->tab_count == tabs + 1 && a->tab == a->tabs[tabs], "asked for again it is only shown");
    say_command(a, text_of("add %s", scratch("study-600/study.json")));
    check(a->message_is_error && strstr(a->message, "not an index") && a->tab_count == tabs + 1,
          "what is none is refused: %s", a->message);
}

/* The one that is shown goes; what was kept of it is there when it is added again; the last one stays. */
static void test_close(app *a, const char *path, const char *narrow) {
    say_command(a, text_of("add %s", narrow));
    app_command(a, "close");
    app_draw(a);
    check(!a->message_is_error && strcmp(a->tab->info->path, path) == 0, "the next one comes in its place: %s",
          a->message);
    size_t tabs = a->tab_count;
    autosave_begin(a, a->tab, scratch("closed.session"));
    say_command(a, "top 33");
    say_command(a, "latent 123");
    say_command(a, "plot sweep");
    jobs_use_threads(a->jobs);
    async_begin(a); /* statistics of rho and the plot are being computed on threads */
    app_command(a, "close");
    app_draw(a);
    check(a->tab_count == tabs - 1 && !a->message_is_error && !a->layer && a->tab->latent == 123,
          "one is closed while threads read it, another of its width shows the same latent: %s", a->message);
    for (size_t i = 0; i < a->tab_count; i++)
        check(strcmp(a->tabs[i]->info->path, path) != 0, "tab %zu: %s", i + 1, a->tabs[i]->info->path);
    char kept[4096] = "";
    FILE *f = fopen(scratch("closed.session"), "r");
    size_t length = f ? fread(kept, 1, sizeof kept - 1, f) : 0;
    if (f) fclose(f);
    check(length && strstr(kept, " 33"), "its session was saved");
    while (a->tab_count > 1) app_command(a, "close");
    app_command(a, "close");
    check(a->tab_count == 1 && a->message_is_error && strstr(a->message, "q quits"), "the last one stays: %s",
          a->message);
}

int main(void) {
    app *a = open_table(LATENTS);
    app *b = open_table(700);
    if (a && b) {
        check(system(text_of("cp '%s' '%s'", scratch("study-600.scry"), scratch("again.scry"))) == 0, "copied");
        say_command(a, "sources");
        say_command(a, "pane latent");
        test_ranks(a, SCRY_SQ);
        say_command(a, "metric mean");
        test_ranks(a, SCRY_MEAN);
        check(system(text_of("cp '%s' '%s'", scratch("study-600.scry"), scratch("more.scry"))) == 0, "copied");
        test_tabs(a, scratch("again.scry"), scratch("study-700.scry"));
        test_add(a, scratch("more.scry"));
        test_close(a, scratch("more.scry"), scratch("study-700.scry"));
    }
    app_free(a);
    app_free(b);
    return check_end();
}
