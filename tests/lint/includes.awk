# Which folder may include which: prints TITLE<tab>FILE:LINE: TEXT for each include that breaks a rule.
# Arguments: a file with the names of all tracked files, one a line, then the sources of engine/ and tui/.
#
# Folders stack one way: a file includes its own folder and those before it in its layer's stack. Folders joined by | share
# a step and do not include each other. Directly in engine/ stand the public headers, which every file may include. The
# interface sees the public headers and engine/base/ only; tests may include anything.
BEGIN {
    stack("engine", "base io study sae model index/format index/build|index/read capture store rank selection latent" \
          " stats score evaluate causal diff analysis export session train synth")
    stack("tui", "text draw plot charts results report terminal watch shell explorer main.c")
}

function stack(layer, folders,   i, j, steps, count, names, many) {
    count = split(folders, steps, " ")
    for (i = 1; i <= count; i++) {
        many = split(steps[i], names, "|")
        for (j = 1; j <= many; j++) step[layer "/" names[j]] = i
    }
}

function folder_of(path,   parts, count) { # engine/io/formats/npy.c: engine/io; engine/scry.h: engine; tui/main.c: itself
    count = split(path, parts, "/")
    if (count == 2) return parts[1] == "tui" ? path : "engine"
    if (parts[1] == "engine" && parts[2] == "index" && count > 3) return "engine/index/" parts[3]
    return parts[1] "/" parts[2]
}

function complain(title) { print title "\t" FILENAME ":" FNR ": " $0 }

FILENAME == ARGV[1] { tracked[$0] = 1; next }

FNR == 1 {
    here = FILENAME
    sub(/[^\/]*$/, "", here)
    own = folder_of(FILENAME)
    layer = FILENAME ~ /^engine\// ? "engine" : "tui"
    if (own != "engine" && !(own in step))
        print "a folder without a place in the stacking order of tests/lint/includes.awk\t" own
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    name = $0
    sub(/^[^"]*"/, "", name)
    sub(/".*/, "", name)
    target = ""
    if ((here name) in tracked) target = here name
    else if (("engine/" name) in tracked) target = "engine/" name
    else if (("tui/" name) in tracked) target = "tui/" name
    if (target == "") {
        complain(name ~ /^(\.\.\/)*tui\// ? "the engine includes the interface" : "an include that names no tracked file from its own folder, engine/ or tui/")
        next
    }
    other = folder_of(target)
    if (own == "engine") { # public headers
        if (other != "engine" && other != "engine/base") complain("a public header includes a private one")
    } else if (layer == "engine") {
        if (target ~ /^tui\//) complain("the engine includes the interface")
        else if (other != "engine" && other != own && step[other] >= step[own])
            complain(step[other] == step[own] ? "build/ and read/ of the index include each other" : "the engine's folders include upward")
    } else if (target ~ /^engine\//) {
        if (other != "engine" && other != "engine/base") complain("the interface includes a private header of the engine")
    } else if (other != own && step[other] >= step[own]) complain("the interface's folders include upward")
}
