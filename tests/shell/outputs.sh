#!/bin/sh
# Output files: inputs are not overwritten, a full disk is reported, labels read back as they were written.
. "${0%/*}/check.inc"
x=$place/s.scry study=$place/study/study.json
cp -r sample_data "$place/study"
gives 0 index "$study" -o "$x"
cp "$x" "$place/copy.scry"

# ---- no command writes over what it reads, and nothing but an index takes the place of an index
for command in export "plot scatter" report; do
    name=${command%% *} more=${command#"$name"}
    fails "is an input of $name" "$name" "$x" $more -o "$x"
    fails "is an input of $name" "$name" "$study" $more -o "$study"
    fails "is an index, which would be lost" "$name" sample_data/study.json $more -o "$x"
done
fails "is an index, which would be lost" export "$x" -o "$place/copy.scry" --top 3
cp "$x" "$place/labels.csv"
fails "is an index, which would be lost" export-labels "$x" -o "$place/labels.csv"
printf 'export %s\nexport-labels %s\nreport %s\n' "$x" "$place/labels.csv" "$x" >"$place/write.scr"
scry "$place/copy.scry" --script "$place/write.scr"
cmp -s "$x" "$place/copy.scry" && cmp -s "$x" "$place/labels.csv" && ok "indexes are left alone, by the explorer too" ||
    not_ok "indexes are left alone, by the explorer too" "found other bytes than before"
capture=$place/study/acts/math.icl.safetensors
for input in "$study" "$capture"; do
    fails "exists and is not an index" index "$study" -o "$input"
    fails "exists and is not an index" merge "$x" -o "$input"
done
cmp -s "$study" sample_data/study.json && cmp -s "$capture" sample_data/acts/math.icl.safetensors &&
    ok "the study is left alone" || not_ok "the study is left alone" "found other bytes than before"
gives 0 index "$study" -o "$x" --threads 1
cmp -s "$x" "$place/copy.scry" && ok "an index is replaced" ||
    not_ok "an index is replaced" "found other bytes"
: >"$place/empty.scry"
gives 0 index "$study" -o "$place/empty.scry"
gives 0 export "$x" --top 5 -o "$place/set.csv"
gives 0 export "$x" --set "$place/set.csv" --with 9 -o "$place/set.csv"
is "a set is read and written in one go" "$(wc -l <"$place/set.csv" | tr -d ' ')" 7
mkfifo "$place/pipe"
head -1 <"$place/pipe" >"$place/first" &
gives 0 export "$x" --top 3 -o "$place/pipe"
wait
is "a pipe is written to" "$(cut -d, -f1 "$place/first")" latent

# ---- a file of another kind is not overwritten without --force
for kind in notes study.json page.html numbers.csv; do
    case $kind in
    notes) printf 'my notes\n' ;;
    study.json) cat sample_data/study.json ;;
    page.html) printf '<!DOCTYPE html>\n<html><p>mine</p></html>\n' ;;
    numbers.csv) printf 'latent,mean\n3,.5\n' ;;
    esac >"$place/other.before"
    for command in export "plot scatter" report export-labels; do
        name=${command%% *} more=${command#"$name"}
        case $name$kind in export-labels*.csv | export-labels*.json) ending=.csv ;; export-labels*) ending=.jsonl ;; *) ending=. ;; esac
        file="$place/other$ending"
        [ "$ending" = . ] && file="$place/other.${kind##*.}"
        cp "$place/other.before" "$file"
        fails "exists and is not" "$name" "$x" $more -o "$file"
        cmp -s "$file" "$place/other.before" && ok "$name over $kind: it is as it was" || not_ok "$name over $kind" "found other bytes"
        gives 0 "$name" "$x" $more -o "$file" -f
        gives 0 "$name" "$x" $more -o "$file"
        cmp -s "$file" "$place/other.before" && not_ok "$name -f over $kind" "found it as it was" || ok "$name -f over $kind: replaced, and then again without -f"
    done
done
for file in x.safetensors x.json x.svg; do
    case $file in *.svg) set -- plot "$x" scatter ;; *) set -- export "$x" --top 3 ;; esac
    gives 0 "$@" -o "$place/$file"
    gives 0 "$@" -o "$place/$file"
    printf 'my notes\n' >"$place/$file"
    fails "exists and is not" "$@" -o "$place/$file"
    gives 0 "$@" -o "$place/$file" --force
