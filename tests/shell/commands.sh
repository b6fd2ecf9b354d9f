#!/bin/sh
# Every command: its table, its JSON with the keys of the contract, its CSV, its help, and what it refuses.
. "${0%/*}/check.inc"
export XDG_CACHE_HOME="$place/cache" # what is in it is counted
x=$place/s.scry study=sample_data/study.json

# ---- index
gives 0 index $study -o "$x"
[ ! -s "$out" ] && ok "index: nothing to stdout" || not_ok "index: nothing to stdout" "found \"$(head -1 "$out")\", expected nothing"
says "index: says what it made" "2048 latents, 30909 tokens"
gives 0 index $study -o "$place/t.scry" --json --threads 1
prints "index --json: its keys" '^\{"index":".*t\.scry","latents":2048,"tokens":30909,"nnz":[0-9]+,"outliers":0,"seconds":[0-9.e-]+,"pairs":\[\{"base":"train.base".*\}\]\}$'
cmp -s "$x" "$place/t.scry" && ok "index: the same bytes from one thread" ||
    not_ok "index: the same bytes from one thread" "found other bytes than from all threads, expected the same"
gives 0 index $study -o "$place/t.scry" --threads 3
cmp -s "$x" "$place/t.scry" && ok "index: the same bytes from three threads" ||
    not_ok "index: the same bytes from three threads" "found other bytes, expected the same"
is "index: leaves no other file" "$(ls "$place" | tr '\n' ' ')" "s.scry stderr stdout t.scry "

# ---- info
gives 0 info "$x"
prints "info: what is in it" '^latents +2048' 'sources icl sft' '^train\.base +2311 +30 ' '^law\.icl +722 +12 '
gives 0 info "$x" --json
prints "info --json: its keys" '"name":"Original' '"d_sae":2048' '"pairing":"token"' '"sources":\["icl","sft"\]' \
    '"captures":\[\{"name":"train.base","condition":"base","tokens":2311,.*"samples":30,"nnz":[0-9]+,"l0":[0-9.]+' \
    '"domains":\[\{"name":"biology","change":-11.225,"change_se":null\}'
gives 0 info "$x" --csv
prints "info --csv: its header" '^name,.*tokens.*samples.*nnz.*l0'
is "info --csv: a row a capture" "$(wc -l <"$out" | tr -d ' ')" 32
gives 0 info "$x" --sections
prints "info --sections: the parts, and what lies between them" '^post/data +[0-9]+ +[0-9.]+ +[0-9.]+%' '^score/act ' '^\(header'
gives 0 info "$x" --sections --csv
is "info --sections: they add up to the file" "$(awk -F, 'NR > 1 { sum += $(NF - 2) } END { print sum }' "$out")" "$(wc -c <"$x" | tr -d ' ')"
gives 0 info --system
prints "info --system" '^scry ' '^blas ' '^kernels '

# ---- fires-on
gives 0 fires-on "$x" therefore --top 3
prints "fires-on: the table" '^mean activation on the [0-9]+ tokens "therefore" of all base captures' '^latent +mean +rate%'
gives 0 fires-on "$x" = --json --capture math
prints "fires-on --json: its keys" '^\{"text":"=","capture":"math.base","tokens":[0-9]+,"matches":[0-9]+,"latents":\[\{"latent":[0-9]+,"mean":[0-9.e-]+,"rate":[0-9.e-]+,"label":'
gives 0 fires-on "$x" = --csv --top 99999
is "fires-on --csv: its header" "$(head -1 "$out")" "latent,mean,rate,label,key_tokens"
tail -n +2 "$out" | cut -d, -f2 >"$place/means"
[ -s "$place/means" ] && sort -rg "$place/means" | cmp -s - "$place/means" && ok "fires-on: strongest first" ||
    not_ok "fires-on: strongest first" "found $(head -3 "$place/means" | tr '\n' ' '), expected them falling"

