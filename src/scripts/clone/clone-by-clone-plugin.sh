# Clone method clone-plugin (MySQL manual, "The Clone Plugin"): a server that only this container can reach clones the
# donor into a data directory aside. The position is the set of GTIDs that comes with the data.
#   REPLICATION_SERVER_ARGS  the database container's own server options, one a line
server_options() {
    local line
    SERVER=()
    while IFS= read -r line; do
        [[ -z $line ]] || SERVER+=("$line")
    done < <(printf '%s\n' "${REPLICATION_SERVER_ARGS:-}")
    # for root: the first --user wins, and the official image's my.cnf says mysql
    ((EUID != 0)) || SERVER+=(--user=mysql)
    # the last one wins: what follows keeps this server private, writable and small
    SERVER+=(--datadir="$ASIDE" --socket="$SCRATCH/mysqld.sock" --pid-file="$SCRATCH/mysqld.pid" --tmpdir="$SCRATCH"
        --skip-networking --mysqlx=OFF --skip-log-bin --loose-skip-slave-start --loose-skip-replica-start
        --read-only=OFF --super-read-only=OFF --event-scheduler=DISABLED --persisted-globals-load=OFF
        --plugin-load-add=mysql_clone.so --performance-schema=ON
        # places that option files may name, and that only the database container has
        --log-error="$SCRATCH/mysqld.err" --secure-file-priv=NULL --general-log=OFF --slow-query-log=OFF)
}
local_query() {
    printf '%s\n' "$1" | mysql --defaults-file=<(client_options) --protocol=SOCKET --socket="$SCRATCH/mysqld.sock" \
        --batch --skip-column-names
}
# wait_for_server PID PASSWORD [PASSWORD]: one of them is the one that the server has.
wait_for_server() {
    local server=$1
    shift
    while kill -0 "$server" 2>/dev/null; do
        for PASSWORD in "$@"; do
            ! local_query 'SELECT 1' >/dev/null 2>&1 || return 0
        done
        sleep 0.5
    done
    log "the server that clones ended before it answered"
    return 1
}

# Logs in to the donor as the account that replicates, where that may give backups: root's password is in no statement
# then. Root asks for its name.
choose_login() {
    local account=''
    CLONE_AS=root CLONE_WITH=("${PASSWORDS[@]}")
    for PASSWORD in "${PASSWORDS[@]}"; do
        ! account=$(printf '%s\n' "$ACCOUNTS" | client --skip-column-names --host="$DONOR" 2>/dev/null) || break
    done
    account=${account%%$'\n'*}
    if [[ -n $account ]] && as_account "$account" "$DONOR" 'SHOW GRANTS' && [[ $ANSWER == *BACKUP_ADMIN* ]]; then
        CLONE_AS=$account CLONE_WITH=("$ACCOUNT_PASSWORD")
    fi
}

# clone_instance PASSWORD...: CLONE INSTANCE ends with a restart, which a server that nothing supervises cannot do:
# error 3707 then says that the data is whole and the server has stopped.
clone_instance() {
    local message number='without a number' donor
    donor="$(quoted "$CLONE_AS")@$(quoted "$DONOR"):$DATABASE_PORT"
    message=$(local_query "SET SESSION sql_mode='';
        SET GLOBAL clone_valid_donor_list=$(quoted "$DONOR:$DATABASE_PORT");
        CLONE INSTANCE FROM $donor IDENTIFIED BY $(quoted "$1");" 2>&1) && return
    [[ ! $message =~ ERROR' '([0-9]+) ]] || number=${BASH_REMATCH[1]}
    [[ $number != 3707 ]] || return 0
    # the donor denies the password: it may have it as the image's entrypoint set it
    if (($# > 1)) && [[ $message == *1045* ]]; then
        clone_instance "${@:2}"
        return
    fi
    # only the clone's own errors are shown whole: another's text could quote the statement, which carries the password
    [[ $number != 38[67]? ]] || number+=" (${message//$'\n'/ })"
    log "CLONE INSTANCE from $DONOR failed: error $number"
    return 1
}

take_clone() {
    clone_with_plugin && return
    [[ ! -s $SCRATCH/mysqld.err ]] || tail -n 20 "$SCRATCH/mysqld.err" >&2
    return 1
}

clone_with_plugin() {
    local server gtid state status=0
    server_answers "$DONOR" || { log "$DONOR does not answer on port $DATABASE_PORT yet"; return 1; }
    choose_login
    server_options
    ((EUID != 0)) || chown mysql: "$DATA_DIR" "$ASIDE" "$SCRATCH" || return 1
    mysqld "${SERVER[@]}" --initialize-insecure --log-error-verbosity=1 ||
        { log "initialising a data directory to clone into failed"; return 1; }
    mysqld "${SERVER[@]}" &
    server=$!
    # it has no password yet, and has the donor's once it is cloned
    wait_for_server "$server" '' && clone_instance "${CLONE_WITH[@]}" || status=1
    ((status == 0)) || kill -TERM "$server" 2>/dev/null || true
    wait "$server" || true
    ((status == 0)) || return 1

    # A second start finishes the clone's files, and says whether all of it came.
    mysqld "${SERVER[@]}" &
    server=$!
    wait_for_server "$server" "${PASSWORDS[@]}" || return 1
    state=$(local_query 'SELECT STATE FROM performance_schema.clone_status') || state=unknown
    gtid=$(local_query 'SELECT @@GLOBAL.gtid_executed') || state=unknown
    kill -TERM "$server"
    wait "$server" || { log "the server with the clone did not stop cleanly"; return 1; }
    [[ $state == Completed ]] || { log "the clone is not complete: its state is '$state'"; return 1; }
    MARK=$(printf 'position=clone\ngtid=%s' "${gtid//\\n/}")
}
