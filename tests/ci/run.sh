#!/bin/sh
# Bare Debian systems, compilers and machines that this one is not. Prints "ok - NAME", "not ok - NAME" or
# "skip - NAME" a stage and ends with "N passed, N failed[, N skipped]".
#
#   tests/ci/run.sh [STAGE...]     all stages, or these:
#     bookworm bookworm-blas trixie trixie-blas   the README's two commands on Debian 12 and 13 as debootstrap makes it
#                    and make; -blas: with the reference BLAS's headers installed
#     gcc-11 gcc-12 gcc-13 gcc-14 clang-14 ... clang-19   builds without a warning, and passes CI_TESTS
#     aarch64        compiles and links, and scores the sample study under an emulator as here
#     musl           compiles
#     rootless       a user without root or sudo, in a prefix of unpacked packages
#     sanitizers     CI_SANITIZED (all tests) under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer
#     threads        CI_THREADED under ThreadSanitizer
#     static         make static, and the binary on a system without the libraries
#
# Needs root, debootstrap and the package mirror that this machine uses; else the stages are skipped. The commit that is
# checked out is tested. CI_TESTS="name ..." are the tests that compilers pass; CI_ROOT_TESTS those of the bare systems
# (all). Logs stay in CI_LOGS (build/ci); the systems are removed, unless CI_CACHE=FOLDER is to keep the bare ones.
set -u
cd "$(dirname "$0")/../.." || exit 1
stages=${*:-bookworm bookworm-blas trixie trixie-blas gcc-11 gcc-12 gcc-13 gcc-14 clang-14 clang-15 clang-16 clang-17
    clang-18 clang-19 aarch64 musl rootless sanitizers threads static}
logs=${CI_LOGS:-build/ci}
unit=$(for f in tests/unit/test_*.c; do basename "$f" .c; done | grep -vxE 'test_(damage|shards)' | tr '\n' ' ')
: "${CI_THREADED:=test_worker_thread test_base test_index test_train test_ablation_cache test_capture test_effects test_diff}"
: "${CI_TESTS:=${unit}shell/analysis shell/formats screens/run}" "${CI_ROOT_TESTS:=}"
libraries="libncurses-dev libopenblas-dev libcjson-dev libcsv-dev libutf8proc-dev libpcre2-dev libxxhash-dev zlib1g-dev libvterm-dev"
mkdir -p "$logs"
work=$(mktemp -d)
cache=${CI_CACHE:-$work/cache}
mkdir -p "$cache/debs/partial"
trap 'rm -rf "$work"' EXIT # mounts are in namespaces of their own, which end with their processes
trap 'exit 130' INT TERM HUP
passed=0 failed=0 skipped=0

stage() { # NAME COMMAND...
    name=$1 begin=$(date +%s)
    shift
    (set -e; "$@") >"$logs/$name.log" 2>&1 & # as a condition itself, set -e would not hold in it
    if wait $!; then
        passed=$((passed + 1))
        echo "ok - $name ($(grep -E '^[0-9]+ passed' "$logs/$name.log" | tail -1 | sed 's/$/; /')$(($(date +%s) - begin)) s)"
    else
        failed=$((failed + 1))
        echo "not ok - $name, see $logs/$name.log"
        { grep -aE '^not ok|error:|warning: ' "$logs/$name.log" | head -20; tail -n 12 "$logs/$name.log"; } | sed 's/^/# /'
    fi
}

skip_all() { # WHY
    for name in $stages; do echo "skip - $name: $1"; done
    # shellcheck disable=SC2086  # these are words
    set -- $stages
    echo "0 passed, 0 failed, $# skipped"
    exit 0
}

# ---- bare systems

mirror() { # what this machine installs Debian's packages from
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -1
}

base() { # SUITE: its bare system, made once
    [ ! -e "$cache/$1/etc/ready" ] || return 0
    rm -rf "${cache:?}/$1"
    from=$(mirror)
    debootstrap --variant=minbase --cache-dir="$cache/debs" "$1" "$cache/$1" "${from:-http://deb.debian.org/debian}" || return 1
    cp /etc/resolv.conf "$cache/$1/etc/"
    # how this machine reaches the mirror (a proxy, retries)
    apt-config dump | grep -E '^Acquire::(http|https|ftp|Retries|Check-)' >"$cache/$1/etc/apt/apt.conf.d/99host"
    in_root "$cache/$1" 'apt-get update -qq' || return 1
    : >"$cache/$1/etc/ready"
}

copy_root() { # FROM TO
    rm -rf "${2:?}"
    cp -a --reflink=auto "$1" "$2"
}

