#!/bin/sh
# No object files of the program need each other, not by way of others either, nor through a table of functions.
. "${0%/*}/check.inc"
for tool in nm tsort; do
    command -v $tool >/dev/null 2>&1 && continue
    echo "skip - circles: $tool is not installed"
    exit 0
done

# The loops that tsort finds among the symbols of `nm -A -P -g`: "" for none.
loops() {
    awk '{ sub(/:$/, "", $1) }
         $3 == "U" { uses[$1 " " $2] = 1; next }
         $3 ~ /^[TDBRCSGV]$/ { home[$2] = $1 }
         END {
             for (one in uses) {
                 split(one, part, " ")
                 if (part[2] in home && home[part[2]] != part[1]) print part[1], home[part[2]]
             }
         }' | tsort 2>&1 >/dev/null
}
is "two files that use each other are a circle" \
    "$(printf '%s\n' 'a.o: f T 0 1' 'a.o: g U' 'b.o: g T 0 1' 'b.o: f U' | loops | grep -c '[ab]\.o')" 2
is "one that uses another is none" "$(printf '%s\n' 'a.o: f T 0 1' 'b.o: f U' | loops)" ""

build=${BUILD:-build}
for source in engine/*/*.c engine/*/*/*.c tui/*.c tui/*/*.c tui/*/*/*.c; do
    [ -f "$build/${source%.c}.o" ] && nm -A -P -g "$build/${source%.c}.o"
done >"$place/symbols"
is "symbols of every file are read" "$(cut -d: -f1 "$place/symbols" | sort -u | grep -c 'o$')" \
    "$(find engine tui -name '*.c' | grep -c .)"
is "the program's files form no circle" "$(loops <"$place/symbols" | tr '\n' ' ')" ""
finish
