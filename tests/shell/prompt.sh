#!/bin/sh
# scry prompt: any text through the sample study's models: its table, JSON and CSV, where the text comes from, chats, the
# ablated model, and what is refused.
. "${0%/*}/check.inc"
x=$place/s.scry study=sample_data/study.json
"$SCRY" index $study -o "$x" 2>/dev/null
number='[0-9.e+-]+'
pair="\{\"id\":[0-9]+,\"token\":\"[^\"]*\",\"probability\":$number\}"

# ---- the table
gives 0 prompt "$x" "2 + 2 = 4"
prints "the table" '^5 tokens through .*/models/base, tuned: .*/models/sft$' '^ +token +strongest latents +base +tuned$' \
    '^0  2 +1906 3\.38[0-9], 1296 1\.95[0-9], ' '^4 ' '"\." 0\.19[0-9]'
is "the table: three latents and three next tokens at each" "$(awk '/^0 / { print gsub(/,/, "") }' "$out")" 6
gives 0 prompt "$x" "2 + 2 = 4" --top 5 --latents top100
prints "the table without 100 latents" ', ablated: 100 latents$' ' ablated$'

# ---- JSON
gives 0 prompt $study "2 +" --json
prints "--json: its keys" '^\{"text":"2 \+","template":null,"model":".*/models/base","tuned":".*/models/sft","hook":"blocks.3.hook_resid_post","ablated":null,"latent":null,"tokens":\[\{"position":0,"id":50,"token":"2","bos":false,"outlier":false,' \
    "\"latents\":\[\{\"latent\":1906,\"activation\":$number,\"label\":null\},(\{\"latent\":[0-9]+,\"activation\":$number,\"label\":null\},?){4}\]," \
    "\"next_base\":\[($pair,?){5}\],\"next_tuned\":\[($pair,?){5}\],\"next_ablated\":null\}"
gives 0 prompt "$x" "2 +" --json --top 1 --latent 1906 --latents 0-2047
prints "--latent and --latents: an activation, and the ablated model" '"ablated":2048,"latent":1906,' "\"activation\":3\.38$number" \
    "\"next_ablated\":\[$pair\]\}"
cp "$out" "$place/all"
gives 0 prompt "$x" "2 +" --json --top 1 --latent 1906 --latents 0-2047 --threads 1
cmp -s "$out" "$place/all" && ok "the same bytes from one thread" || not_ok "the same bytes from one thread" "found others"

# ---- CSV
gives 0 prompt "$x" "2 + 2" --csv --latent 1906
is "--csv: its header" "$(head -1 "$out")" "position,id,token,bos,outlier,activation,latents,next_base,next_tuned,next_ablated"
is "--csv: a row a token" "$(wc -l <"$out" | tr -d ' ')" 4

# ---- where the text comes from
printf 'two\nlines' >"$place/text"
gives 0 prompt "$x" --file "$place/text" --json
cp "$out" "$place/file"
prints "--file: the file's bytes" '"text":"two\\nlines"' '"token":"\\n"'
"$SCRY" prompt "$x" - --json <"$place/text" >"$place/stdin" 2>&1
cmp -s "$place/stdin" "$place/file" && ok "-: standard input" || not_ok "-: standard input" "found $(head -c 200 "$place/stdin")"
gives 2 prompt "$x"
says "no text" 'expected a text after the index, - for standard input, or --file FILE'
gives 2 prompt "$x" text --file "$place/text"
says "two texts" 'found a text and --file, expected one of them'
fails 'nowhere: cannot be opened' prompt "$x" --file "$place/nowhere"
gives 2 prompt "$x" ""
says "an empty text" 'found an empty text'
printf 'ab\377' >"$place/text"
gives 2 prompt "$x" --file "$place/text"
says "what is not UTF-8" 'byte 2 of the text is 0xff'
head -c 100000 /dev/zero | tr '\0' a >"$place/text"
gives 2 prompt "$x" --file "$place/text"
says "a text beyond the context" 'tokens, expected at most 512, what the model reads'

# ---- hostile text
printf 'a\033[31mred\033]0;title\007 \342\200\256 b' >"$place/text"
gives 0 prompt "$x" --file "$place/text"
if LC_ALL=C grep -q "$(printf '[\033\007]')" "$out"; then
    not_ok "escape sequences stay off the terminal" "found one in the table, expected \\x1b"
