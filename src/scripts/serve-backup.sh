# Gives this pod's data to a peer that asks for it: one connection of the sidecar's, on standard input and output.
# shellcheck source=./lib/common.sh
. "${0%/*}/common.sh"

# The peer's address; one of IPv4 comes as [...:ffff:7f00:0001].
address() {
    local peer=${SOCAT_PEERADDR:-${NCAT_REMOTE_ADDR:-unknown}} byte='([0-9a-f]{2})'
    if [[ $peer =~ :ffff:$byte$byte:$byte$byte\]$ ]]; then
        printf '%d.%d.%d.%d' "0x${BASH_REMATCH[1]}" "0x${BASH_REMATCH[2]}" "0x${BASH_REMATCH[3]}" "0x${BASH_REMATCH[4]}"
    else
        printf '%s' "$peer"
    fi
}

# No byte of data before the peer has proved that it knows the password.
serve_peer() {
    local server_nonce client_nonce client_proof is_known='' work status=0
    server_nonce=$(nonce 32)
    printf 'mysql-replication/1 %s\n' "$server_nonce"
    IFS=' ' read -r -t 10 -n 256 client_nonce client_proof ||
        { log "a peer that did not answer was turned away"; return 0; }
    # a pod that starts after the Secret has changed has the new one
    for SECRET in "${SECRETS[@]}"; do
        [[ $client_proof != "$(proof client "$server_nonce" "$client_nonce")" ]] || is_known=1
        [[ -z $is_known ]] || break
    done
    if [[ ! $client_nonce =~ ^[0-9a-f]{64}$ || -z $is_known ]]; then
        log "a peer ($(address)) that does not know the root password was turned away"
        printf 'refused\n'
        return 0
    fi
    proof server "$server_nonce" "$client_nonce"
    log "sending a backup to $(address)"
    log_in || { log "the server cannot be asked: $LOGIN_ERROR"; return 1; }
    work=$(mktemp -d "${TMPDIR:?}/backup.XXXXXX")
    backup "$work" || status=1
    rm -rf "$work"
    ((status == 0)) || { log "the backup failed: the peer gets no end mark and tries again"; return 1; }
    proof end "$server_nonce" "$client_nonce"
    log "backup sent"
}

# The tool waits for statements that run, and later ones for the tool. XtraBackup's own way, a flush before the lock,
# holds up least: its options to wait for long statements would switch that off. mariadb-backup's locks do not wait for
# reading. Each wait ends before the peer's, to whom a stream that brings nothing for so long is cut; an option that a
# tool does not know ends it.
backup() {
    local teller watcher locks tool status=0 since=$SECONDS options=()
    local patience=$((${REPLICATION_STALL_SECONDS:-300} * 4 / 5))
    case $REPLICATION_FLAVOR in
    mariadb) options+=(--ftwrl-wait-query-type=update --ftwrl-wait-threshold=5 --ftwrl-wait-timeout="$patience") ;;
    mysql-8.*) options+=(--lock-ddl-timeout="$patience") ;;
    esac
    ((ORDINAL == 0)) || options+=(--slave-info)
    # a real file, not a pipe: the tool reads its options more than once
    client_options >"$1/client.cnf"
    mkfifo "$1/said"
    tee "$1/log" <"$1/said" >&2 &
    teller=$!
    exec 3<&0
    "$(backup_tool)" --defaults-extra-file="$1/client.cnf" --backup --stream=xbstream --host=127.0.0.1 \
        --port="$DATABASE_PORT" --datadir="$DATA_DIR" --target-dir="$1" --tmpdir="$1" "${options[@]}" 2>"$1/said" &
    tool=$!
    # A tool that waits for a lock does not notice that its peer is gone, and holds up other statements meanwhile.
    {
        while IFS= read -r -n 1 -u 3; do :; done
        log "the peer is gone: ending its backup"
        kill -TERM "$tool" 2>/dev/null
    } &
    watcher=$!
    { while sleep 5; do end_locks "${REPLICATION_LOCK_SECONDS:-20}" "$patience" "$since"; done; } </dev/null >&2 3<&- &
    locks=$!
    disown "$watcher" "$locks"
    wait "$tool" || status=1
    kill -TERM "$watcher" "$locks" 2>/dev/null || true
    ((status == 0)) || end_locks 0 0 "$since" </dev/null >&2
    wait "$teller"
    ((status > 0)) || return 0
    # XtraBackup's words, and mariadb-backup's
    case $(tail -n 40 "$1/log") in
    *'log block numbers mismatch'* | *'log has wrapped around'* | *[wW]'as only able to copy log from'*)
        log "the server wrote over its redo log before it was copied: enlarge innodb_redo_log_capacity" \
            "(before 8.0.30 and on MariaDB innodb_log_file_size)"
        ;;
    esac
    return 1
}

# end_locks SECONDS PATIENCE SINCE: a lock that the tool waits for holds up every write, a flush or a lock for DDL the
# statements on one table, and where the tool is gone MySQL waits on. So the first is ended after some seconds, the
# others when nobody waits for them any more; the tool then fails, and the peer tries again. What is older than the tool
# is not its.
end_locks() {
    local id seconds statement limit
    while IFS='|' read -r id seconds statement; do
        case $statement in
        'FLUSH TABLES WITH READ LOCK'* | 'LOCK TABLES FOR BACKUP'* | 'BACKUP STAGE BLOCK'*) limit=$1 ;;
        'FLUSH NO_WRITE_TO_BINLOG TABLES'* | 'LOCK INSTANCE FOR BACKUP'*) limit=$2 ;;
        *) continue ;;
        esac
        if ((seconds < limit || seconds > SECONDS - $3 + 1)); then continue; fi
        log "ending '$statement' after $seconds seconds: other statements wait for it"
        query "KILL $id" || true
    done < <(query "SELECT CONCAT_WS('|', ID, TIME, INFO) FROM information_schema.PROCESSLIST
        WHERE USER='root' AND INFO IS NOT NULL AND (HOST LIKE '127.0.0.1:%' OR HOST LIKE 'localhost:%')")
}

umask 077
root_password
serve_peer
