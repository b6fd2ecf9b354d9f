#!/bin/sh
# scry plot: every plot as text and as SVG, of an index and of a study that gives scores instead of captures.
. "${0%/*}/check.inc"
x=$place/s.scry
"$SCRY" index sample_data/study.json -o "$x" 2>"$err" || not_ok "the sample study is indexed" "found $(cat "$err"), expected no error"
all=$(sed -n 's/^CHART([^"]*"\([^"]*\)".*/\1/p' tui/charts/charts.def | xargs)
refused "expected $(echo "$all" | sed 's/ /, /g')" plot "$x" no-such

of_model=$(sed -n 's/^CHART([^"]*"\([^"]*\)".*CHART_NEEDS_MODEL.*/\1/p' tui/charts/charts.def | xargs)
is "plots that run the model" "$of_model" ablation
tiny=$place/tiny.scry
"$SCRY" index tests/specimens/ablation/as_is.json -o "$tiny" 2>"$err" || not_ok "the small study is indexed" "found $(cat "$err"), expected no error"
sample=$x
for name in $all; do
    x=$sample
    case " $of_model " in *" $name "*) x=$tiny ;; esac # which takes long with the sample
    gives 0 plot "$x" $name
    is "plot $name: 24 rows" "$(wc -l <"$out" | tr -d ' ')" 24
    widest=$(LC_ALL=C.UTF-8 wc -L <"$out" | tr -d ' ')
    if [ "$widest" -le 80 ]; then ok "plot $name: at most 80 wide"; else not_ok "plot $name" "found $widest columns, expected at most 80"; fi
    gives 0 plot "$x" $name --ascii --size 30x100
    is "plot $name --ascii: nothing beyond ASCII" "$(LC_ALL=C tr -d '\0-\177' <"$out" | wc -c | tr -d ' ')" 0
    cp "$out" "$place/before"
    gives 0 plot "$x" $name --ascii --size 30x100 --threads 1
    if cmp -s "$out" "$place/before"; then ok "plot $name: the same with one thread"; else not_ok "plot $name" "found another drawing with one thread"; fi
    gives 0 plot "$x" $name -o "$place/$name.svg"
    gives 0 plot "$x" $name -o -
    if cmp -s "$out" "$place/$name.svg"; then ok "plot $name: -o - is the file"; else not_ok "plot $name -o -" "found other bytes than in the file"; fi
    is "plot $name: begins and ends as SVG" "$(head -c 4 "$out")$(tail -c 7 "$out")" "<svg</svg>"
done
x=$sample
is "plot -o: nothing else is left behind" "$(ls "$place" | grep -v '\.svg$' | tr '\n' ' ')" "before s.scry stderr stdout tiny.scry "

# ---- a locale of another machine: C.UTF-8 in its place, ASCII where the name has another character set
if LC_ALL=xx_XX.UTF-8 locale charmap 2>/dev/null | grep -q UTF-8; then
    echo "skip - this C library takes any name for a locale"
else
    gives 0 plot "$x" scatter
    cp "$out" "$place/before"
    for name in xx_XX.UTF-8 UTF-8x xx_XX xx_XX.utf8@latin xx_XX.ISO-8859-1; do
        export LC_ALL=$name
        gives 0 plot "$x" scatter
        is "plot with LC_ALL=$name: one warning" "$(grep -c "^scry: warning: LC_ALL=$name is not installed; " "$err")" 1
        beyond=$(LC_ALL=C tr -d '\0-\177' <"$out" | wc -c | tr -d ' ')
        if [ "$name" = xx_XX.ISO-8859-1 ]; then is "plot with LC_ALL=$name: ASCII" "$beyond" 0
        elif cmp -s "$out" "$place/before"; then ok "plot with LC_ALL=$name: as with C.UTF-8"
        else not_ok "plot with LC_ALL=$name" "found another drawing than with C.UTF-8, $beyond bytes beyond ASCII"; fi
        gives 0 plot "$x" scatter --ascii
        is "plot --ascii with LC_ALL=$name: no warning" "$(cat "$err")" ""
        gives 0 plot "$x" scatter -o "$place/locale.svg"
        is "plot -o with LC_ALL=$name: no warning" "$(cat "$err")" ""
    done
    export LC_ALL=C
    gives 0 plot "$x" scatter
    is "plot with LC_ALL=C: no warning" "$(cat "$err")" ""
    is "plot with LC_ALL=C: ASCII" "$(tr -d '\0-\177' <"$out" | wc -c | tr -d ' ')" 0
    export LC_ALL=C.UTF-8
fi

