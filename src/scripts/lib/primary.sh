# The primary: its data has an identity, and an account to replicate with.

look_at_primary() {
    local known log place password goes_on=0
    ask "SHOW GLOBAL STATUS LIKE 'Uptime'; $ACCOUNTS $SHOW_LOG" || return 1
    notice_restart
    if [[ -z ${FIELDS[File]:-} ]]; then
        [[ -n $IS_SET_UP ]] || log "WARNING: the binary log of the primary is off: nothing can be replicated"
        IS_SET_UP=1
        tell
        return
    fi
    known=$(value_of account "$DATA_DIR/$HISTORY") log=$(value_of log "$DATA_DIR/$HISTORY")
    place=$(log_place)
    if [[ -n $log && (-z $IS_SET_UP || ${FIELDS[account]:-} != "$known" ||
        ${place%%:*}:${place##*:} != "${log%%:*}:${log##*:}") ]]; then
        goes_on "$log" || goes_on=$?
        ((goes_on < 2)) || return 1
    fi
    if [[ -z $IS_SET_UP || ${FIELDS[account]:-} != "$known" || $goes_on == 1 ]]; then
        # where any of it fails, all of it is looked at again
        IS_SET_UP=
        if [[ -f $CONF_DIR/$JOIN_OPTIONS || (-z $log && -f $DATA_DIR/$CLONE_MARK) ]]; then
            take_over || return 1
        elif [[ -z $log && -n ${FIELDS[account]:-} ]]; then
            begin_history "the data has come from elsewhere, without its log" || return 1
        elif [[ -z $log ]]; then
            begin_history "the data has none yet" || return 1
        elif ((goes_on == 1)); then
            begin_history "WARNING: the binary log has begun anew; replicas cannot know what they have not read of" \
                "the old one, and must be replaced" || return 1
        elif [[ -z ${FIELDS[account]:-} ]]; then
            log "WARNING: $known is no longer in the data, and is made anew. Where that comes of a dump that was" \
                "read in with sql_log_bin=0, the replicas have other data: see 'Replace a replica' in docs/operating.md"
            make_account "$known" || return 1
        elif [[ ${FIELDS[account]} != "$known" ]]; then
            begin_history "other data was read in: $known is no longer in it" || return 1
        fi
        # once more where it was cut, and never before all of that is done
        [[ ! -f $TO_OPEN ]] || query 'SET GLOBAL read_only=OFF' || return 1
        rm -f "$TO_OPEN"
        known=$(value_of account "$DATA_DIR/$HISTORY")
        password=$(account_password "$PASSWORD" "$known")
        as_account "$known" 127.0.0.1 'SHOW BINARY LOGS' || ACCOUNT_PASSWORD=
        if [[ $ACCOUNT_PASSWORD != "$password" ]]; then
            # it has no rights yet where root has replicated so far, or where a statement failed
            make_account "$known" && set_password "$known" "$password" || return 1
        fi
        keep_key "$password" || return 1
        IS_SET_UP=1 ROOTS=$PASSWORD
    fi
    [[ $goes_on == 1 || -z $log || ${place%%:*} == "${log%%:*}" ]] || remember "$known" "$place" || return 1
    rotate "$known" || return 1
    tell
}

# Where the log is now: its file, how far it goes, and when that file was begun, where it lies with the data.
log_place() { printf '%s:%s:%s' "${FIELDS[File]}" "${FIELDS[Position]}" "$(begin_time "${FIELDS[File]}")"; }
# The time in the head of a file of the log (MySQL source, "Binary Log Event Header").
begin_time() {
    local time
    time=$(od -An -tu4 -j4 -N4 "$DATA_DIR/$1" 2>/dev/null) || return 0
    printf '%s' "${time// /}"
}

# Does the log still hold the place where it was seen last? Files are purged from the front; one that begins anew begins
# with the first. 1: it does not; 2: the server does not tell.
goes_on() {
    local file position time name size logs first=
    logs=$(query 'SHOW BINARY LOGS') && [[ -n $logs ]] || return 2
    IFS=: read -r file position time < <(printf '%s\n' "$1")
    while read -r name size _; do
        : "${first:=$name}"
        [[ $name == "$file" ]] || continue
        ((size >= position)) || return 1
        name=$(begin_time "$file")
        [[ -z $time || -z $name || $time == "$name" ]]
        return
    done < <(printf '%s\n' "$logs")
    [[ ${first%.*} == "${file%.*}" ]] && ((10#${first##*.} > 10#${file##*.}))
}

# begin_history WHY: what replicates from here is another history than any before. Whoever follows the one before is
# turned away first, so that no replica goes over unseen; where it is cut, it begins anew.
begin_history() {
    local name=$ACCOUNT earlier old dumps time random
    [[ $name != none ]] || name=replica
    earlier=$(query "$ACCOUNTS") || return 1
    time=$(date -u +%y%m%d%H%M%S) random=$(nonce 8)
    # the last one counts, whatever the clock said when it was made
    old=${earlier%%$'\n'*}
    [[ -z $old ]] || ((10#$time > 10#${old: -19:12})) || time=$(printf '%012d' "$((10#${old: -19:12} + 1))")
    name+="-$time-${random:0:6}"
    note_history "$name" "$(log_place)" || { log "the disk is full: the data gets no identity"; return 1; }
    log "the data is $name from now on: $*"
    for old in $earlier; do
        query_secret "SET SESSION sql_mode='', sql_log_bin=0; $(alter_user "$old" "$(nonce 32)")" || return 1
    done
    dumps=$(query "SELECT CONCAT('KILL ', ID, ';') FROM information_schema.PROCESSLIST
        WHERE COMMAND LIKE 'Binlog Dump%'") || return 1
    [[ -z $dumps ]] || printf '%s\n' "$dumps" | client --force 2>/dev/null || true
    make_account "$name" || return 1
    mv "$DATA_DIR/$HISTORY.part" "$DATA_DIR/$HISTORY"
}

# The data was a replica's: what made it one goes, and the log begins where the data stands. Until then the server is
# closed.
take_over() {
    local gtid
    tell "this pod has the data of a replica: it becomes the primary with it"
    if [[ $DIALECT == mariadb ]]; then
        query 'STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only=ON' || return 1
        [[ -f $DATA_DIR/$JOIN_MARK ]] || set_gtids || return 1
        gtid=$(query 'SELECT @@GLOBAL.gtid_slave_pos') || return 1
        query "$RESET_LOG; SET GLOBAL gtid_binlog_state=$(quoted "$gtid")" || return 1
    else
        query "STOP $REPLICA; RESET $REPLICA ALL" || return 1
        [[ $(mark_value position) != gtid || -f $DATA_DIR/$JOIN_MARK ]] || set_gtids || return 1
        query 'SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=ON' || return 1
    fi
    ask "SHOW GLOBAL STATUS LIKE 'Uptime'; $SHOW_LOG" || return 1
    begin_history "it was the data of a replica" || return 1
    rm -f "$DATA_DIR/$JOIN_MARK"
    : >"$TO_OPEN" || return 1
    # a replica's no more, whatever becomes of its history
    rm -f "$DATA_DIR/$CLONE_MARK" "$CONF_DIR/$JOIN_OPTIONS"
}
