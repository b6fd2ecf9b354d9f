/* test_tui_input.c: bytes of a terminal as keys, mouse and pastes: each sequence in one piece, in two at each place
 * with silence between, and byte by byte. What to expect is written out here by hand. */
#include "check.h"

#include "terminal/input_decoder.h"
#include "terminal/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096 };

/* What came out so far, as words: "k106" a key, "m0,3,4" a press at row 3, column 4 ("r" a release), "p(text)". */
typedef struct outcome {
    char text[MOST];
    size_t used;
} outcome;

static void collect(input_decoder *d, outcome *o) {
    input_event e;
    while (input_next(d, &e)) {
        char word[MOST / 2];
        if (e.kind == INPUT_KEY) snprintf(word, sizeof word, "k%x", (unsigned)e.key);
        if (e.kind == INPUT_MOUSE) snprintf(word, sizeof word, "%c%d,%d,%d", e.press ? 'm' : 'r', e.button, e.y, e.x);
        if (e.kind == INPUT_PASTE) snprintf(word, sizeof word, "p(%.900s)", input_pasted(d));
        int n = snprintf(o->text + o->used, sizeof o->text - o->used, "%s%s", o->used ? " " : "", word);
        if (n > 0 && o->used + (size_t)n < sizeof o->text) o->used += (size_t)n;
    }
}

static void feed(input_decoder *d, outcome *o, const char *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        input_take(d, (unsigned char)bytes[i]);
        collect(d, o);
    }
}

/* Nothing comes for `ms`. */
static void be_silent(input_decoder *d, outcome *o, int ms) {
    for (int patience; (patience = input_patience(d)) >= 0 && patience <= ms; ms -= patience) {
        input_silence(d);
        collect(d, o);
    }
}

static void begin(input_decoder *d) {
    input_begin(d, true);
    input_add_key(d, "\033OA", KEY_CODE_UP);
    input_add_key(d, "\033[25;9z", KEY_CODE_F1); /* keys of descriptions are known by their bytes alone */
    input_add_key(d, "\033W", KEY_CODE_DELETE);
    input_add_key(d, "\b", KEY_CODE_BACKSPACE);
}

/* ---- what changes nothing ---------------------------------------------------------------------------------------- */

#define ST "\033\\"
#define REPORT(bytes)                                                                                                  \
    { bytes, sizeof(bytes) - 1 }
