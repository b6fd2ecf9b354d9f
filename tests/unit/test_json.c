/* test_json.c: JSON is read up to its last byte and no further. */
#include "check.h"
#include "io/json.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Texts that end at the last byte before a page that cannot be read: a read past the end ends the program. */
static void at_the_edge(void) {
    static const char *const texts[] = {"{\"1\":1,", "{\"1\":1",  "[1,2",    "\"abc",  "{\"a",  "\"\\",    "\"\\u12",
                                        "tru",       "{\"a\":1}", "{\"a\":", "[\"x\"", "-12.5", "[1e5,[]", "\xef\xbb"};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!check(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0, "two pages are there")) return;
    size_t values = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t length = strlen(texts[i]), stop = 0;
        char *at = memcpy(pages + page - length, texts[i], length);
        cJSON *one = json_parse(at, length), *other = json_parse_prefix(at, length, &stop);
        values += (one ? 1U : 0U) + (other ? 1U : 0U);
        if (stop > length) check(false, "%s: stopped at %zu of %zu", texts[i], stop, length);
        cJSON_Delete(one);
        cJSON_Delete(other);
    }
    check_is(values, 4, "values among texts that end at the end of a page");
    munmap(pages, 2 * page);
}

int main(void) {
    size_t stop = 9;
    at_the_edge();
    check(!json_parse_prefix("", 0, &stop) && stop == 0, "an empty text holds no value");
    cJSON *value = json_parse_prefix("[1] and more", 12, &stop);
    check(cJSON_IsArray(value) && stop == 3, "what follows the value is left");
    cJSON_Delete(value);
    value = json_parse("[1] and more", 12);
    check(!value, "json_parse takes a whole text");
    cJSON_Delete(value);
    return check_end();
}
