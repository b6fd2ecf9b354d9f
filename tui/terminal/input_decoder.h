/* terminal/input_decoder.h: the bytes that a terminal sends, as keys, mouse events and pasted text.
 *
 * A terminal also sends what nobody asked for: late answers to the questions of a program that ran before, focus
 * events, replies meant for the shell. An escape sequence (ECMA-48: CSI, SS3, OSC, DCS, APC, PM, SOS) that is neither a
 * key nor the mouse is therefore swallowed whole, whatever it holds. Keys in the forms of CSI u (kitty, fixterms) and
 * of xterm's modifyOtherKeys are keys.
 *
 * The decoder is a state machine without a clock: the caller feeds it bytes, and tells it when none has come for
 * input_patience. Results depend on bytes and silences alone, not on how reads divide the bytes. */
#ifndef SCRY_TERMINAL_INPUT_DECODER_H
#define SCRY_TERMINAL_INPUT_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

enum {
    INPUT_KEYS = 64,          /* sequences of the terminal's own description */
    INPUT_SEQUENCE = 64,      /* bytes of a control sequence that can be a key; longer ones are swallowed */
    INPUT_PASTE_MOST = 8192,  /* bytes of a pasted text; the rest is dropped */
    INPUT_QUEUE = 8,          /* a byte gives three events at most */
    INPUT_ESCAPE_MS = 25,     /* silence that makes an ESC the key Esc */
    INPUT_HOLD_MS = 50,       /* silence that makes a key of '[' and the like soon after Esc: see input_patience */
    INPUT_SEQUENCE_MS = 1000, /* silence that ends an unfinished sequence */
    INPUT_PASTE_MS = 3000     /* silence that ends a paste without an end */
};

typedef enum input_kind { INPUT_KEY, INPUT_MOUSE, INPUT_PASTE } input_kind;

typedef struct input_event {
    input_kind kind;
    uint32_t key; /* INPUT_KEY: terminal/keys.h */
    int y, x;     /* INPUT_MOUSE: from 0 */
    int button;   /* INPUT_MOUSE: 0 to 2 left to right, 64 wheel up, 65 wheel down, other numbers as xterm has them; a
                   * movement, or a release of any button in the old form, is -1 */
    bool press;   /* INPUT_MOUSE */
} input_event;

typedef enum input_state {
    INPUT_GROUND,
    INPUT_ESCAPE,        /* after ESC */
    INPUT_HELD,          /* after an Esc that was a key, a character that may go on with its sequence */
    INPUT_CSI,           /* after ESC [ */
    INPUT_CSI_CONSOLE,   /* after ESC [ [, with which the function keys of the Linux console begin */
    INPUT_CSI_MOUSE,     /* after ESC [ M: three bytes follow */
    INPUT_SS3,           /* after ESC O */
    INPUT_STRING,        /* in OSC, DCS, APC, PM or SOS */
    INPUT_STRING_ESCAPE, /* after an ESC in one, which ends it */
    INPUT_PASTED         /* between ESC [ 200 ~ and ESC [ 201 ~ */
} input_state;

/* Only the functions below change it. */
typedef struct input_decoder {
    struct {
        char bytes[16];
        uint32_t key;
    } keys[INPUT_KEYS];
    size_t key_count;
    bool utf8;
    input_state state;
    char sequence[INPUT_SEQUENCE]; /* from ESC on, closed with NUL */
    size_t length;
    bool too_long;
    bool after_escape;  /* an Esc has just become a key because nothing followed it */
    bool bell_ends;     /* the string is an OSC */
    bool eight_bit;     /* the string began with one byte */
    unsigned char last; /* byte of the string */
    unsigned char mouse[3];
    size_t mouse_count;
    uint32_t code, least; /* UTF-8: the character so far, and what would not be overlong */
    int lacking;          /* its bytes that are to come */
    mbstate_t multibyte;  /* other character sets */
    bool in_multibyte;
    size_t matched; /* bytes of the end of a paste */
    bool blank;     /* a line break or tab in a paste, which becomes a space before further text */
    size_t paste_length;
    char paste[INPUT_PASTE_MOST];
    input_event queue[INPUT_QUEUE];
    size_t first, count;
} input_decoder;

/* Begins. utf8: characters are UTF-8; else they are read by mbrtowc, hence in the locale in force. */
void input_begin(input_decoder *d, bool utf8);
/* Adds a key of the terminal's description (terminfo): its bytes, NULL or "" where it has none. It goes before the
 * sequences that are known without a description. */
void input_add_key(input_decoder *d, const char *bytes, uint32_t key);

/* Takes one byte. The caller takes all events before the next. */
void input_take(input_decoder *d, unsigned char byte);
/* Takes the next event from the queue. False: there is none. */
bool input_next(input_decoder *d, input_event *event);
/* The text of the INPUT_PASTE event that was taken last: UTF-8 without control characters, in which line breaks and
 * tabs are one space each in a row and none at the ends. Valid until the next byte. */
const char *input_pasted(const input_decoder *d);

/* Milliseconds of silence after which input_silence is due; -1: never. An ESC is a key after INPUT_ESCAPE_MS. Where a
 * read came between the two, what followed it can come later still: a '[' or another character that opens a sequence
 * is held back for INPUT_HOLD_MS when it comes within INPUT_SEQUENCE_MS of such an Esc, and begins that sequence where
 * more follows. */
int input_patience(const input_decoder *d);
/* Nothing came for that long: gives out a lone Esc, ends a paste, and forgets an unfinished sequence. */
void input_silence(input_decoder *d);
/* Forgets what is unfinished, also a paste. */
void input_reset(input_decoder *d);

#endif
