# Is what answers under the primary's name the server that a replica's data came from?

# As others see it: its version, and whether it offers TLS.
readonly OFFER="SELECT VERSION(); SHOW SESSION STATUS LIKE 'Ssl_cipher'"

# check_primary OWN: is it the one that the data OWN came from? Sets as whom a replica logs in there, LOGIN_FOR and
# LOGIN_WITH, and what is OFFERED. 1: it is not, for the reason MISFIT; 2: there is no answer.
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
        MISFIT=("pod 0 does not say which data it has, and this replica's is $1: nothing is taken from it.")
    elif [[ -z $1 ]]; then
        ! is_behind || return 0
        MISFIT=("pod 0 has other data than this replica: nothing is taken from it.")
    elif [[ $'\n'$ANSWER$'\n' == *$'\n'$1$'\n'* ]]; then
        # MariaDB's numbers tell it of the history directly before alone
        if [[ $DIALECT != mariadb || ${ANSWER#*$'\n'} == "$1"@(|$'\n'*) ]] && is_at_the_beginning; then return 0; fi
        MISFIT=("the binary log of pod 0 began anew as $2, and this replica, of $1, does not stand where it begins:" \
            "nothing is taken from it. See whether it has rows that pod 0 has not;" \
            "then see 'Replace a replica' in docs/operating.md")
        return 1
    else
        MISFIT=("pod 0 has other data, $2, than this replica, $1: nothing is taken from it.")
    fi
    MISFIT+=("Where the primary has lost its volume its replicas hold the last copies: delete nothing," \
        "and see 'Restore a lost primary' in docs/operating.md")
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
        ! ask_at "$(peer_host 0)" "$1" || return 0
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
    gtids=$(own_gtids) &&
        ask_primary "SELECT GTID_SUBSET('$gtids', @@GLOBAL.gtid_executed), @@GLOBAL.server_uuid" || return 1
    [[ $ANSWER == 1* && ${FIELDS[UUID]:-} == @(|*"${ANSWER#*$'\t'}") ]]
}

# Can this replica go on with a log that began after its own, since it stands where that one begins? By GTIDs that can
# be told; on MySQL of a server alone that has given this replica no number yet: one that has lost its log gives the
# same ones a second time. Whom this replica was connected to last says nothing: it may have been this one, before its
# log began.
is_at_the_beginning() {
    local gtids received=${FIELDS[Read_Master_Log_Pos]:-${FIELDS[Read_Source_Log_Pos]:-}}
    # nothing that was received is still to be applied
    [[ $received == "${FIELDS[Exec_Master_Log_Pos]:-${FIELDS[Exec_Source_Log_Pos]:-}}" ]] || return 1
    if [[ $DIALECT == mariadb ]]; then
        gtids=$(query 'SELECT @@GLOBAL.gtid_slave_pos') && ask_primary 'SELECT @@GLOBAL.gtid_slave_pos' || return 1
        [[ -n $gtids && $gtids == "$ANSWER" ]]
        return
    fi
    gtids=$(own_gtids) && [[ -n $gtids ]] || return 1
    ask_primary "SELECT LOCATE(@@GLOBAL.server_uuid, '$gtids') = 0 AND GTID_SUBSET('$gtids', @@GLOBAL.gtid_executed)
        AND GTID_SUBSET(@@GLOBAL.gtid_purged, '$gtids')" && [[ $ANSWER == 1 ]]
}
