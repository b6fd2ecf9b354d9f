#!/bin/sh
# Named sets: kept with the index, put together in every selection, compared.
. "${0%/*}/check.inc"
x=$place/s.scry
gives 0 index sample_data/study.json -o "$x"
gives 0 sets "$x"
prints "sets: none at first" 'no named sets yet; --keep NAME'
gives 0 sets "$x" --top 30 --keep core
says "sets --keep: what and where" "s.sets.json: 30 latents saved as core"
gives 0 sets "$x" --latents "core - top10 + 3,17" --keep odd
gives 0 sets "$x" --latents "core & odd" --json
prints "sets --json" '^\{"selection":20,"sets":\[\{"name":"core","latents":30,"both":20,"jaccard":0\.6666' '"name":"odd","latents":22,"both":20,'
gives 0 sets "$x" --csv
is "sets --csv: its header" "$(head -1 "$out")" "name,latents,both,jaccard,list"

# the same set, said in several ways, gives the same score
plain_score() { # the score without its context, which depends on how the selection was made
    gives 0 score "$x" "$@" --json
    sed 's/,"train_domain".*//' "$out" >"$place/found" && mv "$place/found" "$out"
}
plain_score --top 30
cp "$out" "$place/plain"
plain_score --latents core
cmp -s "$out" "$place/plain" && ok "score --latents core: the score of the 30" || not_ok "score --latents core: the score of the 30" "found another"
plain_score --latents none --with "top20 + core"
cmp -s "$out" "$place/plain" && ok "--with takes sets" || not_ok "--with takes sets" "found another score"
plain_score --top 40 --without "top40 & !core"
cmp -s "$out" "$place/plain" && ok "--without takes sets" || not_ok "--without takes sets" "found another score"
gives 0 export "$x" --latents "core & odd" -o "$place/set.csv"
gives 0 sets "$x" --set "$place/set.csv" --against "core & odd" --json
prints "sets --against --json" '"latents":20,"latents_against":20,"both":20,"jaccard":1,' '"domains":\[\{"name":"biology","sts":[0-9.]+,"sts_against":[0-9.]+,"change":-11\.225'

gives 2 score "$x" --latents "coer"
says "a wrong name lists the right ones" 'no set "coer"; expected all, none, top, top50, core, odd'
gives 2 score "$x" --latents "core + "
gives 2 sets "$x" --keep "top5"
gives 2 sets "$x" --forget nobody
gives 0 sets "$x" --forget core
is "sets --forget: one is left" "$(grep -c '"name"' "$place/s.sets.json")" 1
is "no file is left behind" "$(ls "$place" | tr '\n' ' ')" "plain s.scry s.sets.json set.csv stderr stdout "
printf '{' >"$place/s.sets.json"
gives 1 sets "$x"
says "a damaged file is named" "s.sets.json"
gives 0 score "$x" --latents 3,17

# ---- an index in the cache: what is said of its latents is there again when the study has changed
export XDG_DATA_HOME="$place/data"
mkdir "$place/study"
cp -R sample_data/. "$place/study"
gives 0 sets "$place/study/study.json" --top 7 --keep mine
printf 'latent 17\nlabel of mine\n' >"$place/label.script"
gives 0 "$place/study/study.json" --script "$place/label.script"
sed 's/"name": "law"/"name": "statutes"/' sample_data/study.json >"$place/study/study.json"
gives 0 sets "$place/study/study.json"
prints "named sets stay when the study changes" 'mine'
printf 'export-labels %s\n' "$place/labels.csv" >"$place/label.script"
gives 0 "$place/study/study.json" --script "$place/label.script"
grep -q '^17,.*of mine' "$place/labels.csv" && ok "labels too" || not_ok "labels too" "found $(cat "$place/labels.csv")"
gives 0 sets sample_data/study.json
prints "and are those of the SAE, in other studies too" 'mine'

# ---- several at once: each reads, changes and writes the same file
gives 0 index sample_data/study.json -o "$place/shared.scry"
for n in 1 2 3 4 5 6 7 8; do
    "$SCRY" sets "$place/shared.scry" --latents "$n" --keep "of_$n" >/dev/null 2>&1 </dev/null &
done
wait
gives 0 sets "$place/shared.scry" --csv
is "sets kept by eight at once are all there" "$(tail -n +2 "$out" | wc -l | tr -d ' ')" 8
for n in 1 2 3; do
    awk -v n="$n" 'BEGIN { for (i = 1; i <= 25; i++) printf "%d\nlabel by %d\n", n * 100 + i, n }' >"$place/label$n.scr"
    "$SCRY" "$place/shared.scry" --script "$place/label$n.scr" >/dev/null 2>&1 </dev/null &
done
wait
gives 0 export-labels "$place/shared.scry" -o "$place/shared.csv"
is "labels given by three at once are all there" "$(grep -c '"by [123]"' "$place/shared.csv")" 75

finish
