/* capture/capture_settings.h: what a capture depends on, as JSON. */
#ifndef SCRY_CAPTURE_CAPTURE_SETTINGS_H
#define SCRY_CAPTURE_CAPTURE_SETTINGS_H

#include "capture/capture_plan.h"

#include <cjson/cJSON.h>

/* The settings of one capture: equal ones give the same bytes. No paths: models and texts by their content. */
cJSON *capture_settings(const capture_plan *plan, const capture_unit *unit);
/* Those of the whole call, with models and texts by name and content, for the study's "capture". */
cJSON *capture_settings_of_study(const capture_plan *plan);
/* The first key whose values differ, as `seed: found 1, expected 2`; the caller frees it. NULL: they are equal. */
char *capture_settings_difference(const cJSON *found, const cJSON *expected);

#endif
