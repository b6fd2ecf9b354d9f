/* prompt_models.h: the models of :prompt and :continue, opened once for a tab and lent to one job at a time. A job that
 * is asked for while another has them cancels it, and follows it. */
#ifndef SCRY_EXPLORER_PROMPTS_PROMPT_MODELS_H
#define SCRY_EXPLORER_PROMPTS_PROMPT_MODELS_H

#include "explorer/jobs.h"
#include "prompt.h"

typedef enum prompt_task { PROMPT_RUN, PROMPT_CONTINUE } prompt_task;

/* How a job ended. */
typedef struct prompt_ending {
    bool whole; /* it was not cancelled */
    const scry_notes *notes;
    const scry_error *err;
} prompt_ending;

typedef struct prompt_job {
    prompt_task task;
    char what[JOB_TITLE];
    /* On the background thread, with the models open. */
    void (*work)(void *own, scry_prompt *models, const scry_cancel *stop, scry_error *err);
    /* On the explorer's thread, exactly once; frees own. */
    void (*end)(app *a, tab *t, void *own, const prompt_ending *how);
    void *own;
} prompt_job;

typedef struct prompt_models {
    scry_prompt *open;  /* owned; of one that is lent only pieces of tokens are asked. NULL: not opened yet */
    unsigned closed;    /* how often others were closed before these: what was made by those has no tokens any more */
    size_t train;       /* the training set that it was opened for */
    double amplify;     /* app.amplify then */
    bool lent, follows; /* a job has it; another is to follow */
    prompt_task task;   /* of that job */
    prompt_job next;
} prompt_models;

/* Begins a job of the tab that is shown, or has it follow the one that runs. Models of another training set, or
 * amplified otherwise, are closed before it. */
void prompt_models_lend(app *a, prompt_models *models, const prompt_job *job);
/* True while a job of this kind runs, or is to follow. */
bool prompt_models_wait(const prompt_models *models, prompt_task task);
/* Gives up the job that is to follow; t: the models' tab. */
void prompt_models_forget(app *a, tab *t, prompt_models *models);
/* No job has them. */
void prompt_models_close(prompt_models *models);

#endif
