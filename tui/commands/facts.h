/* facts.h: the facts of commands that have more than one reader: the shell, the explorer and the report. */
#ifndef SCRY_FACTS_H
#define SCRY_FACTS_H

#include "commands/out.h"

/* {"train", "by", "n", "signed", "latents", "dimensions", "seed", "tops": [...], "baselines": [...]}; NULL
 * and err when the index cannot give it. The caller deletes. */
cJSON *baselines_facts(const scry_index *index, const scry_ranking *ranking, uint32_t top, const scry_scope *scope,
                       unsigned threads, scry_error *err);
/* The words above the table of facts (the caller frees), and the table's columns. */
char *baselines_head(const cJSON *facts);
extern const out_column baselines_columns[];

#endif
