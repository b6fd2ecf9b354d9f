#!/bin/sh
# What the build needs: finds it, installs what is missing, and writes where it lies to $BUILD/config.mk.
#
#   tests/setup.sh [build]   for scry itself: names what is missing, then installs it
#   tests/setup.sh test      also what the tests need
#   tests/setup.sh config    installs nothing: writes config.mk, or says what is missing (plain make runs this)
#
# Each library is looked for by compiling and linking a small program, since a header of the right name may be another
# library's: cblas.h is often the reference BLAS's, and Debian's alternatives may point to it with OpenBLAS installed.
#
#   CC, BUILD      the compiler (cc), the folder of what is built (build)
#   DEPS_PREFIX    folders to look in first, each with include/ and lib/, or with packages unpacked by dpkg -x; one that
#                  does not exist yet is made, and the packages are unpacked there, which needs no root
#   OPENBLAS_DIR   OpenBLAS's own prefix, where it is none of these
#   STATIC=1       look for static libraries (make static); cJSON, of which Debian has none, is built from its source
#   CJSON_SOURCE   the folder of cJSON.c for that, where apt-get cannot fetch it
set -u
cd "$(dirname "$0")/.." || exit 1
want=${1:-build}
: "${CC:=cc}" "${BUILD:=build}" "${DEPS_PREFIX:=}" "${OPENBLAS_DIR:=}" "${STATIC:=}" "${CJSON_SOURCE:=}"
export LC_ALL=C
config=$BUILD/config.mk
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

libraries="openblas ncurses cjson csv utf8proc pcre2 xxhash zlib vterm" # in the order of linking: vterm is for tests only

# ---- probes

program() { # LIBRARY: a program that only links where the library is the right one
    case $1 in
    openblas) echo '#include <cblas.h>
        int main(void) {
            blasint n = 1; float a = 1, c = 0;
            openblas_set_num_threads(1);
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, &a, n, &a, n, 0, &c, n);
            return openblas_get_corename()[0] == 0;
        }' ;;
    ncurses) echo '#define NCURSES_WIDECHAR 1
        #include <curses.h>
        #include <term.h>
        int main(void) { cchar_t c; return setcchar(&c, L"x", 0, 0, 0) + (tigetstr("cup") == 0) + (initscr() == 0); }' ;;
    cjson) echo '#include <cjson/cJSON.h>
        int main(void) { return cJSON_ParseWithLength("1", 1) == 0; }' ;;
    csv) echo '#include <csv.h>
        int main(void) { struct csv_parser p; return csv_init(&p, 0); }' ;;
    utf8proc) echo '#include <utf8proc.h>
        int main(void) { return utf8proc_charwidth(32); }' ;;
    pcre2) echo '#define PCRE2_CODE_UNIT_WIDTH 8
        #include <pcre2.h>
        int main(void) { return pcre2_match_data_create(1, 0) == 0; }' ;;
    xxhash) echo '#define XXH_INLINE_ALL
        #include <xxhash.h>
        int main(void) { return (int)XXH3_64bits("1", 1); }' ;;
    zlib) echo '#include <string.h>
        #include <zlib.h>
        int main(void) { z_stream s; memset(&s, 0, sizeof s); return inflateInit2(&s, 15); }' ;;
    vterm) echo '#include <vterm.h>
        int main(void) { return vterm_new(1, 1) == 0; }' ;;
    esac
}

links() { # LIBRARY FLAG...
    program "$1" >"$scratch/probe.c"
    shift
    # shellcheck disable=SC2086  # CC and the flags may be several words
    $CC ${CFLAGS:-} -D_GNU_SOURCE -Werror=implicit-function-declaration "$scratch/probe.c" -o "$scratch/probe" "$@" \
        ${LDFLAGS:-} ${STATIC:+-static} -pthread -lm >"$scratch/said" 2>&1
}

triplet=$($CC -dumpmachine 2>/dev/null)
# Debian's folders leave out the vendor: x86_64-pc-linux-gnu, as clang says it, is x86_64-linux-gnu
multiarch=$(echo "$triplet" | sed 's/-[^-]*-linux-/-linux-/')

