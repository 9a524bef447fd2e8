#!/usr/bin/env bats
# The annotated policy under a real kwctl: `make e2e-tests`. The same cases run through the project's own host in
# tests/kwctl_cases.rs, where there is no kwctl.

setup_file() {
    cd "$BATS_TEST_DIRNAME" || return 1
    command -v kwctl >/dev/null || { echo "kwctl is not installed" >&2; return 1; }
    command -v jq >/dev/null || { echo "jq is not installed" >&2; return 1; }
    [ -f ../../annotated-policy.wasm ] || { echo "run 'make annotated-policy.wasm' first" >&2; return 1; }
}

setup() {
    cd "$BATS_TEST_DIRNAME" || return 1
    POLICY=../../annotated-policy.wasm
}

# answer REQUEST SETTINGS: what kwctl prints to standard output
answer() { kwctl run "$POLICY" --request-path "requests/$1.json" --settings-json "$2" 2>"$BATS_TEST_TMPDIR/stderr"; }

# verdict: of an answer on standard input
verdict() {
    jq -r 'if .allowed | not then "rejected" elif .patch then "changed" else "untouched" end'
}

@test "every case of cases.tsv gets its verdict and message" {
    local count=0 request settings expected part json
    while IFS=$'\t' read -r request settings expected part; do
        case $request in '' | '#'*) continue ;; esac
        json=$(answer "$request" "$settings")
        echo "$request $settings: $(verdict <<<"$json"), expected $expected"
        [ "$(verdict <<<"$json")" = "$expected" ]
        if [ -n "$part" ]; then
            jq -r .status.message <<<"$json"
            [[ $(jq -r .status.message <<<"$json") == *"$part"* ]]
        fi
        count=$((count + 1))
    done <cases.tsv
    [ "$count" -ge 10 ]
}

@test "the patch only adds, and injects every container" {
    json=$(answer create-annotated '{}')
    patch=$(jq -r .patch <<<"$json" | base64 --decode)
    [ "$(jq -r '[.[].op] | unique | join(",")' <<<"$patch")" = add ]
    [ "$(jq -r '[.. | objects | select(has("command")) | .name? // empty] | unique | join(",")' <<<"$patch")" = clone-mysql,init-mysql,xtrabackup ]
}

@test "wrong settings are refused before any request" {
    run kwctl run "$POLICY" --request-path requests/create-annotated.json --settings-json '{"storag": {}}'
    [ "$status" -ne 0 ]
    [[ $output == *"did you mean storage?"* ]]
}

@test "the metadata is what the policy says of itself" {
    run kwctl inspect --output yaml "$POLICY"
    [ "$status" -eq 0 ]
    [[ $output == *"mutating: true"* ]]
    [[ $output == *statefulsets* ]]
    [[ $output == *"protocolVersion: v1"* ]]
}
