#!/bin/sh
# Selections: a ranking's top, a CSV, a list, and what is put in and taken out; export reads back as it was.
. "${0%/*}/check.inc"
x=$place/s.scry study=sample_data/study.json
"$SCRY" index $study -o "$x" 2>"$err" || not_ok "the sample study is indexed" "found $(cat "$err"), expected no error"

same() { # WHAT: $out is what $place/before is
    if cmp -s "$out" "$place/before"; then ok "$1"; else not_ok "$1" "found $(head -c 200 "$out"), expected $(head -c 200 "$place/before")"; fi
}

# ---- export and back
for options in "--top 100" "--top 17 --by sft --metric abs" "--top 0" "--top 40 --without 1819,637 --with 2000-2003" "--latents 3,17,90-120" "--top 99999"; do
    # shellcheck disable=SC2086  # these are words
    gives 0 export "$x" $options -o "$place/set.csv"
    # shellcheck disable=SC2086
    gives 0 score "$x" $options --json
    sed 's/,"train_domain".*//' "$out" >"$place/before" # the context depends on the ranking, which --set does not name
    cp "$out" "$place/whole"
    gives 0 score "$x" --set "$place/set.csv" --json
    cp "$out" "$place/found"
    sed 's/,"train_domain".*//' "$place/found" >"$out"
    same "score --set of an export is the score of $options"
    case $options in
    *sft* | *latents* | *"top 0" | *99999) ;;
    *) cmp -s "$place/found" "$place/whole" && ok "and its switches are known again" || not_ok "and its switches are known again" "$(cat "$place/found" "$place/whole")" ;;
    esac
done
gives 0 export "$x" -o "$place/set.csv"
says "export -o: says what it wrote" "set.csv: 100 latents"
gives 0 export "$x"
cp "$out" "$place/before"
cp "$place/set.csv" "$out"
same "export without -o writes the same to stdout"
is "export: its header" "$(head -1 "$place/set.csv" | cut -d, -f1-7)" 'latent,included,rank,shift,share,label,"act:biology"'
is "export: a column a domain" "$(head -1 "$place/set.csv" | tr ',' '\n' | wc -l | tr -d ' ')" 21
is "export: the key tokens last" "$(grep '^1819,' "$place/set.csv" | grep -o ',[^0-9]* 3.*$')" ',""" ="" "" 3"" ""("""'
is "export: a row a latent" "$(wc -l <"$place/set.csv" | tr -d ' ')" 101
gives 0 export "$x" --score icl --top 3
prints "export --score icl: its contributions" '"icl:biology"'
gives 0 export "$x" --without 1819 --with 2000 -o "$place/set.csv"
is "export: what was taken out stays, with 0" "$(grep '^1819,' "$place/set.csv" | cut -d, -f1-3)" "1819,0,1"
is "export: what was put in is there, with 1" "$(grep '^2000,' "$place/set.csv" | cut -d, -f1-2)" "2000,1"
is "export: no scratch file" "$(ls "$place" | grep -c tmp)" 0

# the contributions of a set sum to its STS
gives 0 export "$x" --top 7 -o "$place/set.csv"
sum=$(tail -n +2 "$place/set.csv" | awk -F, '$2 == 1 { s += $7 } END { printf "%.5f", s }')
gives 0 score "$x" --top 7 --csv
is "contributions sum to the STS" "$sum" "$(grep '^"biology"' "$out" | cut -d, -f2 | awk '{ printf "%.5f", $1 }')"

# ---- with and without
gives 0 score "$x" --top 100 --json
cp "$out" "$place/before"
gives 0 score "$x" --top 100 --without 0-2047 --json
is "--without everything" "$(number n)" 0
gives 0 score "$x" --top 100 --without 0-2047 --with 0-2047 --json
is "--with comes after --without" "$(number n)" 2048
gives 0 score "$x" --top 100 --without 1819 --json
is "--without takes out" "$(number n)" 99
gives 0 score "$x" --top 100 --without 1819 --with 1819 --json
same "--with after --without: as before"
gives 0 score "$x" --top 100 --without 2000 --json
same "--without of what is not in: as before"
gives 0 score "$x" --top 100 --with 1819 --json
same "--with of what is in: as before"
gives 0 score "$x" --latents 3,17,90-120 --json
is "--latents: a list and ranges" "$(number n)" 33
gives 0 score "$x" --latents '3, 17, 3' --json
is "--latents: blanks, and one twice" "$(number n)" 2
gives 0 score "$x" --latents "$(tail -n +2 "$place/set.csv" | cut -d, -f1 | paste -sd, -)" --json
sed 's/,"train_domain".*//' "$out" >"$place/before"
gives 0 score "$x" --top 7 --json
sed 's/,"train_domain".*//' "$out" >"$place/found" && mv "$place/found" "$out"
same "--latents of a ranking's top is that top"

