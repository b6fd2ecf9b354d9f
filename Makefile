# scry: make run opens the sample study; make help lists the rest.

CC      ?= cc
PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build

WARN    = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla \
          -Wno-enum-float-conversion -Werror=implicit-function-declaration
# -Wno-enum-float-conversion: constants are enumerators here, and clang would have them cast in every sum of doubles
# -ffp-contract=off: the same bits whatever instructions the processor has
# -fno-math-errno: roots are taken several at once
CFLAGS ?= -O2 -g
VECTOR ?= $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),,-ftree-vectorize -fvect-cost-model=dynamic)
VECTOR := $(VECTOR)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(CFLAGS) $(VECTOR) -ffp-contract=off -fno-math-errno $(WARN) -Iengine -Itui -pthread -MMD -MP $(DEPS_CFLAGS)
LINK        = $(CC) $(CFLAGS) $(EXTRA) -pthread $(DEPS_LDFLAGS) $(LDFLAGS)
ENGINE_LIBS = $(LIB_OPENBLAS) $(LIB_CJSON) $(LIB_CSV) $(LIB_PCRE2) $(LIB_UTF8PROC) $(LIB_ZLIB) -lm
TUI_LIBS    = $(LIB_CURSES)

# where the libraries lie: checked each time, by compiling and linking; goals that set up first read it in the make below
SETUP  = BUILD=$(BUILD) CC="$(CC)" tests/setup.sh
PLAIN := run deps test asan tsan fuzz faults soak static lint ci-full clean uninstall help
ifneq ($(filter-out $(PLAIN),$(or $(MAKECMDGOALS),all)),)
include $(BUILD)/config.mk
endif
# all processors, where make was not told how many
JOBS = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))

ENGINE  := $(sort $(wildcard engine/*.c engine/*/*.c engine/*/*/*.c))
TUI     := $(sort $(wildcard tui/*.c tui/*/*.c tui/*/*/*.c))
UNIT    := $(sort $(wildcard tests/unit/test_*.c))
HEADLESS := $(filter-out tui/main.c,$(TUI))

ENGINE_OBJ := $(ENGINE:%.c=$(BUILD)/%.o)
TUI_OBJ    := $(TUI:%.c=$(BUILD)/%.o)
HEADLESS_OBJ := $(HEADLESS:%.c=$(BUILD)/%.o)
UNIT_BIN   := $(UNIT:tests/unit/%.c=$(BUILD)/tests/%)

.PHONY: all run test asan tsan static lint docs install uninstall clean help deps ci-full FORCE
.SECONDARY:

all: $(BUILD)/scry

# ---- setting up: $(MAKE) again, so that the libraries that deps installs are found
run: deps
	@$(MAKE) --no-print-directory $(JOBS) $(BUILD)/scry
	@$(BUILD)/scry sample_data/study.json

deps:
	@$(SETUP) $(DEPS)

$(BUILD)/config.mk: FORCE
	@$(SETUP) config

# what objects were compiled with: others are built anew
$(BUILD)/flags: export FLAGS = $(CC) $(ALL_CFLAGS) $(EXTRA)
$(BUILD)/flags: $(BUILD)/config.mk FORCE
	@{ $(CC) --version; echo "$$FLAGS"; grep -v '^LIB_VTERM' $<; } >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# a binary without shared libraries, for machines that have none of them
static:
	@STATIC=1 BUILD=$(BUILD)/static CC="$(CC)" tests/setup.sh
	@$(MAKE) --no-print-directory $(JOBS) STATIC=1 BUILD=$(BUILD)/static $(BUILD)/static/scry

# ---- building
$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CFLAGS) $(EXTRA) -c $< -o $@

$(BUILD)/libscry.a: $(ENGINE_OBJ)
	@echo "  AR    $@"
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/scry: $(TUI_OBJ) $(BUILD)/libscry.a
	@echo "  LINK  $@"
	@$(LINK) -o $@ $(TUI_OBJ) $(BUILD)/libscry.a $(ENGINE_LIBS) $(TUI_LIBS)

# ---- testing
TEST_BIN = $(UNIT_BIN) $(BUILD)/tests/fuzz_run $(BUILD)/tests/slow_twin $(BUILD)/tests/term_selftest $(BUILD)/tests/explorer $(BUILD)/tests/inject $(BUILD)/tests/memory_faults.so

$(BUILD)/tests/test_%: $(BUILD)/tests/unit/test_%.o $(BUILD)/tests/unit/check.o $(BUILD)/tests/twin/twin.o $(BUILD)/tests/twin/twin_read.o $(BUILD)/libscry.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(LINK) -o $@ $^ $(ENGINE_LIBS)

# tests of tui/ that open no terminal; curses comes along because a shell command may (train --watch)
$(BUILD)/libtui.a: $(HEADLESS_OBJ)
	@echo "  AR    $@"
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/tests/test_tui_%: $(BUILD)/tests/unit/test_tui_%.o $(BUILD)/tests/unit/check.o $(BUILD)/libtui.a $(BUILD)/libscry.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(LINK) -o $@ $^ $(ENGINE_LIBS) $(TUI_LIBS)

