# Writes this pod's option files: the user's for its role from the ConfigMap, then, last in reading order
# (MySQL manual, "Using Option Files": the last one wins), what must hold whatever the ConfigMap says.
#   REPLICATION_CONFIG_MAP_DIR  the ConfigMap's keys as files
umask 022

# The first of the files that exists becomes the role's option file.
copy_role_file() {
    local key
    for key in "$@"; do
        if [[ -f $REPLICATION_CONFIG_MAP_DIR/$key ]]; then
            cat "$REPLICATION_CONFIG_MAP_DIR/$key" >"$CONF_DIR/$key"
            ROLE_FILE="$CONF_DIR/$key"
            log "took $key from the ConfigMap"
            return
        fi
    done
    log "no $1 in the ConfigMap: only the settings that replication needs are set"
}

# A binary log that the user has named keeps its name: another one would break the sequence that replicas follow.
binary_log_option() {
    local line option='' pattern='^[[:space:]]*(loose[-_])?log[-_]bin[[:space:]]*(=[[:space:]]*([^#;[:space:]]+))?[[:space:]]*([#;].*)?$'
    if [[ -n $ROLE_FILE ]]; then
        while IFS= read -r line || [[ -n $line ]]; do
            [[ ! ${line%$'\r'} =~ $pattern ]] || option="log-bin${BASH_REMATCH[3]:+=${BASH_REMATCH[3]}}"
        done <"$ROLE_FILE"
    fi
    if [[ -z $option && $REPLICATION_FLAVOR == mysql-8.* ]]; then
        option='log-bin=binlog' # the name that these servers use when nobody gives one
    fi
    printf '%s\n' "${option:-log-bin=mysql-bin}"
}

# What the user's option files may set otherwise: this file is read before them.
default_options() {
    if ((ORDINAL > 0)); then
        # A primary that is recreated has a new address; with the default of 60 seconds a connection to the old one hangs.
        printf '%s\n' '[mysqld]' loose-slave-net-timeout=15 loose-replica-net-timeout=15
    elif [[ $REPLICATION_FLAVOR == mariadb ]]; then
        # As MySQL's default: without it a crash can take transactions out of the log that replicas have already.
        printf '%s\n' '[mysqld]' sync-binlog=1
    fi
}

forced_options() {
    # with another data directory the server would start an empty database beside the clone
    printf '[mysqld]\nserver-id=%s\ndatadir="%s"\n' "$((100 + ORDINAL))" "$DATA_DIR"
    if [[ $REPLICATION_CLONE_METHOD == clone-plugin ]]; then
        printf '%s\n' plugin-load-add=mysql_clone.so gtid-mode=ON enforce-gtid-consistency=ON
    fi
    if ((ORDINAL == 0)); then
        binary_log_option
        return
    fi
    # No event of the primary runs a second time here, and a crash leaves no relay log that is half applied.
    # MariaDB's replicas stop at the definition of an event (error 1577) where the scheduler is DISABLED.
    local scheduler=DISABLED
    [[ $REPLICATION_FLAVOR != mariadb ]] || scheduler=OFF
    printf '%s\n' read-only=ON "event-scheduler=$scheduler" relay-log-recovery=ON
    case $REPLICATION_FLAVOR in
    mariadb) ;;
    mysql-5.7) printf '%s\n' super-read-only=ON relay-log-info-repository=TABLE master-info-repository=TABLE ;;
    # A variable persisted with SET PERSIST would win over every option file.
    *) printf '%s\n' super-read-only=ON persisted-globals-load=OFF ;;
    esac
}

main() {
    rm -f "$CONF_DIR"/*.cnf
    ROLE_FILE=
    # server-id 0 has a special meaning: 100 is added
    printf '[mysqld]\nserver-id=%s\n' "$((100 + ORDINAL))" >"$CONF_DIR/server-id.cnf"
    if ((ORDINAL == 0)); then
        copy_role_file master.cnf primary.cnf
    else
        copy_role_file slave.cnf replica.cnf
    fi
    default_options >"$CONF_DIR/00-mysql-replication.cnf"
    forced_options >"$CONF_DIR/zz-mysql-replication.cnf"
    log "$POD_NAME is $( ((ORDINAL == 0)) && printf 'the primary' || printf 'a replica'), server-id $((100 + ORDINAL))"
}

supervise main
