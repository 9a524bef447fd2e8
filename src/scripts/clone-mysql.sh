# Gives a replica its data before its server starts for the first time. The clone grows aside and is moved into place
# when it is whole; its mark moves last, so a start that was cut at any point goes on or begins again, never half.
# take_clone, of the clone method's own script, fills ASIDE and the mark's content.
#   REPLICATION_CLONE_ATTEMPTS  tries before the container gives up and is restarted, 10 unless given
#   REPLICATION_RESTORE_FROM    the replica whose data a primary takes whose own is lost
# shellcheck source=./lib/common.sh
. "${0%/*}/common.sh"
# shellcheck source=./clone/clone-by-xtrabackup.sh
. "$SCRIPTS/clone-by-$REPLICATION_CLONE_METHOD.sh"
readonly ASIDE="$DATA_DIR/$ASIDE_NAME"

# Anything here but what a new file system has of itself, and what these scripts have left? FOUND says what.
holds_data() {
    local entry
    shopt -s nullglob
    for entry in "$DATA_DIR"/*; do
        FOUND=${entry##*/}
        [[ $FOUND == @(lost+found|"$ASIDE_NAME"|"$CLONE_MARK"|"$JOIN_MARK"|"$HISTORY"*) ]] || return 0
    done
    return 1
}

server_answers() { timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$DATABASE_PORT" 2>/dev/null; }
resolves() { ! command -v getent >/dev/null || getent hosts "$1" >/dev/null; }

# An empty primary under replicas that hold the data would be a new, empty database for every client.
# A replica's server runs only once it has data, so one that answers has it.
refuse_empty_primary() {
    local ordinal host try known
    for try in 1 2 3; do
        known=0
        for ordinal in {1..9}; do
            host=$(peer_host "$ordinal")
            resolves "$host" || continue
            known=1
            if server_answers "$host"; then
                fail "the primary's data directory is empty, but the replica $host is running and holds the data." \
                    "Nothing was changed. The annotation restore-from: \"N\" takes the data of replica N; or put it" \
                    "back from a backup. Delete nothing until that is done:" \
                    "see 'Restore a lost primary' in docs/operating.md."
            fi
        done
        ((known && try < 3)) || break
        sleep 1
    done
    log "WARNING: the data directory is empty, and of the pods 1 to 9" \
        "$( ((known)) && printf 'none answers' || printf 'none has a name'): this pod begins with an EMPTY database." \
        "If the cluster has held data, its replicas still hold it: keep writers away, delete and scale nothing," \
        "and see 'Everything was down at once' in docs/operating.md."
}

# Renames on one file system: each entry is either still aside or already in place.
move_in_place() {
    local entry
    shopt -s nullglob dotglob
    for entry in "$ASIDE"/*; do
        [[ ${entry##*/} == "$CLONE_MARK" ]] || mv -f "$entry" "$DATA_DIR/"
    done
    flush "$DATA_DIR"
    mv -f "$ASIDE/$CLONE_MARK" "$DATA_DIR/$CLONE_MARK"
    rmdir "$ASIDE"
    flush "$DATA_DIR"
}

