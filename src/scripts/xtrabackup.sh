# The sidecar: makes a fresh clone a replica of the primary, then gives this pod's data to the next pod that asks.
mark_value() {
    local key value
    while IFS='=' read -r key value; do
        [[ $key != "$1" ]] || printf '%s' "$value"
    done <"$DATA_DIR/$CLONE_MARK"
}

wait_for_server() {
    local tries=0
    until log_in; do
        ((tries++ % 30)) || log "waiting for the server: $LOGIN_ERROR"
        sleep 1
    done
}

# The replica's read-only mode is in its option files; here it is made sure of on the running server as well.
close_for_writes() {
    if [[ $DIALECT == mariadb ]]; then
        query "SET GLOBAL read_only=ON"
    else
        query "SET GLOBAL super_read_only=ON"
    fi
}

# The GTIDs that the clone holds, where the tool and not the server brought them.
set_gtids() {
    local gtid reset='RESET MASTER'
    gtid=$(mark_value gtid)
    if [[ $DIALECT == mariadb ]]; then
        # where the backup named none, the position that the clone's own tables hold is right
        [[ -z $gtid ]] || query "SET GLOBAL gtid_slave_pos=$(quoted "$gtid")"
        return
    fi
    # the newer form is not known before 8.2, the older one not from 8.4
    [[ $REPLICATION_FLAVOR != mysql-8.4 ]] || reset='RESET BINARY LOGS AND GTIDS'
    [[ $(query "SELECT GTID_SUBSET(@@GLOBAL.gtid_executed, $(quoted "$gtid")) AND GTID_SUBSET($(quoted "$gtid"), @@GLOBAL.gtid_executed)") != 1 ]] || return 0
    # read_only stays on meanwhile, so nobody but root could write, and this pod is not Ready yet
    query "SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=ON; $reset; SET GLOBAL gtid_purged=$(quoted "$gtid"); SET GLOBAL super_read_only=ON"
}

# Points the clone at the primary. Run again before the mark is set, it does the same again: nothing was applied yet,
# since the option file that clone-mysql wrote keeps replication from starting by itself.
configure() {
    local kind primary options
    kind=$(mark_value position)
    primary=$(peer_host 0)
    local word=SOURCE statement='CHANGE REPLICATION SOURCE TO' stop='STOP REPLICA; RESET REPLICA ALL'
    if [[ $DIALECT != source ]]; then
        word=MASTER statement='CHANGE MASTER TO' stop='STOP SLAVE; RESET SLAVE ALL'
    fi
    options="${word}_HOST=$(quoted "$primary"), ${word}_PORT=$DATABASE_PORT, ${word}_USER='root', ${word}_PASSWORD=$(quoted "$PASSWORD"), ${word}_CONNECT_RETRY=10"
    # newer servers give up after ten tries by default; a replica waits for its primary as long as it takes
    [[ $DIALECT == mariadb ]] || options+=", ${word}_RETRY_COUNT=86400"
    case $DIALECT in
    source) options+=', GET_SOURCE_PUBLIC_KEY=1' ;;
    master) [[ $REPLICATION_FLAVOR == mysql-5.7 ]] || options+=', GET_MASTER_PUBLIC_KEY=1' ;;
    esac
    options+=$(tls_options "$word")
    query "$stop" || return 1
    # a primary with GTIDs that has logged nothing yet names none, and the tool then names its file alone
    if [[ $kind == file && $DIALECT != mariadb && $(mark_value donor) == "$primary" && $(query 'SELECT @@GLOBAL.gtid_mode') == ON ]]; then
        kind=gtid
    fi
    if [[ $kind == file ]]; then
        options+=", ${word}_LOG_FILE=$(quoted "$(mark_value file)"), ${word}_LOG_POS=$(mark_value pos)"
    else
        [[ $kind == clone ]] || set_gtids || return 1
        if [[ $DIALECT == mariadb ]]; then options+=', MASTER_USE_GTID=slave_pos'; else options+=", ${word}_AUTO_POSITION=1"; fi
    fi
    query_secret "SET SESSION sql_mode=''; $statement $options;"
}

join_primary() {
    [[ -f $DATA_DIR/$CLONE_MARK ]] || fail "the data directory has no complete clone: clone-mysql must have run before"
    wait_for_server
    close_for_writes || fail "the server did not become read-only"
    if [[ ! -f $DATA_DIR/$JOIN_MARK ]]; then
        log "configuring replication from $(peer_host 0) at $(mark_value position) $(mark_value file)$(mark_value gtid) $(mark_value pos)"
        configure || fail "replication could not be configured; the container is started again"
        : >"$DATA_DIR/$JOIN_MARK.part"
        sync -f "$DATA_DIR" 2>/dev/null || sync
        mv "$DATA_DIR/$JOIN_MARK.part" "$DATA_DIR/$JOIN_MARK"
    fi
    rm -f "$CONF_DIR/$JOIN_OPTIONS"
    if [[ $DIALECT == source ]]; then query 'START REPLICA'; else query 'START SLAVE'; fi || fail "replication did not start"
    log "replicating from $(peer_host 0)"
    mend_tls || log "the connection could not be changed"
}