# ---- the figures are those of the other commands
number_of() { # KEY ARGUMENT...: as the plots write it: two decimals, no zero before the point
    key=$1
    shift
    "$SCRY" "$@" --json | grep -o "\"$key\":[^,}]*" | head -1 | cut -d: -f2 | awk '{ s = sprintf("%.2f", $1); sub(/^0\./, ".", s); sub(/^-0\./, "-.", s); print s }'
}
set -- --by sft --score icl --top 30 --without 3 --domains extremes:5 --absolute
gives 0 plot "$x" scatter "$@"
rho=$(number_of pearson score "$x" "$@") low=$(number_of loo_min score "$x" "$@") high=$(number_of loo_max score "$x" "$@")
ci=$(number_of ci_low score "$x" "$@") ci_high=$(number_of ci_high score "$x" "$@")
prints "plot scatter: rho and its statistics are those of scry score" "^rho $rho " " n 10 " "95% texts $ci (to )?$ci_high"
prints "plot scatter: its title" '^STS icl and absolute change, .* latents, extremes:5'
gives 0 plot "$x" random --top 40
mean=$(number_of random_mean sweep "$x" --over random --top 40) sd=$(number_of random_sd sweep "$x" --over random --top 40)
prints "plot random: mean and deviation are those of scry sweep" "^1000 sets: mean $mean, SD $sd,"
gives 0 plot "$x" bands --band 250 --ascii
for from in 1 251 501 751; do
    rho=$("$SCRY" sweep "$x" --over bands --band 250 --csv | awk -F, -v f=$from '$1 == f { s = sprintf("%.2f", $4); sub(/0\./, ".", s); print s }')
    prints "plot bands: rho from rank $from is that of scry sweep" "^ *$from-[0-9]+ .* $rho p "
done
gives 0 plot "$x" overlap
at=$("$SCRY" overlap "$x" --csv | awk -F, '$1 == 100 { print $2 }')
prints "plot overlap: at 100 that of scry overlap" " $at of 100," "N 100: $at in both"
gives 0 plot "$x" mix --budget 77 --min 2 --max 9
for domain in law math; do
    examples=$("$SCRY" mix "$x" --budget 77 --min 2 --max 9 --csv | awk -F, -v d="\"$domain\"" '$1 == d { print $4 }')
    prints "plot mix: $domain's examples are those of scry mix" "^ *$domain .* $examples  +[0-9.]+%"
done
for f in acts text sae; do ln -s "$PWD/sample_data/$f" "$place/$f"; done
sed 's/"change": 5.8501,//' sample_data/study.json >"$place/unmeasured.json"
gives 0 plot "$place/unmeasured.json" mix
examples=$("$SCRY" mix "$place/unmeasured.json" --budget 220 --csv | awk -F, '$1 == "\"math\"" { print $4 }')
prints "plot mix: a domain without a measured change gets examples too" "^ *math .* $examples  +[0-9.]+%"
gives 0 plot "$x" task-share
all_of=$("$SCRY" task-share "$x" --csv | awk -F, '$1 == "\"math\"" { print $4 }')
prints "plot task-share: those of scry task-share" "^math has $all_of of the first 100"
cp "$out" "$place/before"
gives 0 plot "$x" labels
cmp -s "$out" "$place/before" && ok "plot labels: its older name" || not_ok "plot labels" "found another plot than that of task-share"
gives 0 plot "$x" repeats
mean=$("$SCRY" score "$x" --repeats 200 --json | grep -o '"pearson_sd":[^,}]*' | cut -d: -f2 | awk '{ printf "%.3f", $1 }')
prints "plot repeats: the deviation is that of scry score --repeats" "SD ${mean#0}"

# ---- the model without the first N
set -- --top 12 --samples 5 --random 20 --seed 7
gives 0 plot "$tiny" ablation "$@" --ascii
says "plot ablation: says how far it is" 'scry: ablation'
at=$("$SCRY" ablate "$tiny" --over n "$@" --csv 2>"$err" | awk -F, '$1 == 12 { printf "%+.4f, random %+.4f", $2, $4 }')
prints "plot ablation: the figures are those of scry ablate --over n" "N 12 $(echo "$at" | sed 's/[+.]/\\&/g')" \
    '^mean over 4 domains, 18 texts; 20 random sets of each size$' '5 to 95%'
gives 0 plot "$tiny" ablation --top 12 --random 2
prints "plot ablation: of few random sets the whole range, of few texts" 'min to max' '^mean over 4 domains, 15 texts; 2 random sets of each size$'
gives 0 plot "$tiny" ablation --top 12 --random 0 --domains math,law --samples 99
prints "plot ablation: without random sets, of some domains" '^mean over 2 domains, [0-9]+ texts$'
is "plot ablation: and no band" "$(grep -c 'random\|min to max' "$out")" 0
fails "found no folder, expected one with config.json" plot "$tiny" ablation --model "$place/none"
"$SCRY" index tests/specimens/bare/no-sources.json -o "$place/bare.scry" 2>"$err"
fails "no model: name its folder with --model DIR" plot "$place/bare.scry" ablation
refused "--random: found" plot "$tiny" ablation --random x
refused "--samples: found" plot "$tiny" ablation --samples 0

