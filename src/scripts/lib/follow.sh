# A replica follows the server that its data came from, and no other. A clone is told first whom to follow, and from
# where on.

look_at_replica() {
    local own tables
    ask_status "SHOW GLOBAL STATUS LIKE 'Uptime'; SELECT @@GLOBAL.$READ_ONLY AS closed; $ACCOUNTS" || return 1
    notice_restart
    if [[ ${FIELDS[closed]} != @(1|ON|NO_LOCK*) ]]; then
        [[ -z $IS_SET_UP ]] ||
            log "WARNING: this replica was open for writes, and is closed now; what was written here is nowhere else"
        close_for_writes || { log "the server did not become read-only"; return 1; }
    fi
    # full: what could not be applied is still there, and the server does not try again by itself
    if [[ ${FIELDS[SQL_Running]:-}:${FIELDS[Last_SQL_Errno]:-} == No:@(1021|1026|1114) ]] &&
        ((SECONDS - APPLIED >= APPLY_SECONDS)); then
        log "what has been received is applied once more: replication had stopped with error" \
            "${FIELDS[Last_SQL_Errno]}, a full disk"
        query "START $REPLICA SQL_THREAD" || return 1
        APPLIED=$SECONDS
    fi
    # one that a filter keeps from the tables is remembered all the same
    own=$(value_of account "$DATA_DIR/$HISTORY") tables=${FIELDS[account]:-}
    [[ -n $own && ! ${tables: -19} > ${own: -19} ]] || own=$tables
    if [[ -z $IS_SET_UP ]]; then begin_to_follow "$own"; else go_on_following "$own"; fi
}

# After a start of the server, or of this container. The verdict is what check_primary returns.
begin_to_follow() {
    local verdict=0
    check_primary "$1" || verdict=$?
    if [[ ! -f $DATA_DIR/$JOIN_MARK ]]; then
        ((verdict == 0)) || { complain "$verdict"; return; }
        log "configuring replication from $(peer_host 0) at $(mark_value position)" \
            "$(mark_value file)$(mark_value gtid) $(mark_value pos)"
        configure || fail "replication could not be configured; the container is started again"
        : >"$DATA_DIR/$JOIN_MARK.part"
        flush "$DATA_DIR"
        mv "$DATA_DIR/$JOIN_MARK.part" "$DATA_DIR/$JOIN_MARK"
        begun
        query "START $REPLICA" || fail "replication did not start"
    elif ((verdict > 0)); then
        if [[ ${FIELDS[IO_Running]:-} == Yes ]]; then
            ((verdict == 1)) || { IS_SET_UP=1; return; }
            query "STOP $REPLICA IO_THREAD"
        elif [[ ${FIELDS[SQL_Running]:-} == No && ${FIELDS[Last_SQL_Errno]:-0} == 0 ]]; then
            # what has been received is applied all the same
            query "START $REPLICA SQL_THREAD"
        fi
        complain "$verdict"
        return
    elif [[ ${FIELDS[IO_Running]:-} != Yes || ${FIELDS[User]:-} != "$LOGIN_FOR" ||
        (${FIELDS[SSL_Allowed]:-} == No && $OFFERED =~ Ssl_cipher$'\t'[^[:space:]]) ]]; then
        change_login || fail "replication did not start"
    fi
    IS_SET_UP=1
    followed "$1"
    log "replicating from $(peer_host 0)"
}

go_on_following() {
    local verdict=0 wanted=$1
    [[ $ACCOUNT != none && -n $1 ]] || wanted=root
    case ${FIELDS[IO_Running]:-}:${FIELDS[Last_IO_Errno]:-0} in
    Yes:*)
        if [[ ${FIELDS[User]:-} != "$wanted" ]] && check_primary "$1"; then
            log "replicas log in as $LOGIN_FOR from now on"
            change_login || { IS_SET_UP=; return 1; }
        fi
        followed "$1"
        [[ $TOLD != "$BEGUN" ]] || ((SEEN++ >= 2)) || return 0
        ;;
    # stopped by hand, which the probe tells
    No:0) ;;
    Connecting:1045 | Connecting:1698 | Connecting:2026 | Connecting:2061 | Connecting:3159)
        check_primary "$1" || verdict=$?
        if ((verdict > 0)); then
            complain "$verdict"
            [[ $wanted != root ]] || hold_back
            return
        fi
        log "logging in to the primary as it is asked for by now"
        change_login || { IS_SET_UP=; return 1; }
        return 0
        ;;
    Connecting:* | Preparing:*)
        SEEN=0
        [[ $TOLD != "$BEGUN" ]] || ((SECONDS - BEGUN_AT >= 5)) || return 0
        # root is let in by any primary
        [[ $wanted != root ]] || hold_back
        if [[ $TOLD == "$BEGUN" ]]; then
            # the primary may be away once more
            check_primary "$1" || complain $?
            return 0
        fi
        ;;
    *)
        check_primary "$1" || verdict=$?
        if ((verdict == 1)); then complain 1; return; fi
        # After so many tries the server has given up; or what it has met was another primary, or one that was about to
        # begin its log. With the right one it is begun once more.
        # shellcheck disable=SC2053 # a pattern
        if [[ $verdict == 0 &&
            (${FIELDS[Last_IO_Errno]} == $NO_WAY || $((SECONDS - FOLLOWED)) -ge $APPLY_SECONDS) ]]; then
            IS_SET_UP='' FOLLOWED=$SECONDS
        fi
        ;;
    esac
    tell
}