static const struct {
    const char *bytes;
    size_t size;
} reports[] = {
    REPORT("\033[I"),                  /* focus in */
    REPORT("\033[O"),                  /* focus out */
    REPORT("\033[12;40R"),             /* cursor position */
    REPORT("\033[1;1R"),               /* the same, which is also F3 with a modifier of none */
    REPORT("\033[?12;40;1R"),          /* DECXCPR */
    REPORT("\033[0n"),                 /* operating status */
    REPORT("\033[?13n"),               /* printer status */
    REPORT("\033[?62;22;52c"),         /* primary device attributes */
    REPORT("\033[>0;10;1c"),           /* secondary */
    REPORT("\033P!|00000000" ST),      /* tertiary */
    REPORT("\033P>|XTerm(367)q:q" ST), /* XTVERSION */
    REPORT("\033P1+r544e=787465726d" ST),
    REPORT("\033P0$r" ST),
    REPORT("\033[?2004;2$y"), /* DECRPM */
    REPORT("\033[4;2$y"),
    REPORT("\033[?1u"),               /* kitty's keyboard flags */
    REPORT("\033[?1;0;256S"),         /* XTSMGRAPHICS */
    REPORT("\033[?997;1n"),           /* colour scheme */
    REPORT("\033[8;24;80t"),          /* size of the text area */
    REPORT("\033[48;24;80;480;800t"), /* in-band resize */
    REPORT("\033[3;0;0t"),
    REPORT("\033[2;1;1;120;120;1;0x"), /* DECREQTPARM */
    REPORT("\033[1;2;3;4&w"),          /* DEC locator */
    REPORT("\033[?1;2:3;4 q"),
    REPORT("\033]11;rgb:1e1e/1e1e/2e2e\a"),
    REPORT("\033]11;rgb:1e1e/1e1e/2e2e" ST),
    REPORT("\033]4;1;rgb:cdcd/0000/0000\a"),
    REPORT("\033]52;c;cTpxdWl0Cg==" ST),              /* clipboard */
    REPORT("\033]l:quit q\xc3\xa9\xe2\x80\x9c q" ST), /* the window's title; 9c is part of a character */
    REPORT("\033]l q \xc2\x9c"),                      /* ST as a character of C1 */
    REPORT("\033_Gi=31;OK" ST),                       /* APC: kitty's graphics */
    REPORT("\033_q\aq" ST),                           /* BEL ends OSC alone */
    REPORT("\033^quit" ST),                           /* PM */
    REPORT("\033Xquit" ST),                           /* SOS */
    REPORT("\033Ptmux;\033\033]52;c;q\a\033\\"),      /* another one's sequences in a string */
    REPORT("\033P1$r0 q\x18"),                        /* cancelled by CAN */
    REPORT("\xc2\x9b"
           "12;40R"), /* C1 as characters, */
    REPORT("\xc2\x9d"
           "11;q\a"),
    REPORT("\x9b"
           "12;40R"), /* and as bytes */
    REPORT("\x90q:q\x9c"),
    REPORT("\x8fz"),
    REPORT("\033Oj"), /* SS3 */
    REPORT("\033OE"),
    REPORT("\033O5q"),
    REPORT("\033[[Z"),
    REPORT("\033[200;5~"),
    REPORT("\033[201~"), /* the end of no paste */
    REPORT("\033[999~"),
    REPORT("\033[1;5C"), /* arrows with Ctrl, Alt, super */
    REPORT("\033[1;3A"),
    REPORT("\033[1;9B"),
    REPORT("\033[3;5~"),
    REPORT("\033[106;3u"), /* Alt-j, super-j, j let go of, a modifier's own key, caps lock */
    REPORT("\033[106;9u"),
    REPORT("\033[106;1:3u"),
    REPORT("\033[57441;2u"),
    REPORT("\033[57358u"),
    REPORT("\033[27;3;106~"),
    REPORT("\033[u"),
    REPORT("\033[1114112u"),
    REPORT("\033[4294967402u"), /* 106 + 2^32 */
    REPORT("\033[55296u"),
    REPORT("\033[155u"),
    REPORT("\033[;;;;;;;;;;;;;;;q"),
    REPORT("\033[:::::u"),
    REPORT("\033[!p"),
    REPORT("\033[>0q"),
    REPORT("\033[<0;0;0M"), /* no such place */
    REPORT("\033[<0;99999999999;3M"),
    REPORT("\033[1 2 3 q"),
    REPORT("\033\\"),       /* ST that came after its string was given up */
    REPORT("\xff\xc0\xf8"), /* bytes that are no character */
};

static void test_reports(void) {
    size_t n = sizeof reports / sizeof *reports, wrong = 0, tried = 0;
    input_decoder d;
    char first[200] = "";
    for (size_t i = 0; i < n; i++)
        for (size_t cut = 0; cut <= reports[i].size; cut++)
            for (int ms = 0; ms <= 900; ms += 300) {
                outcome o = {.used = 0};
                begin(&d);
                feed(&d, &o, reports[i].bytes, cut);
                be_silent(&d, &o, ms);
                feed(&d, &o, reports[i].bytes + cut, reports[i].size - cut);
                feed(&d, &o, "x", 1); /* and a key is one again */
                be_silent(&d, &o, 5000);
                /* silence after its ESC makes that the key Esc; but never what follows a key */
                bool cut_escape = ms > 0 && cut == 1 && reports[i].bytes[0] == '\033';
                const char *expected = cut_escape ? "k1b k78" : "k78";
                tried++;
                if (strcmp(o.text, expected) == 0) continue;
                /* ESC alone, and then a key by itself: nobody could tell */
                if (cut_escape && reports[i].size == 2) continue;
                if (!wrong++)
                    snprintf(first, sizeof first, "number %zu, \"%.40s\" cut at %zu for %d ms gives %.80s", i,
                             reports[i].bytes + 1, cut, ms, o.text);
            }
    check(tried > 3000 && !wrong, "%zu reports, whole and in two at each place up to 900 ms apart, are no keys%s%s", n,
          wrong ? ": found " : "", first);
}