done
cp "$place/other.before" "$place/over.scry"
fails "exists and is not an index" index "$study" -o "$place/over.scry"
gives 0 index "$study" -o "$place/over.scry" --force
fails "is an input of export" export "$study" -o "$study" --force
fails "is an input of index" index "$study" -o "$study" --force
fails "is an input of export" export "$place/study" -o "$study" --force
fails "is an index, which would be lost" export "$x" -o "$place/copy.scry" --force

# ---- a folder is its study.json
"$SCRY" rank "$study" --top 3 --csv >"$place/rank.before" 2>"$err"
gives 0 rank "$place/study" --top 3 --csv
cmp -s "$out" "$place/rank.before" && ok "scry rank FOLDER" || not_ok "scry rank FOLDER" "found another ranking"
gives 0 index "$place/study" -o "$place/folder.scry"
cmp -s "$place/folder.scry" "$x" && ok "scry index FOLDER" || not_ok "scry index FOLDER" "found other bytes"
printf 'down\n' >"$place/down.script"
gives 0 "$place/study/" --script "$place/down.script"
fails "is a folder without study.json; expected a manifest or an index, and it has no .json and no .scry" info sample_data/acts
mkdir "$place/folder"
cp "$x" "$place/folder/a.scry"
echo '{}' >"$place/folder/b.json"
fails "is a folder without study.json; expected a manifest or an index; it has a.scry, b.json" "$place/folder"
fails "it has a.scry, b.json" index "$place/folder" -o "$place/no.scry"
fails "it has a.scry, b.json" compare "$x" "$place/folder"

# ---- reports and comparisons name the study
name='Original questions on a pocket Llama'
gives 0 report "$study" -o "$place/named.html"
grep -q "<dt>study</dt><dd>$name" "$place/named.html" && ! grep -q '[0-9a-f]\{16\}\.scry' "$place/named.html" &&
    ok "a report of a manifest names the study, and no key of the cache" || not_ok "a report of a manifest" "found $(grep -o '<dt>\(study\|index\).*' "$place/named.html")"
gives 0 report "$x" -o "$place/named.html"
grep -q '<dt>index</dt><dd>s.scry' "$place/named.html" && ok "a report of an index names its file too" || not_ok "a report of an index" "found no s.scry"
gives 0 compare "$x" "$study" --json
is "compare --json: the files as given" "$(grep -o '"index":"[^"]*"' "$out" | xargs)" "index:s.scry index:study.json"
is "compare --json: their studies" "$(grep -o "\"study\":\"$name" "$out" | wc -l | tr -d ' ')" 2

# ---- a disk that is full
if [ -w /dev/full ]; then
    for command in "rank $x" "plot $x scatter" "plot $x mix" "info --system" "help" "help --man" "help --completion bash" \
        "rank --help" --version --help "export $x" "report $x -o -"; do
        "$SCRY" $command >/dev/full 2>"$err"
        is "scry ${command%% *}: a full disk is told" "$? $(cat "$err")" "1 scry: standard output: cannot be written: No space left on device"
    done
else
    echo "skip - /dev/full is not here"
fi

