/* test_evaluate_write.c: measured changes in a manifest: the new values, and every other byte as it was. */
#include "check.h"

#include "evaluate/evaluation_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static scry_measured measured(double base, double tuned, double se) {
    return (scry_measured){base, tuned, tuned - base, se, se, se, 100, 10};
}

/* An evaluation of these domains by accuracy; change is i + 1, the error 0.5 (of the last: not known). */
static scry_evaluation *evaluation_of(const char *const *names, size_t count, const char *train) {
    scry_evaluation *e = calloc(1, sizeof *e);
    e->domains = calloc(count, sizeof *e->domains);
    e->count = count;
    e->train = train ? strdup(train) : NULL;
    for (size_t d = 0; d < count; d++) {
        e->domains[d] = evaluation_domain(names[d]);
        e->domains[d].measured[SCRY_ACCURACY] = measured(40, 41 + (double)d, d + 1 == count ? (double)NAN : 0.5);
    }
    return e;
}

#define HEAD "{\"scry_study\": 1, \"note\": \"kept  as it is\",\n"

/* What is written for a study of the domains "a" and "b". */
static void writes(const char *what, const char *domains, const char *expected, const char *train) {
    static const char *const names[] = {"a", "b"};
    static int number;
    const char *study = scratch("w%d/study.json", number), *out = scratch("w%d/out.json", number);
    scratch_folder("w%d", number++);
    const char *trains = train
                             ? "\"train\": [{\"name\": \"x\", \"base\": {\"residual\": \"r\"}, \"sft\": {\"residual\": "
                               "\"s\"}}, {\"name\": \"y\", \"base\": {\"residual\": \"r\"}, \"sft\": {\"residual\": "
                               "\"s\"}}],"
                             : "";
    write_text(study, HEAD "%s \"domains\": %s, \"correlate\" : \"signed\"}\n", trains, domains);
    scry_evaluation *e = evaluation_of(names, 2, train);
    scry_error err = {0};
    bool ok = scry_evaluation_write(e, study, out, NULL, &err);
    if (check(ok, "%s: is written: %s", what, err.text)) {
        size_t size;
        char *found = (char *)read_bytes(out, &size);
        const char *whole = text_of(HEAD "%s \"domains\": %s, \"correlate\" : \"signed\"}\n", trains, expected);
        check(strcmp(found, whole) == 0, "%s: as expected", what);
        if (strcmp(found, whole) != 0) printf("# found    %s# expected %s", found, whole);
        free(found);
        /* the same again changes nothing more */
        ok = scry_evaluation_write(e, out, out, NULL, &err);
        found = ok ? (char *)read_bytes(out, &size) : strdup("");
        check(strcmp(found, whole) == 0, "%s: once more, the same", what);
        free(found);
    }
    scry_evaluation_free(e);
}

#define M1 "{\"accuracy\":{\"base\":40,\"tuned\":41,\"change\":1,\"se\":0.5,\"n\":100,\"samples\":10}}"
#define M2 "{\"accuracy\":{\"base\":40,\"tuned\":42,\"change\":2,\"n\":100,\"samples\":10}}"
#define S  "\"sts\": {\"act\": 1}"
#define C  "\"base\": {\"residual\": \"q\"}"

