/* info.c: scry info: the contents of an index; with --system, this machine. */
#include "shell/cli_context.h"
#include "shell/config.h"
#include "shell/system.h"
#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int report_system(void) {
    int status = system_report();
    char *path = config_path();
    output_format("settings  %s%s\n", path, access(path, R_OK) == 0 ? "" : " (does not exist)");
    free(path);
    return status;
}

static int by_bytes(const void *x, const void *y) {
    const cJSON *const *a = x, *const *b = y;
    double first = result_get(*a, "bytes")->valuedouble;
    double second = result_get(*b, "bytes")->valuedouble;
    return first > second ? -1 : first < second;
}

static cJSON *section_fact(const scry_info *info, const char *name, double bytes) {
    cJSON *item = cJSON_CreateObject();
    result_text(item, "name", name);
    result_numbers(item, {"bytes", bytes}, {"per_activation", info->nnz ? bytes / (double)info->nnz : (double)NAN},
                   {"share", bytes / (double)info->file_size});
    return item;
}

/* Lists the sections, largest first, then the bytes outside them, so that the list adds up to the file's size. */
static int print_sections(const options *o, const scry_index *index) {
    const scry_info *info = scry_index_info(index);
    const char *name;
    uint64_t bytes, rest = info->file_size;
    size_t n = 0;
    while (scry_section(index, n, &name, &bytes)) n++;
    cJSON **item = mem_new(n + 1, sizeof(cJSON *)), *facts = cJSON_CreateObject();
    for (size_t i = 0; i < n; i++) {
        scry_section(index, i, &name, &bytes);
        item[i] = section_fact(info, name, (double)bytes);
        rest -= bytes < rest ? bytes : rest;
    }
    qsort(item, n, sizeof *item, by_bytes);
    item[n] = section_fact(info, "(header, table, alignment)", (double)rest);
    result_numbers(facts, {"nnz", (double)info->nnz}, {"bytes", (double)info->file_size});
    cJSON *list = cJSON_AddArrayToObject(facts, "sections");
    for (size_t i = 0; i <= n; i++) cJSON_AddItemToArray(list, item[i]);
    free(item);
    static const result_column columns[] = {{"name", "section", NULL, 0},
                                            {"bytes", "bytes", "%.0f", 0},
                                            {"per_activation", "per activation", "%.3f", 0},
                                            {"share", "share", "%.1f%%", 100},
                                            {0}};
    char head[200];
    snprintf(head, sizeof head, "%" PRIu64 " bytes, %.2f per activation (%" PRIu64 ")\n\n", info->file_size,
             info->nnz ? (double)info->file_size / (double)info->nnz : 0, info->nnz);
    return output_print(o, facts, "sections", columns, head);
}

int shell_info(const options *o) {
    scry_error err = {0};
    if (o->system && (o->json || o->csv)) scry_misuse(&err, "--system: prints text only; expected no --json or --csv");
    if (err.status) return output_error(&err);
    if (o->system && !o->word[0]) return report_system();
    scry_index *index = cli_open(o, &err);
    if (!index) return output_error(&err);
    if (o->system) report_system();
    if (o->sections) {
        int status = print_sections(o, index);
        scry_close(index);
        return status;
    }
    info_columns table;
    const char *list = info_list(index, &table);
    char *head = info_head(index);
    int status = output_print(o, info_result(index), list, table.columns, head);
    free(head);
    scry_close(index);
    return status;
}