gives 0 fires-on "$x" "x = 3" --top 5 --csv
prints "fires-on: a text that spans tokens" '^1819,[0-9.]+,0\.8333[0-9]*,,""" ="" "" 3"" ""\("""$'
fails '"therefor" is nowhere in 15 base captures (198 samples, 14299 tokens); nearest: inside a longer word, 9 places, first in " therefore"' fires-on "$x" therefor
fails 'nearest: without the blanks around it, 9 places' fires-on "$x" "  therefore"
fails 'nearest: with other blanks, 2 places, first in " x = 3" of train.base' fires-on "$x" "x =3" --json
fails '"zzzz" is nowhere in math.icl (12 samples,' fires-on "$x" zzzz --capture math.icl
fails 'nearest: in other captures (--capture), ' fires-on "$x" therefore --capture law
refused "expected a token's text" fires-on "$x" ""

# ---- rank
gives 0 rank "$x" --top 3
prints "rank: the table" '^rank +latent +shift' '^ +1 +1819 +0\.0294'
gives 0 rank "$x" --by sft --metric mean --top 5 --json
prints "rank --json: its keys" '^\{"by":"sft","against":"base","metric":"mean","total":[0-9.]+,"latents":\[\{"rank":1,"latent":[0-9]+,"shift":-?[0-9.e-]+,' \
    '"share":[0-9.e-]+,"cumulative":[0-9.e-]+,"mean_base":[0-9.e-]+,"mean_shifted":[0-9.e-]+,"rate_base":[0-9.e-]+,"rate_shifted":[0-9.e-]+,"label":null,"key_tokens":\["[^]]*"\]\}'
is "rank --json: as many as asked for" "$(grep -o '"rank":' "$out" | wc -l | tr -d ' ')" 5
for metric in sq abs mean rate d; do
    for by in icl sft; do gives 0 rank "$x" --by $by --metric $metric --top 1; done
done
gives 0 rank "$x" --csv
is "rank --csv: its header" "$(head -1 "$out")" "rank,latent,shift,share,cumulative,mean_base,mean_shifted,rate_base,rate_shifted,label,key_tokens"
is "rank: 100 without --top" "$(wc -l <"$out" | tr -d ' ')" 101
gives 0 rank "$x" --csv --top 99999
is "rank --top beyond the end: all" "$(tail -1 "$out" | cut -d, -f1) $(tail -1 "$out" | cut -d, -f5)" "2048 1"
cp "$out" "$place/all.csv"
is "rank: each latent once" "$(tail -n +2 "$out" | cut -d, -f2 | sort -n | uniq | wc -l | tr -d ' ')" 2048
gives 0 rank $study --csv --top 99999
cmp -s "$out" "$place/all.csv" && ok "rank of a manifest is that of its index" ||
    not_ok "rank of a manifest is that of its index" "found other rows, expected the same"
is "a manifest is kept in the cache" "$(ls "$place/cache/scry" | grep -c '^[0-9a-f]\{16\}\.scry$')" 1
gives 0 rank $study --top 1
[ ! -s "$err" ] && ok "and not indexed again" || not_ok "and not indexed again" "found \"$(head -1 "$err")\", expected no word"
gives 0 rank "$x" --by=sft --top=1
prints "--name=value is taken too" 'shift by sft'

# ---- score
gives 0 score "$x"
prints "score: the table" '^STS act of 100 latents' '^rho 0\.93[0-9]+ .Pearson.s r. with the signed change over 14 domains' '^domain +STS +change' '^math +6\.6'
gives 0 score "$x" --json
prints "score --json: its keys" '^\{"score":"act","n":100,"domains":\[\{"name":"biology","sts":[0-9.]+,"change":-11.225,"fitted":-?[0-9.]+,"residual":-?[0-9.]+\}' \
    '"pearson":0\.93[0-9]{8,}' '"r2":' '"spearman":' '"slope":' '"intercept":' '"p_value":' '"loo_min":' '"loo_max":' '"ci_low":' '"ci_high":' \
    '"random_mean":' '"random_sd":' '"random_rank":'
