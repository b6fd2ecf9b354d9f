/* test_tui_logits.c: the page of the tokens that a latent promotes: what the index keeps is there at once, the rest is
 * computed in the background, can be cancelled and left; and what is said where there is no model. */
#include "logits.h"
#include "sample_app.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool shows(app *a, const char *text) {
    char *all = NULL;
    size_t size;
    FILE *f = open_memstream(&all, &size);
    if (!f) abort();
    app_draw(a);
    grid_write(a->grid, f, false);
    fclose(f);
    bool found = strstr(all, text) != NULL;
    free(all);
    return found;
}

/* The next latent from `from` on that is active nowhere, of which the index keeps nothing. */
static uint32_t silent_from(const app *a, uint32_t from) {
    while (from < a->tab->info->d_sae && scry_keeps_logits(a->tab->index, from)) from++;
    return from;
}

static void in_the_background(app *a) {
    double done;
    app_command(a, "pane latent");
    app_command(a, "latent 1819");
    app_command(a, "logits");
    check(shows(a, "+2.299") && shows(a, "\" mol\"") && !latent_working(a) && !job_running(a, false, NULL),
          "what the index keeps is there at once");
    jobs_use_threads(a->jobs);
    uint32_t first = silent_from(a, 0), second = silent_from(a, first + 1), third = silent_from(a, second + 1);
    app_command(a, text_of("latent %u", first));
    check(shows(a, "computing with the model") && latent_working(a), "what it does not keep has to be computed");
    latent_work(a, 0);
    const char *what = job_running(a, false, &done);
    check(what && strcmp(what, text_of("logits of latent %u", first)) == 0 && !latent_working(a),
          "in the background: \"%s\"", what ? what : "");
    app_command(a, text_of("latent %u", second));
    check(shows(a, "computing with the model") && !latent_working(a), "one at a time, wherever one goes meanwhile");
    jobs_finish(a);
    check(shows(a, "computing with the model") && latent_working(a), "it is of no use there, so the next one begins");
    latent_work(a, 0);
    jobs_finish(a);
    check(shows(a, "promotes") && !shows(a, "computing") && !latent_working(a), "and is shown when it has come");
    app_command(a, text_of("latent %u", third));
    app_draw(a);
    latent_work(a, 0);
    app_key(a, 27);
    jobs_finish(a);
    check(shows(a, "cancelled; go to another latent") && !latent_working(a), "Esc cancels it for good");
    app_command(a, text_of("latent %u", first));
    latent_work(a, 0);
    jobs_finish(a);
    app_command(a, text_of("latent %u", third));
    latent_work(a, 0);
    jobs_finish(a);
    check(shows(a, "promotes") && !shows(a, "cancelled"), "until one comes back");
    app_command(a, text_of("latent %u", first));
    latent_work(a, 0); /* app_free while it runs */
}

static void without_a_model(void) {
    static const char *const parts[] = {"acts", "text", "sae"};
    const char *folder = scratch_folder("bare"), *path = scratch("bare.scry");
    char here[2048];
    size_t size;
    if (!getcwd(here, sizeof here)) abort();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (symlink(text_of("%s/sample_data/%s", here, parts[i]), text_of("%s/%s", folder, parts[i])) != 0) abort();
    uint8_t *manifest = read_bytes("sample_data/study.json", &size);
    write_bytes(text_of("%s/study.json", folder), manifest, size);
    free(manifest);
    scry_error err = {0};
    if (!scry_index_build(text_of("%s/study.json", folder), path, NULL, NULL, NULL, &err)) {
        check(false, "a study without its model is indexed: %s", err.text);
        return;
    }
    app *a = sample_app(path, 160);
    app_command(a, "pane latent");
    app_command(a, "logits");
    app_command(a, "open");
    latent_work(a, 0);
    check(shows(a, "models/base") && shows(a, "cannot be opened"), "a model that is not there is said on the page");
    app_free(a);
    a = sample_app(path, 160);
    a->model = text_of("%s/sample_data/models/base", here);
    app_command(a, "latent 1819");
    app_command(a, "logits");
    latent_work(a, 0);
    check(shows(a, "+2.299") && !shows(a, "its stream"), "--model names it");
    app_free(a);
    a = sample_app(path, 160);
    a->model = text_of("%s/sample_data/models/sft", here);
    app_command(a, "latent 1819");
    app_command(a, "logits");
    latent_work(a, 0);
    check(shows(a, "promotes") && shows(a, "sft: its stream at blocks.3"), "the message says that it is another model");
    app_free(a);
}

int main(void) {
    app *a = sample_app(sample_index(), 80);
    in_the_background(a);
    app_free(a);
    without_a_model();
    return check_end();
}