static void test_unknown(void) {
    /* any parameters, intermediates and final byte but those that are keys, mouse and paste */
    input_decoder d;
    uint64_t state = 5;
    size_t wrong = 0, tried = 0;
    char first[120] = "";
    for (int i = 0; i < 40000; i++) {
        char bytes[100] = "\033[";
        size_t size = 2, parameters = roll_below(&state, 90);
        bytes[size++] = "<=>?"[1 + roll_below(&state, 3)];
        for (size_t k = 0; k < parameters; k++) bytes[size++] = (char)(0x20 + roll_below(&state, 0x20));
        bytes[size++] = (char)(0x40 + roll_below(&state, 0x3f));
        outcome o = {.used = 0};
        begin(&d);
        feed(&d, &o, bytes, size);
        feed(&d, &o, "x", 1);
        tried++;
        if (strcmp(o.text, "k78") != 0 && !wrong++) snprintf(first, sizeof first, "%.90s", bytes + 1);
    }
    check(!wrong, "%zu control sequences drawn at random are no keys%s%s", tried, wrong ? ": found " : "", first);
}

static void test_long(void) {
    input_decoder d;
    static const char *const begins[] = {"\033P", "\033]", "\033_", "\033X", "\033^", "\033["};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        outcome o = {.used = 0};
        begin(&d);
        feed(&d, &o, begins[i], 2);
        for (int k = 0; k < 100000; k++) feed(&d, &o, i == 5 ? "1;" : "q:", 2);
        feed(&d, &o, i == 5 ? "q" : ST, i == 5 ? 1 : 2);
        feed(&d, &o, "j", 1);
        check(strcmp(o.text, "k6a") == 0, "ESC %c with 200,000 bytes is swallowed, and j after it is a key: %.40s",
              begins[i][1], o.text);
    }
}

/* ---- what is left unfinished ------------------------------------------------------------------------------------- */

static void test_truncated(void) {
    static const struct {
        const char *bytes, *what;
    } all[] = {{"\033]11;rgb:1e", "OSC"}, {"\033P>|XTe", "DCS"},     {"\033_G", "APC"},
               {"\033[12;4", "CSI"},      {"\033O", "SS3"},          {"\033[", "ESC ["},
               {"\033[[", "ESC [ ["},     {"\033[M a", "X10 mouse"}, {"\033]0;x\033", "OSC ESC"},
               {"\xe2\x82", "UTF-8"}};
    input_decoder d;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        outcome o = {.used = 0};
        begin(&d);
        feed(&d, &o, all[i].bytes, strlen(all[i].bytes));
        be_silent(&d, &o, 999);
        check(!o.used && input_patience(&d) > 0, "%s without an end waits for it: found %s", all[i].what, o.text);
        be_silent(&d, &o, INPUT_SEQUENCE_MS);
        feed(&d, &o, "jk", 2);
        check(strcmp(o.text, "k6a k6b") == 0 && input_patience(&d) == -1,
              "%s is given up after a second, and keys are keys: found %s", all[i].what, o.text);
    }
    static const struct {
        const char *bytes, *expected, *what;
    } broken[] = {{"\033[12;4\033[A", "k200000", "CSI"},
                  {"\033]11;rgb\033[A", "k200000", "OSC"},
                  {"\033P>|X\033OA", "k200000", "DCS"},
                  {"\033[12;4\r", "kd", "CSI by Enter"},
                  {"\033[12\xc3\xa9", "ke9", "CSI by a letter beyond ASCII"},
                  {"\033O\033[B", "k200001", "SS3"},
                  {"\xe2\x82\033[B", "k200001", "UTF-8"},
                  {"\xe2\x82j", "k6a", "UTF-8 by a letter"}};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        outcome o = {.used = 0};
        begin(&d);
        feed(&d, &o, broken[i].bytes, strlen(broken[i].bytes));
        check(strcmp(o.text, broken[i].expected) == 0, "a key breaks off %s and acts: found %s, expected %s",
              broken[i].what, o.text, broken[i].expected);
    }
}