is "score --json: 14 domains" "$(grep -o '"residual":' "$out" | wc -l | tr -d ' ')" 14
cp "$out" "$place/score.json"
gives 0 score "$x" --json
cmp -s "$out" "$place/score.json" && ok "score: drawn figures are the same each time" ||
    not_ok "score: drawn figures are the same each time" "found others, expected the same"
gives 0 score "$x" --csv
is "score --csv: its header" "$(head -1 "$out")" "name,sts,change,fitted,residual"
is "score --csv: a row a domain" "$(wc -l <"$out" | tr -d ' ')" 15
gives 2 score "$x" --score abl
says "score --score abl without effect columns" 'scry effects' 's.scry'
gives 0 effects "$x" --samples 2 --draws 1 --json
prints "effects: its keys" '^\{"effects":"[^"]*s\.effects","model_path":"[^"]*models/base","model":"[0-9a-f]{16}","draws":1,"seed":20260302,"samples":28,"entries":[0-9]+,"bytes":[0-9]+,"bytes_per_entry":[0-9.]+,"computed":true,"seconds":[0-9.]+\}'
gives 0 effects "$x" --samples 2 --draws 1
says "effects: again" 'already'
gives 0 effects "$x" --samples 2 --draws 1 --check --top 10 --sets 2 --by sft
prints "effects --check" '^first 10 latents by sft: ' 'drawn among the first 20 \(seed 20260302\)$' \
    '^ *N +toggles +sets +estimate +slope +1st order +anchored +least +of change$' '^ *1 +0 +1 +-?[01]\.[0-9]+ ' '^ *10 +0 +1 .* - +- +-$' '^ *10 +1 +2 '
says "effects --check: progress, a line a step" 'scry: texts' 'scry: exact runs'
gives 0 effects "$x" --samples 2 --draws 1 --check --top 10 --sets 2 --by sft --json
prints "effects --check --json: its keys" '^\{"effects":"[^"]*s\.effects",.*"computed":false,"seconds":0,"by":"sft","metric":"sq","top":10,"agreement":\[\{"n":1,"toggles":0,"sets":1,"estimate":' \
    '"n":10,"toggles":3,"sets":2,"estimate":[-0-9.e]+,"estimate_least":[-0-9.e]+,"slope":[-0-9.e]+,"first_order":[-0-9.e]+,"anchored":[-0-9.e]+,"anchored_least":[-0-9.e]+,"change":[-0-9.e]+'
cp "$out" "$place/checked"
gives 0 effects "$x" --samples 2 --draws 1 --check --top 10 --sets 2 --by sft --json --threads 1
cmp -s "$out" "$place/checked" && ok "the same seed checks the same sets" || not_ok "the same seed" "found other figures, expected the same"
gives 0 effects "$x" --samples 2 --draws 1 --check --top 10 --sets 2 --by sft --csv
is "effects --check --csv: its head" "$(head -1 "$out")" "n,toggles,sets,estimate,slope,first_order,anchored,anchored_least,change"
gives 2 effects "$x" --by icl
says "effects --by" '--by: belongs to --check'
gives 2 effects "$x" --check --top 999999
says "effects --check --top: too many" '--top: found 999999' 'expected at most'
gives 2 effects "$x" --draws 65
says "effects: too many draws" 'found 65 draws' 'expected 64'
gives 0 export "$x" --score abl --top 20 -o "$place/abl.csv"
gives 0 ablate "$x" --top 3 --samples 2 --json
prints "ablate --json: the estimate" '"estimate":-?[0-9.e-]+'
gives 0 ablate "$x" --top 3 --samples 2
prints "ablate: the estimate" '^domain .* estimate'
gives 0 ablate "$x" --top 3 --samples 2 --value mean --json
! grep -q estimate "$out" && ok "ablate --value mean: no estimate" || not_ok "ablate --value mean: no estimate" "found one"
gives 2 score "$x" --score abl --repeats 3
says "score --score abl --repeats" 'sample'
for command in "score --csv" "sweep --over n --top 30" "sweep --over bands --top 30" "sweep --over random --top 10" "latent 17 --page profile"; do
    set -- $command
    name=$1
    shift
    gives 0 "$name" "$x" "$@" --score abl
