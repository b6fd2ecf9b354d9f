#!/bin/sh
# Screens of the sample study, cell by cell with their roles, against goldens.
#
# NAME.script holds the explorer's commands; @OUT@ in it is a scratch folder. Its comments may say
#     # sizes: 24x80 50x160     run it at each of these (default 24x80)
#     # options: --ascii        further options of scry; @INDEX@ is the sample's index
#     # env: NO_COLOR=1         variables
#     # study: bare/neither     of this study of tests/specimens instead of the sample
#     # colors: mono 16 256     and with each of these as --colors
#     # effects: --draws 2      and with effect columns, made with these options of scry effects
#     # diff: --tuned DIR       and with the differences of two models, kept with these options of scry diff
#     # synth: --width 512      of a planted study that scry synth makes with these, instead of the sample
# Each `screen @OUT@/SHOT.roles` in it is compared with NAME/SHOT.SIZE.golden, and so is SHOT.ansi: the same screen with
# the styles that a terminal gets (`cat` shows it). All SHOT.styles of a script, which say how each cell looks and leave
# its text to the roles, are one golden, NAME/COLORS.SIZE.golden. With several --colors, SHOT is COLORS-SHOT.
#
# Nothing is masked: the indexes differ in the last bits between OpenBLAS's kernels (Haswell, SkylakeX, Zen, Sandybridge,
# Prescott were tried), the screens do not.
#
# To refresh goldens, with the program of $SCRY or build/scry; then look at `git diff tests/screens`:
#     GENERATE=1 tests/screens/run.sh                                    all, and remove those that no script makes
#     GENERATE=1 ONLY="filter sort" tests/screens/run.sh                 those of some scripts
#     GENERATE=1 ONLY=filter SHOT=label.24x80 tests/screens/run.sh       one: tests/screens/filter/label.24x80.golden
# ONLY and SHOT without GENERATE compare only these.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${SCRY:=$PWD/${BUILD:-build}/scry}"
own=
[ -n "${WORK:-}" ] || { WORK=$(mktemp -d) && own=$WORK; }
trap '[ -z "$own" ] || rm -rf "$own"' EXIT
export LC_ALL=C.UTF-8 TERM=xterm-256color XDG_CACHE_HOME="$WORK/cache"
unset NO_COLOR COLORTERM 2>/dev/null || true
here=tests/screens failed=0
index=$WORK/screens.scry

not_ok() { # WHAT MORE
    echo "not ok - $1: $2"
    failed=1
}

said() { # SCRIPT KEY: what its comment says
    sed -n "s/^# $2: //p" "$here/$1.script"
}

compare() { # FOUND SCRIPT/SHOT SIZE: with the golden SCRIPT/SHOT.SIZE
    golden=$here/$2.$3.golden
    [ "${SHOT:-${2#*/}.$3}" = "${2#*/}.$3" ] || return
    echo "$golden" >>"$WORK/screens/all"
    if [ -n "${GENERATE:-}" ]; then
        mkdir -p "${golden%/*}"
        cp "$1" "$golden"
    elif [ ! -f "$golden" ]; then
        not_ok "$2 at $3" "found no $golden, expected it; GENERATE=1 $here/run.sh makes it"
    elif cmp -s "$golden" "$1"; then
        echo "ok - $2 at $3"
    else
        not_ok "$2 at $3" "found another screen, expected $golden"
        diff "$golden" "$1" | head -12 | sed 's/^/# /'
    fi
}

screens() { # SCRIPT ENDING: the files of its screens, in their order
    sed -n "s|^screen @OUT@/\\(.*\\.$2\\)\$|\\1|p" "$here/$1.script"
}

index_of() { # SCRIPT: the index that it is played on
    study=$(said "$1" study) planted=$(said "$1" synth)
    [ -n "$study$planted" ] || { echo "$index"; return; }
    own_index=$WORK/screens/$(basename "${study:-$1}").scry
    ! grep -q '^# effects:\|^# diff:' "$here/$1.script" || own_index=$WORK/screens/$1.scry # others have no such columns
    manifest=tests/specimens/$study.json
    if [ -n "$planted" ] && [ ! -f "$own_index" ]; then
        manifest=$WORK/screens/$1.synth/study.json
        # shellcheck disable=SC2086  # these are words
        "$SCRY" synth -o "${manifest%/*}" $planted 2>"$WORK/screens.said" >&2
    fi
    [ -f "$own_index" ] || "$SCRY" index "$manifest" -o "$own_index" 2>"$WORK/screens.said" >&2
    if grep -q '^# diff:' "$here/$1.script" && [ ! -f "${own_index%.scry}.diff" ]; then
        # shellcheck disable=SC2046  # these are words
        "$SCRY" diff "$own_index" --keep $(said "$1" diff) 2>"$WORK/screens.said" >&2
    fi
    if grep -q '^# effects:' "$here/$1.script" && [ ! -f "$own_index.has-effects" ]; then
        # shellcheck disable=SC2046  # these are words
        "$SCRY" effects "$own_index" $(said "$1" effects) 2>"$WORK/screens.said" >&2 && : >"$own_index.has-effects"
    fi
    echo "$own_index"
}

play() { # SCRIPT SIZE [COLORS]
    out=$WORK/screens/$1.$2${3:+.$3}
    rm -rf "$out"
    mkdir -p "$out"
    sed "s|@OUT@|$out|g" "$here/$1.script" >"$out/script"
    # shellcheck disable=SC2046  # these are words
    if ! env $(said "$1" env) "$SCRY" ${3:+--colors "$3"} $(said "$1" options | sed "s|@INDEX@|$index|g") --script "$out/script" --size "$2" "$(index_of "$1")" >"$out/said" 2>&1; then
        not_ok "$1 at $2" "found an error: $(head -1 "$out/said"), expected none"
        return
    fi
    [ ! -s "$out/said" ] || not_ok "$1 at $2" "found words: $(head -1 "$out/said"), expected none"
    for file in $(screens "$1" roles) $(screens "$1" ansi); do
        compare "$out/$file" "$1/${3:+$3-}${file%.*}" "$2"
    done
    for file in $(screens "$1" styles); do
        printf '\n== %s\n' "${file%.*}"
        cat "$out/$file"
    done >"$out/styles"
    [ ! -s "$out/styles" ] || compare "$out/styles" "$1/$3" "$2"
}

if ! "$SCRY" index sample_data/study.json -o "$index" 2>"$WORK/screens.said"; then
    not_ok "the sample study is indexed" "found an error: $(tail -1 "$WORK/screens.said")"
    exit 1
fi
mkdir -p "$WORK/screens"
: >"$WORK/screens/all"
for script in "$here"/*.script; do
    name=$(basename "$script" .script)
    case " ${ONLY:-$name} " in *" $name "*) ;; *) continue ;; esac
    sizes=$(said "$name" sizes)
    for size in ${sizes:-24x80}; do
        colors=$(said "$name" colors)
        [ -n "$colors" ] || play "$name" "$size"
        for number in $colors; do play "$name" "$size" "$number"; done
    done
done

# A golden that no script makes has been forgotten.
if [ -z "${ONLY:-}${SHOT:-}" ]; then
    for golden in "$here"/*.golden "$here"/*/*.golden; do
        if [ -f "$golden" ] && ! grep -qxF "$golden" "$WORK/screens/all"; then
            if [ -n "${GENERATE:-}" ]; then rm "$golden"
            else not_ok "$golden" "found a golden that no script makes, expected none"; fi
        fi
    done
fi
[ -z "${GENERATE:-}" ] || echo "ok - $(wc -l <"$WORK/screens/all") goldens written"
exit $failed
