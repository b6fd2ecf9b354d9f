/* test_text_find.c: texts that span tokens, against a slow search of each sample's joined text; the tokens that they
 * mark, the latents that fire on them, and the latents with them in their contexts. */
#include "check.h"
#include "latent.h"
#include "scry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The tokenizer's own spelling of each piece (byte-level BPE), and its bytes. */
static const struct {
    const char *spelled, *bytes;
} pieces[] = {{"a", "a"},
              {"\xc4\xa0"
               "a",
               " a"},
              {"b", "b"},
              {"ab", "ab"},
              {"\xc4\xa0"
               "ab",
               " ab"},
              {"B", "B"},
              {"\xc4\xa0"
               "B",
               " B"},
              {"=", "="},
              {"\xc4\xa0=", " ="},
              {"1", "1"},
              {"\xc4\xa0"
               "1",
               " 1"},
              {"11", "11"},
              {"\xc3\x83", "\xc3"},
              {"\xc2\xa9", "\xa9"},
              {"\xc3\x83\xc2\xa9", "\xc3\xa9"},
              {"\xc3\xa6\xc4\xb9", "\xe6\x97"},
              {"\xc2\xa5", "\xa5"},
              {"\xc3\xa6\xc4\xb9\xc2\xa5", "\xe6\x97\xa5"},
              {"\xc4\xa0", " "}};
enum { PIECES = sizeof pieces / sizeof *pieces, LEFT_OUT = 5, LATENTS = 300, SAMPLES = 40, LONGEST = 24, ROWS = 1000 };

typedef struct capture {
    const char *name;
    bool base, skips; /* skips: skip_first 1 */
    int length[SAMPLES], first[SAMPLES], rows, index;
    int piece[ROWS];
    float h[ROWS][LATENTS];
} capture;

static capture captures[] = {{.name = "train.base", .base = true},
                             {.name = "train.sft"},
                             {.name = "law.base", .base = true, .skips = true},
                             {.name = "law.icl", .skips = true}};
enum { CAPTURES = sizeof captures / sizeof *captures };

static bool is_kept(const capture *c, int sample, int k) {
    return c->piece[c->first[sample] + k] != LEFT_OUT && !(c->skips && k == 0);
}

static void fill(capture *c, const capture *same, uint64_t *seed) {
    for (int s = 0; s < SAMPLES; s++) {
        c->first[s] = c->rows;
        c->length[s] = same ? same->length[s] : 1 + (int)roll_below(seed, LONGEST);
        for (int k = 0; k < c->length[s]; k++, c->rows++) {
            c->piece[c->rows] = same ? same->piece[c->rows] : (int)roll_below(seed, PIECES);
            for (int j = 0; j < LATENTS; j++)
                c->h[c->rows][j] = roll_below(seed, 12) || j == 7 ? 0 : (float)(1 + roll_below(seed, 200)) / 64;
        }
    }
}

static const char *write_capture(const char *folder, const capture *c) {
    double *values = calloc((size_t)c->rows * LATENTS, sizeof *values);
    FILE *f = fopen(text_of("%s/%s.jsonl", folder, c->name), "w");
    if (!f || !values) abort();
    for (int r = 0; r < c->rows; r++)
        for (int j = 0; j < LATENTS; j++) values[r * LATENTS + j] = (double)c->h[r][j];
    write_npy(text_of("%s/%s.npy", folder, c->name), F32, (size_t)c->rows, LATENTS, values);
    for (int s = 0; s < SAMPLES; s++) {
        fprintf(f, "{\"id\": \"s%d\", \"ids\": [", s);
        for (int k = 0; k < c->length[s]; k++) fprintf(f, "%s%d", k ? ", " : "", c->piece[c->first[s] + k]);
        fputs("]}\n", f);
    }
    fclose(f);
    free(values);
    return text_of("{\"features\": \"%s.npy\", \"tokens\": \"%s.jsonl\", \"exclude\": [\"%s\"]%s}", c->name, c->name,
                   pieces[LEFT_OUT].bytes, c->skips ? ", \"skip_first\": 1" : "");
}