# ---- a manifest in place of an index
gives 0 score "$x" --json
cp "$out" "$place/before"
gives 0 score $study --json
same "score of a manifest is that of its index"
gives 0 tokens "$x" 1819 --json
cp "$out" "$place/before"
gives 0 tokens $study 1819 --json
same "tokens of a manifest"
gives 0 info $study --csv
gives 0 export $study --top 2
prints "export of a manifest" '^1819,1,1,'

# ---- CSV from elsewhere
csv() { # WHAT TEXT STATUS WORDS: what --set makes of such a file
    printf "$2" >"$place/in.csv"
    gives "$3" score "$x" --set "$place/in.csv" --json
    if [ "$3" -eq 0 ]; then is "$1" "$(number n)" "$4"; else says "$1" "in.csv" "$4"; fi
}
csv "two columns are enough" 'latent,included\n3,1\n17,0\n90,1\n' 0 2
csv "in any order, with others" 'note,included,latent\nhi,1,3\n"a,b",1,17\n' 0 2
csv "CRLF and a mark of order, as spreadsheets write" '\357\273\277latent,included\r\n3,1\r\n17,1\r\n' 0 2
csv "true and false" 'latent,included\n3,TRUE\n17,false\n' 0 1
csv "no line at the end" 'latent,included\n3,1' 0 1
csv "only a header" 'latent,included\n' 0 0
csv "only latent" 'latent\n3\n90\n' 0 2
csv "one number per line" '3\n17\n90\n' 0 3
csv "numbers with commas" '3,17,90-92' 0 5
csv "JSON" '{"latents":[{"latent":3},{"latent":17}]}' 0 2
csv "included under another name" 'latent,inside\n3,1\n17,0\n' 1 'found "inside", which is 1 or 0 in every row'
csv "no column latent" 'included\n1\n' 1 'no column "latent"'
csv "an empty file" '' 1 'is empty; expected latents as numbers'
csv "not a number" 'latent,included\n3,1\nx,1\n' 1 'row 3: latent: found "x", expected a whole number'
csv "a latent that does not exist" 'latent,included\n2048,1\n' 1 'row 2: latent 2048 does not exist; this index has 0 to 2047'
csv "neither 1 nor 0" 'latent,included\n3,maybe\n' 1 'row 2: included: found "maybe", expected 1 or 0'
csv "too many cells" 'latent,included\n3,1,5\n' 1 'row 2: more cells than the header'
csv "a quote that does not end" 'latent,included\n"3,1\n' 1 'not CSV'
csv "an escape sequence in it is shown, not sent" 'latent,included\n\033[31mred,1\n' 1 '\x1b[31mred'

# ---- what scry itself writes is read back
set_of() { # WHAT FILE: its latents as scry export lists them
    gives 0 export "$x" --set "$2"
    awk -F, '$2 == 1 { print $1 }' "$out" | sort >"$place/latents"
    cmp -s "$place/latents" "$place/expected" && ok "--set of $1" || not_ok "--set of $1" "found $(xargs <"$place/latents"), expected $(xargs <"$place/expected")"
}
"$SCRY" export "$x" --top 7 -o "$place/seven.csv" 2>"$err"
awk -F, '$2 == 1 { print $1 }' "$place/seven.csv" | sort >"$place/expected"
set_of "an exported CSV" "$place/seven.csv"
"$SCRY" export "$x" --top 7 -o "$place/seven.json" 2>"$err"
set_of "an exported list for Neuronpedia" "$place/seven.json"
"$SCRY" rank "$x" --top 7 --json >"$place/rank.json"
set_of "rank --json" "$place/rank.json"
"$SCRY" rank "$x" --top 7 --csv >"$place/rank.csv"
set_of "rank --csv" "$place/rank.csv"
cp "$place/expected" "$place/plain.txt"
set_of "its numbers" "$place/plain.txt"
"$SCRY" fires-on "$x" the --top 7 --json >"$place/fires.json"
grep -o '"latent":[0-9]*' "$place/fires.json" | cut -d: -f2 | sort >"$place/expected"
set_of "fires-on --json" "$place/fires.json"
printf 'import %s\nexport %s\n' "$place/fires.json" "$place/imported.csv" >"$place/import.script"
gives 0 "$x" --script "$place/import.script"
set_of "what the explorer imports" "$place/imported.csv"

