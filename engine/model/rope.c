/* rope.c: rotary positions. */
#include "model/rope.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One row a kind of scaling: its keys, and what it makes of a frequency. */
typedef struct scaling_values {
    double factor, low, high, old_context;
} scaling_values;

static double unscaled(double f, const scaling_values *v) {
    (void)v;
    return f;
}

static double linear(double f, const scaling_values *v) {
    return f / v->factor;
}

/* Long waves are stretched, short ones kept, and between them it changes step by step. */
static double llama3(double f, const scaling_values *v) {
    double wave = 2 * 3.14159265358979323846 / f;
    if (wave < v->old_context / v->high) return f;
    if (wave > v->old_context / v->low) return f / v->factor;
    double smooth = (v->old_context / wave - v->low) / (v->high - v->low);
    return (1 - smooth) * f / v->factor + smooth * f;
}

static const struct scaling {
    const char *name, *keys;
    double (*scale)(double f, const scaling_values *v);
} scalings[] = {
    {"default", "", unscaled},
    {"linear", "factor", linear},
    {"llama3", "factor low_freq_factor high_freq_factor original_max_position_embeddings", llama3},
};

enum { SCALINGS = sizeof scalings / sizeof *scalings };

static bool is_object(const config *c, const char *key) {
    return cJSON_IsObject(config_find(c, key));
}

/* Writes "place.key". */
static const char *key_in(const char *place, const char *key, char out[160]) {
    snprintf(out, 160, "%s.%s", place, key);
    return out;
}

static const struct scaling *find_scaling(const config *c, const char *place, scry_error *err) {
    char key[160], known[SCRY_CHOICES];
    const char *type = NULL;
    if (!config_text(c, key_in(place, "rope_type", key), &type, err)) return NULL;
    if (!type && !config_text(c, key_in(place, "type", key), &type, err)) return NULL;
    if (!type) return &scalings[0];
    for (size_t i = 0; i < SCALINGS; i++)
        if (strcmp(scalings[i].name, type) == 0) return &scalings[i];
    scry_fail(err, "model: %s: %s: found \"%.40s\", expected a known kind of rotary positions: %s", c->path, key, type,
              alternatives(known, sizeof known, &scalings[0].name, sizeof scalings[0], SCALINGS));
    return NULL;
}

static bool check_keys(const config *c, const char *place, const struct scaling *s, bool share, scry_error *err) {
    char key[160];
    const cJSON *item;
    cJSON_ArrayForEach (item, config_find(c, place)) {
        if (cJSON_IsNull(item) || config_is_listed("rope_theta rope_type type", item->string) ||
            config_is_listed(s->keys, item->string) || (share && strcmp(item->string, "partial_rotary_factor") == 0))
            continue;
        if (strcmp(item->string, "partial_rotary_factor") == 0 && cJSON_IsNumber(item) && item->valuedouble == 1)
            continue;
        if (strcmp(s->name, "default") == 0 && !cJSON_IsTrue(item) && !cJSON_IsObject(item) &&
            config_is_listed("factor original_max_position_embeddings", item->string))
            continue; /* left over, and not used by this kind */
        char expected[160];
        snprintf(expected, sizeof expected, "only rope_theta, rope_type %s", s->keys);
        return config_unexpected(c, key_in(place, item->string, key), expected, err);
    }
    return true;
}

static bool read_values(const config *c, const char *place, const struct scaling *s, scaling_values *v,
                        scry_error *err) {
    const struct {
        const char *name;
        double *value;
    } keys[] = {{"factor", &v->factor},
                {"low_freq_factor", &v->low},
                {"high_freq_factor", &v->high},
                {"original_max_position_embeddings", &v->old_context}};
    char key[160];
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!config_is_listed(s->keys, keys[i].name)) continue;
        if (!config_positive(c, key_in(place, keys[i].name, key), 0, keys[i].value, err)) return false;
        if (*keys[i].value <= 0) return config_unexpected(c, key, "a number above 0", err);
    }
    return s->scale != llama3 || v->high > v->low ||
           config_unexpected(c, key_in(place, "high_freq_factor", key), "more than low_freq_factor", err);
}