/* ---- what is a key ------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *bytes;
    uint32_t key;
} keys[] = {{"j", 'j'},
            {"\r", '\r'},
            {"\n", '\n'},
            {"\t", '\t'},
            {"\004", 4},
            {"\177", 127},
            {"\b", KEY_CODE_BACKSPACE},
            {"\xc3\xa9", 0xe9},
            {"\xe2\x82\xac", 0x20ac},
            {"\xf0\x9f\x99\x82", 0x1f642},
            {"\033[A", KEY_CODE_UP},
            {"\033OA", KEY_CODE_UP},
            {"\033[B", KEY_CODE_DOWN},
            {"\033[C", KEY_CODE_RIGHT},
            {"\033[D", KEY_CODE_LEFT},
            {"\033[1;129A", KEY_CODE_UP},   /* num lock */
            {"\033[1;1:2B", KEY_CODE_DOWN}, /* held down */
            {"\033[H", KEY_CODE_HOME},
            {"\033OF", KEY_CODE_END},
            {"\033[1~", KEY_CODE_HOME},
            {"\033[7~", KEY_CODE_HOME},
            {"\033[4~", KEY_CODE_END},
            {"\033[3~", KEY_CODE_DELETE},
            {"\033[5~", KEY_CODE_PAGE_UP},
            {"\033[6~", KEY_CODE_PAGE_DOWN},
            {"\033[Z", KEY_CODE_BACK_TAB},
            {"\033OP", KEY_CODE_F1},
            {"\033OR", KEY_CODE_F1 + 2},
            {"\033[15~", KEY_CODE_F1 + 4},
            {"\033[17~", KEY_CODE_F1 + 5},
            {"\033[24~", KEY_CODE_F12},
            {"\033[[A", KEY_CODE_F1}, /* the Linux console's */
            {"\033[[E", KEY_CODE_F1 + 4},
            {"\033OM", '\r'}, /* the keypad's */
            {"\033[25;9z", KEY_CODE_F1},
            {"\033W", KEY_CODE_DELETE},
            {"\033[106;5u", 10}, /* Ctrl-j */
            {"\033[100;5u", 4},
            {"\033[99;5u", 3},
            {"\033[122;5u", 26},
            {"\033[106;69u", 10}, /* with caps lock */
            {"\033[106u", 'j'},
            {"\033[106;1u", 'j'},
            {"\033[106;1:1u", 'j'},
            {"\033[106;;106u", 'j'},
            {"\033[106:74;2u", 'J'},
            {"\033[106;2u", 'J'},
            {"\033[49:33;2u", '!'},
            {"\033[13u", '\r'},
            {"\033[13;5u", '\r'},
            {"\033[13;2u", '\r'},
            {"\033[27u", 27},
            {"\033[27;1u", 27},
            {"\033[27;5u", 27},
            {"\033[9u", '\t'},
            {"\033[9;2u", KEY_CODE_BACK_TAB},
            {"\033[127u", 127},
            {"\033[32;5u", 0},
            {"\033[91;5u", 27},
            {"\033[233u", 0xe9},
            {"\033[57414u", '\r'},
            {"\033[57400u", '1'},
            {"\033[57419u", KEY_CODE_UP},
            {"\033[57426u", KEY_CODE_DELETE},
            {"\033[27;5;106~", 10}, /* modifyOtherKeys */
            {"\033[27;5;100~", 4},
            {"\033[27;2;74~", 'J'},
            {"\033[27;5;13~", '\r'},
            {"\033[27;2;9~", KEY_CODE_BACK_TAB},
            {"\033[27;1;27~", 27}};