done
for score in $("$SCRY" help score | sed -n 's/^ *--score \([a-z0-9|]*\).*/\1/p' | tr '|' ' '); do
    gives 0 score "$x" --score $score --json
    prints "score --score $score" "\"score\":\"$score\"" '"pearson":-?0'
done
gives 0 score "$x" --domains extremes:3 --absolute --json
prints "score --domains extremes:3" '"points":6,'
is "domains left out have no residual" "$(grep -o '"residual":null' "$out" | wc -l | tr -d ' ')" 8
fitted_domains() { tr '{' '\n' <"$out" | sed -n 's/^"name":"\([^"]*\)".*"fitted":[-0-9].*/\1/p' | paste -sd, -; }
gives 0 score "$x" --domains extremes:2 --signed --json
is "extremes by the signed change" "$(fitted_domains)" "biology,computer science,math,psychology"
gives 0 score "$x" --domains extremes:2 --absolute --json
is "extremes by the absolute change" "$(fitted_domains)" "biology,business,computer science,psychology"
gives 0 score "$x" --domains law,math,other --json
prints "score --domains by name" '"points":3,'
gives 0 score "$x" --domains law,math,other
grep -q -i nan "$out" && not_ok "score of 3 domains" "found nan: $(grep -i -m1 nan "$out"), expected - where there is no figure" || ok "score of 3 domains: no nan"
gives 0 score "$x" --domains law,math
prints "score of two domains says why there is no rho" 'no correlation: fewer than 3 domains'
gives 0 score "$x" --domains law,math --json
prints "and has null in JSON" '"pearson":null' '"p_value":null'
gives 0 score "$x" --top 0
prints "score of nothing says why" '^STS act of 0 latents' 'no correlation:'

# ---- tokens
gives 0 tokens "$x" 1819
prints "tokens: the table" '^latent 1819: active [0-9]+ times' '^activation +capture +sample +position +text' ' train-math-09 +36 .*\[\(\]'
is "tokens: 10 without --top" "$(tail -n +4 "$out" | wc -l | tr -d ' ')" 10
gives 0 tokens "$x" 1819 --top 3 --context 2 --capture law --json
prints "tokens --json: its keys" '^\{"latent":1819,"examples":\[\{"capture":"law.base","sample":"law-[0-9]+","position":[0-9]+,"token":"[^"]*","activation":[0-9.]+,"context":\[\{"token":"[^"]*","activation":[0-9.]+\}'
is "tokens --top" "$(grep -o '"capture":' "$out" | wc -l | tr -d ' ')" 3
gives 0 tokens "$x" 1819 --csv
prints "tokens --csv: its header" '^activation,capture,sample,position,text$'
gives 0 tokens "$x" 1819 --capture math.icl --top 2
prints "tokens --capture NAME.icl" 'math\.icl'
fails "latent 23 fires on none of the 30909 tokens of 31 captures" tokens "$x" 23
fails "latent 0: none of its 128 activations in 31 captures is in 100-; they go from 0.00145" tokens "$x" 0 --interval 100-
fails "none of the" tokens "$x" 23 --json --capture math
fails "latent 23: no paired token of 31 captures moved under icl" tokens "$x" 23 --interval moved
gives 0 tokens "$x" 1819 --interval moved --versus sft --capture train.base --top 5 --json
prints "tokens --interval moved: base and sft of each" '"versus":[0-9.]+,"difference":-?[0-9.]+,"context":\[\{"token":"[^"]*","activation":[0-9.]+,"base":[0-9.]+,"versus"' \
    '"interval":"moved","versus":"sft","against":"base"\}$' '"capture":"train.sft"'
differences=$(grep -o '"difference":[-0-9.e]*,"context"' "$out" | sed 's/[^0-9.-]//g;s/-//')
is "tokens --interval moved: the largest first" "$(echo "$differences" | sort -gr)" "$differences"
for interval in top q1 q2 q3 q4 q5 random; do
    gives 0 tokens "$x" 1819 --interval $interval --json --top 100
    cp "$out" "$place/$interval.json"