prefix_flags() { # PREFIX: what compiles and links against it
    # the old tag: its folders are searched for the libraries of the libraries, too
    [ -n "$STATIC" ] || printf ' -Wl,--disable-new-dtags'
    for d in "$1/include" "$1/usr/include" "$1/usr/include/$multiarch"; do
        [ -d "$d" ] && printf ' -isystem %s' "$d"
    done
    for d in "$1/lib" "$1/lib64" "$1/lib/$multiarch" "$1/usr/lib" "$1/usr/lib/$multiarch"; do
        [ -d "$d" ] && printf ' -L%s -Wl,-rpath,%s -Wl,-rpath-link,%s' "$d" "$d" "$d"
    done
}

at() { # HEADERS LIBRARIES: flags for OpenBLAS in these two folders, where they exist
    [ -d "$1" ] && [ -d "$2" ] || return
    # outside the system's own folders the library has to be found at run time, too
    case $2 in
    /usr/lib/*) echo "-isystem $1 -L$2" ;;
    *) echo "-isystem $1 -L$2 -Wl,--disable-new-dtags -Wl,-rpath,$2" ;;
    esac
}

openblas_places() { # flags, a line each, in the order in which they are tried
    for p in $OPENBLAS_DIR $DEPS_PREFIX; do
        for kind in openblas-pthread openblas-openmp openblas-serial; do
            at "$p/usr/include/$multiarch/$kind" "$p/usr/lib/$multiarch/$kind"
        done
        for lib in lib lib64; do
            at "$p/include/openblas" "$p/$lib"
            at "$p/include" "$p/$lib"
        done
    done
    [ -z "$OPENBLAS_DIR" ] || return
    echo
    for kind in openblas-pthread openblas-openmp openblas-serial; do
        at "/usr/include/$multiarch/$kind" "/usr/lib/$multiarch/$kind"
    done
    pkg-config --cflags-only-I --libs-only-L openblas 2>/dev/null
    for p in /usr /usr/local /opt/OpenBLAS /opt/openblas; do
        for lib in lib lib64; do
            at "$p/include/openblas" "$p/$lib"
            [ "$p" = /usr ] || at "$p/include" "$p/$lib"
        done
    done
}

# ---- what is found

deps_cflags='' deps_ldflags='' found='' missing='' conda=''

split_flags() { # FLAG...: sorts them into deps_cflags and deps_ldflags
    while [ $# -gt 0 ]; do
        case $1 in
        -isystem) deps_cflags="$deps_cflags -isystem $2"; shift ;;
        -I*) deps_cflags="$deps_cflags -isystem ${1#-I}" ;;
        *) deps_ldflags="$deps_ldflags $1" ;;
        esac
        shift
    done
}

find_openblas() {
    openblas_places >"$scratch/places"
    while read -r place; do
        # a static OpenBLAS may hold LAPACK, which is Fortran
        for libs in -lopenblas ${STATIC:+"-lopenblas -lgfortran" "-lopenblas -lgfortran -lquadmath"}; do
            # shellcheck disable=SC2086  # these are words
            if links openblas $place $base $libs; then
                blas_flags=$place
                echo "LIB_OPENBLAS = $libs"
                return
            fi
        done
    done <"$scratch/places"
    return 1
}

find_library() { # LIBRARY: prints its line of config.mk
    case $1 in
    openblas) find_openblas; return ;;
    ncurses) candidates="-lncursesw_-ltinfo -lncursesw_-ltinfow -lncursesw" name=CURSES ;;
    cjson) candidates="-lcjson" name=CJSON ;;
    csv) candidates="-lcsv" name=CSV ;;
    utf8proc) candidates="-lutf8proc" name=UTF8PROC ;;
    pcre2) candidates="-lpcre2-8" name=PCRE2 ;;
    xxhash) candidates=_ name= ;; # inlined
    zlib) candidates="-lz" name=ZLIB ;;
    vterm) candidates="-lvterm" name=VTERM ;;
    esac
    for libs in $candidates; do
        libs=$(echo "$libs" | tr _ ' ')
        # shellcheck disable=SC2086  # these are words
        if links "$1" $base $libs; then
            [ -z "$name" ] || echo "LIB_$name = $libs"
            return 0
        fi
    done
    return 1
}

# Sets found (lines of config.mk) and missing (libraries), and the flags.
probe() {
    base='' blas_flags='' found='' missing='' deps_cflags='' deps_ldflags=''
    [ -z "$STATIC" ] || base=$(prefix_flags "$own")
    for p in $DEPS_PREFIX $conda; do base="$base$(prefix_flags "$p")"; done
    for library in $libraries; do
        if find_library "$library" >"$scratch/line"; then
            [ ! -s "$scratch/line" ] || found="$found$(cat "$scratch/line")
"
        elif [ "$library" != vterm ] || [ "$want" = test ]; then
            missing="$missing $library"
        fi
    done
    # shellcheck disable=SC2086  # these are words
    split_flags $blas_flags $base
    # an active environment of conda's is asked last: beside the system's libraries its own may not fit
    if [ -n "$missing" ] && [ -z "$conda" ] && [ -n "${CONDA_PREFIX:-}" ]; then
        conda=$CONDA_PREFIX
        probe
        [ -z "$missing" ] || conda=
    fi
}

# The OpenBLAS headers that are found with these flags: objects compiled against others are built anew.
header_sum() {
    # shellcheck disable=SC2086  # these are words
    program openblas | $CC ${CFLAGS:-} $deps_cflags -E -M -x c - 2>/dev/null | tr -s '\\ ' '\n' |
        grep -E '/(cblas|openblas_config)[^/]*\.h$' | xargs -r cat | cksum
}

write_config() {
    mkdir -p "$BUILD"
    {
        echo "# made by tests/setup.sh: where the libraries lie; make clean removes it"
        echo "# asked: $asked"
        echo "# headers: $(header_sum)"
        echo "DEPS_CFLAGS =$deps_cflags"
        echo "DEPS_LDFLAGS =$deps_ldflags${STATIC:+ -static}"
        printf '%s' "$found"
    } >"$scratch/config"
    # an unchanged file keeps its time, so that nothing is built again
    cmp -s "$scratch/config" "$config" || cp "$scratch/config" "$config"
}

# Whether what config.mk says still compiles and links, the headers being the same.
still_holds() {
    grep -qxF "# asked: $asked" "$config" 2>/dev/null || return 1
    deps_cflags=$(sed -n 's/^DEPS_CFLAGS =//p' "$config") deps_ldflags=$(sed -n 's/^DEPS_LDFLAGS =//p' "$config")
    libs=$(sed -n 's/^LIB_[A-Z0-9]* = //p' "$config")
    grep -q '^LIB_VTERM' "$config" || [ "$want" != test ] || return 1
    for library in openblas ncurses cjson csv utf8proc pcre2 xxhash zlib; do
        program "$library" | sed "s/int main(/int use_$library(/"
    done >"$scratch/all.c"
    echo 'int main(void) { return 0; }' >>"$scratch/all.c"
    # shellcheck disable=SC2086  # these are words
    $CC ${CFLAGS:-} -D_GNU_SOURCE -w -Werror=implicit-function-declaration $deps_cflags "$scratch/all.c" -o "$scratch/all" $deps_ldflags \
        ${LDFLAGS:-} $libs -pthread -lm >/dev/null 2>&1 && grep -qxF "# headers: $(header_sum)" "$config"
}

# config.mk says what was asked for, so that a prefix need be named only once, also for build/asan and others below.
recorded=
for file in "$(dirname "$BUILD")/config.mk" "$config"; do
    [ ! -f "$file" ] || recorded=$(sed -n 's/^# asked: //p' "$file")
done
if [ -z "$DEPS_PREFIX$OPENBLAS_DIR" ] && [ -n "$recorded" ]; then
    DEPS_PREFIX=$(echo "$recorded" | sed -n 's/.*DEPS_PREFIX=\([^;]*\);.*/\1/p')
    OPENBLAS_DIR=$(echo "$recorded" | sed -n 's/.*OPENBLAS_DIR=\([^;]*\);.*/\1/p')
fi
absolute= # rpath and -L hold wherever make is run
for p in $DEPS_PREFIX; do
    case $p in
    /*) ;;
    [~]/*) p=$HOME/${p#??} ;; # not every shell expands it there
    *) p=$PWD/$p ;;
    esac
    absolute="$absolute${absolute:+ }$p"
done
DEPS_PREFIX=$absolute
case $OPENBLAS_DIR in '' | /*) ;; *) OPENBLAS_DIR=$PWD/$OPENBLAS_DIR ;; esac
case $BUILD in /*) own=$BUILD/deps ;; *) own=$PWD/$BUILD/deps ;; esac # what is built here
asked="CC=$CC; DEPS_PREFIX=$DEPS_PREFIX; OPENBLAS_DIR=$OPENBLAS_DIR; STATIC=$STATIC;"

still_holds && exit 0

# ---- what is missing

package() { # LIBRARY: Debian's package of it
    case $1 in
    ncurses) echo libncurses-dev ;;
    zlib) echo zlib1g-dev ;;
    compiler) echo gcc libc6-dev ;;
    *) echo "lib$1-dev" ;;
    esac
}

say_other_ways() { # to standard error
    first=${DEPS_PREFIX%% *}
    echo "without root:"
    command -v apt-get >/dev/null 2>&1 &&
        echo "  make run DEPS_PREFIX=${first:-\$HOME/scry-deps}   unpacks these packages there, in a folder that does not exist yet"
    echo "  make run DEPS_PREFIX=\"FOLDER ...\"   takes the libraries from prefixes with include/ and lib/:"
    echo "    conda-forge's openblas, ncurses, utf8proc, pcre2, xxhash and zlib; cJSON and libcsv are a C file each;"
    echo "    every one installs from its source with --prefix (OpenBLAS: make PREFIX=FOLDER install)"
} >&2

say_packages() { # to standard error: other systems' names
    if command -v dnf >/dev/null 2>&1; then
        echo "  sudo dnf install gcc ncurses-devel openblas-devel cjson-devel libcsv-devel utf8proc-devel pcre2-devel xxhash-devel zlib-devel libvterm-devel"
    elif command -v pacman >/dev/null 2>&1; then
        echo "  sudo pacman -S gcc ncurses openblas cjson libcsv utf8proc pcre2 xxhash zlib libvterm"
    elif command -v apk >/dev/null 2>&1; then
        echo "  apk add gcc musl-dev linux-headers ncurses-dev openblas-dev cjson-dev libcsv-dev utf8proc-dev pcre2-dev xxhash-dev zlib-dev libvterm-dev"
    elif command -v zypper >/dev/null 2>&1; then
        echo "  sudo zypper install gcc ncurses-devel openblas-devel cJSON-devel libcsv-devel utf8proc-devel pcre2-devel xxhash-devel zlib-devel libvterm-devel"
    elif command -v brew >/dev/null 2>&1; then
        echo "  brew install ncurses openblas cjson libcsv utf8proc pcre2 xxhash zlib libvterm"
    fi
} >&2

# apt-get as anyone: package lists of our own, where the system's are absent or too old
apt_own() {
    lists=$scratch/apt-own
    mkdir -p "$lists/lists/partial" "$lists/archives/partial"
    apt-get -qq -o Dir::State::Lists="$lists/lists" -o Dir::Cache="$lists" -o Debug::NoLocking=1 "$@"
}

# The packages and what they depend on, as far as it is not installed, into the first prefix.
unpack() { # PACKAGE...
    prefix=${DEPS_PREFIX%% *}
    [ -e "$prefix" ] && [ ! -e "$prefix/.unpacked" ] && [ -n "$(ls -A "$prefix")" ] && return 1
    echo "unpacking them in $prefix"
    mkdir -p "$prefix" && : >"$prefix/.unpacked" || return 1
    apt_own update || return 1
    apt_own --print-uris --no-install-recommends install "$@" >"$scratch/uris" || return 1
    names=$(sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p" "$scratch/uris")
    [ -n "$names" ] || return 1
    # shellcheck disable=SC2086  # these are words
    (cd "$scratch" && apt_own download $names) || return 1
    for file in "$scratch"/*.deb; do dpkg -x "$file" "$prefix" || return 1; done
}

# A static cJSON, from Debian's source with its patches.
build_cjson() {
    source=$CJSON_SOURCE
    if [ -z "$source" ]; then
        command -v apt-get >/dev/null 2>&1 || return 1
        command -v dpkg-source >/dev/null 2>&1 || install_packages dpkg-dev || return 1
        key=/usr/share/keyrings/debian-archive-keyring.gpg
        signed=
        [ ! -f "$key" ] || signed="[signed-by=$key] "
        apt-get indextargets --format "deb-src $signed\$(REPO_URI) \$(RELEASE) \$(COMPONENT)" 'Created-By: Packages' |
            grep -E '/(debian|ubuntu)[^/]*/? ' | sort -u >"$scratch/sources.list"
        echo "building a static cJSON from its source"
        (cd "$scratch" && apt_own -o Dir::Etc::SourceList="$scratch/sources.list" -o Dir::Etc::SourceParts=- update &&
            apt_own -o Dir::Etc::SourceList="$scratch/sources.list" -o Dir::Etc::SourceParts=- source cjson) \
            >"$scratch/said" 2>&1 || return 1
        source=$(dirname "$(find "$scratch" -name cJSON.c | head -1)")
    fi
    [ -f "$source/cJSON.c" ] || return 1
    mkdir -p "$own/include/cjson" "$own/lib"
    cp "$source/cJSON.h" "$own/include/cjson/" &&
        $CC -O2 -w -c "$source/cJSON.c" -o "$scratch/cJSON.o" && ${AR:-ar} rcs "$own/lib/libcjson.a" "$scratch/cJSON.o"
}