in_root() { # ROOT COMMAND
    unshare -m --propagation private sh -c 'set -e
        mount -t proc proc "$1/proc"
        mount --bind /dev/pts "$1/dev/pts"
        mount -t tmpfs tmpfs "$1/dev/shm"
        mount --bind "$2" "$1/var/cache/apt/archives"
        exec chroot "$1" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
            TERM=xterm-256color LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh -ec "$3"' in_root "$1" "$cache/debs" "$2" </dev/null
}

put_source() { # ROOT: a clean clone as /src
    git clone -q --no-hardlinks . "$1/src"
}

# A command in a terminal of 24 rows, until it shows the sample study; then q, and it has to end well.
first_screen='
cat >/tmp/first_screen <<"SCRIPT"
rm -f /tmp/typescript
touch /tmp/typescript
{
    i=0
    until grep -aq psychology /tmp/typescript; do
        sleep 1
        i=$((i + 1))
        [ $i -lt 1800 ] && [ ! -e /tmp/ended ] || exit 1
    done
    sleep 1
    printf q
} | script -qefc "stty rows 24 cols 80; $1; status=\$?; touch /tmp/ended; exit \$status" /tmp/typescript >/dev/null
status=$?
grep -aq psychology /tmp/typescript || { tail -n 30 /tmp/typescript; exit 1; }
[ $status -eq 0 ] && echo "first screen shown, q ended it: $1"
SCRIPT
'

bare() { # SUITE blas|"": the two commands of the README
    base "$1"
    root=$work/root
    copy_root "$cache/$1" "$root"
    put_source "$root"
    in_root "$root" "apt-get install -qq --no-install-recommends make ${2:+libblas-dev}; ! dpkg -l libopenblas-dev 2>/dev/null | grep ^ii"
    in_root "$root" "$first_screen cd /src; sh /tmp/first_screen 'make run'"
    in_root "$root" "cd /src; make test ${CI_ROOT_TESTS:+TESTS='$CI_ROOT_TESTS'}"
    # with the alternatives on the reference BLAS, OpenBLAS is found in its own folders
    [ -z "$2" ] || in_root "$root" "cd /usr/lib/*-linux-gnu; update-alternatives --set libblas.so-\${PWD##*/} \$PWD/blas/libblas.so
        cd /src; make; grep openblas-pthread build/config.mk; build/scry score sample_data/study.json | head -3"
    rm -rf "$root"
}

# ---- compilers

with_libraries() { # SUITE: its system with what the build needs, made once a run
    [ ! -e "$work/$1.deps" ] || return 0
    base "$1"
    copy_root "$cache/$1" "$work/$1.new"
    in_root "$work/$1.new" "apt-get install -qq --no-install-recommends make gcc libc6-dev dpkg-dev $libraries"
    put_source "$work/$1.new"
    mv "$work/$1.new" "$work/$1.deps"
}

compiler() { # CC
    case $1 in
    gcc-11 | gcc-12 | clang-14 | clang-15 | clang-16) suite=bookworm ;;
    *) suite=trixie ;;
    esac
    with_libraries $suite
    root=$work/$suite.deps
    in_root "$root" "apt-get install -qq --no-install-recommends $1 && cd /src && rm -rf build &&
        make -j$(nproc) CC=$1 EXTRA=-Werror tests-programs && make CC=$1 EXTRA=-Werror test TESTS='$CI_TESTS'"
}

sanitizers() {
    with_libraries bookworm
    in_root "$work/bookworm.deps" "cd /src && rm -rf build && make asan ${CI_SANITIZED:+TESTS='$CI_SANITIZED'}"
}

threads() {
    with_libraries bookworm
    in_root "$work/bookworm.deps" "cd /src && rm -rf build && make tsan TESTS='$CI_THREADED'"
}

aarch64() {
    with_libraries bookworm
    root=$work/root
    copy_root "$work/bookworm.deps" "$root"
    arm=$(for package in $libraries; do printf '%s:arm64 ' "$package"; done)
    in_root "$root" "dpkg --add-architecture arm64 && apt-get update -qq &&
        apt-get install -qq --no-install-recommends gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user $arm"
    in_root "$root" "cd /src && make -j$(nproc) build/scry && build/scry score sample_data/study.json --json >/tmp/here &&
        make -j$(nproc) BUILD=build/arm CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar EXTRA=-Werror tests-programs &&
        HOME=/tmp/arm qemu-aarch64 build/arm/scry score sample_data/study.json --json >/tmp/there
        cut -c1-300 /tmp/here /tmp/there
        for test in correlation exact posting_codec set tensor tui_text; do
            echo \$test
            WORK=/tmp qemu-aarch64 build/arm/tests/test_\$test >/tmp/said || { grep '^not ok' /tmp/said; exit 1; }
        done"
    # the same scores and rho, but for the last digits, which OpenBLAS's kernels change
    figures() { grep -oE '"(sts|pearson|spearman|fitted)":-?[0-9.]{1,7}' "$root/tmp/$1"; }
    figures here >"$work/here"
    figures there | diff "$work/here" -
    [ -s "$work/here" ]
    rm -rf "$root"
}