done
least() { grep -o '"position":[0-9]*,"token":"[^"]*","activation":[0-9.e-]*' "$place/$1.json" | sed 's/.*://' | sort -g | sed -n "$2p"; }
for pair in "1 2" "2 3" "3 4" "4 5"; do
    low=$(least "q${pair% *}" '$') high=$(least "q${pair#* }" 1)
    is "tokens --interval: q${pair% *} ends before q${pair#* } begins" "$(printf '%s\n' "$low" "$high" | sort -g | head -1)" "$low"
done
gives 0 tokens "$x" 1819 --interval random --json --top 100 --seed 7
cmp -s "$out" "$place/random.json" && not_ok "tokens --seed" "found the same draw, expected another" || ok "tokens --seed draws others"
gives 0 tokens "$x" 1819 --versus sft --csv
prints "tokens --versus --csv: its header" '^activation,base,versus,difference,capture,sample,position,text$'
gives 2 tokens "$x" 1819 --interval q7
says "a wrong interval is named with what would do" 'q7' 'q1 (weakest fifth) to q5' 'moved'
gives 2 tokens "$x" 1819 --versus base
says "a wrong source too" 'icl, sft, rl or control'

# ---- latent
gives 0 latent "$x" 1819
prints "latent: its tables" '^latent 1819' '^capture +tokens +silent +mean +median' '^train.sft +2311 +89\.5' '^domain +mean +fires' '^math +0\.268' \
    '^nearest +\+0\.7498 +1020' '^opposite +-0\.6479 +457' '^latent +jaccard +both' '^ +866 +0\.28'
gives 0 latent "$x" 1819 --json --list 2 --log
prints "latent --json: its keys" '^\{"latent":1819,"label":null,"key_tokens":\[[^]]*\],"activations":[0-9]+,"distribution":\[\{"capture":"train.base","tokens":2311,"fires":[0-9]+,"silent":[0-9.]+,"mean":[0-9.]+,"mean_firing":[0-9.]+,"q05":' \
    '"histogram":\[\{"capture":"train.base","from":[0-9.e-]+,"to":[0-9.e-]+,"tokens":[0-9]+\}' '"score":"act","against":"base","included":true,"profile":\[\{"name":"biology","mean":[0-9.]+,"rate":[0-9.]+,"mean_icl":[0-9.]+,"rate_icl":[0-9.]+,"icl_difference":-[0-9.]+,"contribution":[0-9.]+,"share":[0-9.]+\}' \
    '"neighbours":\[\{"side":"nearest","latent":1020,"cosine":0\.749[0-9]+,"label":null,"key_tokens":\[[^]]*\]\}' '"together_over":"all base captures","together_tokens":14299,"together_fires":[0-9]+,"together":\[\{"latent":866,"jaccard":0\.2[0-9]+,"both":[0-9]+,"fires":[0-9]+,"pmi":[0-9.]+,"label":null,"key_tokens":\[[^]]*\]\}'
for page in histogram profile neighbours together; do
    gives 0 latent "$x" 1819 --page $page --csv --score icl
    [ "$(wc -l <"$out")" -gt 10 ] && ok "latent --page $page --csv" || not_ok "latent --page $page --csv" "found $(wc -l <"$out") lines, expected more than 10"
done
gives 0 latent "$x" 1819 --page together --order both --capture math --csv --list 5
both=$(tail -n +2 "$out" | cut -d, -f3)
is "latent --order both: the most tokens first" "$(echo "$both" | sort -gr)" "$both"
gives 0 latent "$x" 23
prints "latent of a silent one" '^latent 23$' '^train.base +2311 +100\.00%'
gives 0 latent "$x" 1819 --page profile --json --latents 3
prints "latent: no share of a score that it is not in" '"included":false' '"share":null'
gives 2 latent "$x" 1819 --csv
says "latent --csv needs a page" '--page histogram, profile, neighbours, together or logits'
gives 2 latent "$x" 1819 --page tokens
gives 2 latent "$x" 1819 --page together --order size
gives 2 latent "$x" 99999
gives 2 latent "$x"

