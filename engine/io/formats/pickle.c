/* pickle.c: a stack machine that turns a pickle into a list of values (Python's pickletools.py
 * describes the opcodes). It has no recursion, and every limit follows from the pickle's length. */
#include "io/formats/pickle.h"
#include "base/mem.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STACK = 1 << 20, MAX_MARKS = 1 << 12 };
/* Memory of values for each stored byte of the pickle, and for any of them: torch.save takes some 5 for one. */
enum { MEMORY_FOR_BYTE = 16, MEMORY_FREE = 32 << 20, SMALLEST_BLOCK = 32 };

typedef struct machine {
    pickle *p;
    const uint8_t *data, *at, *end;
    uint32_t *stack, *marks, *memo;
    uint32_t depth, stack_room, mark_count, memo_count, memo_room;
    pickle_allows *allows;
    const char *where, *refused;
    scry_error *err;
    bool failed;
    uint64_t room; /* bytes that values may still take */
    uint64_t most;
} machine;

static void fail(machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(machine *m, const char *format, ...) {
    if (m->failed) return;
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    m->failed = true;
    scry_fail(m->err, "%s: data.pkl, byte %td: %s", m->where, m->at - m->data, text);
}

uint64_t pickle_memory(uint64_t stored) {
    return MEMORY_FREE + MEMORY_FOR_BYTE * (stored < PICKLE_MOST_BYTES ? stored : PICKLE_MOST_BYTES);
}

/* Counts memory before it is taken; false, and failed, where there is too much. */
static bool spend(machine *m, uint64_t bytes) {
    if (bytes > m->room)
        fail(m,
             "its values would take more than %" PRIu64
             " MB, expected at most %d MB and %d bytes for each that the file "
             "stores; torch.save writes no such pickle",
             m->most >> 20, MEMORY_FREE >> 20, MEMORY_FOR_BYTE);
    else m->room -= bytes;
    return !m->failed;
}

/* Value 0 once failed. */
static uint32_t new_value(machine *m, pickle_kind kind) {
    pickle *p = m->p;
    if (!spend(m, sizeof *p->values)) return 0;
    if (p->count == p->room) {
        p->room = p->room ? p->room * 2 : 64;
        p->values = mem_resize(p->values, p->room, sizeof *p->values);
    }
    p->values[p->count] = (pickle_value){.kind = kind};
    return p->count++;
}

static void push(machine *m, uint32_t value) {
    if (m->depth == MAX_STACK) {
        fail(m, "more than %d values on the stack", MAX_STACK);
        return;
    }
    if (m->depth == m->stack_room) {
        m->stack_room *= 2;
        m->stack = mem_resize(m->stack, m->stack_room, sizeof *m->stack);
    }
    m->stack[m->depth++] = value;
}

static uint32_t push_new(machine *m, pickle_kind kind) {
    uint32_t value = new_value(m, kind);
    push(m, value);
    return value;
}

static void push_number(machine *m, pickle_kind kind, int64_t number) {
    uint32_t value = push_new(m, kind);
    if (!m->failed) m->p->values[value].number = number;
}

/* The lowest position that may be popped: above the last mark. */
static uint32_t stack_floor(const machine *m) {
    return m->mark_count ? m->marks[m->mark_count - 1] : 0;
}

/* Returns value 0, None, when the stack is empty. */
static uint32_t pop(machine *m) {
    if (m->depth <= stack_floor(m)) {
        fail(m, "the stack is empty; the file is damaged");
        return 0;
    }
    return m->stack[--m->depth];
}

static uint32_t top(machine *m) {
    if (m->depth <= stack_floor(m)) {
        fail(m, "the stack is empty; the file is damaged");
        return 0;
    }
    return m->stack[m->depth - 1];
}

static void set_mark(machine *m, unsigned unused) {
    (void)unused;
    if (m->mark_count == MAX_MARKS) fail(m, "nested more than %d deep", MAX_MARKS);
    else m->marks[m->mark_count++] = m->depth;
}

/* Removes the last mark and returns its depth; the caller drops the values above it. */
static uint32_t take_mark(machine *m) {
    if (!m->mark_count) {
        fail(m, "a mark is missing; the file is damaged");
        return m->depth;
    }
    return m->marks[--m->mark_count];
}

/* Items that a container of so many has room for. */
static uint64_t room_of(uint64_t count) {
    uint64_t room = count ? 1 : 0;
    while (room < count) room *= 2;
    return room;
}

static void add_items(machine *m, uint32_t to, const uint32_t *items, uint32_t count) {
    pickle_value *v = &m->p->values[to];
    if (v->kind != PICKLE_LIST && v->kind != PICKLE_TUPLE && v->kind != PICKLE_DICT && v->kind != PICKLE_CALL) {
        fail(m, "an item is added to a value that is no container; the file is damaged");
        return;
    }
    const uint64_t before = room_of(v->count), after = room_of((uint64_t)v->count + count);
    if (after > before) {
        const uint64_t bytes = (after - before) * sizeof *v->items;
        if (!spend(m, bytes < SMALLEST_BLOCK ? SMALLEST_BLOCK : bytes)) return;
        v->items = mem_resize(v->items, after, sizeof *v->items);
    }
    if (count) memcpy(v->items + v->count, items, count * sizeof *items);
    v->count += count;
}

/* A container of everything above the last mark. */
static void gather(machine *m, unsigned kind) {
    uint32_t mark = take_mark(m), value = new_value(m, (pickle_kind)kind);
    if (m->failed) return;
    add_items(m, value, m->stack + mark, m->depth - mark);
    m->depth = mark;
    push(m, value);
}

/* Moves everything above the last mark into the container below it. */
static void extend(machine *m, unsigned pairs) {
    uint32_t mark = take_mark(m);
    if (m->failed) return;
    uint32_t count = m->depth - mark, first = mark;
    m->depth = mark;
    uint32_t to = top(m);
    if (pairs && count % 2) fail(m, "a key without a value; the file is damaged");
    if (!m->failed) add_items(m, to, m->stack + first, count);
}

static void tuple_of(machine *m, uint32_t count) {
    uint32_t items[3];
    for (uint32_t i = count; i-- > 0;) items[i] = pop(m);
    uint32_t value = push_new(m, PICKLE_TUPLE);
    if (!m->failed) add_items(m, value, items, count);
}

/* The next `count` bytes, or NULL. */
static const uint8_t *take(machine *m, uint64_t count) {
    if (count > (uint64_t)(m->end - m->at)) {
        fail(m, "cut: %" PRIu64 " bytes wanted, %td are left", count, m->end - m->at);
        return NULL;
    }
    const uint8_t *bytes = m->at;
    m->at += count;
    return bytes;
}

/* A little-endian number of 1 to 8 bytes. */
static uint64_t take_number(machine *m, unsigned bytes) {
    const uint8_t *p = take(m, bytes);
    uint64_t number = 0;
    for (unsigned i = bytes; p && i-- > 0;) number = number << 8 | p[i];
    return number;
}

static void push_text(machine *m, unsigned length_bytes) {
    uint64_t length = take_number(m, length_bytes);
    const uint8_t *bytes = take(m, length);
    if (!bytes) return;
    uint32_t value = push_new(m, PICKLE_TEXT);
    if (m->failed || !spend(m, length + SMALLEST_BLOCK)) return;
    m->p->values[value].text = mem_copy_bytes(bytes, (size_t)length);
}

static void push_bytes(machine *m, unsigned length_bytes) {
    if (take(m, take_number(m, length_bytes))) push_new(m, PICKLE_OTHER);
}

/* Two's complement, least significant byte first. */
static void push_long(machine *m, unsigned length_bytes) {
    uint64_t length = take_number(m, length_bytes), number = 0;
    const uint8_t *bytes = take(m, length);
    if (!bytes) return;
    if (length > 8) {
        push_new(m, PICKLE_OTHER);
        return;
    }
    if (length && bytes[length - 1] & 0x80) number = UINT64_MAX;
    for (uint64_t i = length; i-- > 0;) number = number << 8 | bytes[i];
    push_number(m, PICKLE_INT, (int64_t)number);
}

static void push_global(machine *m, const char *module, size_t module_length, const char *name, size_t name_length) {
    char *text = mem_format("%.*s %.*s", (int)module_length, module, (int)name_length, name);
    if (!m->allows(text)) {
        char shown[120];
        size_t i = 0;
        for (; text[i] && i < sizeof shown - 1; i++) {
            shown[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
            if (text[i] == ' ' && i == module_length) shown[i] = '.';
        }
        shown[i] = 0;
        fail(m, "found the global %s, which could run anything; %s", shown, m->refused);
    }
    uint32_t value = m->failed || !spend(m, strlen(text) + SMALLEST_BLOCK) ? 0 : push_new(m, PICKLE_GLOBAL);
    if (m->failed && !value) free(text);
    else m->p->values[value].text = text;
}

/* Two lines: the module's name and the global's. */
static void global_lines(machine *m, unsigned unused) {
    (void)unused;
    const uint8_t *line[2];
    size_t length[2];
    for (int i = 0; i < 2; i++) {
        const uint8_t *end = m->at < m->end ? memchr(m->at, '\n', (size_t)(m->end - m->at)) : NULL;
        if (!end) {
            fail(m, "cut in the name of a global");
            return;
        }
        line[i] = m->at;
        length[i] = (size_t)(end - m->at);
        if (length[i] > 500) {
            fail(m, "the name of a global is longer than 500 bytes; the file is damaged");
            return;
        }
        m->at = end + 1;
    }
    push_global(m, (const char *)line[0], length[0], (const char *)line[1], length[1]);
}

/* NULL for what is no text. */
static const char *text_of(const machine *m, uint32_t value) {
    return m->p->values[value].kind == PICKLE_TEXT ? m->p->values[value].text : NULL;
}

static void global_from_stack(machine *m, unsigned unused) {
    (void)unused;
    const char *name = text_of(m, pop(m)), *module = text_of(m, pop(m));
    if (!name || !module) fail(m, "the name of a global is not text; the file is damaged");
    else push_global(m, module, strnlen(module, 500), name, strnlen(name, 500));
}

static void call(machine *m, unsigned keywords) {
    if (keywords) pop(m);
    uint32_t args = pop(m), callee = pop(m);
    const pickle_value *v = m->p->values;
    if (!m->failed && (v[args].kind != PICKLE_TUPLE || v[callee].kind != PICKLE_GLOBAL))
        fail(m, "a call of something other than a global; the file is damaged");
    uint32_t value = push_new(m, PICKLE_CALL);
    if (m->failed) return;
    m->p->values[value].callee = callee;
    m->p->values[value].args = args;
}

/* The place is a number of `bytes` bytes; 0: the next. */
static void memo_put(machine *m, unsigned bytes) {
    uint64_t place = bytes ? take_number(m, bytes) : m->memo_count;
    if (place > (uint64_t)(m->end - m->data)) { /* Python counts them up: never more than bytes */
        fail(m, "memo %" PRIu64 " is out of order; the file is damaged", place);
        return;
    }
    if (place >= m->memo_room) {
        uint32_t room = (uint32_t)place * 2 + 64;
        if (!spend(m, (room - m->memo_room) * sizeof *m->memo)) return;
        m->memo = mem_resize(m->memo, room, sizeof *m->memo);
        memset(m->memo + m->memo_room, 0xff, (room - m->memo_room) * sizeof *m->memo);
        m->memo_room = room;
    }
    m->memo[place] = top(m);
    if (place >= m->memo_count) m->memo_count = (uint32_t)place + 1;
}

static void memo_get(machine *m, unsigned bytes) {
    uint64_t place = take_number(m, bytes);
    if (place >= m->memo_count || m->memo[place] == UINT32_MAX)
        fail(m, "memo %" PRIu64 " was never set; the file is damaged", place);
    else push(m, m->memo[place]);
}

static void push_bool(machine *m, unsigned value) {
    push_number(m, PICKLE_BOOL, value);
}

/* Only of four bytes has a sign. */
static void push_int(machine *m, unsigned bytes) {
    int64_t number = (int64_t)take_number(m, bytes);
    push_number(m, PICKLE_INT, bytes == 4 ? (int32_t)number : number);
}

static void push_float(machine *m, unsigned bytes) {
    if (take(m, bytes)) push_new(m, PICKLE_OTHER);
}

static void push_empty(machine *m, unsigned kind) {
    push_new(m, (pickle_kind)kind);
}

/* Moves the top `count` values into the container below them. */
static void append(machine *m, unsigned count) {
    uint32_t items[2];
    for (unsigned i = count; i-- > 0;) items[i] = pop(m);
    uint32_t to = top(m);
    if (!m->failed) add_items(m, to, items, count);
}

static void push_stored(machine *m, unsigned unused) {
    (void)unused;
    uint32_t id = pop(m), value = push_new(m, PICKLE_STORED);
    if (!m->failed) m->p->values[value].callee = id;
}

static void check_protocol(machine *m, unsigned bytes) {
    if (take_number(m, bytes) > 5) fail(m, "a pickle of a newer protocol than 5");
}

static void skip(machine *m, unsigned bytes) {
    take(m, bytes);
}

/* below: there must be a value under the one that is dropped. */
static void drop(machine *m, unsigned below) {
    pop(m);
    if (below) top(m);
}

static void drop_to_mark(machine *m, unsigned unused) {
    (void)unused;
    m->depth = take_mark(m);
}

static void duplicate(machine *m, unsigned unused) {
    (void)unused;
    push(m, top(m));
}

/* The opcodes of protocols 2 to 5 that torch.save writes. */
static const struct opcode {
    uint8_t code;
    void (*run)(machine *m, unsigned argument);
    unsigned argument; /* bytes of a number or of a length, a count, a kind, a flag, a value */
} opcodes[] = {
    {'N', push, 0},                  /* NONE */
    {0x88, push_bool, 1},            /* NEWTRUE */
    {0x89, push_bool, 0},            /* NEWFALSE */
    {'J', push_int, 4},              /* BININT */
    {'K', push_int, 1},              /* BININT1 */
    {'M', push_int, 2},              /* BININT2 */
    {0x8a, push_long, 1},            /* LONG1 */
    {0x8b, push_long, 4},            /* LONG4 */
    {'G', push_float, 8},            /* BINFLOAT */
    {'X', push_text, 4},             /* BINUNICODE */
    {'T', push_text, 4},             /* BINSTRING, of Python 2 */
    {0x8c, push_text, 1},            /* SHORT_BINUNICODE */
    {'U', push_text, 1},             /* SHORT_BINSTRING, of Python 2 */
    {0x8d, push_text, 8},            /* BINUNICODE8 */
    {'B', push_bytes, 4},            /* BINBYTES */
    {'C', push_bytes, 1},            /* SHORT_BINBYTES */
    {0x8e, push_bytes, 8},           /* BINBYTES8 */
    {0x96, push_bytes, 8},           /* BYTEARRAY8 */
    {')', push_empty, PICKLE_TUPLE}, /* EMPTY_TUPLE */
    {']', push_empty, PICKLE_LIST},  /* EMPTY_LIST */
    {0x8f, push_empty, PICKLE_LIST}, /* EMPTY_SET */
    {'}', push_empty, PICKLE_DICT},  /* EMPTY_DICT */
    {'t', gather, PICKLE_TUPLE},     /* TUPLE */
    {0x85, tuple_of, 1},             /* TUPLE1 */
    {0x86, tuple_of, 2},             /* TUPLE2 */
    {0x87, tuple_of, 3},             /* TUPLE3 */
    {'l', gather, PICKLE_LIST},      /* LIST */
    {0x91, gather, PICKLE_LIST},     /* FROZENSET */
    {'a', append, 1},                /* APPEND */
    {'s', append, 2},                /* SETITEM */
    {'e', extend, false},            /* APPENDS */
    {0x90, extend, false},           /* ADDITEMS */
    {'u', extend, true},             /* SETITEMS */
    {'c', global_lines, 0},          /* GLOBAL */
    {0x93, global_from_stack, 0},    /* STACK_GLOBAL */
    {'R', call, false},              /* REDUCE */
    {0x81, call, false},             /* NEWOBJ */
    {0x92, call, true},              /* NEWOBJ_EX */
    {'b', drop, true},               /* BUILD: attributes, which no tensor or plain container needs */
    {'Q', push_stored, 0},           /* BINPERSID */
    {0x80, check_protocol, 1},       /* PROTO */
    {0x95, skip, 8},                 /* FRAME */
    {'(', set_mark, 0},              /* MARK */
    {'0', drop, false},              /* POP */
    {'1', drop_to_mark, 0},          /* POP_MARK */
    {'2', duplicate, 0},             /* DUP */
    {'q', memo_put, 1},              /* BINPUT */
    {'r', memo_put, 4},              /* LONG_BINPUT */
    {0x94, memo_put, 0},             /* MEMOIZE */
    {'h', memo_get, 1},              /* BINGET */
    {'j', memo_get, 4},              /* LONG_BINGET */
};
enum { OPCODES = sizeof opcodes / sizeof *opcodes };

static void run(machine *m) {
    while (!m->failed) {
        const uint8_t *op = take(m, 1);
        if (!op) return;
        if (*op == '.') { /* STOP */
            m->p->root = pop(m);
            return;
        }
        size_t i = 0;
        while (i < OPCODES && opcodes[i].code != *op) i++;
        if (i < OPCODES) opcodes[i].run(m, opcodes[i].argument);
        else fail(m, "opcode 0x%02x, which torch.save does not write in protocols 2 to 5", *op);
    }
}

bool pickle_read(pickle *p, const uint8_t *data, uint64_t size, uint64_t stored, pickle_allows *allows,
                 const char *where, const char *refused, scry_error *err) {
    *p = (pickle){0};
    if (size > PICKLE_MOST_BYTES)
        return scry_fail(err, "%s: data.pkl has %" PRIu64 " bytes, expected at most %d", where, size,
                         PICKLE_MOST_BYTES);
    machine m = {.p = p, .data = data, .at = data, .end = data + size, .allows = allows, .where = where};
    m.refused = refused;
    m.err = err;
    m.room = m.most = pickle_memory(stored < size ? stored : size);
    m.stack_room = 64;
    m.stack = mem_new(m.stack_room, sizeof *m.stack);
    m.marks = mem_new(MAX_MARKS, sizeof *m.marks);
    new_value(&m, PICKLE_NONE);
    run(&m);
    free(m.stack);
    free(m.marks);
    free(m.memo);
    if (m.failed) pickle_free(p);
    return !m.failed;
}

void pickle_free(pickle *p) {
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->values[i].kind == PICKLE_TEXT || p->values[i].kind == PICKLE_GLOBAL) free(p->values[i].text);
        free(p->values[i].items);
    }
    free(p->values);
    *p = (pickle){0};
}
