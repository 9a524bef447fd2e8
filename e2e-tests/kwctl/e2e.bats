#!/usr/bin/env bats
# The annotated policy under a real kwctl: `make e2e-tests`. The same cases run through the project's own host in
# tests/kwctl_cases.rs, where there is no kwctl.

bats_require_minimum_version 1.5.0

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

# answer REQUEST SESSION SETTINGS: what kwctl prints to standard output; without a session look-ups are not granted (-), or
# not even the capability to make them (!)
answer() {
    local replay=(--allow-context-aware --replay-host-capabilities-interactions)
    case $2 in
        -) replay=() ;;
        !) replay+=(sessions/none.yaml --allowed-host-capabilities net/v1/dns_lookup_host) ;;
        *) replay+=("sessions/$2.yaml") ;;
    esac
    kwctl run "$POLICY" --request-path "requests/$1.json" --settings-json "$3" "${replay[@]}" \
        2>"$BATS_TEST_TMPDIR/stderr"
}

# was_played: did the policy look up all that the session has, and nothing else? kwctl only warns of what is left over,
# hands the policy an error for any other look-up, and goes on without a session that it cannot read
was_played() {
    ! grep -E "have not been replayed|Replay error|list of recorded responses is empty|panicked" \
        "$BATS_TEST_TMPDIR/stderr"
}

# verdict: of an answer on standard input
verdict() {
    jq -r 'if .allowed | not then "rejected" elif .patch then "changed" else "untouched" end'
}

@test "every case of cases.tsv gets its verdict and message" {
    local count=0 request session settings expected part json said
    while IFS=$'\t' read -r request session settings expected part; do
        case $request in '' | '#'*) continue ;; esac
        json=$(answer "$request" "$session" "$settings")
        said=$(jq -r '.status.message // empty, .warnings[]?' <<<"$json")
        echo "$request $session $settings: $(verdict <<<"$json"), expected $expected with '$part'"
        echo "$said"
        was_played
        [ "$(verdict <<<"$json")" = "$expected" ]
        # the API server may cut longer warnings
        jq -e 'all(.warnings[]?; length <= 120)' <<<"$json" >/dev/null
        if [ -n "$part" ]; then [[ $said == *"$part"* ]]; else [ -z "$said" ]; fi
        count=$((count + 1))
    done <cases.tsv
    echo "# $count cases" >&3
    [ "$count" -ge 100 ]
}

@test "a session that does not fit is noticed" {
    answer create-annotated none '{}'
    run ! was_played
    answer create-annotated statefulset '{}'
    run ! was_played
    answer create-unmanaged right '{}'
    run ! was_played
    answer create-annotated missing '{}'
    run ! was_played
}

@test "the patch only adds, and injects every container" {
    json=$(answer create-annotated right '{}')
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
    [[ $output == *"kind: StatefulSet"* ]]
}

@test "the metadata declares the host capabilities that the module has in it, and no others" {
    run kwctl annotate --metadata-path ../../policy-metadata/metadata.yml \
        --output-path "$BATS_TEST_TMPDIR/annotated.wasm" ../../policy.wasm
    [ "$status" -eq 0 ]
    [[ $output != *WARN* ]]
}