# ---- labels written by hand
cp "$x" "$place/l.scry"
printf '{"latent":1819,"label":"=signs"}\n' >"$place/l.labels.jsonl"
gives 0 rank "$place/l.scry" --top 1 --csv
prints "a stored label is the label of its latent" "'=signs"
gives 0 export "$place/l.scry" --top 1 -o "$place/l.csv"
is "and in an exported set" "$(sed -n 2p "$place/l.csv" | cut -d, -f6)" "\"'=signs\""
gives 0 export-labels "$place/l.scry" -o "$place/all.jsonl"
is "export-labels" "$(cat "$place/all.jsonl")" '{"latent":1819,"label":"=signs"}'
gives 2 export-labels "$place/l.scry" -o "$place/all.xls"
gives 2 export-labels "$place/l.scry"
echo rubbish >"$place/l.labels.jsonl"
gives 0 info "$place/l.scry"
prints "a damaged file of them is a warning" 'labels written by hand: .*l.labels.jsonl'

# ---- help and version
for command in index info rank score ablate tokens latent export export-labels sweep overlap mix task-share sets baselines compare report; do
    gives 0 $command --help
    prints "$command --help: usage and options" "^scry $command " '^  --help '
    cp "$out" "$place/help"
    gives 0 help $command
    cmp -s "$out" "$place/help" && ok "help $command is $command --help" || not_ok "help $command" "found another text than $command --help, expected the same"
done
gives 0 --help
prints "--help: every command" '^  index ' '^  info ' '^  rank ' '^  score ' '^  tokens ' '^  export ' '^  help ' '--script'
[ ! -s "$err" ] && ok "--help: to stdout alone" || not_ok "--help: to stdout alone" "found words on stderr, expected none"
gives 0 -h
gives 0 --version
prints "--version" '^scry [0-9]+\.[0-9]+\.[0-9]+$'
scry
is "scry alone shows how: status 2" "$status" 2

# ---- what is refused: 2 for the words
refused "did you mean scry rank?" rnak "$x"
refused "expected a token's text" fires-on "$x"
refused "did you mean scry tokens?" tokns "$x" 3
refused "did you mean rank?" help rnak
refused "did you mean --top?" rank "$x" --tpo 3
refused "did you mean --metric?" score "$x" --metrc sq
refused "did you mean --ascii?" --asci "$x"
refused "no option --frobnicate" info "$x" --frobnicate
refused "no option --set" rank "$x" --set a.csv
refused "--top needs N after it" rank "$x" --top
refused "expected a whole number" rank "$x" --top x
refused "expected a whole number" rank "$x" --top -1
refused "expected a whole number" rank "$x" --top 1e3
refused "expected a whole number" rank "$x" --top 99999999999999999999
refused "expected a whole number" rank "$x" --top 0
refused "--json takes no argument" rank "$x" --json=3
refused "--by: found \"icll\", expected base, icl, sft, rl or control" rank "$x" --by icll
refused "metric \"d\" compares two conditions; of base alone there is sq, abs, mean or rate" rank "$x" --by base --metric d
refused "--metric: found \"foo\", expected sq, abs, mean, rate" rank "$x" --metric foo
refused "--score: found \"act3\", expected act, act2" score "$x" --score act3
refused "--train: no training set \"nope\"" score "$x" --train nope
refused "no domain \"nope\"; expected all, extremes:K, or some of: biology" score "$x" --domains nope
refused "extremes:9 needs" score "$x" --domains extremes:9
refused "expected a whole number of 1 or more" score "$x" --domains extremes:0
refused "expected a whole number of 1 or more" score "$x" --domains extremes:x
refused "--signed and --absolute: expected one of them" score "$x" --signed --absolute
refused "--set and --latents: expected one of them" score "$x" --set a.csv --latents 3
refused "--domains: found no name, expected all, extremes:K or names" mix "$x" --budget 9 --domains ""
# The explorer refuses what the shell refuses, in the same words.
while read -r arguments; do
    eval "scry score \"\$x\" $arguments"
    refusal=$(cat "$err")
    eval "scry --script /dev/null \"\$x\" $arguments"
    is "the explorer refuses $arguments as the shell does" "$status $(cat "$err")" "2 $refusal"