else
    ok "escape sequences stay off the terminal"
fi
prints "they are shown" '\\x1b'

# ---- chats
gives 1 prompt "$x" hello --template auto
says "a guess where no template fits" 'no template fits the special tokens of' 'chatml'
gives 2 prompt "$x" hello --template nothing
says "an unknown template" '--template: found "nothing", expected auto, '
gives 0 prompt "$x" hello --template chatml --json
prints "a user's message" '"template":"chatml"' '"token":"user"|"token":"us"|"token":"u"'

# ---- models
gives 0 prompt "$x" "2 +" --tuned sample_data/models/base --json --top 1
is "--tuned: another tuned model" "$(sed 's/.*"next_base":\[\([^]]*\)\],"next_tuned":\[\([^]]*\)\].*/\1|\2/' "$out" | awk -F'|' '{ print ($1 == $2) }')" 1
fails 'tokenizer.json: cannot be opened' prompt "$x" "2 +" --model "$place"
gives 2 prompt "$x" "2 +" --with 3
says "--with alone" '--with: expected --latents or --set before it'
gives 2 prompt "$x" "2 +" --latent 2048
says "--latent" 'found 2048, expected 0 to 2047'
gives 2 prompt "$x" "2 +" --top 101
says "--top" 'at most 100'
gives 2 prompt "$x" "2 +" --bos perhaps
says "--bos" 'expected auto, yes or no'
gives 2 prompt "$x" "2 +" --memory 1M
says "--memory" 'memory limit'
sed '/"model_path"/d' $study >"$place/study.json"
ln -s "$PWD/sample_data/acts" "$PWD/sample_data/sae" "$PWD/sample_data/models" "$place/"
gives 2 prompt "$place/study.json" "2 +"
says "a study without a model" 'names no model' '"model_path"' '--model DIR'
gives 0 prompt "$place/study.json" "2 +" --model sample_data/models/base

# ---- how the models go on
gives 0 prompt "$x" "Question: What is 12 + 30?" --continue 30 --latents top100 --steer 1819:8
prints "--continue: four voices side by side" '^base +tuned +ablated +steered$' '^Options: .*Options: +Options:'
is "--continue: no line is longer than 80" "$(awk 'length > 80' "$out")" ""
gives 0 prompt "$x" "Question: What is 12 + 30?" --continue 5 --json
prints "--continue --json" '"text":"Question: What is 12 \+ 30\?"' '"temperature":0,"seed":20260302,"voices":\[\{"name":"base","text":"' \
    '"ended":false,"count":5,"tokens":\[\{"id":[0-9]+,"token":"[^"]+","probability":0\.[0-9]+\}' '"name":"tuned"'
grep -q '"ablated","text"\|"steered"' "$out" && not_ok "no voice without a set or steering" "found one" || ok "no voice without a set or steering"
cp "$out" "$place/greedy"
gives 0 prompt "$x" "Question: What is 12 + 30?" --continue 5 --json --temperature 0
cmp -s "$out" "$place/greedy" && ok "temperature 0 is greedy" || not_ok "temperature 0 is greedy" "found another text"
gives 0 prompt "$x" "Question: What is 12 + 30?" --continue 5 --csv --temperature 1 --seed 7
is "--continue --csv: a row a voice" "$(head -1 "$out") $(grep -c '^"\(base\|tuned\)",' "$out")" "name,text,count 2"
gives 0 prompt "$x" "The court" --continue 6 --steer lens:2 --steer 3:1 --json
prints "--steer lens:2" '"name":"steered"'
gives 0 prompt "$x" "$(printf 'a\033[31m\342\200\256b')" --continue 8
LC_ALL=C grep -q "$(printf '\033')" "$out" && not_ok "a continuation is made safe" "found an escape" || ok "a continuation is made safe"
refused '--continue' prompt "$x" a --steer 3:1
refused '--continue' prompt "$x" a --temperature 1
refused '--steer' prompt "$x" a --continue 3 --steer 3
refused '--steer' prompt "$x" a --continue 3 --steer 3:much
refused '--steer' prompt "$x" a --continue 3 --steer 99999:1
refused '--temperature' prompt "$x" a --continue 3 --temperature -1
refused 'one of them' prompt "$x" a --continue 3 --latent 5

exit $failed
