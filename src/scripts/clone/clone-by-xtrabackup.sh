# Clone method xtrabackup: the donor streams a backup, which is prepared here. mariadb-backup is the same tool for
# MariaDB.
#   REPLICATION_STALL_SECONDS  a stream that brings nothing for so long is given up, 300 unless given
#   REPLICATION_MEMORY         memory that is requested for this container, in MiB
# The first of the files that the tool's versions name so.
info_file() {
    local prefix
    for prefix in mariadb_backup mariabackup xtrabackup; do
        if [[ -f $ASIDE/${prefix}_$1 ]]; then
            printf '%s' "$ASIDE/${prefix}_$1"
            return
        fi
    done
    return 1
}

# Takes the stream of a donor that proves that it knows the password, as we prove it, and that ends with its proof
# of having finished: a stream that was cut has no such end.
receive_backup() {
    local peer greeting server_nonce client_nonce answer tail_pid end
    { exec {peer}<>"/dev/tcp/$DONOR/$BACKUP_PORT"; } 2>/dev/null ||
        { log "$DONOR does not answer on port $BACKUP_PORT yet"; return 1; }
    IFS= read -r -t 30 -u "$peer" greeting || { log "$DONOR sent no greeting"; return 1; }
    [[ $greeting =~ ^mysql-replication/1\ ([0-9a-f]{64})$ ]] ||
        { log "what answers at $DONOR is not our backup service"; return 1; }
    server_nonce=${BASH_REMATCH[1]}
    client_nonce=$(nonce 32)
    printf '%s %s\n' "$client_nonce" "$(proof client "$server_nonce" "$client_nonce")" >&"$peer"
    IFS= read -r -t 30 -u "$peer" answer || answer=
    [[ $answer == "$(proof server "$server_nonce" "$client_nonce")" ]] ||
        { log "$DONOR and this pod do not agree on the root password: is it the same in both?"; return 1; }

    rm -f "$SCRATCH/end" && mkfifo "$SCRATCH/end"
    tail -c 65 <"$SCRATCH/end" >"$SCRATCH/end.txt" &
    tail_pid=$!
    # the 65 bytes of the end are no part of the backup
    tee "$SCRATCH/end" <&"$peer" | head -c -65 | "$STREAM_TOOL" -x -C "$ASIDE" ||
        { log "unpacking the stream failed"; return 1; }
    wait "$tail_pid"
    exec {peer}>&-
    end=$(<"$SCRATCH/end.txt")
    [[ $end == "$(proof end "$server_nonce" "$client_nonce")" ]] || {
        log "the stream from $DONOR was cut or its backup failed: see the log of its container xtrabackup"
        return 1
    }
}

# Ends a transfer that stands still: a cut network gives no error by itself.
watch_progress() {
    local last='' now stalled=0 limit=${REPLICATION_STALL_SECONDS:-300}
    while sleep 5; do
        now=$(du -s "$ASIDE" 2>/dev/null | cut -f 1) || now=
        if [[ $now == "$last" ]]; then stalled=$((stalled + 5)); else stalled=0; fi
        last=$now
        ((stalled < limit)) || { log "no data from $DONOR for $limit seconds: giving up this attempt"; return; }
    done
}

receive_with_watch() {
    local receiver watcher status=0
    set -m
    receive_backup &
    receiver=$!
    (watch_progress && kill -TERM -- "-$receiver" 2>/dev/null) &
    watcher=$!
    set +m
    # both are ended with this container too: they are no longer in its main process group
    trap 'kill -TERM -- "-$receiver" "-$watcher" 2>/dev/null; exit 143' TERM
    wait "$receiver" || status=$?
    kill -TERM -- "-$watcher" 2>/dev/null || true
    trap - TERM
    return "$status"
}