# Replicas do not take TLS by themselves, and are turned away where it is required; one that insists on it is, where there
# is none. So what the primary offers counts, to the client here, which takes what is offered; what this server does
# where the primary does not answer. No certificate is looked at, but MariaDB from 11.4 on verifies the primary's by means
# of the password, if there is one.
tls_options() {
    local offer ask="SELECT VERSION(); SHOW SESSION STATUS LIKE 'Ssl_cipher'"
    offer=$(printf '%s\n' "$ask" | client --skip-column-names --host="$(peer_host 0)" 2>/dev/null) || offer=$(query "$ask")
    if [[ $offer =~ Ssl_cipher$'\t'[^[:space:]] ]]; then printf ', %s_SSL=1' "$1"; else printf ', %s_SSL=0' "$1"; fi
    [[ $DIALECT == mariadb ]] || return 0
    if [[ -z $PASSWORD || ! $offer =~ ([0-9]+)\.([0-9]+)\.[0-9]+-MariaDB ]] ||
        ((BASH_REMATCH[1] * 100 + BASH_REMATCH[2] < 1104)); then
        printf ', MASTER_SSL_VERIFY_SERVER_CERT=0'
    fi
}

# A replica that was joined without TLS takes it once the primary offers it, before it is required; one whose connection
# fails for TLS (error 2026) takes what is offered. With the applier running MySQL keeps what was received and is not applied
# yet; MariaDB takes it once more from the primary, which has just answered.
mend_tls() {
    local tries error='' options
    for ((tries = 0; tries < 5; tries++)); do
        read_status || return 0
        error=$(status_field Last_IO_Errno)
        # as long as it has not been told yet
        [[ $error == 0 && $(status_field IO_Running) == Connecting ]] || break
        sleep 1
    done
    if [[ $DIALECT == source ]]; then options=$(tls_options SOURCE); else options=$(tls_options MASTER); fi
    [[ $error == 2026 || ($(status_field SSL_Allowed) == No && $options == *_SSL=1*) ]] || return 0
    log "replication takes TLS as the primary offers it from now on"
    case $DIALECT in
    source) query "STOP REPLICA IO_THREAD; CHANGE REPLICATION SOURCE TO ${options#, }; START REPLICA" ;;
    master) query "STOP SLAVE IO_THREAD; CHANGE MASTER TO ${options#, }; START SLAVE" ;;
    mariadb) query "STOP SLAVE; CHANGE MASTER TO ${options#, }; START SLAVE" ;;
    esac
}

# The peer's address; one of IPv4 comes as [...:ffff:7f00:0001].
address() {
    local peer=${SOCAT_PEERADDR:-${NCAT_REMOTE_ADDR:-unknown}} byte='([0-9a-f]{2})'
    if [[ $peer =~ :ffff:$byte$byte:$byte$byte\]$ ]]; then
        printf '%d.%d.%d.%d' "0x${BASH_REMATCH[1]}" "0x${BASH_REMATCH[2]}" "0x${BASH_REMATCH[3]}" "0x${BASH_REMATCH[4]}"
    else
        printf '%s' "$peer"
    fi
}

# One connection, on standard input and output: no byte of data before the peer has proved that it knows the password.
serve_peer() {
    local server_nonce client_nonce client_proof work status=0
    server_nonce=$(nonce 32)
    printf 'mysql-replication/1 %s\n' "$server_nonce"
    IFS=' ' read -r -t 10 -n 256 client_nonce client_proof || { log "a peer that did not answer was turned away"; return 0; }
    if [[ ! $client_nonce =~ ^[0-9a-f]{64}$ || $client_proof != "$(proof client "$server_nonce" "$client_nonce")" ]]; then
        log "a peer ($(address of-peer)) that does not know the root password was turned away"
        printf 'refused\n'
        return 0
    fi
    proof server "$server_nonce" "$client_nonce"
    log "sending a backup to $(address of-peer)"
    log_in || { log "the server cannot be asked: $LOGIN_ERROR"; return 1; }
    work=$(mktemp -d "$SCRATCH/backup.XXXXXX")
    backup "$work" || status=1
    rm -rf "$work"
    ((status == 0)) || { log "the backup failed: the peer gets no end mark and tries again"; return 1; }
    proof end "$server_nonce" "$client_nonce"
    log "backup sent"
}

