/* logit_tables.h: the tokens that each latent promotes and suppresses, where the study names a model that is there. */
#ifndef SCRY_INDEX_BUILD_LOGIT_TABLES_H
#define SCRY_INDEX_BUILD_LOGIT_TABLES_H

#include "index/build/inputs.h"
#include "index/format/table.h"

typedef struct logit_tables logit_tables;

/* Opens the model. NULL where the study names none or there is no decoder; where the tables would cost more than a
 * fifth of the encoding's arithmetic, unless that is little; and, with a note that says why, where the model is not
 * there or does not fit: an index without logits is complete. Owner: logit_tables_close. */
logit_tables *logit_tables_open(const build_inputs *in);
void logit_tables_close(logit_tables *l); /* accepts NULL */
/* Bytes that logit_tables_write will take. l NULL: 0. */
uint64_t logit_tables_bytes(const build_inputs *in, const logit_tables *l);
/* Writes the sections logit/..., for the latents that are active. l NULL: none. False and err when interrupted. */
bool logit_tables_write(const build_inputs *in, const logit_tables *l, const active_rows *rows, container_writer *w);
/* What meta says of them: the number that stands for "no token", one more than the largest id; and for a shard a hash
 * of the model, "" else. l NULL: 0. */
uint32_t logit_tables_ids(const logit_tables *l);
const char *logit_tables_model(const logit_tables *l);

#endif