# tests of what draws: it knows nothing of the application
DRAW_OBJ := $(filter $(BUILD)/tui/text/text.o $(BUILD)/tui/draw/% $(BUILD)/tui/plot/%,$(TUI_OBJ))
$(BUILD)/tests/test_tui_plot%: $(BUILD)/tests/unit/test_tui_plot%.o $(BUILD)/tests/unit/check.o $(DRAW_OBJ) $(BUILD)/libscry.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(LINK) -o $@ $^ $(LIB_UTF8PROC) -lm

$(BUILD)/tests/slow_twin: $(BUILD)/tests/twin/twin.o $(BUILD)/tests/twin/twin_read.o $(BUILD)/tests/twin/twin_main.o
	@$(LINK) -o $@ $^ $(LIB_CJSON) -lm

# what tests/specimens/check_tokenizers.py and check_chats.py drive
$(BUILD)/tests/encode_lines $(BUILD)/tests/render_chats: $(BUILD)/tests/%: $(BUILD)/tests/specimens/%.o $(BUILD)/libscry.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(LINK) -o $@ $^ $(ENGINE_LIBS)

$(BUILD)/tests/inject: $(BUILD)/tests/faults/faults.o $(BUILD)/tests/faults/file_faults.o
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(LINK) -o $@ $^

# loaded into the program under test; glibc's alone
$(BUILD)/tests/memory_faults.so: tests/faults/memory_faults.c tests/faults/faults.h
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) $(ALL_CFLAGS) -fPIC -shared -o $@ $< -ldl

# a long session: SOAK_ROUNDS times some hundred random steps, against a model of the explorer's state
.PHONY: soak
soak: $(BUILD)/tests/test_tui_combos
	@COMBOS_ROUNDS=$${SOAK_ROUNDS:-6700} $(BUILD)/tests/test_tui_combos

.PHONY: faults
faults: $(BUILD)/scry $(BUILD)/tests/inject $(BUILD)/tests/memory_faults.so
	@BUILD=$(BUILD) tests/faults/run.sh

$(BUILD)/tests/term_selftest: $(BUILD)/tests/terminal/term.o $(BUILD)/tests/terminal/term_selftest.o
	@$(LINK) -o $@ $^ $(LIB_VTERM) -lutil $(LIB_CURSES)

$(BUILD)/tests/explorer: $(BUILD)/tests/terminal/term.o $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/terminal/explorer*.c))
	@$(LINK) -o $@ $^ $(LIB_VTERM) -lutil

test:
	@$(SETUP) test
	@$(MAKE) --no-print-directory $(JOBS) tests-run