static scry_index *make(void) {
    const char *folder = scratch_folder("words"), *vocabulary = "", *part[CAPTURES];
    uint64_t seed = 11;
    for (int i = 0; i < PIECES; i++)
        vocabulary = text_of("%s%s\"%s\": %d", vocabulary, i ? ", " : "", pieces[i].spelled, i);
    write_text(
        text_of("%s/tokenizer.json", folder),
        "{\"version\": \"1.0\", \"added_tokens\": [], \"decoder\": {\"type\": \"ByteLevel\"}, \"pre_tokenizer\": "
        "{\"type\": \"ByteLevel\", \"add_prefix_space\": false}, \"model\": {\"type\": \"BPE\", \"vocab\": {%s}, "
        "\"merges\": []}}",
        vocabulary);
    for (int i = 0; i < CAPTURES; i++) {
        fill(&captures[i], i == 1 ? &captures[0] : NULL, &seed);
        part[i] = write_capture(folder, &captures[i]);
    }
    const char *study = text_of("%s/study.json", folder), *out = text_of("%s/words.scry", folder);
    write_text(
        study,
        "{\"scry_study\": 1, \"tokenizer\": \"tokenizer.json\", \"pairing\": \"sample\", \"train\": {\"base\": %s, "
        "\"sft\": %s}, \"domains\": [{\"name\": \"law\", \"change\": 1, \"base\": %s, \"icl\": %s}]}",
        part[0], part[1], part[2], part[3]);
    scry_error err = {0};
    scry_index *x = scry_index_build(study, out, NULL, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
    check(x != NULL, "the study is indexed %s", err.text);
    for (int i = 0; x && i < CAPTURES; i++) captures[i].index = scry_find_capture_named(x, captures[i].name);
    return x;
}

/* ---- the slow twin ---------------------------------------------------------------------------- */

enum { JOINED = 200 };

/* Rows first .. first + count - 1 of a capture, joined; of each byte its row and place in the token. */
typedef struct joined {
    char text[JOINED];
    int row[JOINED + 1], at[JOINED + 1], length;
} joined;

static joined join(const capture *c, int first, int count, bool blanks) {
    joined j = {.length = 0};
    for (int r = first; r < first + count; r++) {
        const char *bytes = pieces[c->piece[r]].bytes;
        for (int i = 0; bytes[i]; i++) {
            if (bytes[i] == ' ' && !blanks) continue;
            j.row[j.length] = r;
            j.at[j.length] = i;
            j.text[j.length++] = bytes[i];
        }
    }
    return j;
}

static bool is_letter(const char *token, int at) {
    if (((unsigned char)token[at] & 0xc0) == 0x80) return at && (unsigned char)token[at - 1] == 0xc3;
    return (token[at] && strchr("abB1", token[at])) || (unsigned char)token[at] == 0xc3;
}

/* No border of tokens, and a letter or digit on both sides, or the middle of a character. */
static bool is_inside(const char *token, int at) {
    if (!at || !token[at]) return false;
    return ((unsigned char)token[at] & 0xc0) == 0x80 || (is_letter(token, at - 1) && is_letter(token, at));
}

typedef struct expected {
    uint64_t matches, marked;
    bool row[CAPTURES][ROWS];
} expected;

static void search(const scry_text_query *q, expected *e) {
    char needle[JOINED] = "";
    for (const char *p = q->text; *p; p++)
        if (*p != ' ' || !q->ignore_blanks) strncat(needle, p, 1);
    int length = (int)strlen(needle);
    *e = (expected){0};
    for (int i = 0; i < CAPTURES && length; i++) {
        const capture *c = &captures[i];
        if (q->capture == SCRY_BASE_CAPTURES ? !c->base : q->capture >= 0 && q->capture != c->index) continue;
        for (int s = 0; s < SAMPLES; s++) {
            joined j = join(c, c->first[s], c->length[s], !q->ignore_blanks);
            for (int from = 0; from + length <= j.length; from++) {
                if (strncasecmp(j.text + from, needle, (size_t)length) != 0) continue;
                int last = from + length - 1, first_row = j.row[from], last_row = j.row[last];
                if (!q->inside_words && (is_inside(pieces[c->piece[first_row]].bytes, j.at[from]) ||
                                         is_inside(pieces[c->piece[last_row]].bytes, j.at[last] + 1)))
                    continue;
                e->matches++;
                for (int k = 0; k < c->length[s]; k++) {
                    int r = c->first[s] + k;
                    bool in = q->context < 0 ? r >= first_row && r <= last_row && is_kept(c, s, k)
                                             : first_row >= r - q->context && last_row <= r + q->context;
                    e->marked += in && !e->row[i][r];
                    e->row[i][r] |= in;
                }
            }
        }
    }
}

static bool is_marked(const scry_text_matches *m, int number, int row) {
    const uint64_t *bits = m->row[captures[number].index];
    return bits && (bits[row / 64] >> (row % 64) & 1);
}

static size_t differences(const scry_index *x, const scry_text_query *q, expected *e) {
    scry_text_matches *m = scry_text_find(x, q, NULL);
    search(q, e);
    size_t wrong = m->matches != e->matches;
    wrong += m->marked != e->marked;
    for (int i = 0; i < CAPTURES; i++)
        for (int r = 0; r < captures[i].rows; r++) wrong += is_marked(m, i, r) != e->row[i][r];
    scry_text_matches_free(m);
    return wrong;
}

/* A stretch of a sample, some letters in the other case, sometimes one that is not there. */
static void any_text(uint64_t *seed, char *text) {
    const capture *c = &captures[roll_below(seed, CAPTURES)];
    int s = (int)roll_below(seed, SAMPLES), from, length;
    joined j = join(c, c->first[s], c->length[s], true);
    from = (int)roll_below(seed, (uint32_t)j.length);
    length = 1 + (int)roll_below(seed, roll_below(seed, 3) ? 5 : 24);
    if (from + length > j.length) length = j.length - from;
    snprintf(text, JOINED, "%.*s", length, j.text + from);
    for (char *p = text; *p; p++)
        if (strchr("abAB", *p) && roll_below(seed, 2)) *p ^= 0x20;
    if (roll_below(seed, 6) == 0) text[roll_below(seed, (uint32_t)length)] = 'z';
}

static void random_texts(const scry_index *x) {
    enum { ROUNDS = 3000 };
    static expected e;
    uint64_t seed = 5;
    size_t wrong = 0, found = 0, several = 0, split = 0;
    for (int i = 0; i < ROUNDS; i++) {
        char text[JOINED];
        any_text(&seed, text);
        scry_text_query q = {.text = text, .capture = (int)roll_below(&seed, CAPTURES + 2) - 2};
        q.inside_words = roll_below(&seed, 2);
        q.ignore_blanks = roll_below(&seed, 3) == 0;
        q.context = (int)roll_below(&seed, 4) - 1;
        wrong += differences(x, &q, &e) > 0;
        found += e.matches > 0;
        several += e.matches > 1;
        split += e.matches && strstr(text, "\xc3\xa9") != NULL;
    }
    check(
        wrong == 0 && found > ROUNDS / 3 && several > 300 && split > 50,
        "%d texts as in the joined samples: %zu wrong, %zu found, %zu several times, %zu with a character that tokens "
        "may split",
        ROUNDS, wrong, found, several, split);
}

/* ---- what the twin and the search could get wrong alike ---------------------------------------- */

/* Places of a text in the study whose samples are these lines, a token between two bars. */
static uint64_t places(const char *label, const char *const *samples, size_t count, const char *text,
                       uint64_t *marked) {
    const char *folder = scratch_folder("lines-%s", label);
    FILE *f = fopen(text_of("%s/t.jsonl", folder), "w");
    double values[64] = {0};
    size_t rows = 0;
    if (!f) abort();
    for (size_t s = 0; s < count; s++) {
        fprintf(f, "{\"id\": \"s%zu\", \"tokens\": [\"", s);
        rows++;
        for (const char *p = samples[s]; *p; p++) {
            if (*p == '|') rows++, fputs("\", \"", f);
            else fputc(*p, f);
        }
        fputs("\"]}\n", f);
    }
    fclose(f);
    for (size_t r = 0; r < rows; r++) values[r] = 1;
    write_npy(text_of("%s/h.npy", folder), F32, rows, 1, values);
    const char *study = text_of("%s/study.json", folder), *out = text_of("%s/x.scry", folder);
    const char *part = "{\"features\": \"h.npy\", \"tokens\": \"t.jsonl\"}";
    write_text(study,
               "{\"scry_study\": 1, \"train\": {\"base\": %s, \"sft\": %s}, \"domains\": [{\"name\": \"d\", "
               "\"change\": 1, \"base\": %s}]}",
               part, part, part);
    scry_error err = {0};
    scry_index *x = scry_index_build(study, out, NULL, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
    if (!x) {
        check(false, "%s: %s", label, err.text);
        return UINT64_MAX;
    }
    scry_text_query q = {.text = text, .capture = scry_find_capture_named(x, "train.base"), .context = -1};
    scry_text_matches *m = scry_text_find(x, &q, NULL);
    uint64_t n = m->matches;
    *marked = m->marked;
    scry_text_matches_free(m);
    scry_close(x);
    return n;
}

static void by_hand(void) {
    static const struct {
        const char *label, *text, *samples[3];
        uint64_t matches, marked;
    } cases[] = {{"spans", "x = 3", {"Let| x| =| 3|,", "max| =| 3", "x|=| 3"}, 1, 3},
                 {"split-word", "therefore", {"and| there|fore|.", " therefore", "there| fore"}, 2, 3},
                 {"sample-end", "b c", {"a| b| c", "a| b| cd", "b|c"}, 1, 2},
                 {"across-samples", "b c", {"a| b", " c| d", "e"}, 0, 0},
                 {"overlapping", "a a", {"a| a| a| a", "b| a", "a|a"}, 3, 4},
                 {"overlapping-letters",
                  "\xe6\x97\xa5\xe6\x97\xa5",
                  {"\xe6\x97\xa5\xe6\x97\xa5|\xe6\x97\xa5", "\xe6\x97\xa5", "-"},
                  2,
                  2},
                 {"empty", "", {"a| b", "c", "d"}, 0, 0},
                 {"longer", "a b c d e f", {"a| b| c", " d| e| f", "a"}, 0, 0},
                 {"blank-in-front", " 2", {"x|2", "x| 2", "12"}, 1, 1},
                 {"no-blank", "2", {"x|2", "x| 2", "12|2"}, 3, 3},
                 {"inside-token", "3", {"a|=3.", "35", "x3"}, 1, 1},
                 {"whole-tokens", "fore", {"there|fore", "before", "fore|st"}, 2, 2},
                 {"restart", "aab", {"a|a|a|b", "aa|b", "a|ab"}, 3, 7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t marked = 0, n = places(cases[i].label, cases[i].samples, 3, cases[i].text, &marked);
        check(n == cases[i].matches && marked == cases[i].marked, "%s: \"%s\" at %u places, %u tokens, expected %u, %u",
              cases[i].label, cases[i].text, (unsigned)n, (unsigned)marked, (unsigned)cases[i].matches,
              (unsigned)cases[i].marked);
    }
}

/* ---- latents ---------------------------------------------------------------------------------- */

static void responses(const scry_index *x) {
    static const char *const texts[] = {"ab", " =", "1 =", "\xc3\xa9", "a = b", "b", "no such"};
    static expected e;
    worst w = {.tolerance = 1e-6};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        scry_text_query q = {.text = texts[t], .capture = SCRY_BASE_CAPTURES, .context = -1};
        float mean[LATENTS], rate[LATENTS];
        search(&q, &e);
        scry_text_matches *m = scry_text_find(x, &q, NULL);
        scry_text_response(x, m, 1 + (unsigned)t % 3, mean, rate, NULL);
        for (int j = 0; j < LATENTS; j++) {
            double sum = 0, fires = 0, n = e.marked ? (double)e.marked : 1;
            for (int i = 0; i < CAPTURES; i++)
                for (int r = 0; r < captures[i].rows; r++)
                    if (e.row[i][r]) sum += (double)captures[i].h[r][j], fires += captures[i].h[r][j] > 0;
            worst_add(&w, (double)mean[j], sum / n, 1, "mean of %d on %s", j, texts[t]);
            worst_add(&w, (double)rate[j], fires / n, 1, "rate of %d on %s", j, texts[t]);
        }
        scry_text_matches_free(m);
    }
    worst_line(&w, "means and rates on the tokens of texts");
}

/* Joins the text around each of the strongest tokens, and looks into it. */
static bool in_context(const scry_index *x, uint32_t latent, const char *text) {
    scry_example e[SCRY_CONTEXT_EXAMPLES];
    size_t n = scry_top_tokens(x, latent, -1, true, SCRY_CONTEXT_EXAMPLES, e);
    for (size_t k = 0; k < n; k++) {
        const capture *c = captures;
        while (c->index != (int)e[k].capture) c++;
        int s = (int)e[k].sample, row = (int)e[k].token, end = c->first[s] + c->length[s];
        int from = row - 8 > c->first[s] ? row - 8 : c->first[s], to = row + 9 < end ? row + 9 : end;
        joined j = join(c, from, to - from, true);
        for (int at = 0; at < j.length; at++)
            if (*text && strncasecmp(j.text + at, text, strlen(text)) == 0) return true;
    }
    return false;
}

static void contexts(const scry_index *x) {
    uint64_t seed = 3, bits[(LATENTS + 63) / 64];
    size_t wrong = 0, some = 0, set = 0;
    for (int i = 0; i < 120; i++) {
        char text[JOINED];
        any_text(&seed, text);
        scry_contexts_find(x, text, 1 + (unsigned)i % 3, bits, NULL);
        size_t before = set;
        for (uint32_t j = 0; j < LATENTS; j++) {
            bool found = bits[j / 64] >> (j % 64) & 1;
            wrong += found != in_context(x, j, text);
            set += found;
        }
        some += set > before && set < before + LATENTS - 1;
    }
    check(wrong == 0 && some > 40,
          "latents with a text in their contexts: %zu wrong; %zu of 120 texts in some but not "
          "all, %zu latents in all",
          wrong, some, set);
    check(scry_contexts_find(x, "", 1, bits, NULL) == 0 && !bits[0], "an empty text is in none");
}

static void names(const scry_index *x) {
    size_t wrong = 0, with_blank = 0;
    for (uint32_t j = 0; j < LATENTS; j++) {
        char expected_text[200] = "", *found = scry_key_tokens(x, j);
        for (int k = 0; k < SCRY_KEY_PIECES && scry_key_piece(x, j, k); k++) {
            const char *piece = scry_key_piece(x, j, k);
            snprintf(expected_text + strlen(expected_text), 40, "%s\"%s\"", k ? " " : "", piece);
            with_blank += piece[0] == ' ';
        }
        wrong += strcmp(found, expected_text) != 0;
        free(found);
    }
    char *silent = scry_key_tokens(x, 7);
    check(wrong == 0 && with_blank > 50 && !*silent, "key tokens in quotes, blanks kept: %zu wrong, %zu with a blank",
          wrong, with_blank);
    free(silent);
}

typedef struct followed {
    int asked, most;
    double share;
} followed;
static bool stop_after(void *context) {
    followed *f = context;
    return ++f->asked > f->most;
}
static void note_share(void *context, double share) {
    followed *f = context;
    f->share = fmax(f->share, share);
}

static void cancelled(const scry_index *x) {
    uint64_t bits[(LATENTS + 63) / 64];
    float mean[LATENTS], rate[LATENTS];
    int stopped = 0;
    scry_text_query q = {.text = "a", .capture = SCRY_BASE_CAPTURES, .context = -1};
    scry_text_matches *m = scry_text_find(x, &q, NULL);
    for (int most = 0; most < 30; most++) {
        followed f = {.most = most};
        scry_cancel cancel = {stop_after, &f, note_share, 0, 0};
        scry_contexts_find(x, "a", 1, bits, &cancel);
        stopped += f.asked > most && f.share < 1;
    }
    check(stopped == 30, "the contexts, cancelled at each of 30 places: %d return before the end", stopped);
    for (int most = 0; most < 4; most++) {
        followed f = {.most = most < 3 ? most : 1000};
        scry_cancel cancel = {stop_after, &f, note_share, 0, 0};
        scry_text_response(x, m, 1, mean, rate, &cancel);
        check(most < 3 ? f.share < 1 : f.share == 1, "responses, cancelled at question %d: told up to %g", most,
              f.share);
    }
    scry_text_matches_free(m);
}

int main(void) {
    scry_index *x = make();
    if (x) {
        random_texts(x);
        responses(x);
        contexts(x);
        names(x);
        cancelled(x);
    }
    by_hand();
    scry_close(x);
    return check_end();
}