static void test_keys(void) {
    input_decoder d;
    size_t n = sizeof keys / sizeof *keys;
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(keys[i].bytes), wrong = 0;
        char expected[40], found[80] = "";
        for (size_t cut = 0; cut < size; cut++)
            for (int ms = 0; ms <= 900; ms += 300) {
                if (ms && cut == 1 && keys[i].bytes[0] == '\033') continue; /* Esc and another key */
                outcome o = {.used = 0};
                begin(&d);
                feed(&d, &o, keys[i].bytes, cut);
                be_silent(&d, &o, ms);
                feed(&d, &o, keys[i].bytes + cut, size - cut);
                be_silent(&d, &o, 3000);
                snprintf(expected, sizeof expected, "k%x", (unsigned)keys[i].key);
                if (strcmp(o.text, expected) != 0 && !wrong++) snprintf(found, sizeof found, "%.70s", o.text);
            }
        check(!wrong, "%s%s is key %x, in one piece and in two%s%s", keys[i].bytes[0] == 27 ? "ESC " : "",
              keys[i].bytes + (keys[i].bytes[0] == 27 || keys[i].bytes[0] < ' '), (unsigned)keys[i].key,
              wrong ? ": found " : "", found);
    }
}

static void test_escape(void) {
    static const struct {
        const char *first;
        int ms;
        const char *second, *expected, *what;
    } all[] = {
        {"\033", 25, "", "k1b", "Esc alone is a key after 25 ms"},
        {"\033", 24, "", "", "and not before"},
        {"\033", 100, "j", "k1b k6a", "Esc, then j"},
        {"\033j", 0, "", "k1b k6a", "in one read too"},
        {"\033\033", 25, "", "k1b k1b", "Esc twice"},
        {"\033\033[A", 0, "", "k1b k200000", "Esc and an arrow in one read"},
        {"\033", 500, "[", "k1b k5b", "Esc, then [, is two keys"},
        {"\033", 500, "[\r", "k1b k5b kd", "Esc, [, Enter are three"},
        {"\033", 500, "Oj", "k1b", "Esc and the rest of SS3 half a second later"},
        {"\033", 500, "[12;40R", "k1b", "Esc and the rest of a report"},
        {"\033", 500, "]11;q\a", "k1b", "Esc and the rest of an OSC"},
        {"\033", 2000, "[x", "k1b k5b k78", "Esc, and two keys later on"},
    };
    input_decoder d;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        outcome o = {.used = 0};
        begin(&d);
        feed(&d, &o, all[i].first, strlen(all[i].first));
        be_silent(&d, &o, all[i].ms);
        feed(&d, &o, all[i].second, strlen(all[i].second));
        if (all[i].second[0]) be_silent(&d, &o, 60);
        check(strcmp(o.text, all[i].expected) == 0, "%s: found \"%s\", expected \"%s\"", all[i].what, o.text,
              all[i].expected);
    }
}

static void test_mouse(void) {
    static const struct {
        const char *bytes, *expected;
    } all[] = {{"\033[<0;5;4M", "m0,3,4"},
               {"\033[<0;5;4m", "r0,3,4"},
               {"\033[<64;1;1M", "m64,0,0"},
               {"\033[<65;300;200M", "m65,199,299"},
               {"\033[<16;5;4M", "m0,3,4"}, /* with Ctrl */
               {"\033[<32;5;4M", "m-1,3,4"},
               {"\033[M %$", "m0,3,4"},
               {"\033[M#%$", "r3,3,4"},
               {"\033[M`\xff\xff", "m64,222,222"},
               {"\033[<0;1;1M\033[<0;1;1m\033[<0;1;2M", "m0,0,0 r0,0,0 m0,1,0"}};
    input_decoder d;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t size = strlen(all[i].bytes);
        for (size_t cut = 0; cut < size; cut++) {
            if (all[i].bytes[cut ? cut - 1 : size - 1] == '\033') continue;
            outcome o = {.used = 0};
            begin(&d);
            feed(&d, &o, all[i].bytes, cut);
            be_silent(&d, &o, 500);
            feed(&d, &o, all[i].bytes + cut, size - cut);
            if (strcmp(o.text, all[i].expected) == 0 && cut + 1 < size) continue;
            check(strcmp(o.text, all[i].expected) == 0, "mouse ESC %.20s: found %s, expected %s", all[i].bytes + 1,
                  o.text, all[i].expected);
            break;
        }
    }
}

