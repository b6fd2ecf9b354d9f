/* evaluate/task_match.c: which tasks of a result file are about a domain, by their names. */
#include "evaluate/task_match.h"
#include "base/mem.h"
#include "base/path.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *subject, *field;
} subjects[] = {
#define SUBJECT(subject, field) {subject, field},
#include "evaluate/mmlu_subjects.def"
#undef SUBJECT
};

static const char *const benchmarks[] = {"leaderboard_mmlu_pro_", "mmlu_pro_", "mmlu_redux_", "mmlu_",
                                         "hendryckstest_"};

/* Words that mean the same. */
static const char *const synonyms[][2] = {{"mathematics", "math"}, {"maths", "math"}};

enum {
    SUBJECTS = sizeof subjects / sizeof *subjects,
    BENCHMARKS = sizeof benchmarks / sizeof *benchmarks,
    SYNONYMS = sizeof synonyms / sizeof *synonyms
};

static void fold_word(char *word) {
    for (int i = 0; i < SYNONYMS; i++)
        if (strcmp(word, synonyms[i][0]) == 0) strcpy(word, synonyms[i][1]);
}

char *task_name_normalize(const char *name) {
    const char *bar = strchr(name, '|');
    const char *from = bar ? bar + 1 : name, *end = bar ? strchr(from, '|') : NULL;
    if (!end) end = name + strlen(name);
    char *out = mem_new((size_t)(end - from) + 1, 1), *at = out, *word = out;
    for (const char *c = from; c < end; c++) {
        bool letter = isalnum((unsigned char)*c) || (unsigned char)*c >= 0x80;
        if (letter) {
            *at++ = (char)((unsigned char)*c < 0x80 ? tolower((unsigned char)*c) : *c);
        } else if (at > word) {
            fold_word(word);
            at = word + strlen(word);
            *at++ = '_';
            word = at;
            *at = 0;
        }
    }
    fold_word(word);
    at = word + strlen(word);
    if (at > out && at[-1] == '_') at[-1] = 0;
    return out;
}

const char *task_subject(const char *name) {
    for (int i = 0; i < BENCHMARKS; i++) {
        size_t length = strlen(benchmarks[i]);
        if (strncmp(name, benchmarks[i], length) == 0 && name[length]) return name + length;
    }
    return name;
}

/* Does the name end with these words? */
static bool ends_with_words(const char *name, const char *words) {
    size_t length = strlen(words);
    return *words && path_ends_with(name, words) && name[strlen(name) - length - 1] == '_';
}

const char *task_mmlu_field(const char *name) {
    if (strncmp(name, "mmlu_pro_", 9) == 0 ||
        (strncmp(name, "mmlu_", 5) != 0 && strncmp(name, "hendryckstest_", 14) != 0))
        return NULL;
    char *own = mem_copy_string(name);
    if (path_ends_with(own, "_generative")) own[strlen(own) - strlen("_generative")] = 0;
    const char *field = NULL;
    size_t best = 0; /* the longest subject: ...college_computer_science before computer_science */
    for (int i = 0; i < SUBJECTS; i++) {
        char *subject = task_name_normalize(subjects[i].subject); /* with "math" for mathematics */
        size_t length = strlen(subject);
        if (length > best && ends_with_words(own, subject)) {
            best = length;
            field = subjects[i].field;
        }
        free(subject);
    }
    free(own);
    return field;
}

enum { BY_NAME, BY_SUBJECT, BY_FIELD, BY_ENDING, NO_MATCH };

static int match_of(const harness_task *task, const char *domain) {
    char *name = task_name_normalize(task->name), *alias = task_name_normalize(task->alias ? task->alias : "");
    const char *field = task->subtasks ? NULL : task_mmlu_field(name);
    int match = NO_MATCH;
    if (strcmp(name, domain) == 0 || (strcmp(alias, domain) == 0 && strcmp(task_subject(name), name) == 0))
        match = BY_NAME;
    else if (strcmp(task_subject(name), domain) == 0 || strcmp(alias, domain) == 0) match = BY_SUBJECT;
    else if (field && strcmp(field, domain) == 0) match = BY_FIELD;
    else if (!field && ends_with_words(name, domain)) match = BY_ENDING;
    free(name);
    free(alias);
    return match;
}

size_t task_match(const harness_file *a, const harness_file *b, const char *domain, const char *only, size_t *out,
                  bool *several) {
    char *wanted = task_name_normalize(domain);
    int best = NO_MATCH;
    size_t count = 0;
    for (size_t i = 0; i < a->count; i++) {
        const char *name = a->tasks[i].name;
        if ((only && strncmp(name, only, strlen(only)) != 0) || !harness_task_find(b, name)) continue;
        int match = match_of(&a->tasks[i], wanted);
        if (match < best) count = 0;
        if (match < best) best = match;
        if (match == best && match != NO_MATCH) out[count++] = i;
    }
    free(wanted);
    *several = count > 1 && best != BY_FIELD;
    return count;
}
