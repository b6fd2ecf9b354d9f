/* capture/capture_study.h: the token files and the manifest of a captured study. */
#ifndef SCRY_CAPTURE_CAPTURE_STUDY_H
#define SCRY_CAPTURE_CAPTURE_STUDY_H

#include "capture/capture_plan.h"

/* folder/acts/STEM.tokens.jsonl, which the caller frees. */
char *capture_tokens_path(const char *folder, const capture_group *group);
/* Writes a group's token file, by atomic replacement. */
bool capture_tokens_write(const capture_plan *plan, const capture_group *group, const char *folder, scry_error *err);
/* False and err where folder/study.json is there and holds no settings of a capture. Removes what processes that are
 * gone left of it. */
bool capture_study_is_own(const char *folder, scry_error *err);
/* Writes folder/study.json, by atomic replacement. Keys of a study that is there stay where they are not capture's own;
 * so do those of its training set and of its domains of the same name. */
bool capture_study_write(const capture_plan *plan, const char *folder, scry_error *err);

#endif
