#!/bin/sh
# Installs what the build (and with the word "test", the tests) needs and is missing, after naming it.
set -eu
want=${1:-build}

have() { # a header or library that the package brings
    case $1 in
    libncurses-dev) echo '#include <ncurses.h>' ;;
    libopenblas-dev) echo '#include <cblas.h>' ;;
    libcjson-dev) echo '#include <cjson/cJSON.h>' ;;
    libcsv-dev) echo '#include <csv.h>' ;;
    libutf8proc-dev) echo '#include <utf8proc.h>' ;;
    libxxhash-dev) echo '#include <xxhash.h>' ;;
    zlib1g-dev) echo '#include <zlib.h>' ;;
    libvterm-dev) echo '#include <vterm.h>' ;;
    esac | "${CC:-cc}" -E -x c - -o /dev/null 2>/dev/null
}

packages="libncurses-dev libopenblas-dev libcjson-dev libcsv-dev libutf8proc-dev libxxhash-dev zlib1g-dev"
[ "$want" = test ] && packages="$packages libvterm-dev"

missing=
command -v "${CC:-cc}" >/dev/null 2>&1 || missing="gcc libc6-dev"
if [ -z "$missing" ]; then
    echo '#include <stdio.h>' | "${CC:-cc}" -E -x c - -o /dev/null 2>/dev/null || missing=libc6-dev
fi
for package in $packages; do have "$package" || missing="$missing $package"; done
[ -z "$missing" ] && exit 0

echo "scry needs packages that are not installed:$missing"
if command -v apt-get >/dev/null 2>&1; then
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || { echo "run as root: apt-get install$missing" >&2; exit 1; }
        sudo=sudo
    fi
    echo "installing them: $sudo apt-get install$missing"
    export DEBIAN_FRONTEND=noninteractive
    # the package lists may be old or absent on a fresh machine
    $sudo apt-get install -y -qq $missing >/dev/null 2>&1 ||
        { $sudo apt-get update -qq && $sudo apt-get install -y -qq $missing >/dev/null; }
else
    echo "install them with this system's package manager, then run make again:" >&2
    if command -v dnf >/dev/null 2>&1; then
        echo "  sudo dnf install gcc ncurses-devel openblas-devel cjson-devel libcsv-devel utf8proc-devel xxhash-devel zlib-devel libvterm-devel" >&2
    elif command -v pacman >/dev/null 2>&1; then
        echo "  sudo pacman -S gcc ncurses openblas cjson libcsv libutf8proc xxhash zlib libvterm" >&2
    elif command -v brew >/dev/null 2>&1; then
        echo "  brew install ncurses openblas cjson libcsv utf8proc xxhash zlib libvterm" >&2
    fi
    exit 1
fi