# ---- an index of candidates
gives 0 index $study -o "$place/c.scry" --candidates 30 --json
gives 0 info "$place/c.scry" --json
is "--candidates: info knows it" "$(number candidates)" 30
gives 0 info "$place/c.scry"
prints "--candidates: info says it" '^scored +[0-9]+ latents: .* first 30 ' '^train.base .*[0-9]\.[0-9]+$' '^biology.base .* -$'
gives 0 info "$x" --json
prints "without: all are scored" '"candidates":null,"scored":2048'
for options in "--top 30" "--top 30 --by sft --metric rate --score icl" "--top 12 --metric d --score act2"; do
    # shellcheck disable=SC2086  # these are words
    gives 0 export "$x" $options
    cp "$out" "$place/before"
    # shellcheck disable=SC2086
    gives 0 export "$place/c.scry" $options
    same "--candidates 30: contributions of $options"
done
gives 2 score "$place/c.scry" --top 500
says "--candidates: more than was encoded is refused" "cannot be scored" "--candidates 30" "index again"
gives 2 export "$place/c.scry" --top 30 --with 0-2047
says "--candidates: and by --with" "latent 0 (and others) cannot be scored"
gives 0 score "$place/c.scry" --top 30
prints "--candidates: no random sets" "no random sets: .*--candidates"
gives 0 tokens "$place/c.scry" 0
gives 2 sweep "$place/c.scry" --over random --top 20
says "--candidates: no sweep over random sets" "no latents for random sets"
gives 2 sweep "$place/c.scry" --over n --top 40
says "--candidates: no sweep beyond them" "expected at most 30"
gives 0 sweep "$place/c.scry" --over bands --top 30
gives 0 tokens "$place/c.scry" 0
says "--candidates: tokens of another latent" "latent 0 was not encoded on the domains"
printf 'top 999\nscreen %s\nlatent 0\ntoggle 0\n' "$place/n.txt" >"$place/toggle.script"
scry "$place/c.scry" --script "$place/toggle.script"
says "--candidates: a toggle in the explorer" "latent 0 cannot be scored"
grep -q 'N 30 ' "$place/n.txt" && ok "--candidates: N ends there" || not_ok "--candidates: N ends there" "found $(head -1 "$place/n.txt"), expected N 30"
gives 2 index $study -o "$place/no.scry" --candidates 0
says "--candidates 0" "expected a whole number of 1 or more"
gives 2 index $study -o "$place/no.scry" --candidates 5 --shard 1/2
says "--candidates of a shard" "--candidates and --shard"

# ---- names with commas, quotes and backslashes in a list of domains
mkdir "$place/named"
cp -R sample_data/. "$place/named"
sed 's/"name": "law"/"name": "law, civil"/; s/"name": "math"/"name": "all"/; s/"name": "business"/"name": "a \\"b\\\\,"/' $study >"$place/named/study.json"
gives 0 index "$place/named/study.json" -o "$place/named.scry"
gives 0 score "$x" --domains "law,business,math,physics" --json
sed 's/"[^"]*","sts"/"","sts"/g; s/"name":"[^,]*,/"name":/g' "$out" | grep -o '"pearson":[^,]*\|"r2":[^,]*' >"$place/before"
for list in '"law, civil","a \"b\\,","all",physics' 'law\, civil,a "b\\\,,physics,"all"'; do
    gives 0 score "$place/named.scry" --domains "$list" --json
    grep -o '"pearson":[^,]*\|"r2":[^,]*' "$out" >"$place/own" && mv "$place/own" "$out"
    same "--domains $list is those domains"
done
gives 2 score "$place/named.scry" --domains 'law, civil'
says "a comma without quotes" 'no domain "law"; expected all, extremes:K, or some of: '
says "the list of names is one that can be typed" '"law, civil"'
gives 2 score "$place/named.scry" --domains '"law, civil'
says "an open quote" "no closing quote"
gives 2 score "$place/named.scry" --domains '"law, civil"x'
says "text after a quote" "text after the closing quote"
printf 'leave-out law, civil\npane domains\nscreen %s\n' "$place/out.txt" >"$place/out.script"
gives 0 "$place/named.scry" --script "$place/out.script" --session "$place/out.session"
grep -q 'n 13' "$place/out.txt" && ok "leave-out: such a domain" || not_ok "leave-out: such a domain" "found $(grep rho "$place/out.txt"), expected n 13"
printf 'screen %s\n' "$place/again.txt" >"$place/out.script"
gives 0 "$place/named.scry" --script "$place/out.script" --session "$place/out.session"
grep -q 'n 13' "$place/again.txt" && ok "the session keeps it" || not_ok "the session keeps it" "found $(grep rho "$place/again.txt"), expected n 13"

finish