# The tool waits for statements that run, and later ones for the tool. XtraBackup's own way, a flush before the lock, holds
# up least: its options to wait for long statements would switch that off. mariadb-backup's locks do not wait for reading.
# Each wait ends before the peer's, to whom a stream that brings nothing for so long is cut; an option that a tool does
# not know ends it.
backup() {
    local teller watcher locks tool status=0 since=$SECONDS patience=$((${REPLICATION_STALL_SECONDS:-300} * 4 / 5)) options=()
    case $REPLICATION_FLAVOR in
    mariadb) options+=(--ftwrl-wait-query-type=update --ftwrl-wait-threshold=5 --ftwrl-wait-timeout="$patience") ;;
    mysql-8.*) options+=(--lock-ddl-timeout="$patience") ;;
    esac
    ((ORDINAL == 0)) || options+=(--slave-info)
    # a real file, not a pipe: the tool reads its options more than once
    client_options >"$1/client.cnf"
    find_backup_tool
    mkfifo "$1/said"
    tee "$1/log" <"$1/said" >&2 &
    teller=$!
    exec 3<&0
    "$BACKUP_TOOL" --defaults-extra-file="$1/client.cnf" --backup --stream=xbstream --host=127.0.0.1 --port="$DATABASE_PORT" \
        --datadir="$DATA_DIR" --target-dir="$1" --tmpdir="$1" "${options[@]}" 2>"$1/said" &
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
    *'log block numbers mismatch'* | *'log has wrapped around'* | *'was only able to copy log from'* | *'Was only able to copy log from'*)
        log "the server wrote over its redo log before it was copied: enlarge innodb_redo_log_capacity (before 8.0.30 and on MariaDB innodb_log_file_size)"
        ;;
    esac
    return 1
}

# end_locks SECONDS PATIENCE SINCE: a lock that the tool waits for holds up every write, a flush or a lock for DDL the
# statements on one table, and where the tool is gone MySQL waits on. So the first is ended after some seconds, the others
# when nobody waits for them any more; the tool then fails, and the peer tries again. What is older than the tool is not its.
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

find_backup_tool() { BACKUP_TOOL=$(command -v mariadb-backup || command -v mariabackup || command -v xtrabackup); }

# What is missing is said at once: each of these would be missed only when a pod clones, or never.
require_tools() {
    local what=''
    command -v mariadb >/dev/null || command -v mysql >/dev/null || what+=', mysql (the command line client)'
    if [[ $REPLICATION_CLONE_METHOD == xtrabackup ]]; then
        find_backup_tool || what+=', mariadb-backup or xtrabackup'
        command -v socat >/dev/null || command -v ncat >/dev/null || what+=', socat or ncat'
    fi
    [[ -z $what ]] || missing "${what#, }"
}

serve() {
    local limit=4 idle=600 listen=TCP-LISTEN
    # before version 1.8 socat listens on IPv4 alone unless told otherwise
    if [[ -d /proc/sys/net/ipv6 ]]; then listen=TCP6-LISTEN:$REPLICATION_BACKUP_PORT,ipv6only=0; else listen+=:$REPLICATION_BACKUP_PORT; fi
    export REPLICATION_SERVE="${BASH_EXECUTION_STRING:?}"
    if command -v socat >/dev/null; then
        log "serving backups on port $REPLICATION_BACKUP_PORT with socat"
        # on a socket, bash would read ~/.bashrc
        exec socat -T "$idle" "$listen,reuseaddr,fork,max-children=$limit" \
            SYSTEM:'exec bash --norc -c \"\$REPLICATION_SERVE\" serve-peer'
    fi
    log "serving backups on port $REPLICATION_BACKUP_PORT with ncat"
    exec ncat --listen --keep-open --max-conns "$limit" --idle-timeout "$idle" "$REPLICATION_BACKUP_PORT" \
        --sh-exec 'exec bash --norc -c "$REPLICATION_SERVE" serve-peer'
}

main() {
    scratch_dir
    root_password
    require_tools
    ((ORDINAL == 0)) || join_primary
    if [[ $REPLICATION_CLONE_METHOD == clone-plugin ]]; then
        log "other pods clone from the server itself: nothing to serve here"
        exec sleep infinity
    fi
    serve
}

umask 077
if [[ $0 == serve-peer ]]; then
    SCRATCH="$CONF_DIR/.scratch-$REPLICATION_STEP"
    root_password
    serve_peer
else
    supervise main
fi