# for other compilers and machines: programs to run there, and what compiles where nothing can be linked
.PHONY: tests-run tests-programs objects
# those that TESTS names; scripts may need any of them
ONLY_PROGRAMS = $(and $(TESTS),$(if $(findstring /,$(TESTS))$(filter-out fuzz test_%,$(TESTS)),,yes))
tests-programs: $(BUILD)/scry $(if $(ONLY_PROGRAMS),$(addprefix $(BUILD)/tests/,$(patsubst fuzz,fuzz_run,$(TESTS))),$(TEST_BIN))
objects: $(ENGINE_OBJ) $(TUI_OBJ) $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/fuzz/% tests/bench/%,$(wildcard tests/*/*.c)))

tests-run: tests-programs
	@BUILD=$(BUILD) tests/run.sh

# the same tests under AddressSanitizer and UndefinedBehaviorSanitizer
asan:
	@BUILD=$(BUILD)/asan CC="$(CC)" tests/setup.sh test
	@$(MAKE) --no-print-directory $(JOBS) BUILD=$(BUILD)/asan CFLAGS="-O1 -g -fno-omit-frame-pointer" \
	    EXTRA="-fsanitize=address,undefined -fno-sanitize-recover=undefined" tests-run

# and under ThreadSanitizer
tsan:
	@BUILD=$(BUILD)/tsan CC="$(CC)" tests/setup.sh test
	@$(MAKE) --no-print-directory $(JOBS) BUILD=$(BUILD)/tsan CFLAGS="-O1 -g -fno-omit-frame-pointer" \
	    EXTRA="-fsanitize=thread" tests-run

# readers of foreign files on damaged ones: a short run among the tests, and for FUZZ_SECONDS under sanitizers
FUZZ_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/driver.c %/cover.c %/exact_map.c,$(wildcard tests/fuzz/*.c)) \
              tests/unit/check.c)

$(BUILD)/tests/fuzz_run: $(BUILD)/tests/fuzz/driver.o $(FUZZ_OBJ) $(BUILD)/libtui.a $(BUILD)/libscry.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(LINK) -o $@ $^ $(ENGINE_LIBS) $(TUI_LIBS)

# under the sanitizers files are read into blocks of exactly their size
$(BUILD)/tests/fuzz_drawn: $(BUILD)/tests/fuzz/driver.o $(BUILD)/tests/fuzz/exact_map.o $(FUZZ_OBJ) $(BUILD)/libtui.a $(BUILD)/libscry.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(LINK) -Wl,--wrap=madvise -o $@ $^ $(ENGINE_LIBS) $(TUI_LIBS)

$(BUILD)/tests/fuzz_cover: $(BUILD)/tests/fuzz/cover.o $(BUILD)/tests/fuzz/exact_map.o $(FUZZ_OBJ) $(BUILD)/libtui.a $(BUILD)/libscry.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(LINK) -fsanitize=fuzzer -Wl,--wrap=madvise -o $@ $^ $(ENGINE_LIBS) $(TUI_LIBS)

.PHONY: fuzz
fuzz:
	@$(SETUP)
	@tests/fuzz/run.sh

# the table of targets, measured; see tests/bench/run.sh for its sizes and needs
BENCH_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/*.c)) $(BUILD)/tui/shell/system.o

$(BUILD)/tests/bench/bench: $(BENCH_OBJ) $(BUILD)/libscry.a
	@echo "  LINK  $@"
	@$(LINK) -o $@ $^ $(ENGINE_LIBS) -lutil

.PHONY: bench
bench: $(BUILD)/scry $(BUILD)/tests/bench/bench
	@BUILD=$(BUILD) tests/bench/run.sh

# the screens that tests check, as pictures to look at
.PHONY: screenshots
screenshots: $(BUILD)/scry
	@BUILD=$(BUILD) assets/screenshots.sh

lint:
	@tests/lint.sh

# bare Debian roots, compilers and machines: what is too long for each change
ci-full:
	@tests/ci/run.sh

# the manual page and the shells' completions, from the same tables as the program
docs: $(BUILD)/scry
	@mkdir -p $(BUILD)/docs
	@$(BUILD)/scry help --man >$(BUILD)/docs/scry.1
	@$(BUILD)/scry help --completion bash >$(BUILD)/docs/scry.bash
	@$(BUILD)/scry help --completion zsh >$(BUILD)/docs/_scry
	@$(BUILD)/scry help --completion fish >$(BUILD)/docs/scry.fish
	@ls $(BUILD)/docs/*

SHARE = $(DESTDIR)$(PREFIX)/share
INSTALLED = $(SHARE)/man/man1/scry.1 $(SHARE)/bash-completion/completions/scry \
            $(SHARE)/zsh/site-functions/_scry $(SHARE)/fish/vendor_completions.d/scry.fish

install: $(BUILD)/scry
	@$(MAKE) --no-print-directory docs >/dev/null
	install -D -m 755 $(BUILD)/scry $(DESTDIR)$(PREFIX)/bin/scry
	install -D -m 644 $(BUILD)/docs/scry.1 $(SHARE)/man/man1/scry.1
	install -D -m 644 $(BUILD)/docs/scry.bash $(SHARE)/bash-completion/completions/scry
	install -D -m 644 $(BUILD)/docs/_scry $(SHARE)/zsh/site-functions/_scry
	install -D -m 644 $(BUILD)/docs/scry.fish $(SHARE)/fish/vendor_completions.d/scry.fish

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/scry $(INSTALLED)

clean:
	rm -rf $(BUILD)

help:
	@echo "make run        set up, build, open the sample study"
	@echo "make            build only: build/scry"
	@echo "make test       set up, build, run every test"
	@echo "make static     build/static/scry, which needs no shared library: for machines without them"
	@echo "make asan       the tests under the address and undefined-behaviour sanitizers"
	@echo "make tsan       the same for threads (TESTS=\"test_index test_train\" for some)"
	@echo "make fuzz       damaged files for every reader, FUZZ_SECONDS in all (60), under the sanitizers"
	@echo "make faults     every command that writes, with allocations and calls on files that fail"
	@echo "make soak       a million random steps in the explorer, against a model of its state"
	@echo "make bench      speed, memory and size beside their targets (BENCH_SCALE=full: 12 GB of disk)"
	@echo "make screenshots the tested screens as SVG (and PNG) below $(BUILD)/screenshots"
	@echo "make lint       formatting, layering, compiler warnings"
	@echo "make ci-full    bare Debian roots, gcc and clang of all ages, static, without root, aarch64, musl (root, an hour)"
	@echo "make docs       manual page and completions, to build/docs"
	@echo "make install    to PREFIX ($(PREFIX)), below DESTDIR; uninstall takes it away"
	@echo "make clean      remove build/"
	@echo "CC, CFLAGS, BUILD=FOLDER; DEPS_PREFIX=\"FOLDER ...\": prefixes with the libraries, made without root where"
	@echo "there are none yet (Debian, Ubuntu); OPENBLAS_DIR=FOLDER; TESTS=\"NAME ...\": only these tests"

-include $(wildcard $(BUILD)/*/*.d $(BUILD)/*/*/*.d $(BUILD)/*/*/*/*.d $(BUILD)/*/*/*/*/*.d)
