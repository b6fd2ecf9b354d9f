#!/bin/sh
# scry lens: the mean difference of residuals; what is kept, and what is missing.
. "${0%/*}/check.inc"
x=$place/sample.scry
gives 0 index sample_data/study.json -o "$x"
gives 0 lens "$x" --positions 0-4 --top 3
prints "lens: what is compared" '^mean difference of residuals, sft - base, training set math, from the study.s captures$' \
    'in the span of 100 decoder rows \(rank 100, random directions 0\.5208\)' '^random: the share of 20 random sets' '^position +pairs +norm +residual.s +ratio +a pair.s +consistency +share +random +SD$' \
    '^all +2311 +8\.2010 +38\.391 +0\.2136 ' '^4 +30 ' '^position +promotes +logit +suppresses +logit +nearest +cosine +opposite +cosine$'
is "lens: three tokens and latents a position" "$(grep -c '^\(all\|[0-4]\| \) .*"' "$out")" 18
[ -f "$place/sample.lens" ] && ok "lens: the means are kept next to the index" || not_ok "lens: the means are kept next to the index" "found no $place/sample.lens, expected one"
gives 0 lens "$x" --json
prints "lens --json: its keys" '^\{"train":"math","domain":null,"of":"sft","against":"base","source":"captures","model":null,"tuned":null,"kept":true,"through":"base","output_model":"[^"]*models/base","n":100,"by":"icl","rank":100,"chance":0\.52[0-9]+,"random_sets":20,"seed":20260302,"positions":\[\{"position":null,"pairs":2311,"norm":8\.20[0-9]+,"reference_norm":38\.39[0-9]+,"ratio":0\.213[0-9]+,"difference_norm":17\.2[0-9]+,"consistency":0\.47[0-9]+,"share":0\.89[0-9]+,"random_mean":0\.[0-9]+,"random_sd":0\.0[0-9]+,"promoted":\[\{"token":"[^"]+","logit":13\.7[0-9]+,"id":7\},' \
    '"nearest":\[\{"latent":265,"cosine":0\.353[0-9]+,"in_set":false,"label":null,"key_tokens":\["ot","ine","am"\]\}' '"opposite":\[\{"latent":67,'
gives 0 lens "$x" --csv --positions 1 --top 2
prints "lens --csv: figures in each line" '^position,pairs,norm,reference_norm,ratio,difference_norm,consistency,share,random_mean,random_sd,rank,promoted,logit,suppressed,logit_suppressed,nearest,cosine,opposite,cosine_opposite$' \
    '^"1",30,10\.7' '^"all",2311,8\.20'
is "lens --csv --positions 1: all, and that one" "$(wc -l <"$out")" 5
gives 0 lens "$x" --of icl --domain math --top 1
prints "lens --of icl --domain" 'icl - base, math, from the study.s captures' '^all +905 +0\.4688 '
gives 0 lens "$x" --domain math --top 1
prints "lens: a domain that was not captured under sft comes from the models" 'sft - base, math, from the models [^ ]*models/base and [^ ]*models/sft' '^all +905 '
gives 0 lens "$x" --through tuned --top 1
prints "lens --through tuned" 'output matrix of the tuned model' '^all +"'
gives 0 lens "$x" --latents 265,742 --top 1
prints "lens: the share of a selection" 'in the span of 2 decoder rows \(rank 2, random directions 0\.0104\)'

# ---- what is refused, and what is missing
gives 2 lens "$x" --of base
says "lens --of base" 'base'
gives 2 lens "$x" --of nothing
says "lens --of: the choices" 'nothing' 'icl, sft'
gives 2 lens "$x" --domain nowhere
says "lens --domain: the choices" 'nowhere' 'biology' 'psychology'
gives 2 lens "$x" --positions 4-0
says "lens --positions" '4-0' '0-4'
gives 2 lens "$x" --positions x
gives 2 lens "$x" --positions 0-256
gives 2 lens "$x" --positions=-1
gives 2 lens "$x" --through nobody
says "lens --through: the choices" 'nobody' 'base or tuned'
gives 2 lens "$x" --top 0
gives 0 lens "$x" --top 1 --random 0
grep -q '^random' "$out" && not_ok "lens --random 0" "found random sets, expected none" || ok "lens --random 0"
gives 2 lens "$x" --top 1001
gives 2 lens "$x" --of rl
says "lens: rl was not captured" 'rl'
gives 2 lens "$x" --of sft --domain law --model sample_data/models/sft --tuned sample_data/models/base
says "lens: a base model that is not the study's" 'not the model of the study'
gives 1 lens "$x" --model "$place/nothing"
says "lens --model: a folder that is not there" "$place/nothing"
mkdir "$place/moved" && cp "$x" "$place/moved/other.scry"
grep -v '"model_path"\|"sft_path"' sample_data/study.json >"$place/moved/study.json"
for part in acts text sae; do ln -s "$PWD/sample_data/$part" "$place/moved/$part"; done
gives 0 index "$place/moved/study.json" -o "$place/moved/bare.scry"
gives 0 lens "$place/moved/bare.scry" --top 1
says "lens without a model: a warning" 'no tokens' '--model DIR' '"model_path"'
prints "lens without a model: the rest" '^all +2311 +8\.2010 ' '^position +nearest +cosine +opposite +cosine$' '^all +265 '
gives 2 lens "$place/moved/bare.scry" --through base
gives 2 lens "$place/moved/bare.scry" --of sft --domain math
says "lens: neither captured nor a model" 'math' 'sft' '--model DIR' '"model_path"'
gives 0 lens "$place/moved/bare.scry" --of sft --domain math --model sample_data/models/base --tuned sample_data/models/sft --top 1
prints "lens --model --tuned" '^all +905 +7\.88'
rm "$place/moved/acts"
gives 0 lens "$place/moved/bare.scry" --top 1
prints "lens: kept means need no captures" '^all +2311 +8\.2010 '
gives 1 lens "$place/moved/bare.scry" --of icl
says "lens: captures that are gone" 'train.base.safetensors'
gives 0 lens "$place/moved/bare.scry" --of sft --domain math --top 1
prints "lens: what models gave is kept too" '^all +905 +7\.88'
finish
