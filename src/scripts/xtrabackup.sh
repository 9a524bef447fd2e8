# The sidecar: makes a fresh clone a replica of the primary, then gives this pod's data to the next pod that asks.
mark_value() {
    local key value
    while IFS='=' read -r key value; do
        [[ $key != "$1" ]] || printf '%s' "$value"
    done <"$DATA_DIR/$CLONE_MARK"
}

wait_for_server() {
    local tries=0
    until DIALECT=$(dialect 2>"$SCRATCH/error"); do
        ((tries++ % 30)) || log "waiting for the server: $(tail -n 1 "$SCRATCH/error")"
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
    # MariaDB from 11.4 verifies the primary's certificate by means of the password, which an empty one cannot do
    [[ $DIALECT != mariadb || -n $PASSWORD ]] || options+=', MASTER_SSL_VERIFY_SERVER_CERT=0'
    query "$stop" || return 1
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
}

# One connection, on standard input and output: no byte of data before the peer has proved that it knows the password.
serve_peer() {
    local server_nonce client_nonce client_proof work status=0
    server_nonce=$(nonce 32)
    printf 'mysql-replication/1 %s\n' "$server_nonce"
    IFS=' ' read -r -t 10 -n 256 client_nonce client_proof || { log "a peer that did not answer was turned away"; return 0; }
    if [[ ! $client_nonce =~ ^[0-9a-f]{64}$ || $client_proof != "$(proof client "$server_nonce" "$client_nonce")" ]]; then
        log "a peer (${SOCAT_PEERADDR:-${NCAT_REMOTE_ADDR:-unknown}}) that does not know the root password was turned away"
        printf 'refused\n'
        return 0
    fi
    proof server "$server_nonce" "$client_nonce"
    log "sending a backup to ${SOCAT_PEERADDR:-${NCAT_REMOTE_ADDR:-a peer}}"
    work=$(mktemp -d "$SCRATCH/backup.XXXXXX")
    backup "$work" || status=1
    rm -rf "$work"
    ((status == 0)) || { log "the backup failed: the peer gets no end mark and tries again"; return 1; }
    proof end "$server_nonce" "$client_nonce"
    log "backup sent"
}

backup() {
    local tool options=()
    tool=$(command -v mariadb-backup || command -v mariabackup || command -v xtrabackup) ||
        { log "neither mariadb-backup nor xtrabackup is in this image"; return 1; }
    ((ORDINAL == 0)) || options+=(--slave-info)
    # a real file, not a pipe: the tool reads its options more than once
    client_options >"$1/client.cnf"
    "$tool" --defaults-extra-file="$1/client.cnf" --backup --stream=xbstream --host=127.0.0.1 --port="$DATABASE_PORT" \
        --datadir="$DATA_DIR" --target-dir="$1" --tmpdir="$1" ${options[@]+"${options[@]}"}
}

serve() {
    local limit=4 idle=600
    export REPLICATION_SERVE="${BASH_EXECUTION_STRING:?}"
    if command -v socat >/dev/null; then
        log "serving backups on port $REPLICATION_BACKUP_PORT with socat"
        exec socat -T "$idle" "TCP-LISTEN:$REPLICATION_BACKUP_PORT,reuseaddr,fork,max-children=$limit" \
            SYSTEM:'exec bash -c \"\$REPLICATION_SERVE\" serve-peer'
    elif command -v ncat >/dev/null; then
        log "serving backups on port $REPLICATION_BACKUP_PORT with ncat"
        exec ncat --listen --keep-open --max-conns "$limit" --idle-timeout "$idle" "$REPLICATION_BACKUP_PORT" \
            --sh-exec 'exec bash -c "$REPLICATION_SERVE" serve-peer'
    fi
    fail "neither socat nor ncat is in this image, so no pod could clone from this one: choose another with the annotation mysql-replication.kubewarden.io/backup-image"
}

main() {
    scratch_dir
    root_password
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
