# Looks after the pod's server as long as the pod lives. The primary: its data has an identity, and an account to
# replicate with. A replica: it is closed for writes, and follows the server that its data came from, and no other. Its
# server never starts replication by itself.
#   REPLICATION_ACCOUNT           how that account's name begins; none: replicas log in as root
#   REPLICATION_LOOK_SECONDS      from one look to the next, 5 unless given
#   REPLICATION_ROTATION_SECONDS  how long the account's password stays where root's has changed, 180 unless given
readonly LOOK_SECONDS=${REPLICATION_LOOK_SECONDS:-5} ACCOUNT=${REPLICATION_ACCOUNT:-replica}
readonly ROTATION_SECONDS=${REPLICATION_ROTATION_SECONDS:-180} APPLY_SECONDS=30

# IS_SET_UP: what there is to do once for a server that runs is done. The primary's data is known by its account, whose
# password is right; the replica follows, as far as it may.
look_after() {
    local clock failed=0 look=look_at_primary pause
    ((ORDINAL == 0)) || look=look_at_replica
    [[ $ORDINAL == 0 || -f $DATA_DIR/$CLONE_MARK ]] ||
        fail "the data directory has no complete clone: clone-mysql must have run before"
    # nothing ever comes of it: a wait that takes no process
    exec {clock}<> <(:)
    TOLD=none REFUSAL='' REFUSED=0 DIALECT='' LOOKED=$SECONDS IS_SET_UP=
    APPLIED=-$APPLY_SECONDS FOLLOWED=-$APPLY_SECONDS
    while :; do
        root_password
        if [[ -n $DIALECT ]] || log_in; then
            failed=0 pause=$LOOK_SECONDS
            # what is wrong is asked again at once, from the beginning
            "$look" || DIALECT='' pause=1
            [[ $TOLD != "$BEGUN" ]] || pause=${REPLICATION_LOOK_SECONDS:-1}
        else
            ((failed++ % 30)) || log "waiting for the server: $LOGIN_ERROR"
            pause=1
        fi
        read -r -t "$pause" -u "$clock" || true
    done
}

# tell [WORDS]: to the probe, and what is new to the log.
tell() {
    [[ $* != "$TOLD" ]] || return 0
    [[ -z $* ]] || log "$*"
    printf '%s' "$*" >"$STATE.part" && mv "$STATE.part" "$STATE" && TOLD=$*
}

# A server that may have started anew since the last look is set up once more.
notice_restart() {
    # shellcheck disable=SC2154 # the name of a field
    ((FIELDS[Value] > SECONDS - LOOKED + 1)) || IS_SET_UP=
    LOOKED=$SECONDS
}

# remember ACCOUNT [LOG]: beside the data, where it can be read while the server is away. Where the disk is full the old
# one stays.
remember() { note_history "$@" && mv "$DATA_DIR/$HISTORY.part" "$DATA_DIR/$HISTORY"; }
note_history() {
    local part="$DATA_DIR/$HISTORY.part"
    printf 'account=%s\nlog=%s\n' "$1" "${2:-}" >"$part" || { rm -f "$part"; return 1; }
    sync "$part" 2>/dev/null || sync
}
