/* explorer.c: the explorer end to end: on a terminal (term.h), driven by its keys, with the sample study. What it shows
 * is compared with what the shell's commands print for the same selection. Needs $SCRY, $WORK, and sample_data/ in the
 * current directory. EXPLORER=name runs one test. */
#include "explorer_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {{"first_frame", test_first_frame},
             {"toggle", test_toggle},
             {"moving", test_moving},
             {"marks", test_marks},
             {"history", test_history},
             {"sorting", test_sorting},
             {"search", test_search},
             {"filter", test_filter},
             {"palette", test_palette},
             {"help", test_help},
             {"panes", test_panes},
             {"views", test_views},
             {"mouse", test_mouse},
             {"export", test_export},
             {"resize", test_resize},
             {"plots", test_plots},
             {"plots_live", test_plots_live},
             {"plots_storm", test_plots_storm},
             {"plots_leave", test_plots_leave},
             {"jobs", test_jobs},
             {"prompt", test_prompt},
             {"continue", test_continue},
             {"causal", test_causal},
             {"domain_cursor", test_domain_cursor},
             {"quit", test_quit},
             {"signals", test_signals},
             {"stop", test_stop},
             {"stop_storm", test_stop_storm},
             {"terminals", test_terminals},
             {"copy", test_copy},
             {"ascii", test_ascii},
             {"locale", test_locale},
             {"reports", test_reports},
             {"paste", test_paste},
             {"csi_u", test_csi_u},
             {"idle", test_idle},
             {"pages", test_pages},
             {"labels", test_labels},
             {"session", test_session},
             {"settings", test_settings},
             {"manifest", test_manifest},
             {"hostile", test_hostile},
             {"watch", test_watch}};

int main(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none); /* the crashes are meant */
    scry = getenv("SCRY");
    work = getenv("WORK");
    if (!scry || !work || access(scry, X_OK) != 0) {
        printf("not ok - $SCRY and $WORK: found none, expected the binary and a folder; tests/run.sh sets them\n");
        return 1;
    }
    setenv("LC_ALL", "C.UTF-8", 1);
    static char kept[600]; /* where sessions are kept, until the next start */
    snprintf(kept, sizeof kept, "%s/kept", work);
    setenv("XDG_STATE_HOME", kept, 1);
    setenv("XDG_CONFIG_HOME", "/dev/null/config", 1);
    setenv("XDG_DATA_HOME", "/dev/null/data", 1);
    snprintf(study_index, sizeof study_index, "%s/explorer.scry", work);
    int status;
    free(shell(&status, "'%s' index sample_data/study.json -o '%s' 2>&1", scry, study_index));
    if (!check(status == 0, NULL, "the sample study is indexed", "found exit status %d", status)) return 1;
    read_order();
    if (!check(latents == 2048, NULL, "the shell ranks its 2048 latents", "found %d", latents)) return 1;
    const char *only = getenv("EXPLORER");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (only && strcmp(only, tests[i].name) != 0) continue;
        double begin = seconds();
        tests[i].run();
        printf("# %s: %.1f s\n", tests[i].name, seconds() - begin);
        fflush(stdout);
    }
    return failed != 0;
}
