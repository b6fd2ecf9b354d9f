#!/bin/sh
# Pictures of the sample study's screens: the scripts of tests/screens, run at 24x80 and 50x160, each of
# their screens written as SVG, and as PNG where rsvg-convert is installed. ONLY="a b" takes some scripts.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
scry=$PWD/$build/scry
out=$PWD/$build/screenshots
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 TZ=UTC XDG_CACHE_HOME="$work/cache" XDG_CONFIG_HOME="$work/config"
unset NO_COLOR COLORTERM 2>/dev/null || true
mkdir -p "$out"
"$scry" index sample_data/study.json -o "$work/sample.scry" 2>/dev/null

for script in tests/screens/*.script; do
    name=$(basename "$script" .script)
    case " ${ONLY:-first toggle latent pages domains plots sets tables columns filter palette help tabs wide views themes mono ascii} " in *" $name "*) ;; *) continue ;; esac
    options=$(sed -n "s|^# options: ||; T; s|@INDEX@|$work/sample.scry|g; p" "$script")
    env=$(sed -n 's/^# env: //p' "$script")
    for size in 24x80 50x160; do
        sed -E "s#@OUT@/(.*)\.(roles|ansi)\$#$out/$name-\1.$size.svg#; s#@OUT@#$work#" "$script" >"$work/script"
        # shellcheck disable=SC2086  # these are words
        env $env "$scry" $options --script "$work/script" --size $size "$work/sample.scry"
    done
done

if command -v rsvg-convert >/dev/null 2>&1; then
    for picture in "$out"/*.svg; do rsvg-convert "$picture" -o "${picture%.svg}.png"; done
else
    echo "rsvg-convert is not installed: no PNG (Debian: librsvg2-bin)"
fi
echo "$(find "$out" -name '*.svg' | wc -l) pictures in $out"
