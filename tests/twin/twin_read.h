/* twin_read.h: the twin's own small readers: files, JSON, tensors. They share nothing with the engine, and end the
 * program with status 3 on any error. Results are released with free(). */
#ifndef SCRY_TESTS_TWIN_TWIN_READ_H
#define SCRY_TESTS_TWIN_TWIN_READ_H

#include <cjson/cJSON.h>
#include <stddef.h>

typedef enum { TWIN_F16, TWIN_BF16, TWIN_F32, TWIN_F64 } twin_number_type;

typedef struct {
    twin_number_type type;
    int rows, columns; /* one row when the shape has one dimension */
    unsigned char *bytes;
} twin_tensor;

void twin_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void *twin_zeros(size_t n, size_t size);
double *twin_doubles(int n);
char *twin_copy_of(const char *s);
char *twin_joined(const char *a, const char *b, const char *c);
cJSON *twin_read_json(const char *path);
const cJSON *twin_get(const cJSON *object, const char *key);
const char *twin_get_string(const cJSON *object, const char *key, const char *otherwise);
double twin_value_at(const twin_tensor *m, size_t i);
twin_tensor twin_read_safetensors(const char *path, const char *name, const char *preferred);
twin_tensor twin_read_npy(const char *path);
int twin_ends_with(const char *s, const char *end);

#endif
