/* label_answer.h: the answer of a language model that was asked for a latent's label (scry label-prompts):
 *
 *     {"custom_id": "latent-17", "response": {"body": {"choices": [{"message": {"content": "..."}}]}}}    OpenAI's
 * batches
 *     {"custom_id": "latent-17", "response": {"body": {"output": [{"content": [{"text": "..."}]}]}}}    its responses
 *     {"custom_id": "latent-17", "result": {"message": {"content": [{"text": "..."}]}}}    Anthropic's batches
 *     {"custom_id": "latent-17", "content": "..."}
 */
#ifndef SCRY_IO_LABEL_ANSWER_H
#define SCRY_IO_LABEL_ANSWER_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* A longer label, in bytes, is a talkative model's, or somebody's mischief. */
enum { LABEL_ANSWER_MOST = 300 };

/* True for an object with a custom_id. */
bool label_answer_is(const cJSON *item);
/* The number after "latent-" of its custom_id. False: it has none. */
bool label_answer_latent(const cJSON *item, double *latent);
/* The label in the answer's text, or NULL where there is no text (a failed request). The caller frees it.
 *
 * The label is what follows "Label:" (or "Explanation:") in the last line that begins so, else the first line that is
 * not blank; "label" of an object where the answer is JSON. Thoughts up to </think>, fences and Markdown's marks are no
 * part of it, nor quotes around it or a full stop behind it. */
char *label_answer_text(const cJSON *item);

#endif
