# Looks after the pod's server as long as the pod lives. The primary: its data has an identity, and an account to replicate
# with. A replica: it is closed for writes, and follows the server that its data came from, and no other. Its server never
# starts replication by itself.
#   REPLICATION_ACCOUNT           how that account's name begins; none: replicas log in as root
#   REPLICATION_LOOK_SECONDS      from one look to the next, 5 unless given
#   REPLICATION_ROTATION_SECONDS  how long the account's password stays where root's has changed, 180 unless given
readonly LOOK_SECONDS=${REPLICATION_LOOK_SECONDS:-5} ACCOUNT=${REPLICATION_ACCOUNT:-replica}
readonly ROTATION_SECONDS=${REPLICATION_ROTATION_SECONDS:-180} APPLY_SECONDS=30
# As others see it: its version, and whether it offers TLS.
readonly OFFER="SELECT VERSION(); SHOW SESSION STATUS LIKE 'Ssl_cipher'"

look_after() {
    local clock failed=0 look=look_at_primary pause
    ((ORDINAL == 0)) || look=look_at_replica
    [[ $ORDINAL == 0 || -f $DATA_DIR/$CLONE_MARK ]] || fail "the data directory has no complete clone: clone-mysql must have run before"
    # nothing ever comes of it: a wait that takes no process
    exec {clock}<> <(:)
    TOLD=none REFUSAL='' REFUSED=0 DIALECT='' LOOKED=$SECONDS BEGUN='' APPLIED=-$APPLY_SECONDS FOLLOWED=-$APPLY_SECONDS
    while :; do
        root_password
        if [[ -n $DIALECT ]] || log_in; then
            failed=0 pause=$LOOK_SECONDS
            # what is wrong is asked again at once, from the beginning
            "$look" || DIALECT='' pause=1
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

# Forgets what was begun with a server that may have started anew since the last look.
notice_restart() {
    # shellcheck disable=SC2154 # the name of a field
    ((FIELDS[Value] > SECONDS - LOOKED + 1)) || BEGUN=
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

keep_key() {
    [[ -r $KEY && $(<"$KEY") == "$1" ]] || { printf '%s' "$1" >"$KEY.part" && mv "$KEY.part" "$KEY"; }
}

######## the primary

look_at_primary() {
    local status='SHOW MASTER STATUS' known log place goes_on=0
    [[ $REPLICATION_FLAVOR != mysql-8.4 ]] || status='SHOW BINARY LOG STATUS'
    ask "SHOW GLOBAL STATUS LIKE 'Uptime'; $ACCOUNTS $status" || return 1
    notice_restart
    if [[ -z ${FIELDS[File]:-} ]]; then
        [[ -n $BEGUN ]] || log "WARNING: the binary log of the primary is off: nothing can be replicated"
        BEGUN=1
        tell
        return
    fi
    known=$(value_of account "$DATA_DIR/$HISTORY") log=$(value_of log "$DATA_DIR/$HISTORY")
    place=$(log_place of-now)
    if [[ -n $log && (-z $BEGUN || ${FIELDS[account]:-} != "$known" || ${place%%:*}:${place##*:} != "${log%%:*}:${log##*:}") ]]; then
        goes_on "$log" || goes_on=$?
        ((goes_on < 2)) || return 1
    fi
    if [[ -z $BEGUN || ${FIELDS[account]:-} != "$known" || $goes_on == 1 ]]; then
        # where any of it fails, all of it is looked at again
        BEGUN=
        if [[ -f $CONF_DIR/$JOIN_OPTIONS || (-z $log && -f $DATA_DIR/$CLONE_MARK) ]]; then
            take_over || return 1
        elif [[ -z $log && -n ${FIELDS[account]:-} ]]; then
            begin_history "the data has come from elsewhere, without its log" || return 1
        elif [[ -z $log ]]; then
            begin_history "the data has none yet" || return 1
        elif ((goes_on == 1)); then
            begin_history "WARNING: the binary log has begun anew; replicas cannot know what they have not read of the old one, and must be replaced" || return 1
        elif [[ -z ${FIELDS[account]:-} ]]; then
            log "WARNING: $known is no longer in the data, and is made anew. Where that comes of a dump that was read in with sql_log_bin=0, the replicas have other data: see 'Replace a replica' in docs/operating.md"
            make_account "$known" || return 1
        elif [[ ${FIELDS[account]} != "$known" ]]; then
            begin_history "other data was read in: $known is no longer in it" || return 1
        fi
        # once more where it was cut, and never before all of that is done
        [[ ! -f $TO_OPEN ]] || query 'SET GLOBAL read_only=OFF' || return 1
        rm -f "$TO_OPEN"
        known=$(value_of account "$DATA_DIR/$HISTORY")
        as_account "$known" 127.0.0.1 'SHOW BINARY LOGS' || ACCOUNT_PASSWORD=
        if [[ $ACCOUNT_PASSWORD != "$(account_password "$PASSWORD" "$known")" ]]; then
            # it has no rights yet where root has replicated so far, or where a statement failed
            make_account "$known" && set_password "$known" || return 1
        fi
        keep_key "$(account_password "$PASSWORD" "$known")" || return 1
        BEGUN=1 ROOTS=$PASSWORD
    fi
    [[ $goes_on == 1 || -z $log || ${place%%:*} == "${log%%:*}" ]] || remember "$known" "$place" || return 1
    rotate "$known" || return 1
    tell
}

# Where the log is now: its file, how far it goes, and when that file was begun, where it lies with the data.
log_place() { printf '%s:%s:%s' "${FIELDS[File]}" "${FIELDS[Position]}" "$(begun "${FIELDS[File]}")"; }
# The time in the head of a file of the log (MySQL source, "Binary Log Event Header").
begun() {
    local time
    time=$(od -An -tu4 -j4 -N4 "$DATA_DIR/$1" 2>/dev/null) || return 0
    printf '%s' "${time// /}"
}

# Does the log still hold the place where it was seen last? Files are purged from the front; one that begins anew begins with
# the first. 1: it does not; 2: the server does not tell.
goes_on() {
    local file position time name size logs first=
    logs=$(query 'SHOW BINARY LOGS') && [[ -n $logs ]] || return 2
    IFS=: read -r file position time < <(printf '%s\n' "$1")
    while read -r name size _; do
        : "${first:=$name}"
        [[ $name == "$file" ]] || continue
        ((size >= position)) || return 1
        name=$(begun "$file")
        [[ -z $time || -z $name || $time == "$name" ]]
        return
    done < <(printf '%s\n' "$logs")
    [[ ${first%.*} == "${file%.*}" ]] && ((10#${first##*.} > 10#${file##*.}))
}

# begin_history WHY: what replicates from here is another history than any before. Whoever follows the one before is turned
# away first, so that no replica goes over unseen; where it is cut, it begins anew.
begin_history() {
    local name=$ACCOUNT old olds time random
    [[ $name != none ]] || name=replica
    olds=$(query "$ACCOUNTS") || return 1
    time=$(date -u +%y%m%d%H%M%S) random=$(nonce 8)
    # the last one counts, whatever the clock said when it was made
    old=${olds%%$'\n'*}
    [[ -z $old ]] || ((10#$time > 10#${old: -19:12})) || time=$(printf '%012d' "$((10#${old: -19:12} + 1))")
    name+="-$time-${random:0:6}"
    note_history "$name" "$(log_place of-now)" || { log "the disk is full: the data gets no identity"; return 1; }
    log "the data is $name from now on: $1"
    for old in $olds; do
        query_secret "SET SESSION sql_mode='', sql_log_bin=0; $(alter_user "$old" "$(nonce 32)")" || return 1
    done
    olds=$(query "SELECT CONCAT('KILL ', ID, ';') FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'") || return 1
    [[ -z $olds ]] || printf '%s\n' "$olds" | client --force 2>/dev/null || true
    make_account "$name" || return 1
    mv "$DATA_DIR/$HISTORY.part" "$DATA_DIR/$HISTORY"
}

# The statement that gives an account a password. MariaDB would write it into its log as it is; where it checks passwords,
# it takes no digest.
alter_user() { printf "ALTER USER %s@'%%' IDENTIFIED %s" "$(quoted "$1")" "$(identified "$2")"; }
identified() {
    local digest=
    [[ $DIALECT != mariadb ]] || digest=$(query "SELECT IF(@@GLOBAL.strict_password_validation AND COUNT(*), '', PASSWORD($(quoted "$1")))
        FROM information_schema.PLUGINS WHERE PLUGIN_TYPE='PASSWORD VALIDATION' AND PLUGIN_STATUS='ACTIVE'")
    if [[ -n $digest ]]; then printf 'BY PASSWORD %s' "$(quoted "$digest")"; else printf 'BY %s' "$(quoted "$1")"; fi
}

# The account with what it needs to replicate, to be asked by the probe, and to be cloned from; where root replicates it is a
# name and no more.
make_account() {
    local user password
    user="$(quoted "$1")@'%'"
    password=$(account_password "$PASSWORD" "$1")
    [[ $ACCOUNT != none ]] || password="Aa1-$(nonce 32)"
    query_secret "SET SESSION sql_mode=''; CREATE USER IF NOT EXISTS $user IDENTIFIED $(identified "${password:0:32}")" || return 1
    # MariaDB before 10.4 has no passwords that expire
    query "ALTER USER $user PASSWORD EXPIRE NEVER" 2>/dev/null || true
    [[ $ACCOUNT != none ]] || return 0
    # a donor's right, which the other two tell of: they come after it
    [[ $REPLICATION_CLONE_METHOD != clone-plugin ]] || query "GRANT BACKUP_ADMIN ON *.* TO $user" || return 1
    query "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO $user" || return 1
    # from 10.5.9 on MariaDB has a right of its own to see the replica's status
    [[ $DIALECT != mariadb ]] || query "GRANT SLAVE MONITOR ON *.* TO $user" 2>/dev/null || true
}

set_password() {
    [[ $ACCOUNT != none ]] || return 0
    log "the account $1 gets the password that follows from root's"
    query_secret "SET SESSION sql_mode=''; $(alter_user "$1" "$(account_password "$PASSWORD" "$1")")"
}

# Where root's password has changed, that of the account follows once every pod can have seen it.
rotate() {
    if [[ $ROOTS == "$PASSWORD" ]]; then
        ROTATED=$SECONDS
    elif ((SECONDS - ROTATED >= ROTATION_SECONDS)); then
        set_password "$1" && keep_key "$(account_password "$PASSWORD" "$1")" || return 1
        ROOTS=$PASSWORD
    fi
}

# The data was a replica's: what made it one goes, and the log begins where the data stands. Until then the server is closed.
take_over() {
    local gtid
    tell "this pod has the data of a replica: it becomes the primary with it"
    if [[ $DIALECT == mariadb ]]; then
        query 'STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only=ON' || return 1
        [[ -f $DATA_DIR/$JOIN_MARK ]] || set_gtids || return 1
        gtid=$(query 'SELECT @@GLOBAL.gtid_slave_pos') || return 1
        query "RESET MASTER; SET GLOBAL gtid_binlog_state=$(quoted "$gtid")" || return 1
    else
        query "STOP $REPLICA; RESET $REPLICA ALL" || return 1
        [[ $(mark_value position) != gtid || -f $DATA_DIR/$JOIN_MARK ]] || set_gtids || return 1
        query 'SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=ON' || return 1
    fi
    ask "SHOW GLOBAL STATUS LIKE 'Uptime'; $status" || return 1
    begin_history "it was the data of a replica" || return 1
    rm -f "$DATA_DIR/$JOIN_MARK"
    : >"$TO_OPEN" || return 1
    # a replica's no more, whatever becomes of its history
    rm -f "$DATA_DIR/$CLONE_MARK" "$CONF_DIR/$JOIN_OPTIONS"
}

######## a replica

look_at_replica() {
    local own tables
    ask_status "SHOW GLOBAL STATUS LIKE 'Uptime'; SELECT @@GLOBAL.$READ_ONLY AS closed; $ACCOUNTS" || return 1
    notice_restart
    if [[ ${FIELDS[closed]} != @(1|ON|NO_LOCK*) ]]; then
        [[ -z $BEGUN ]] || log "WARNING: this replica was open for writes, and is closed now; what was written here is nowhere else"
        close_for_writes || { log "the server did not become read-only"; return 1; }
    fi
    # full: what could not be applied is still there, and the server does not try again by itself
    if [[ ${FIELDS[SQL_Running]:-}:${FIELDS[Last_SQL_Errno]:-} == No:@(1021|1026|1114) ]] && ((SECONDS - APPLIED >= APPLY_SECONDS)); then
        log "what has been received is applied once more: replication had stopped with error ${FIELDS[Last_SQL_Errno]}, a full disk"
        query "START $REPLICA SQL_THREAD" || return 1
        APPLIED=$SECONDS
    fi
    # one that a filter keeps from the tables is remembered all the same
    own=$(value_of account "$DATA_DIR/$HISTORY") tables=${FIELDS[account]:-}
    [[ -n $own && ! ${tables: -19} > ${own: -19} ]] || own=$tables
    if [[ -z $BEGUN ]]; then begin_to_follow "$own"; else go_on_following "$own"; fi
}

# After a start of the server, or of this container.
begin_to_follow() {
    local fits=0
    check_primary "$1" || fits=$?
    if [[ ! -f $DATA_DIR/$JOIN_MARK ]]; then
        ((fits == 0)) || { complain "$fits"; return; }
        log "configuring replication from $(peer_host 0) at $(mark_value position) $(mark_value file)$(mark_value gtid) $(mark_value pos)"
        configure || fail "replication could not be configured; the container is started again"
        : >"$DATA_DIR/$JOIN_MARK.part"
        sync -f "$DATA_DIR" 2>/dev/null || sync
        mv "$DATA_DIR/$JOIN_MARK.part" "$DATA_DIR/$JOIN_MARK"
        query "START $REPLICA" || fail "replication did not start"
    elif ((fits > 0)); then
        if [[ ${FIELDS[IO_Running]:-} == Yes ]]; then
            ((fits == 1)) || { BEGUN=1; return; }
            query "STOP $REPLICA IO_THREAD"
        elif [[ ${FIELDS[SQL_Running]:-} == No && ${FIELDS[Last_SQL_Errno]:-0} == 0 ]]; then
            # what has been received is applied all the same
            query "START $REPLICA SQL_THREAD"
        fi
        complain "$fits"
        return
    elif [[ ${FIELDS[IO_Running]:-} != Yes || ${FIELDS[User]:-} != "$LOGIN_FOR" ||
        (${FIELDS[SSL_Allowed]:-} == No && $OFFERED =~ Ssl_cipher$'\t'[^[:space:]]) ]]; then
        change_login || fail "replication did not start"
    fi
    BEGUN=1
    followed "$1"
    log "replicating from $(peer_host 0)"
}

go_on_following() {
    local fits=0 wanted=$1
    [[ $ACCOUNT != none && -n $1 ]] || wanted=root
    case ${FIELDS[IO_Running]:-}:${FIELDS[Last_IO_Errno]:-0} in
    Yes:*)
        if [[ ${FIELDS[User]:-} != "$wanted" ]] && check_primary "$1"; then
            log "replicas log in as $LOGIN_FOR from now on"
            change_login || { BEGUN=; return 1; }
        fi
        followed "$1"
        ;;
    # stopped by hand, which the probe tells
    No:0) ;;
    Connecting:1045 | Connecting:1698 | Connecting:2026 | Connecting:2061 | Connecting:3159)
        check_primary "$1" || fits=$?
        if ((fits > 0)); then
            complain "$fits"
            [[ $wanted != root ]] || hold_back
            return
        fi
        log "logging in to the primary as it is asked for by now"
        change_login || { BEGUN=; return 1; }
        ;;
    Connecting:* | Preparing:*)
        # root is let in by any primary
        [[ $wanted != root ]] || hold_back
        ;;
    *)
        check_primary "$1" || fits=$?
        if ((fits == 1)); then complain 1; return; fi
        # After so many tries the server has given up; or what it has met was another primary, or one that was about to begin
        # its log. With the right one it is begun once more.
        # shellcheck disable=SC2053 # a pattern
        if [[ $fits == 0 && (${FIELDS[Last_IO_Errno]} == $NO_WAY || $((SECONDS - FOLLOWED)) -ge $APPLY_SECONDS) ]]; then
            BEGUN='' FOLLOWED=$SECONDS
        fi
        ;;
    esac
    tell
}

# Root is let in by any primary: its replication goes on only after the next look at it.
hold_back() {
    BEGUN=
    query "STOP $REPLICA IO_THREAD"
}

complain() {
    local why=${ANSWER##*$'\n'}
    if (($1 == 1)); then
        tell "$MISFIT"
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

# What is remembered of the history that this replica follows.
followed() {
    local followed=$1
    REFUSAL=
    [[ $LOGIN_FOR == root ]] || followed=$LOGIN_FOR
    [[ -z $followed || $followed == "$(value_of account "$DATA_DIR/$HISTORY")" ]] || remember "$followed"
}

# check_primary OWN: is what answers under the primary's name the server that this data came from? Sets as whom a replica
# logs in there, LOGIN_FOR and LOGIN_WITH, and what is OFFERED. 1: it is not, for the reason MISFIT; 2: there is no answer.
check_primary() {
    local own=$1 newest
    LOGIN_FOR=root
    if [[ -n $own && $ACCOUNT != none ]]; then
        if lets_in "$own"; then return; fi
        [[ $ANSWER == *'ERROR 1045 '* ]] || return 2
    fi
    ask_primary "$ACCOUNTS" || return 2
    newest=${ANSWER%%$'\n'*}
    if [[ $newest != "$own" ]]; then
        misfits "$own" "$newest" || return 1
    elif [[ -n $own && $ACCOUNT != none ]]; then
        ANSWER="root's password has changed, and that of $own follows soon"
        return 2
    fi
    if [[ -n $newest && $ACCOUNT != none ]]; then
        lets_in "$newest" || return 2
    else
        # a primary of before there were identities, or one that root is to replicate from
        ask_primary "$OFFER" || return 2
        OFFERED=$ANSWER
    fi
}

# misfits OWN NEWEST: 1 where this replica cannot go on with a primary whose identity is another, and MISFIT says why.
misfits() {
    if [[ -z $2 ]]; then
        MISFIT="pod 0 does not say which data it has, and this replica's is $1: nothing is taken from it"
    elif [[ -z $1 ]]; then
        ! is_behind || return 0
        MISFIT="pod 0 has other data than this replica: nothing is taken from it"
    elif [[ $'\n'$ANSWER$'\n' == *$'\n'$1$'\n'* ]]; then
        # MariaDB's numbers tell it of the history directly before alone
        if [[ $DIALECT != mariadb || ${ANSWER#*$'\n'} == "$1"@(|$'\n'*) ]] && is_at_the_beginning; then return 0; fi
        MISFIT="the binary log of pod 0 began anew as $2, and this replica, of $1, does not stand where it begins: nothing is taken from it. See whether it has rows that pod 0 has not; then see 'Replace a replica' in docs/operating.md"
        return 1
    else
        MISFIT="pod 0 has other data, $2, than this replica, $1: nothing is taken from it"
    fi
    MISFIT+=". Where the primary has lost its volume its replicas hold the last copies: delete nothing, and see 'Restore a lost primary' in docs/operating.md"
    return 1
}

# lets_in ACCOUNT: does the primary let it in?
lets_in() {
    as_account "$1" "$(peer_host 0)" "$OFFER" || return 1
    LOGIN_FOR=$1 LOGIN_WITH=$ACCOUNT_PASSWORD OFFERED=$ANSWER
    keep_key "$ACCOUNT_PASSWORD" || log "the disk is full: the password of $1 is not kept"
}

# As root, with whichever password the primary has for it, which goes into LOGIN_WITH; the answer is ANSWER.
ask_primary() {
    local known=$PASSWORD PASSWORD
    for PASSWORD in "$known" "${PASSWORDS[@]}"; do
        LOGIN_WITH=$PASSWORD
        ! ANSWER=$(printf '%s\n' "$1" | client --skip-column-names --host="$(peer_host 0)" 2>&1) || return 0
    done
    return 1
}

# The GTIDs that a replica of MySQL has, nothing by file and position.
own_gtids() {
    local gtids
    gtids=$(query "SELECT IF(@@GLOBAL.gtid_mode='ON', @@GLOBAL.gtid_executed, '')") || return 1
    printf '%s' "${gtids//\\n/}"
}

# Can data from before there were identities be of this primary? By file and position, and on MariaDB, nothing tells.
is_behind() {
    local gtids
    [[ $DIALECT != mariadb ]] || return 0
    gtids=$(own_gtids of-now) && ask_primary "SELECT GTID_SUBSET('$gtids', @@GLOBAL.gtid_executed), @@GLOBAL.server_uuid" || return 1
    [[ $ANSWER == 1* && ${FIELDS[UUID]:-} == @(|*"${ANSWER#*$'\t'}") ]]
}

# Can this replica go on with a log that began after its own, since it stands where that one begins? By GTIDs that can be
# told; on MySQL of a server alone that has given this replica no number yet: one that has lost its log gives the same ones
# a second time. Whom this replica was connected to last says nothing: it may have been this one, before its log began.
is_at_the_beginning() {
    local gtids
    # nothing that was received is still to be applied
    [[ ${FIELDS[Read_Master_Log_Pos]:-${FIELDS[Read_Source_Log_Pos]:-}} == "${FIELDS[Exec_Master_Log_Pos]:-${FIELDS[Exec_Source_Log_Pos]:-}}" ]] || return 1
    if [[ $DIALECT == mariadb ]]; then
        gtids=$(query 'SELECT @@GLOBAL.gtid_slave_pos') && ask_primary 'SELECT @@GLOBAL.gtid_slave_pos' || return 1
        [[ -n $gtids && $gtids == "$ANSWER" ]]
        return
    fi
    gtids=$(own_gtids of-now) && [[ -n $gtids ]] || return 1
    ask_primary "SELECT LOCATE(@@GLOBAL.server_uuid, '$gtids') = 0 AND GTID_SUBSET('$gtids', @@GLOBAL.gtid_executed)
        AND GTID_SUBSET(@@GLOBAL.gtid_purged, '$gtids')" && [[ $ANSWER == 1 ]]
}

# The replica's read-only mode is in its option files; here it is made sure of on the running server as well.
close_for_writes() { query "SET GLOBAL $READ_ONLY=ON"; }

# What a replica is told of the login, as the primary asks for it. Replicas do not take TLS by themselves, and are turned
# away where it is required; one that insists on it is, where there is none. No certificate is looked at, but MariaDB from
# 11.4 on verifies the primary's by means of the password, if there is one.
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

# With the applier running MySQL keeps what was received and is not applied yet; MariaDB takes it once more from the primary,
# which has just answered.
change_login() {
    local thread=' IO_THREAD'
    [[ $DIALECT != mariadb ]] || thread=
    query_secret "SET SESSION sql_mode=''; STOP $REPLICA$thread; $CHANGE $(login_options of-primary); START $REPLICA"
}

# Points the clone at the primary. Run again before the mark is set, it does the same again: nothing was applied yet.
configure() {
    local kind options
    kind=$(mark_value position)
    options="${SOURCE}_HOST=$(quoted "$(peer_host 0)"), ${SOURCE}_PORT=$DATABASE_PORT, $(login_options of-primary), ${SOURCE}_CONNECT_RETRY=10"
    # newer servers give up after ten tries by default; a replica waits for its primary as long as it takes
    [[ $DIALECT == mariadb ]] || options+=", ${SOURCE}_RETRY_COUNT=86400"
    [[ $REPLICATION_FLAVOR != mysql-8.* ]] || options+=", GET_${SOURCE}_PUBLIC_KEY=1"
    query "STOP $REPLICA; RESET $REPLICA ALL" || return 1
    # a primary with GTIDs that has logged nothing yet names none, and the tool then names its file alone
    if [[ $kind == file && $DIALECT != mariadb && $(mark_value donor) == "$(peer_host 0)" && $(query 'SELECT @@GLOBAL.gtid_mode') == ON ]]; then
        kind=gtid
    fi
    if [[ $kind == file ]]; then
        options+=", ${SOURCE}_LOG_FILE=$(quoted "$(mark_value file)"), ${SOURCE}_LOG_POS=$(mark_value pos)"
    else
        [[ $kind == clone ]] || set_gtids || return 1
        if [[ $DIALECT == mariadb ]]; then options+=', MASTER_USE_GTID=slave_pos'; else options+=", ${SOURCE}_AUTO_POSITION=1"; fi
    fi
    query_secret "SET SESSION sql_mode=''; $CHANGE $options;"
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

mark_value() { value_of "$1" "$DATA_DIR/$CLONE_MARK"; }