# ---- what is wrong is said
refused "plot: the name is missing; expected scatter, concentration," plot "$x"
refused 'no plot "scater"; expected scatter,' plot "$x" scater
refused "--size: found" plot "$x" scatter --size 3x10
refused "--budget: found" plot "$x" mix --budget 0
gives 0 plot "$x" mix --budget 3 --min 5
prints "plot mix: a budget that is too small says so" 'no data: '
gives 1 plot "$x" scatter -o "$place/none/x.svg"
gives 0 plot "$x" scatter -o /dev/null
[ -c /dev/null ] && ok "plot -o leaves a device a device" || not_ok "plot -o /dev/null" "found no device left"

# ---- PNG and PDF, through rsvg-convert
mkdir "$place/bin" "$place/bad" "$place/mute"
printf '#!/bin/sh\necho "$@" >"%s/arguments"\ncat >"%s/given.svg"\nprintf "converted"\n' "$place" "$place" >"$place/bin/rsvg-convert"
printf '#!/bin/sh\necho "no such font" >&2\nprintf half\nexit 3\n' >"$place/bad/rsvg-convert"
printf '#!/bin/sh\nexit 0\n' >"$place/mute/rsvg-convert"
chmod +x "$place/bin/rsvg-convert" "$place/bad/rsvg-convert" "$place/mute/rsvg-convert"
usual=$PATH real=$SCRY
printf '#!/bin/sh\nPATH=%s/none\nexec "%s" "$@"\n' "$place" "$real" >"$place/without"
chmod +x "$place/without"
"$SCRY" plot "$x" scatter -o "$place/as.svg"
for kind in png pdf; do
    file="$place/plot of $kind.$kind"
    PATH=$place/bin:$usual
    gives 0 plot "$x" scatter -o "$file"
    is "plot -o FILE.$kind: what the converter gave" "$(cat "$file")" "converted"
    is "plot -o FILE.$kind: how it was called" "$(cut -d' ' -f1,2 "$place/arguments")" "--format $kind"
    cmp -s "$place/given.svg" "$place/as.svg" && ok "plot -o FILE.$kind: it was given the SVG" ||
        not_ok "plot -o FILE.$kind: it was given the SVG" "found other bytes"
    PATH=$place/bad:$usual
    fails "rsvg-convert failed: no such font" plot "$x" scatter -f -o "$file"
    PATH=$place/mute:$usual
    fails "rsvg-convert failed" plot "$x" scatter -f -o "$file"
    SCRY=$place/without
    fails "needs rsvg-convert, which is not on PATH (Debian package librsvg2-bin); or use .svg" plot "$x" scatter -f -o "$file"
    fails "needs rsvg-convert" plot "$x" scatter -o "$place/new.$kind"
    PATH=$usual SCRY=$real
    is "plot -o FILE.$kind: a failure leaves the file as it was" "$(cat "$file")" "converted"
    is "plot -o FILE.$kind: and nothing else" "$(ls "$place" | grep -c 'tmp\|^new')" 0
    printf 'plot scatter\nsvg %s\nscreen %s\n' "$place/e.$kind" "$place/s.$kind" >"$place/image.script"
    PATH=$place/bin:$usual
    gives 0 "$x" --script "$place/image.script"
    PATH=$usual
    is "explorer: svg and screen to FILE.$kind" "$(cat "$place/e.$kind" "$place/s.$kind")" "convertedconverted"
    is "explorer: the screen was given as SVG" "$(head -c 4 "$place/given.svg")" "<svg"
done
for kind in jpg eps webp; do fails "cannot be written as $kind; expected .svg, .png or .pdf" plot "$x" scatter -o "$place/x.$kind"; done
for kind in pdf png svg; do fails "a report is HTML; expected FILE.html" report "$x" -o "$place/x.$kind"; done
if command -v rsvg-convert >/dev/null; then
    gives 0 plot "$x" scatter -o "$place/real.png"
    gives 0 plot "$x" scatter -o "$place/real.png"
    is "a real PNG" "$(head -c 4 "$place/real.png" | od -An -c | tr -d ' ')" '211PNG'
    gives 0 plot "$x" scatter -o "$place/real.pdf"
    is "a real PDF" "$(head -c 5 "$place/real.pdf")" '%PDF-'
else
    echo "skip - rsvg-convert is not here"
fi

# ---- scores instead of captures
p=assets/published/qwen2.5-7b.json
gives 0 plot $p scatter --score act
rho=$(number_of pearson score $p --score act)
prints "plot scatter of a published study" "^rho $rho " "engineering"
gives 0 plot $p mix --score act
prints "plot mix of one" 'law'
for name in sweep random task-share; do
    gives 1 plot $p $name --score act
    says "plot $name of one: says why not" "it has no latents"
done
finish
