/* explorer_files.c: sets written and read back, a manifest that is indexed first, the cache. */
#include "explorer_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void test_export(void) {
    term *t = open_sample();
    char path[600], options[700], old_rho[32], title[256], shown[80];
    snprintf(path, sizeof path, "%s/explorer set.csv", work);
    term_keys(t, "Space j j Space");
    await_count(t, 98);
    command(t, "toggle 2000,2001");
    check(await_count(t, 100) && strstr(row(t, 0), "+2 -2"), t, ":toggle takes a list; the title counts",
          "found \"%s\"", row(t, 0));
    rest(t);
    snprintf(old_rho, sizeof old_rho, "%s", rho(t));
    snprintf(title, sizeof title, "%s", row(t, 0));
    term_keys(t, "e");
    check(await(t, says, "set.csv"), t, "e asks for a name", "found \"%s\"", footer(t));
    term_keys(t, "C-u");
    type_line(t, path);
    snprintf(shown, sizeof shown, "100 latents written");
    check(await_message(t, shown), t, "e writes the set", "found \"%s\"", footer(t));
    snprintf(options, sizeof options, "--set '%s'", path);
    facts f = shell_score(options);
    check(f.n == 100, NULL, "scry score --set reads as many", "found %d, expected 100", f.n);
    check_number(rho_value(t), f.pearson, 0.00051, t, "with the rho that is shown");
    check_domains(t, &f, "and the STS that are shown");
    command(t, "top 40");
    await_count(t, 40);
    command(t, "toggle 0-9");
    await_message(t, "toggled");
    check(strcmp(rho(t), old_rho) != 0, t, "other toggles move rho", "found %s as before", rho(t));
    command(t, "top 100");
    await_message(t, "N 100");
    term_keys(t, "i");
    check(await(t, says, "explorer set.csv"), t, "i offers the file that was written last", "found \"%s\"", footer(t));
    term_keys(t, "Enter");
    check(await_message(t, "100 latents selected"), t, "i reads it back", "found \"%s\"", footer(t));
    check_text(row(t, 0), title, t, "with the same title");
    check_text(rho(t), old_rho, t, "and the same rho");
    term_keys(t, "u");
    check(await_message(t, "undone") && strcmp(row(t, 0), title) != 0, t, "an import is one step of the history",
          "found \"%s\"", row(t, 0));
    await_message(t, "undone");
    char *kept = shell(NULL, "cd '%s' && echo mine >mine.csv && cat mine.csv", work), *now;
    snprintf(options, sizeof options, "export %s/mine.csv", work);
    command(t, options);
    check(await(t, says, "mine.csv exists: overwrite? :yes or :no"), t, "a file that exists is asked about",
          "found \"%s\"", footer(t));
    term_keys(t, "n");
    check(await(t, says, "nothing written"), t, "n keeps it", "found \"%s\"", footer(t));
    now = shell(NULL, "cat '%s/mine.csv'", work);
    check_text(now, kept, t, "as it was");
    free(now);
    command(t, options);
    await(t, says, "overwrite?");
    term_keys(t, ":");
    type_line(t, "yes");
    check(await(t, says, "overwrote"), t, ":yes overwrites it", "found \"%s\"", footer(t));
    now = shell(NULL, "head -c 15 '%s/mine.csv'", work);
    check_text(now, "latent,included", t, "with the selection");
    free(now);
    free(kept);
    term_keys(t, "Z");
    check(await_message(t, "reset to the top") && !strstr(row(t, 0), "="), t, "Z goes back to the top N",
          "found \"%s\"", row(t, 0));
    term_keys(t, "i C-u");
    snprintf(path, sizeof path, "%s/no such file.csv", work);
    type_line(t, path);
    check(await(t, says, "cannot be opened"), t, "a file that is not there is said not to be", "found \"%s\"",
          footer(t));
    command(t, "export /nowhere/at/all.csv");
    check(await(t, says, "cannot be written"), t, "a place that cannot be written to too", "found \"%s\"", footer(t));
    leave(t);
}
static int files_like(const char *pattern) {
    char *text = shell(NULL, "ls -d %s 2>/dev/null | wc -l", pattern);
    int n = atoi(text);
    free(text);
    return n;
}

void test_manifest(void) {
    char cache[512], pattern[600], manifest[] = "sample_data/study.json";
    snprintf(cache, sizeof cache, "XDG_CACHE_HOME=%s/explorer-cache", work);
    snprintf(pattern, sizeof pattern, "%s/explorer-cache/scry/*", work);
    char *env[] = {cache, NULL};
    term *t = start(ROWS, COLS, NULL, manifest, env);
    check(rest(t) && strstr(row(t, 0), "math -> 14 domains"), t, "a manifest opens: it is indexed first",
          "found \"%s\"", row(t, 0));
    check_idle(t, "idle after indexing");
    leave(t);
    check(files_like(pattern) == 1, NULL, "one index in the cache", "found %d files", files_like(pattern));
    char *before = shell(NULL, "stat -c '%%i %%Y %%n' %s", pattern);
    t = start(ROWS, COLS, NULL, manifest, env);
    bool ok = await_text(t, "95% ");
    check(ok, t, "the second time it opens too", "found no frame");
    rest(t);
    leave(t);
    char *after = shell(NULL, "stat -c '%%i %%Y %%n' %s", pattern);
    check_text(after, before, NULL, "it is taken from the cache, which is as it was");
    free(before);
    free(after);

    /* Ctrl-C while it is being indexed: repeated shards make it long. */
    free(shell(
        NULL,
        "cd '%s' && rm -rf long && mkdir long && cp -r \"$OLDPWD/sample_data/acts\" \"$OLDPWD/sample_data/sae\" "
        "long/ &&"
        "many=$(for i in $(seq 400); do printf '\"acts/math.base.safetensors\",'; done) &&"
        "printf "
        "'{\"scry_study\":1,\"sae\":\"sae\",\"train\":{\"base\":{\"residual\":[%%s]},\"sft\":{\"residual\":[%%s]}},"
        "\"domains\":[{\"name\":\"a\",\"base\":{\"residual\":\"acts/law.base.safetensors\"}}]}' \"${many%%,}\" "
        "\"${many%%,}\""
        " > long/study.json",
        work));
    char path[600];
    snprintf(path, sizeof path, "%s/long/study.json", work);
    t = start(ROWS, COLS, NULL, path, env);
    ok = await_text(t, "encoding");
    check(ok && await_text(t, "tokens/s"), t, "indexing shows a bar", "found \"%s\"", row(t, 0));
    double took;
    int status = end_by(t, "C-c", &took);
    check(status == 1 && term_has(t, "interrupted"), t, "Ctrl-C while indexing ends it, with a word", "found status %d",
          status);
    check(took < 2, t, "at once", "found %.1f s of processor time", took);
    check(files_like(pattern) == 1, NULL, "and leaves nothing in the cache", "found %d files, expected the 1 of before",
          files_like(pattern));
    check_restored(t, "the terminal is as it was");
    term_free(t);
}
