# Joins a clone to the cluster: its server is told whom to follow, and from where on.

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
        if [[ $DIALECT == mariadb ]]; then
            options+=', MASTER_USE_GTID=slave_pos'
        else
            options+=", ${SOURCE}_AUTO_POSITION=1"
        fi
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