# Where the clone stands in the primary's binary log. From the primary itself: its own position. From a replica: the
# position that it had reached of the primary's log; its own log is another one, and must never be used for it.
read_position() {
    local info file='' position='' gtid='' rest
    if ((DONOR_ORDINAL > 0)); then
        info=$(info_file slave_info) && info=$(tr '\n' ' ' <"$info") || info=
        parse_slave_info "$info" || {
            log "the backup of the replica $DONOR does not say where it stands in the primary's log" \
                "(slave_info: '${info:-empty}')"
            return 1
        }
        return
    fi
    info=$(info_file binlog_info) ||
        { log "the backup of $DONOR has no binlog_info: is its binary log off?"; return 1; }
    { read -r file position gtid && rest=$(cat -) || rest=; } <"$info"
    gtid=$(printf '%s' "$gtid$rest" | tr -d '[:space:]')
    if [[ $REPLICATION_FLAVOR == mariadb ]]; then
        # no GTID yet means that nothing was ever logged: from the beginning
        set_mark gtid "$gtid"
    elif [[ -n $gtid ]]; then
        set_mark gtid "$gtid"
    else
        set_mark file "$file" "$position"
    fi || { log "binlog_info of $DONOR is not 'file position [gtid]'"; return 1; }
}

# The tool writes SQL: it is parsed, never run. One statement with file and position, or one that sets the GTIDs
# before one that uses them; with or without a trailing semicolon.
parse_slave_info() {
    local file_pattern="(MASTER|SOURCE)_LOG_FILE *= *'([^']+)' *, *(MASTER|SOURCE)_LOG_POS *= *([0-9]+)"
    local gtid_pattern="SET +GLOBAL +(gtid_purged|gtid_slave_pos) *= *['\"]([^'\"]*)['\"]"
    shopt -s nocasematch
    if [[ $1 =~ $gtid_pattern ]]; then
        set_mark gtid "$(printf '%s' "${BASH_REMATCH[2]}" | tr -d '[:space:]')"
    elif [[ $REPLICATION_FLAVOR == mariadb && $1 == *'CHANGE MASTER'* ]]; then
        # this donor follows no GTID yet: what its own tables say of it comes with the data
        set_mark gtid ''
    elif [[ $1 =~ $file_pattern ]]; then
        set_mark file "${BASH_REMATCH[2]}" "${BASH_REMATCH[4]}"
    else
        return 1
    fi
}

set_mark() {
    if [[ $1 == gtid ]]; then
        [[ $2 =~ ^[0-9A-Za-z:,_-]*$ ]] || return 1
        MARK=$(printf 'position=gtid\ngtid=%s' "$2")
    else
        [[ $2 =~ ^[0-9A-Za-z._/-]+$ && $3 =~ ^[0-9]+$ ]] || return 1
        MARK=$(printf 'position=file\nfile=%s\npos=%s' "$2" "$3")
    fi
}

# What the tool writes beside the data: it is no part of it (the tool's own --copy-back leaves it behind), and the copy
# of the redo log can be as large as the data.
forget_tools_files() {
    local file
    shopt -s nullglob
    for file in "$ASIDE"/xtrabackup_* "$ASIDE"/mariadb_backup_* "$ASIDE/backup-my.cnf"; do
        # a schema of such a name is a directory, a tablespace ends in .ibd
        [[ ! -f $file || $file == *.ibd ]] || rm -f "$file"
    done
}

take_clone() {
    local tool memory=$((${REPLICATION_MEMORY:-0} / 2))
    tool=$(backup_tool) || missing 'mariadb-backup or xtrabackup'
    STREAM_TOOL=$(command -v mbstream || command -v xbstream) || missing 'mbstream or xbstream'
    receive_with_watch || return 1
    # half of what is requested for this container, but not less than the tool's own default
    ((memory >= 128)) || memory=128
    log "preparing the backup with $memory MiB"
    "$tool" --prepare --use-memory="${memory}M" --target-dir="$ASIDE" --tmpdir="$SCRATCH" || {
        log "preparing the backup failed; after an upgrade of the image: is this tool's version that of the donor's?"
        return 1
    }
    read_position && forget_tools_files
}
