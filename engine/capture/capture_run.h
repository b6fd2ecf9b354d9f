/* capture/capture_run.h: the residuals of one capture, computed and written. */
#ifndef SCRY_CAPTURE_CAPTURE_RUN_H
#define SCRY_CAPTURE_CAPTURE_RUN_H

#include "capture/capture_plan.h"
#include "capture/capture_file.h"

/* An open model, and where to run it. */
typedef struct capture_run {
    const capture_plan *plan;
    scry_model *model;
    scry_run *run;
    capture_model_role role;
    bool open;
    scry_capture_progress progress;
    bool cancelled;
} capture_run;

/* Tokens that the model reads for a capture. */
uint64_t capture_run_cost(const capture_plan *plan, const capture_unit *unit);
/* Computes a capture and writes it to the path, atomically. Opens the model that it needs, and closes another one.
 * False and err when it fails or is cancelled; the path is then as it was. */
bool capture_run_unit(capture_run *run, const capture_unit *unit, const char *path, const cJSON *settings,
                      scry_error *err);
void capture_run_close(capture_run *run);

#endif