# musl-gcc with Debian's headers of the libraries; its libraries are glibc's, so that linking needs ones built for musl.
musl() {
    with_libraries bookworm
    in_root "$work/bookworm.deps" "apt-get install -qq --no-install-recommends musl-tools && cd /src && rm -rf build /tmp/musl &&
        mkdir -p build/musl /tmp/musl && cd /tmp/musl &&
        ln -s /usr/include/cjson /usr/include/csv.h /usr/include/utf8proc.h /usr/include/pcre2.h /usr/include/xx*.h /usr/include/zlib.h \
            /usr/include/vterm*.h /usr/include/ncurses*.h /usr/include/curses.h /usr/include/term.h /usr/include/unctrl.h \
            \$(find /usr/include -name zconf.h) /usr/include/*/openblas-pthread/*.h . && cd /src &&
        echo 'DEPS_CFLAGS = -isystem /tmp/musl' >build/musl/config.mk &&
        make -j$(nproc) -o build/musl/config.mk BUILD=build/musl CC=musl-gcc EXTRA=-Werror objects"
}

# ---- without root, and without the libraries

rootless() {
    base bookworm
    root=$work/root
    copy_root "$cache/bookworm" "$root"
    put_source "$root"
    in_root "$root" "apt-get install -qq --no-install-recommends make gcc libc6-dev; useradd -m person; mv /src /home/person/;
        chown -R person: /home/person; rm -rf /var/lib/apt/lists/*"
    as_person() { in_root "$root" "$first_screen su person -c \"cd ~/src; $1\""; }
    as_person 'make run </dev/null >/tmp/said 2>&1 && exit 1; cat /tmp/said; grep -q libopenblas-dev /tmp/said && grep -q DEPS_PREFIX= /tmp/said'
    as_person 'sh /tmp/first_screen \"make run DEPS_PREFIX=~/deps\"'
    as_person 'make && build/scry score sample_data/study.json --json | cut -c1-200' # the prefix need be named only once
    in_root "$root" "! dpkg -l libopenblas-dev libcsv-dev 2>/dev/null | grep ^ii"
    rm -rf "$root"
}

static() {
    with_libraries bookworm
    in_root "$work/bookworm.deps" "cd /src && rm -rf build && make EXTRA=-Werror static && ls -l build/static/scry &&
        ! ldd build/static/scry"
    root=$work/root
    copy_root "$cache/bookworm" "$root"
    put_source "$root"
    cp "$work/bookworm.deps/src/build/static/scry" "$root/usr/local/bin/"
    in_root "$root" "! ls /usr/lib/*/ | grep -E 'libopenblas|libcjson|libcsv|libutf8proc|libpcre2'
        $first_screen cd /src; sh /tmp/first_screen 'scry sample_data/study.json'; scry index sample_data/study.json -o /tmp/x.scry
        scry train sample_data/study.json --condition base -o /tmp/sae --width 64 --steps 3; scry info --system"
    rm -rf "$root"
}

[ "$(id -u)" -eq 0 ] || skip_all "needs root"
command -v debootstrap >/dev/null 2>&1 || skip_all "debootstrap is not installed"
unshare -m true 2>/dev/null || skip_all "no mount namespaces here"
if ! base bookworm >"$logs/debootstrap.log" 2>&1; then skip_all "debootstrap got no system from the mirror: $logs/debootstrap.log"; fi

for name in $stages; do
    case $name in
    bookworm | trixie) stage "$name" bare "$name" "" ;;
    bookworm-blas | trixie-blas) stage "$name" bare "${name%-blas}" blas ;;
    gcc-* | clang-*) stage "$name" compiler "$name" ;;
    aarch64 | musl | rootless | sanitizers | threads | static) stage "$name" "$name" ;;
    *)
        echo "not ok - $name: no such stage"
        failed=$((failed + 1))
        ;;
    esac
done
echo "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
