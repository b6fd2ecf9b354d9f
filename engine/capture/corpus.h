/* capture/corpus.h: files of texts, a sample a line: JSON Lines, or one JSON list.
 *
 * A line is an object. The first of these keys that it has says what it is (corpus_forms has them as text):
 *
 *     "messages"     [{"role", "content"}, ...]: a chat; the response is its last message, if the assistant's
 *     "prompt"       with "response" or "completion"; both may be lists of messages
 *     "question"     with the first of "solution", "cot_content" and "answer" that is there as its response; "options"
 *                    stand between. MMLU-Pro's own lines are of this form
 *     "instruction"  with "input" and "output"
 *     "text"         a text without response
 *
 * Any of them may have "id" (or "question_id"; else STEM-N, N counting from 1), "category", and for multiple choice
 * "options" (or "choices") with "answer_index" or "answer": a letter, an index from 0, or the option's text. An id that
 * came before gets -2, -3, ... Other keys are kept.
 *
 * How the parts are joined where they are not rendered as a chat: prompt and response as they are where there is white
 * space on either side of the joint, else with a line break between, which belongs to the prompt; a question as
 * "Question: Q\nOptions:\nA. ...\nB. ...\nAnswer: RESPONSE", without the options' lines where there are none, and the
 * response begins at the blank. As a chat, prompt (or the question with its options) is the user's message and the
 * response the assistant's. */
#ifndef SCRY_CAPTURE_CORPUS_H
#define SCRY_CAPTURE_CORPUS_H

#include "model.h"

/* A sample, read. Owner: corpus_item_free. */
typedef struct corpus_item {
    char *id;
    char *other;     /* the line's other keys as one JSON object, "" when there are none */
    char *text;      /* prompt and response joined; NULL for messages, which only a chat template turns into text */
    size_t length;   /* of text in bytes */
    size_t response; /* byte at which the response begins: text[0..response) is the prompt; length: there is none */
    scry_message *messages; /* [message_count] as a chat, owned; none for "text" */
    size_t message_count;
    bool answered;  /* the last message is the assistant's, and not empty */
    char **options; /* [option_count] the texts of a multiple choice */
    size_t option_count;
    int answer; /* the right option, or -1 */
} corpus_item;

typedef struct corpus corpus;

/* Opens a file, and checks every line. key: the option that names it ("--train"), for messages. NULL and err, which
 * names the line, for what is no sample. Notes (may be NULL) receive how many ids came twice. Owner: corpus_close. */
corpus *corpus_open(const char *path, const char *key, scry_notes *notes, scry_error *err);
void corpus_close(corpus *c); /* accepts NULL */
size_t corpus_count(const corpus *c);
const char *corpus_path(const corpus *c);
/* The file's name without folder and ending. */
const char *corpus_stem(const corpus *c);
/* XXH3-64 of the file's bytes. */
uint64_t corpus_hash(const corpus *c);
/* True when some line is of messages. */
bool corpus_has_messages(const corpus *c);
bool corpus_is_messages(const corpus *c, size_t i);
/* The line of sample i, from 1. */
uint64_t corpus_line(const corpus *c, size_t i);
/* The distinct categories, in order of first appearance; the number of sample i's, or -1. */
size_t corpus_categories(const corpus *c);
const char *corpus_category(const corpus *c, size_t category);
int64_t corpus_category_of(const corpus *c, size_t i);
/* Reads sample i < corpus_count. Thread-safe. */
corpus_item corpus_read(const corpus *c, size_t i);
void corpus_item_free(corpus_item *item);

/* What a line may be, as "{"prompt", "response"}, ... or {"text"}". */
const char *corpus_forms(char out[SCRY_CHOICES]);

/* A training set or a domain: a name, and the samples of a file that are its own. */
typedef struct corpus_group {
    char *name;
    const corpus *corpus; /* borrowed from the list */
    size_t *item;         /* [count] numbers of samples, ascending */
    size_t count;
} corpus_group;

/* {0} is empty. Owner: corpus_groups_free. A file that several groups name is opened once. */
typedef struct corpus_groups {
    corpus_group *group;
    size_t count;
    corpus **files;
    size_t file_count;
} corpus_groups;

/* Appends the group of "NAME=FILE", all samples of the file, or those of the category NAME where it has one so named.
 * "FILE" alone: with by_category a group for each category of the file; without, or where it has none, one that is
 * named after the file. False and err for a name that is taken; option as key in corpus_open. */
bool corpus_groups_add(corpus_groups *groups, const char *spec, const char *option, bool by_category, scry_notes *notes,
                       scry_error *err);
void corpus_groups_free(corpus_groups *groups);

#endif