/* ---- pastes -------------------------------------------------------------------------------------------------------
 */

#define PASTE(text) "\033[200~" text "\033[201~"
static void test_paste(void) {
    static const struct {
        const char *bytes, *expected;
    } all[] = {{PASTE("q:quit"), "p(q:quit)"},
               {PASTE("\n"), "p()"},
               {PASTE("a\r\nb\tc\n\n"), "p(a b c)"},
               {PASTE(" two  blanks "), "p( two  blanks )"},
               {PASTE("\003\004\032\034\177x\xc2\x9b"
                      "y"),
                "p(xy)"},
               {PASTE("\033[31mred\033]0;t\a"), "p([31mred]0;t)"},
               {PASTE("\033[201q\033[2\033[20"), "p([201q[2[20)"},
               {PASTE("\033[200~in"), "p([200~in)"},
               {PASTE("\xc3\xa9\xe6\xbc\xa2\xff\xc3"), "p(\xc3\xa9\xe6\xbc\xa2)"},
               {PASTE("a") "j" PASTE("b"), "p(a) k6a p(b)"},
               {"j" PASTE("") "k", "k6a p() k6b"}};
    input_decoder d;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t size = strlen(all[i].bytes), wrong = 0;
        char found[200] = "";
        for (size_t cut = 0; cut < size; cut++) {
            /* silence after the ESC of its beginning makes that the key Esc: outside of pastes */
            bool in_paste = false;
            for (size_t k = 0; k + 6 <= cut; k++) {
                if (memcmp(all[i].bytes + k, "\033[200~", 6) == 0) in_paste = true;
                if (memcmp(all[i].bytes + k, "\033[201~", 6) == 0) in_paste = false;
            }
            if (cut && all[i].bytes[cut - 1] == '\033' && !in_paste) continue;
            outcome o = {.used = 0};
            begin(&d);
            feed(&d, &o, all[i].bytes, cut);
            be_silent(&d, &o, 900);
            feed(&d, &o, all[i].bytes + cut, size - cut);
            if (strcmp(o.text, all[i].expected) != 0 && !wrong++) snprintf(found, sizeof found, "%.190s", o.text);
        }
        check(!wrong, "paste %zu is %s, cut anywhere%s%s", i, all[i].expected, wrong ? ": found " : "", found);
    }
    outcome o = {.used = 0};
    begin(&d);
    feed(&d, &o, "\033[200~q:quit\rj", 14);
    be_silent(&d, &o, INPUT_PASTE_MS - 1);
    check(!o.used, "a paste without an end waits for it: found %s", o.text);
    be_silent(&d, &o, INPUT_PASTE_MS);
    feed(&d, &o, "k", 1);
    check(strcmp(o.text, "p(q:quit j) k6b") == 0, "and ends by itself: found %s", o.text);
    outcome full = {.used = 0};
    begin(&d);
    feed(&d, &full, "\033[200~", 6);
    for (int i = 0; i < 100000; i++) feed(&d, &full, "\xc3\xa9q:", 4);
    feed(&d, &full, "\033[201~k", 7);
    size_t length = strlen(input_pasted(&d));
    check(length < INPUT_PASTE_MOST && length > INPUT_PASTE_MOST - 8 && strcmp(full.text + full.used - 4, " k6b") == 0,
          "of 400,000 pasted bytes %zu are kept, expected nearly %d, and the key after it is one", length,
          INPUT_PASTE_MOST);
}

/* Bytes that are no UTF-8, as the locale has them. */
static void test_other_characters(void) {
    input_decoder d;
    outcome o = {.used = 0};
    input_begin(&d, false);
    static const char bytes[] = "j\033[A\033]0;\x9b q\ak\033[106;5u";
    feed(&d, &o, bytes, sizeof bytes - 1);
    check(strcmp(o.text, "k6a k200000 k6b ka") == 0, "without UTF-8 ASCII and sequences are the same: found %s",
          o.text);
}

int main(void) {
    test_reports();
    test_unknown();
    test_long();
    test_truncated();
    test_keys();
    test_escape();
    test_mouse();
    test_paste();
    test_other_characters();
    return check_end();
}