install_packages() { # PACKAGE...
    sudo=
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    [ -z "$sudo" ] || command -v sudo >/dev/null 2>&1 || return 1
    echo "installing them: ${sudo:+sudo }apt-get install $*"
    # the package lists may be old or absent on a fresh machine
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$scratch/apt" 2>&1 ||
        { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends "$@" >"$scratch/apt" 2>&1; } ||
        { tail -5 "$scratch/apt" >&2; return 1; }
}

echo 'int main(void) { return 0; }' >"$scratch/probe.c"
# shellcheck disable=SC2086  # CC may be several words
if ! { echo '#include <stdio.h>'; cat "$scratch/probe.c"; } | $CC -x c - -o "$scratch/probe" >"$scratch/said" 2>&1; then
    if [ "$CC" != cc ]; then
        echo "scry: found no compiler $CC that links a program: $(head -1 "$scratch/said")" >&2
        exit 1
    fi
    missing=" compiler$(for l in $libraries; do printf ' %s' "$l"; done)"
    compiler_missing=1
else
    compiler_missing=
    probe
fi

if [ -n "$missing" ]; then
    if [ -n "$STATIC" ] && [ "$missing" = " cjson" ] && [ "$want" != config ]; then
        build_cjson && probe
    fi
fi
if [ -n "$missing" ]; then
    packages=$(for l in $missing; do printf ' %s' "$(package "$l")"; done)
    echo "scry needs libraries that are not there:$missing" >&2
    done=
    if [ "$want" != config ] && command -v apt-get >/dev/null 2>&1; then
        echo "Debian's packages of them:$packages"
        # shellcheck disable=SC2086  # these are words
        if [ -n "$DEPS_PREFIX" ] && [ -z "$compiler_missing" ] && unpack $packages; then done=1
        elif install_packages $packages; then done=1
        fi
        [ -z "$done" ] || probe
    fi
    if [ -n "$missing" ]; then
        [ -z "$done" ] || echo "scry: still not found:$missing ($(grep -m1 -E 'error|undefined|cannot find' "$scratch/said" || head -1 "$scratch/said"))" >&2
        if [ "$want" = config ]; then
            echo "make run finds and installs them; by hand:" >&2
        else
            echo "install them, then run make again:" >&2
        fi
        if command -v apt-get >/dev/null 2>&1; then echo "  sudo apt-get install$packages" >&2; else say_packages; fi
        case "$STATIC $missing" in
        1*cjson*) echo "a static cJSON, of which Debian has none: make static CJSON_SOURCE=FOLDER, the one of cJSON.c" >&2 ;;
        esac
        say_other_ways
        exit 1
    fi
fi
write_config