/* The first of the places that says it. */
static bool read_either(const config *c, const char *inside, const char *key, const char *older, double absent,
                        double *out, scry_error *err) {
    double value = 0;
    if (inside && !config_positive(c, inside, 0, &value, err)) return false;
    if (value <= 0 && key && !config_positive(c, key, 0, &value, err)) return false;
    if (value <= 0 && older && !config_positive(c, older, 0, &value, err)) return false;
    *out = value > 0 ? value : absent;
    return true;
}

bool rope_read(rope *r, const model_family *f, const config *c, uint32_t head_dim, bool local, scry_error *err) {
    const char *place = is_object(c, "rope_parameters") ? "rope_parameters" : "rope_scaling";
    char in_theta[160], in_share[160];
    bool by_layer = is_object(c, "rope_parameters.full_attention") || is_object(c, "rope_parameters.sliding_attention");
    if (by_layer) place = local ? "rope_parameters.sliding_attention" : "rope_parameters.full_attention";
    bool scaled = config_find(c, place) && (by_layer || !local); /* the older spelling scales full attention only */
    if (config_find(c, place) && !is_object(c, place)) return config_unexpected(c, place, "an object", err);

    double theta = local ? f->rope_local_theta : f->rope_theta, share = 1;
    key_in(place, "rope_theta", in_theta);
    key_in(place, "partial_rotary_factor", in_share);
    if (!read_either(c, scaled ? in_theta : NULL, local ? f->rope_local_theta_key : "rope_theta",
                     local ? NULL : f->rope_theta_key, theta, &theta, err))
        return false;
    if (f->rotary_share > 0 && !read_either(c, scaled ? in_share : NULL, "partial_rotary_factor", f->rotary_share_key,
                                            f->rotary_share, &share, err))
        return false;
    if (share > 1) return config_unexpected(c, f->rotary_share_key, "1 or less", err);
    scaling_values v = {1, 1, 1, 1};
    const struct scaling *s = scaled ? find_scaling(c, place, err) : &scalings[0];
    if (!s || (scaled && !check_keys(c, place, s, f->rotary_share > 0, err)) ||
        (scaled && !read_values(c, place, s, &v, err)))
        return false;

    r->width = (uint32_t)((double)head_dim * share);
    if (r->width < 2 || r->width % 2)
        return scry_fail(err, "model: %s: rotary positions of %u of %u numbers of a head, expected an even number",
                         c->path, r->width, head_dim);
    r->frequency = mem_new(r->width / 2, sizeof *r->frequency);
    for (uint32_t i = 0; i < r->width / 2; i++) {
        float power = powf((float)theta, (float)(2 * i) / (float)r->width);
        r->frequency[i] = (float)s->scale((double)(1 / power), &v);
    }
    return true;
}

static double angle_of(const rope *r, uint32_t position, uint32_t i) {
    float angle = (float)position * r->frequency[i];
    return (double)angle;
}

void rope_angles(const rope *r, uint32_t first, uint32_t count, float *out) {
    uint32_t half = r->width / 2;
    for (uint32_t p = 0; p < count; p++, out += r->width)
        for (uint32_t i = 0; i < half; i++) {
            double angle = angle_of(r, first + p, i);
            out[i] = (float)cos(angle);
            out[half + i] = (float)sin(angle);
        }
}

void rope_angles_float64(const rope *r, uint32_t first, uint32_t count, double *out) {
    uint32_t half = r->width / 2;
    for (uint32_t p = 0; p < count; p++, out += r->width)
        for (uint32_t i = 0; i < half; i++) {
            double angle = angle_of(r, first + p, i);
            out[i] = cos(angle);
            out[half + i] = sin(angle);
        }
}