# ---- labels that a spreadsheet would take for formulas
cat >"$place/study/labels.jsonl" <<'END'
{"latent": 3, "label": "= before a number"}
{"latent": 4, "label": "-5, \"quoted\""}
{"latent": 5, "label": "'tis"}
{"latent": 6, "label": "@ and ü"}
END
sed 's/"scry_study": 1,/"scry_study": 1, "labels": "labels.jsonl",/' sample_data/study.json >"$study"
gives 0 index "$study" -o "$place/l.scry"
for kind in csv jsonl; do
    gives 0 export-labels "$place/l.scry" -o "$place/study/again.$kind"
    is "no formula in .$kind" "$(grep -c ',"[-=+@]' "$place/study/again.$kind")" 0
    sed "s/\"scry_study\": 1,/\"scry_study\": 1, \"labels\": \"again.$kind\",/" sample_data/study.json >"$study"
    gives 0 index "$study" -o "$place/again.scry"
    gives 0 export-labels "$place/again.scry" -o "$place/$kind.jsonl"
    is "labels come back from .$kind" "$(cat "$place/$kind.jsonl")" '{"latent":3,"label":"= before a number"}
{"latent":4,"label":"-5, \"quoted\""}
{"latent":5,"label":"'"'"'tis"}
{"latent":6,"label":"@ and ü"}'
done

# ---- what is open is added to; a link stays one
(echo first && "$SCRY" export "$x" --top 3 -o /dev/fd/1 && echo last) >"$place/open" 2>"$err"
is "a file that is open is added to" "$(cut -d, -f1 "$place/open" | tr '\n' ' ')" "first latent $(tail -n +3 "$place/open" | head -3 | cut -d, -f1 | tr '\n' ' ')last "
(echo first && "$SCRY" export "$x" --top 3 -o /dev/stdout && echo last) 2>"$err" | cut -d, -f1 >"$place/piped"
is "/dev/stdout is standard output" "$(cat "$place/piped")" "$(cut -d, -f1 "$place/open")"
mkdir "$place/far"
for kind in csv svg safetensors jsonl scry; do
    : >"$place/far/real.$kind"
    ln -s "far/real.$kind" "$place/link.$kind"
done
gives 0 export "$x" --top 3 -o "$place/link.csv"
gives 0 export "$x" --top 3 -o "$place/link.safetensors"
gives 0 export-labels "$place/l.scry" -o "$place/link.jsonl"
gives 0 plot "$x" scatter -o "$place/link.svg"
gives 0 index "$study" -o "$place/link.scry"
for kind in csv svg safetensors jsonl scry; do
    [ -h "$place/link.$kind" ] && [ -s "$place/far/real.$kind" ] && ok "a link to a .$kind stays, and the file is written" ||
        not_ok "a link to a .$kind stays, and the file is written" "found $(ls -l "$place/link.$kind" "$place/far" | tr '\n' ' ')"
done

# ---- scripts with the line ends and the mark of another system
printf '\357\273\277latent 5\r\n\r\nlabel from afar\r\n' >"$place/dos.scr"
gives 0 "$x" --script "$place/dos.scr"
is "a script with CR LF" "$(cat "$place/s.labels.jsonl")" '{"latent":5,"label":"from afar"}'

# ---- a session takes the place of a session only, and a replaced one is backed up
printf '5\ntoggle\n' >"$place/toggle.scr"
echo "dear diary" >"$place/diary"
for file in "$place/diary" "$place/far" /dev/null; do
    fails "exists and is not a session of scry" "$x" --script "$place/toggle.scr" --session "$file"
done
is "and is left alone" "$(cat "$place/diary")" "dear diary"
fails "cannot be" "$x" --script "$place/toggle.scr" --session "$place/diary/below"
gives 0 "$x" --script "$place/toggle.scr" --session "$place/session"
cp "$place/session" "$place/kept"
gives 0 synth -o "$place/planted" --width 512 --tokens-each 32
gives 0 "$place/planted/study.json" --script "$place/toggle.scr" --session "$place/session"
says "a session of another index is told" 'it is of another index or training set; it is not restored'
same_file() { cmp -s "$1" "$2" && ok "$3" || not_ok "$3" "found other bytes"; }
same_file "$place/session.old" "$place/kept" "and backed up"

# ---- words that are wrong are wrong whether or not they are needed
refused '--threads: found "abc"' rank "$x" --threads abc
refused '--memory: found "12x"' score "$x" --memory 12x
refused 'no domain "nope"' sets "$x" --domains nope
refused '--domains: found no name' score "$x" --domains ''
refused 'no domain " nope"' score "$x" --domains 'law, nope'
gives 0 score "$x" --domains 'law, math, computer science' --json
prints "blanks around the commas of --domains" '"points":3,'
refused '--system: prints text only' info --system --json
fails 'so it has no latents' latent assets/published/gemma2-9b.json 5
gives 0 sets "$x" --against top5 --domains law,math
prints "sets: no figure is a dash" '^rho - against - over 2 domains'

# ---- an index that scores fewer than 100 ranks: what is not asked for is as many as it has
gives 0 index sample_data/study.json -o "$place/c.scry" --candidates 50
gives 0 score "$x" --top 50 --csv
cp "$out" "$place/top50"
gives 0 score "$place/c.scry" --csv
cmp -s "$out" "$place/top50" && ok "score: the first 50" || not_ok "score: the first 50" "found others than by --top 50"
for command in "sweep c" "latent c 1819" "mix c --budget 9" "plot c scatter" "plot c task-share" "baselines c" "report c -o r.html"; do
    gives 0 $(echo "$command" | sed "s#\\<c\\>#$place/c.scry#;s#r.html#$place/r.html#")
done
gives 2 score "$place/c.scry" --top 60
finish