# One try: everything of an earlier one is wiped first, and the mark is written only when all of it is on disk.
try_clone() {
    rm -rf "${ASIDE:?}"
    mkdir -p "$ASIDE" || return 1
    MARK=
    take_clone || return 1
    # What is the donor's own, and not data: its identity, its persisted variables, its replication state.
    rm -f "$ASIDE"/auto.cnf "$ASIDE"/mysqld-auto.cnf "$ASIDE"/*relay-bin* "$ASIDE"/relay-log.info \
        "$ASIDE"/*master.info "$ASIDE/$JOIN_MARK" "$ASIDE/$HISTORY"
    flush "$ASIDE"
    printf 'donor=%s\n%s\n' "$DONOR" "$MARK" >"$ASIDE/$CLONE_MARK.part" || return 1
    flush "$ASIDE"
    mv "$ASIDE/$CLONE_MARK.part" "$ASIDE/$CLONE_MARK"
}

# What is left of data that is gone says nothing of the data that comes.
forget() { rm -f "$DATA_DIR/$CLONE_MARK" "$DATA_DIR/$JOIN_MARK" "$DATA_DIR/$HISTORY"; }

# clone_from ORDINAL
clone_from() {
    local attempt attempts=${REPLICATION_CLONE_ATTEMPTS:-10}
    readonly DONOR_ORDINAL=$1
    DONOR=$(peer_host "$DONOR_ORDINAL")
    root_password
    forget
    for ((attempt = 1; attempt <= attempts; attempt++)); do
        log "cloning from $DONOR, attempt $attempt of $attempts"
        if try_clone; then
            move_in_place
            log "clone from $DONOR is complete"
            return
        fi
        ((attempt == attempts)) || sleep "${REPLICATION_RETRY_SECONDS:-5}"
    done
    fail "no clone from $DONOR after $attempts attempts; the container is started again." \
        "Is that pod Ready? The lines above say what went wrong"
}

# The primary's binary log keeps the name that it has in the data, whatever an option file or another image says by now:
# another one would begin the log anew, and replicas would look for what they have not read yet in files that nobody
# serves.
keep_log_name() {
    local options="$CONF_DIR/zz-mysql-replication.cnf" line wanted='' index last name others=()
    [[ -f $options ]] || return 0
    while IFS= read -r line; do
        case $line in
        log-bin) wanted=$POD_NAME-bin ;;
        log-bin=*) wanted=${line#log-bin=} ;;
        esac
    done <"$options"
    # one elsewhere is the user's own business
    [[ -n $wanted && $wanted != */* ]] || return 0
    shopt -s nullglob
    for index in "$DATA_DIR"/*.index; do
        # each line is a file of the log, ./mysql-bin.000001
        last=$(tail -n 1 "$index")
        name=${last##*/}
        name=${name%.*}
        [[ $name != "${wanted%.*}" ]] || return 0
        [[ -z $name || $index == *relay* ]] || others+=("$name")
    done
    if ((${#others[@]} == 1)); then
        log "the binary log is named ${others[0]}, and keeps this name; $wanted was asked for"
        printf '\n[mysqld]\nlog-bin=%s\n' "${others[0]}" >>"$options"
    elif ((${#others[@]} > 1)); then
        log "WARNING: there is no binary log named $wanted, but ${others[*]}: it begins anew"
    fi
}

main() {
    scratch_dir
    # A move that was cut goes on before anything else: the directory then holds a part of it.
    if [[ -f $ASIDE/$CLONE_MARK ]]; then
        log "a complete clone was not yet in place: moving it"
        move_in_place
    fi
    if ((ORDINAL == 0)); then
        primary
    elif [[ -f $DATA_DIR/$CLONE_MARK ]]; then
        rm -rf "${ASIDE:?}"
        log "the data directory holds a complete clone"
    elif shopt -s dotglob && holds_data; then
        fail "the data directory holds data that is no complete clone of the primary, and replicas take all of theirs" \
            "from it. Nothing was changed. If this data is needed nowhere:" \
            "see 'Replace a replica' in docs/operating.md."
    else
        clone_from "$((ORDINAL - 1))"
    fi
}

primary() {
    local from=${REPLICATION_RESTORE_FROM:-}
    # the images' entrypoints go by the folder, and begin an empty database beside whatever else is there
    if [[ -d $DATA_DIR/mysql || -e $DATA_DIR/ibdata1 || -f $DATA_DIR/$CLONE_MARK ]]; then
        rm -rf "${ASIDE:?}"
        [[ -z $from ]] ||
            log "the data directory holds data: it is kept, and restore-from passed over; take the annotation away"
        keep_log_name
    elif holds_data; then
        [[ -z $from ]] || fail "the data directory holds $FOUND, and no database: nothing was changed. Take it away" \
            "if it is needed nowhere; restore-from $from then gives the data of that replica"
        log "WARNING: the data directory holds $FOUND, and no database"
        refuse_empty_primary
    elif [[ -n $from ]]; then
        log "the data directory is empty: its data comes from replica $from, as restore-from says"
        clone_from "$from"
    else
        refuse_empty_primary
        forget
    fi
    # A replica's data: the server stays closed and follows nobody until the sidecar has made it a primary's.
    if [[ -f $DATA_DIR/$CLONE_MARK && -z $(value_of log "$DATA_DIR/$HISTORY") ]]; then
        (umask 022 && printf '%s\n' '[mysqld]' read-only=ON loose-super-read-only=ON event-scheduler=OFF \
            loose-skip-slave-start loose-skip-replica-start >"$CONF_DIR/$JOIN_OPTIONS")
    else
        rm -f "$CONF_DIR/$JOIN_OPTIONS"
    fi
}

umask 077
supervise main