static void texts(void) {
    writes("nothing there yet", "[{\"name\": \"a\", " S "},\n {\"name\":\"b\",\n  " S "}]",
           "[{\"name\": \"a\", \"change\": 1, \"change_se\": 0.5, \"measured\": " M1 ", " S
           "},\n {\"name\":\"b\", \"change\": 2, \"measured\": " M2 ",\n  " S "}]",
           NULL);
    writes(
        "a key a line", "[\n  {\n    " S ",\n    \"name\": \"a\"\n  },\n  {\n    \"name\": \"b\",\n    " S "\n  }\n ]",
        "[\n  {\n    " S ",\n    \"name\": \"a\",\n    \"change\": 1,\n    \"change_se\": 0.5,\n    \"measured\": " M1
        "\n  },\n  {\n    \"name\": \"b\",\n    \"change\": 2,\n    \"measured\": " M2 ",\n    " S "\n  }\n ]",
        NULL);
    writes("values in their places",
           "[{\"change_se\" :9.5,\"measured\": {\"loss\": {\"base\": 2.5}, \"accuracy\": {\"n\": 3}}, "
           "\"change\":\t-7.25 , " S ", \"name\": \"a\"}, {\"name\": \"b\", " S
           ", \"change\": -1e1, \"change_se\": 0.25}]",
           "[{\"change_se\" :0.5,\"measured\": "
           "{\"loss\":{\"base\":2.5},\"accuracy\":{\"base\":40,\"tuned\":41,\"change\":1,"
           "\"se\":0.5,\"n\":100,\"samples\":10}}, \"change\":\t1 , " S ", \"name\": \"a\"}, {\"name\": \"b\", " S
           ", \"change\": 2, \"measured\": " M2 "}]",
           NULL);
    writes("an error that is no more known, first",
           "[{\"name\": \"a\", " S "}, { \"change_se\": 1, \"name\": \"b\", " S "}]",
           "[{\"name\": \"a\", \"change\": 1, \"change_se\": 0.5, \"measured\": " M1 ", " S
           "}, {  \"name\": \"b\", \"change\": 2, \"measured\": " M2 ", " S "}]",
           NULL);
    writes("keys with escapes",
           "[{\"n\\u0061me\": \"a\", \"ch\\u0061nge\": 9, " S "}, {\"change\\u0000_se\": 1, \"name\": \"b\", " S "}]",
           "[{\"n\\u0061me\": \"a\", \"ch\\u0061nge\": 1, \"change_se\": 0.5, \"measured\": " M1 ", " S
           "}, {\"change\\u0000_se\": 2, \"measured\": " M2 ", \"name\": \"b\", " S "}]",
           NULL);
    writes("one of two training sets",
           "[{\"name\": \"a\", \"change\": {\"x\": 5, \"y\": 6}, \"change_se\": {\"y\": 7}, " C
           "}, {\"name\": \"b\", \"change_se\": {\"x\": 3}, \"measured\": {\"y\": {\"loss\": {\"base\": 1}}}, " C "}]",
           "[{\"name\": \"a\", \"change\": {\"x\":1,\"y\":6}, \"measured\": {\"x\":" M1
           "}, \"change_se\": {\"y\":7,\"x\":0.5}, " C
           "}, {\"name\": \"b\", \"change\": {\"x\":2}, \"measured\": {\"y\":{\"loss\":{\"base\":1}},\"x\":" M2 "}, " C
           "}]",
           "x");
}

static void refuses(scry_evaluation *e, const char *study, const char *out, int status, const char *text) {
    scry_error err = {0};
    check(!scry_evaluation_write(e, study, out, NULL, &err) && err.status == status && strcmp(err.text, text) == 0,
          "refused: %s", err.text);
    if (strcmp(err.text, text) != 0) printf("# expected: %s\n", text);
    check(!file_exists(out), "and nothing is written");
    scry_evaluation_free(e);
}

static void errors(void) {
    static const char *const names[] = {"a", "b"}, *const one[] = {"a"};
    const char *study = scratch("s.json"), *out = scratch("o.json");
    write_text(study, HEAD "\"domains\": [{\"name\": \"a\", " S "}]}");
    refuses(evaluation_of(names, 2, NULL), study, out, 1,
            text_of("%s: has no domain \"b\", whose change was measured", study));
    scry_evaluation *e = evaluation_of(one, 1, NULL);
    e->chosen = SCRY_CHOICE;
    refuses(e, study, out, 1,
            text_of("%s: a: no change of the multiple choice was measured, so nothing is written", study));
    scratch_folder("elsewhere");
    const char *far = scratch("elsewhere/o.json");
    refuses(evaluation_of(one, 1, NULL), study, far, 2,
            text_of("%s: not in the folder of %s, to which the paths in the study are relative; write next to it", far,
                    study));
}

/* What was not measured now keeps what it had, and a note says so. */
static void kept(void) {
    static const char *const names[] = {"a"};
    const char *study = scratch("k.json");
    write_text(study, HEAD "\"domains\": [{\"name\": \"a\", " S "}, {\"name\": \"b\", " S
                           "}, {\"name\": \"c\", \"change\": 3, " S "}]}");
    scry_evaluation *e = evaluation_of(names, 1, NULL);
    scry_notes notes = {0};
    check(scry_evaluation_write(e, study, study, &notes, NULL) && notes.count == 1 &&
              strcmp(notes.text[0],
                     text_of("%s: 1 of its changes were not measured now and stay as they were, such as that of c",
                             study)) == 0,
          "a change that was not measured now is named: %s", notes.count ? notes.text[0] : "");
    scry_notes_free(&notes);
    scry_evaluation_free(e);
}

/* The study's reader takes control characters for blanks; nothing is written between them. */
static void control_characters(void) {
    static const char *const names[] = {"a"};
    const char *study = scratch("c.json"), *out = scratch("c_out.json");
    write_text(study, HEAD "\"domains\": [\x1a{\"name\": \"a\", " S "}]}");
    refuses(evaluation_of(names, 1, NULL), study, out, 1,
            text_of("%s: domains[0]: not JSON, so that nothing can be written into it", study));
    write_text(study, HEAD "\"domains\": [{\x1a\"name\": \"a\", " S "}]}");
    refuses(evaluation_of(names, 1, NULL), study, out, 1,
            text_of("%s: domains[0]: not JSON, so that nothing can be written into it", study));
}

int main(void) {
    kept();
    control_characters();
    texts();
    errors();
    return check_end();
}