done <<'end'
--signed --absolute
--domains ""
--domains nope
--domains extremes:0
--top x
--by bass
--metric foo
--score act3
--train nope
--set a.csv --latents 3
--latents 3,2048
--with 3x
end
refused "latent 2048 does not exist; this index has 0 to 2047" score "$x" --latents 3,2048
refused "runs backwards" score "$x" --latents 9-3
refused "no set \"x\"; expected all, none" score "$x" --latents x
refused "at column 2: found \",,4\"" score "$x" --without 3,,4
refused "at column 2: found \"x\"" score "$x" --with 3x
refused "expected an index and a latent" tokens "$x"
refused "latent 99999 does not exist" tokens "$x" 99999
refused "expected a whole number" tokens "$x" seven
refused "no capture \"nope\"" tokens "$x" 3 --capture nope
refused "--context: found \"x\"" tokens "$x" 3 --context x
refused "--threads: found \"0\"" index $study -o "$place/u.scry" --threads 0
refused "-o is missing" index $study
refused "expected one study manifest" index
refused "unexpected argument \"b.json\"" index a.json b.json -o "$place/u.scry"
refused "rank needs an index or a study manifest" rank
refused "--size: found \"24\", expected ROWSxCOLUMNS" --script /dev/null --size 24 "$x"
refused "--size: found \"0x0\"" --script /dev/null --size 0x0 "$x"
refused "" rank "$x" "$x"
refused "" score "$x" extra
refused "" info "$x" extra
refused "" export "$x" extra
refused "" tokens "$x" 3 extra
gives 1 "$x" extra --script /dev/null
says "a second index that is not there" "extra: cannot be opened"
refused "" rank "$x" --json --csv

# ---- 1 for the work
fails "nothing.scry: cannot be opened: No such file or directory" rank "$place/nothing.scry"
fails "nothing.json: cannot be opened: No such file or directory" "$place/nothing.json"
fails "nothing.json: cannot be opened: No such file or directory" index "$place/nothing.json" -o "$place/u.scry"
fails "nothing.csv: cannot be opened: No such file or directory" score "$x" --set "$place/nothing.csv"
fails "/nowhere/u.scry: cannot be written" index $study -o /nowhere/u.scry
fails "is a folder without study.json" rank sample_data/acts
fails "found a directory, expected a regular file" index $study -o "$place"
fails "nothing.script: cannot be opened" --script "$place/nothing.script" "$x"
printf 'down\nfrobnicate\n' >"$place/bad.script"
fails "bad.script: line 2: no command \"frobnicate\"" --script "$place/bad.script" "$x"
fails "no terminal" "$x"
"$SCRY" rank "$x" --csv >/dev/full 2>"$err"
is "a full disk: status 1" "$?" 1
says "and a word on it" "standard output: cannot be written"
"$SCRY" export "$x" >/dev/full 2>"$err"
is "export to a full disk: status 1" "$?" 1
# A pipe stands for any special file: never name /dev/... here, for root's rename would take its place.
mkfifo "$place/pipe"
gives 1 index $study -o "$place/pipe"
[ -p "$place/pipe" ] && ok "index -o: a special file stays" || not_ok "index -o: a special file stays" "found a pipe replaced by a file, expected an error"
rm -f "$place/pipe"
mkfifo "$place/pipe"
timeout 5 cat "$place/pipe" >/dev/null &
timeout 5 "$SCRY" export "$x" -o "$place/pipe" 2>"$err"
wait
[ -p "$place/pipe" ] && ok "export -o: a special file stays" || not_ok "export -o: a special file stays" "found a pipe replaced by a file, expected it written to or refused"
rm -f "$place/pipe"
is "no file is left behind" "$(find "$place" -name '*.tmp*' -o -name 'u.scry' | wc -l | tr -d ' ')" 0
finish