# Root is let in by any primary: its replication goes on only after the next look at it.
hold_back() {
    IS_SET_UP=
    query "STOP $REPLICA IO_THREAD"
}

# complain VERDICT
complain() {
    local why=${ANSWER##*$'\n'}
    if (($1 == 1)); then
        tell "${MISFIT[@]}"
        return
    fi
    [[ $why == "$REFUSAL" ]] || log "the primary does not answer as it should: $why"
    [[ $why == "$REFUSAL" ]] || REFUSED=$SECONDS
    REFUSAL=$why
    # a password that changes takes its time
    if [[ $why == *"ERROR "$NO_WAY' '* ]] || ((SECONDS - REFUSED < ROTATION_SECONDS + 60)); then
        tell "$AWAY"
    else
        tell "the primary answers, and lets this replica take nothing: $why"
    fi
}

# Before replication is started: it is to be seen to go on three times.
begun() {
    SEEN=0 BEGUN_AT=$SECONDS
    tell "$BEGUN"
}

# What is remembered of the history that this replica follows.
followed() {
    local followed=$1
    REFUSAL=
    [[ $LOGIN_FOR == root ]] || followed=$LOGIN_FOR
    [[ -z $followed || $followed == "$(value_of account "$DATA_DIR/$HISTORY")" ]] || remember "$followed"
}

# The replica's read-only mode is in its option files; here it is made sure of on the running server as well.
close_for_writes() { query "SET GLOBAL $READ_ONLY=ON"; }

# What a replica is told of the login, as the primary asks for it. Replicas do not take TLS by themselves, and are
# turned away where it is required; one that insists on it is, where there is none. No certificate is looked at, but
# MariaDB from 11.4 on verifies the primary's by means of the password, if there is one.
login_options() {
    local options tls=0
    [[ ! $OFFERED =~ Ssl_cipher$'\t'[^[:space:]] ]] || tls=1
    options="${SOURCE}_USER=$(quoted "$LOGIN_FOR"), ${SOURCE}_PASSWORD=$(quoted "$LOGIN_WITH"), ${SOURCE}_SSL=$tls"
    if [[ $DIALECT == mariadb ]] && { [[ -z $LOGIN_WITH || ! $OFFERED =~ ([0-9]+)\.([0-9]+)\.[0-9]+-MariaDB ]] ||
        ((BASH_REMATCH[1] * 100 + BASH_REMATCH[2] < 1104)); }; then
        options+=', MASTER_SSL_VERIFY_SERVER_CERT=0'
    fi
    printf '%s' "$options"
}

# With the applier running MySQL keeps what was received and is not applied yet; MariaDB takes it once more from the
# primary, which has just answered.
change_login() {
    local thread=' IO_THREAD'
    [[ $DIALECT != mariadb ]] || thread=
    begun
    query_secret "SET SESSION sql_mode=''; STOP $REPLICA$thread; $CHANGE $(login_options); START $REPLICA"
}

# Points the clone at the primary. Run again before the mark is set, it does the same again: nothing was applied yet.
configure() {
    local kind options
    kind=$(mark_value position)
    options="${SOURCE}_HOST=$(quoted "$(peer_host 0)"), ${SOURCE}_PORT=$DATABASE_PORT, $(login_options)"
    options+=", ${SOURCE}_CONNECT_RETRY=10"
    # newer servers give up after ten tries by default; a replica waits for its primary as long as it takes
    [[ $DIALECT == mariadb ]] || options+=", ${SOURCE}_RETRY_COUNT=86400"
    [[ $REPLICATION_FLAVOR != mysql-8.* ]] || options+=", GET_${SOURCE}_PUBLIC_KEY=1"
    query "STOP $REPLICA; RESET $REPLICA ALL" || return 1
    # a primary with GTIDs that has logged nothing yet names none, and the tool then names its file alone
    if [[ $kind == file && $DIALECT != mariadb && $(mark_value donor) == "$(peer_host 0)" &&
        $(query 'SELECT @@GLOBAL.gtid_mode') == ON ]]; then
        kind=gtid
    fi
    if [[ $kind == file ]]; then
        options+=", ${SOURCE}_LOG_FILE=$(quoted "$(mark_value file)"), ${SOURCE}_LOG_POS=$(mark_value pos)"
    else
        [[ $kind == clone ]] || set_gtids || return 1
        options+=", ${SOURCE}_$BY_GTID"
    fi
    query_secret "SET SESSION sql_mode=''; $CHANGE $options;"
}

# The GTIDs that the clone holds, where the tool and not the server brought them.
set_gtids() {
    local gtid reset="$RESET_LOG; SET GLOBAL gtid_purged="
    gtid=$(quoted "$(mark_value gtid)")
    if [[ $DIALECT == mariadb ]]; then
        # where the backup named none, the position that the clone's own tables hold is right
        [[ $gtid == "''" ]] || query "SET GLOBAL gtid_slave_pos=$gtid"
        return
    fi
    [[ $(query "SELECT GTID_SUBSET(@@GLOBAL.gtid_executed, $gtid)
        AND GTID_SUBSET($gtid, @@GLOBAL.gtid_executed)") != 1 ]] || return 0
    # read_only stays on meanwhile, so nobody but root could write, and this pod is not Ready yet
    query "SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=ON; $reset$gtid; SET GLOBAL super_read_only=ON"
}

mark_value() { value_of "$1" "$DATA_DIR/$CLONE_MARK"; }
