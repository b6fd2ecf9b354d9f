/* terminal/input_decoder.c: the bytes that a terminal sends, as keys, mouse events and pasted text. */
#include "terminal/input_decoder.h"
#include "terminal/key_sequences.h"
#include "base/utf8.h"
#include "terminal/keys.h"

#include <string.h>

enum { ESC = 0x1b, BELL = 7, CANCEL = 0x18, SUBSTITUTE = 0x1a, DELETE = 0x7f };

static const char paste_end[] = "\033[201~";

/* ---- events ---------------------------------------------------------------------------------------------------- */

static void put(input_decoder *d, input_event e) {
    if (d->count == INPUT_QUEUE) return; /* the caller has not taken them */
    d->queue[(d->first + d->count++) % INPUT_QUEUE] = e;
}

static void put_key(input_decoder *d, uint32_t key) {
    put(d, (input_event){.kind = INPUT_KEY, .key = key});
}

bool input_next(input_decoder *d, input_event *event) {
    if (!d->count) return false;
    *event = d->queue[d->first];
    d->first = (d->first + 1) % INPUT_QUEUE;
    d->count--;
    return true;
}

const char *input_pasted(const input_decoder *d) {
    return d->paste;
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

void input_begin(input_decoder *d, bool utf8) {
    memset(d, 0, sizeof *d);
    d->utf8 = utf8;
}

void input_add_key(input_decoder *d, const char *bytes, uint32_t key) {
    if (!bytes || !*bytes || d->key_count == INPUT_KEYS || strlen(bytes) >= sizeof d->keys[0].bytes) return;
    memcpy(d->keys[d->key_count].bytes, bytes, strlen(bytes) + 1);
    d->keys[d->key_count++].key = key;
}

static void forget_character(input_decoder *d) {
    d->lacking = 0;
    d->in_multibyte = false;
    memset(&d->multibyte, 0, sizeof d->multibyte);
}

void input_reset(input_decoder *d) {
    d->state = INPUT_GROUND;
    d->after_escape = false;
    forget_character(d);
}

/* ---- sequences -------------------------------------------------------------------------------------------------- */

static void begin_sequence(input_decoder *d, input_state state, const char *bytes) {
    forget_character(d);
    d->state = state;
    d->after_escape = false;
    d->too_long = false;
    d->length = strlen(bytes);
    memcpy(d->sequence, bytes, d->length + 1);
}

static void add(input_decoder *d, unsigned char byte) {
    if (d->length + 1 >= sizeof d->sequence) d->too_long = true;
    if (d->too_long) return;
    d->sequence[d->length++] = (char)byte;
    d->sequence[d->length] = 0;
}

/* True when the sequence is one of the terminal's description. */
static bool is_described(const input_decoder *d, const char *sequence, uint32_t *key) {
    for (size_t i = 0; i < d->key_count; i++)
        if (strcmp(d->keys[i].bytes, sequence) == 0) {
            *key = d->keys[i].key;
            return true;
        }
    return false;
}

static void begin_string(input_decoder *d, bool bell_ends, bool eight_bit) {
    begin_sequence(d, INPUT_STRING, "");
    d->bell_ends = bell_ends;
    d->eight_bit = eight_bit;
    d->last = 0;
}

/* Begins what the second byte of an escape sequence opens. False: it opens none. */
static bool open_sequence(input_decoder *d, unsigned char byte, bool eight_bit) {
    switch (byte) {
    case '[':
        begin_sequence(d, INPUT_CSI, "\033[");
        return true;
    case 'O':
        begin_sequence(d, INPUT_SS3, "\033O");
        return true;
    case ']': /* OSC */
        begin_string(d, true, eight_bit);
        return true;
    case 'P': /* DCS */
    case 'X': /* SOS */
    case '^': /* PM */
    case '_': /* APC */
        begin_string(d, false, eight_bit);
        return true;
    default:
        return false;
    }
}

static void begin_paste(input_decoder *d) {
    d->state = INPUT_PASTED;
    d->matched = d->paste_length = 0;
    d->blank = false;
    d->paste[0] = 0;
}

static void end_paste(input_decoder *d) {
    input_reset(d);
    put(d, (input_event){.kind = INPUT_PASTE});
}

static void put_mouse(input_decoder *d, uint32_t button, uint32_t x, uint32_t y, bool press) {
    enum { SHIFT_META_CONTROL = 4 | 8 | 16, MOVEMENT = 32, MOST = 1 << 16 };
    if (!x || !y || x > MOST || y > MOST || button > 255) return;
    int which = button & MOVEMENT ? -1 : (int)(button & ~(uint32_t)SHIFT_META_CONTROL);
    put(d, (input_event){.kind = INPUT_MOUSE, .button = which, .press = press, .x = (int)x - 1, .y = (int)y - 1});
}

/* A control sequence is complete: a key, the mouse, the beginning of a paste, or nothing. */
static void end_control(input_decoder *d) {
    control_sequence s;
    uint32_t key;
    d->state = INPUT_GROUND;
    if (d->too_long) return;
    if (is_described(d, d->sequence, &key)) put_key(d, key);
    else if (!control_read(&s, d->sequence + 2)) return;
    else if (s.prefix == '<' && s.count == 3 && (s.final == 'M' || s.final == 'm'))
        put_mouse(d, s.value[0][0], s.value[1][0], s.value[2][0], s.final == 'M');
    else if (s.prefix) return;
    else if (s.final == '~' && s.count == 1 && s.value[0][0] == 200) begin_paste(d);
    else if (control_key(&s, &key)) put_key(d, key);
}

static void take_ground(input_decoder *d, unsigned char byte);

/* CSI: parameters and intermediates are 0x20 to 0x3f, then one byte ends it. Anything else is not part of one, which
 * was broken off. */
static void take_control(input_decoder *d, unsigned char byte) {
    if (byte < 0x20 || byte > 0x7e) {
        input_reset(d);
        take_ground(d, byte);
        return;
    }
    add(d, byte);
    if (byte < 0x40) return;
    uint32_t key;
    if (strcmp(d->sequence, "\033[[") == 0) d->state = INPUT_CSI_CONSOLE;
    else if (strcmp(d->sequence, "\033[M") == 0 && !is_described(d, d->sequence, &key)) {
        d->state = INPUT_CSI_MOUSE;
        d->mouse_count = 0;
    } else end_control(d);
}

static void take_console(input_decoder *d, unsigned char byte) {
    uint32_t key;
    input_reset(d);
    if (byte < 0x20 || byte > 0x7e) {
        take_ground(d, byte);
        return;
    }
    add(d, byte);
    if (is_described(d, d->sequence, &key)) put_key(d, key);
    else if (byte >= 'A' && byte <= 'E') put_key(d, KEY_CODE_F1 + byte - 'A');
}

/* X10: ESC [ M, then button, column, line, each plus 32 (and the last two from 1). */
static void take_old_mouse(input_decoder *d, unsigned char byte) {
    if (byte < 0x20) {
        input_reset(d);
        take_ground(d, byte);
        return;
    }
    d->mouse[d->mouse_count++] = byte;
    if (d->mouse_count < sizeof d->mouse) return;
    input_reset(d);
    uint32_t button = d->mouse[0] - 32u;
    put_mouse(d, button, d->mouse[1] - 32u, d->mouse[2] - 32u, (button & 3) != 3 || button >= 64);
}

/* SS3: one byte, before which some terminals put modifiers as numbers. */
static void take_ss3(input_decoder *d, unsigned char byte) {
    if (byte < 0x20 || byte > 0x7e) {
        input_reset(d);
        take_ground(d, byte);
        return;
    }
    add(d, byte);
    if ((byte >= '0' && byte <= '9') || byte == ';') return;
    uint32_t key;
    d->state = INPUT_GROUND;
    if (d->too_long) return;
    if (is_described(d, d->sequence, &key) || (d->length == 3 && ss3_key(byte, &key))) put_key(d, key);
}

/* Ends at BEL (OSC), ST (ESC \, or U+009C), and where the terminal cancels it. */
static void take_string(input_decoder *d, unsigned char byte) {
    bool is_st = byte == 0x9c && (!d->utf8 || d->eight_bit || d->last == 0xc2);
    d->last = byte;
    if (byte == ESC) d->state = INPUT_STRING_ESCAPE;
    else if (is_st || byte == CANCEL || byte == SUBSTITUTE || (byte == BELL && d->bell_ends)) input_reset(d);
}

static void take_escape(input_decoder *d, unsigned char byte) {
    const char both[] = {ESC, (char)byte, 0};
    uint32_t key;
    d->state = INPUT_GROUND;
    if (byte && is_described(d, both, &key)) put_key(d, key);
    else if (byte == '\\' || open_sequence(d, byte, false)) return; /* the end of a string that was given up */
    else {
        put_key(d, ESC);
        take_ground(d, byte);
    }
}

/* ST ends a string, and so does the beginning of another sequence. ESC twice is ESC in the text, as tmux wraps what it
 * passes on. */
static void take_string_escape(input_decoder *d, unsigned char byte) {
    d->last = byte;
    if (byte == '\\') input_reset(d);
    else if (byte == ESC || !open_sequence(d, byte, false)) d->state = INPUT_STRING;
}

static void take_held(input_decoder *d, unsigned char byte) {
    unsigned char held = (unsigned char)d->sequence[0];
    if (byte >= ' ' && byte != DELETE) {
        open_sequence(d, held, false);
        input_take(d, byte);
        return;
    }
    input_reset(d);
    put_key(d, held);
    take_ground(d, byte);
}

/* ---- characters -------------------------------------------------------------------------------------------------- */

/* True when the byte ends a character. A byte that is part of none is UTF8_INVALID + byte. */
static bool utf8_character(input_decoder *d, unsigned char byte, uint32_t *code) {
    if (d->lacking && utf8_is_continuation((char)byte)) {
        d->code = d->code << 6 | (byte & 0x3f);
        if (--d->lacking) return false;
        bool bad = d->code < d->least || d->code > 0x10ffff || (d->code >= 0xd800 && d->code < 0xe000);
        *code = bad ? UTF8_INVALID : d->code;
        return true;
    }
    d->lacking = byte >= 0xc2 && byte < 0xe0   ? 1
                 : byte >= 0xe0 && byte < 0xf0 ? 2
                 : byte >= 0xf0 && byte < 0xf5 ? 3
                                               : 0;
    d->least = d->lacking == 1 ? 0x80 : d->lacking == 2 ? 0x800 : 0x10000;
    d->code = byte & (0x3fu >> d->lacking);
    *code = byte < 0x80 ? byte : UTF8_INVALID + byte;
    return !d->lacking;
}

static bool other_character(input_decoder *d, unsigned char byte, uint32_t *code) {
    if (byte < 0x20 || (byte < 0x80 && !d->in_multibyte)) {
        forget_character(d);
        *code = byte;
        return true;
    }
    wchar_t wide = 0;
    size_t n = mbrtowc(&wide, (const char *)&byte, 1, &d->multibyte);
    d->in_multibyte = n == (size_t)-2;
    if (d->in_multibyte) return false;
    if (n == (size_t)-1) memset(&d->multibyte, 0, sizeof d->multibyte);
    *code = n == (size_t)-1 ? UTF8_INVALID + (uint32_t)byte : (uint32_t)wide;
    return true;
}

static bool character(input_decoder *d, unsigned char byte, uint32_t *code) {
    return d->utf8 ? utf8_character(d, byte, code) : other_character(d, byte, code);
}

/* A character of C1, in one byte or as U+0080 to U+009F, is ESC and a character 0x40 below it. */
static void take_c1(input_decoder *d, unsigned char control, bool eight_bit) {
    d->after_escape = false;
    open_sequence(d, (unsigned char)(control - 0x40), eight_bit);
}

static void take_ground(input_decoder *d, unsigned char byte) {
    const char one[] = {(char)byte, 0};
    uint32_t code;
    bool follows_escape = d->after_escape;
    if (byte == ESC) {
        input_reset(d);
        d->state = INPUT_ESCAPE;
        return;
    }
    if (follows_escape && byte && strchr("[]OPX^_", byte)) {
        begin_sequence(d, INPUT_HELD, one);
        return;
    }
    d->after_escape = false;
    if (!character(d, byte, &code)) return;
    uint32_t key, raw = code - UTF8_INVALID;
    bool is_raw = code > UTF8_INVALID;
    if (byte && (byte < 0x20 || byte == DELETE) && is_described(d, one, &key)) put_key(d, key);
    else if (code >= 0x80 && code < 0xa0) take_c1(d, (unsigned char)code, !d->utf8);
    else if (is_raw && raw >= 0x80 && raw < 0xa0) take_c1(d, (unsigned char)raw, true);
    else if (code < UTF8_INVALID) put_key(d, code);
}

/* ---- paste ------------------------------------------------------------------------------------------------------- */

static void paste_code(input_decoder *d, uint32_t code) {
    char bytes[6];
    if (code == '\n' || code == '\r' || code == '\t' || code == 0x2028 || code == 0x2029) {
        d->blank = d->paste_length > 0;
        return;
    }
    if (code < ' ' || (code >= DELETE && code < 0xa0) || code >= UTF8_INVALID) return;
    size_t n = 0;
    if (d->blank) bytes[n++] = ' ';
    n += (size_t)utf8_encode(code, bytes + n);
    if (d->paste_length + n >= sizeof d->paste) {
        d->blank = false;
        return;
    }
    d->blank = false;
    memcpy(d->paste + d->paste_length, bytes, n);
    d->paste[d->paste_length += n] = 0;
}

static void paste_byte(input_decoder *d, unsigned char byte) {
    uint32_t code;
    if (character(d, byte, &code)) paste_code(d, code);
}

static void take_pasted(input_decoder *d, unsigned char byte) {
    if (byte == (unsigned char)paste_end[d->matched]) {
        if (++d->matched == sizeof paste_end - 1) end_paste(d);
        return;
    }
    for (size_t i = 0; i < d->matched; i++) paste_byte(d, (unsigned char)paste_end[i]);
    d->matched = byte == ESC;
    if (byte != ESC) paste_byte(d, byte);
}

/* ---- bytes and silence ------------------------------------------------------------------------------------------- */

void input_take(input_decoder *d, unsigned char byte) {
    switch (d->state) {
    case INPUT_GROUND:
        take_ground(d, byte);
        break;
    case INPUT_ESCAPE:
        take_escape(d, byte);
        break;
    case INPUT_HELD:
        take_held(d, byte);
        break;
    case INPUT_CSI:
        take_control(d, byte);
        break;
    case INPUT_CSI_CONSOLE:
        take_console(d, byte);
        break;
    case INPUT_CSI_MOUSE:
        take_old_mouse(d, byte);
        break;
    case INPUT_SS3:
        take_ss3(d, byte);
        break;
    case INPUT_STRING:
        take_string(d, byte);
        break;
    case INPUT_STRING_ESCAPE:
        take_string_escape(d, byte);
        break;
    case INPUT_PASTED:
        take_pasted(d, byte);
        break;
    }
}

int input_patience(const input_decoder *d) {
    switch (d->state) {
    case INPUT_GROUND:
        return d->lacking || d->in_multibyte || d->after_escape ? INPUT_SEQUENCE_MS : -1;
    case INPUT_ESCAPE:
        return INPUT_ESCAPE_MS;
    case INPUT_HELD:
        return INPUT_HOLD_MS;
    case INPUT_PASTED:
        return INPUT_PASTE_MS;
    default:
        return INPUT_SEQUENCE_MS;
    }
}

void input_silence(input_decoder *d) {
    input_state was = d->state;
    unsigned char held = (unsigned char)d->sequence[0];
    if (was == INPUT_PASTED) {
        end_paste(d);
        return;
    }
    input_reset(d);
    if (was == INPUT_ESCAPE) put_key(d, ESC);
    if (was == INPUT_HELD) put_key(d, held);
    d->after_escape = was == INPUT_ESCAPE;
}
