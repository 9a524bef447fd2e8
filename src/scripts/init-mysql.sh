# Writes this pod's option files: the user's for its role from the ConfigMap, then, last in reading order
# (MySQL manual, "Using Option Files": the last one wins), what must hold whatever the ConfigMap says.
#   REPLICATION_CONFIG_MAP_DIR  the ConfigMap's keys as files, in /mnt/config-map unless given
#   REPLICATION_GTID            always, or option-files where these decide; from the cluster's record
#   REPLICATION_BINARY_LOG      name of the primary's binary log where the user gives none; from the cluster's record
# shellcheck source=./lib/common.sh
. "${0%/*}/common.sh"
readonly CONFIG_MAP_DIR=${REPLICATION_CONFIG_MAP_DIR:-/mnt/config-map}
umask 022

# For the other containers, in whose environment there is only what is theirs.
write_parameters() {
    local name
    for name in POD_NAME "${!REPLICATION_@}"; do printf '%s=%q\n' "$name" "${!name}"; done >"$PARAMETERS.part"
    mv "$PARAMETERS.part" "$PARAMETERS"
}

# The first of the files that exists becomes the role's option file.
copy_role_file() {
    local file
    file=$(role_file "$@")
    if [[ -z $file ]]; then
        log "no $1 in the ConfigMap: only the settings that replication needs are set"
        return
    fi
    ROLE_FILE="$CONF_DIR/${file##*/}"
    cat "$file" >"$ROLE_FILE"
    log "took ${file##*/} from the ConfigMap"
}

# The last value of an option in the server's groups of an option file, "-" for one without a value; nothing where it is
# not there. `name` is a pattern, with [-_] for what the server takes for a dash.
option_in() {
    local file=$1 name=$2 line pattern found='' is_servers=''
    local groups='^[[:space:]]*\[([^]]*[^][:space:]])?[[:space:]]*\]'
    local servers='^(mysqld|server|mariadb|mariadbd)(-[0-9.]+)?$'
    pattern="^[[:space:]]*(loose[-_])?(${name})[[:space:]]*(=[[:space:]]*([^#;[:space:]]+))?[[:space:]]*([#;].*)?\$"
    [[ -f $file ]] || return 0
    while IFS= read -r line || [[ -n $line ]]; do
        if [[ $line =~ $groups ]]; then
            is_servers=
            [[ ! ${BASH_REMATCH[1]} =~ $servers ]] || is_servers=1
        elif [[ -n $is_servers && ${line%$'\r'} =~ $pattern ]]; then
            found=${BASH_REMATCH[4]:--}
        fi
    done <"$file"
    # the server takes quotes off
    case $found in \"*\" | \'*\') found=${found:1:${#found}-2} ;; esac
    printf '%s' "$found"
}

# The first of a role's files that the ConfigMap has.
role_file() {
    local key
    for key in "$@"; do
        if [[ -f $CONFIG_MAP_DIR/$key ]]; then
            printf '%s' "$CONFIG_MAP_DIR/$key"
            return
        fi
    done
}

# The binary log keeps the name that the user's file or the cluster's record gives it: another one would begin the
# sequence that replicas follow anew.
binary_log_option() {
    local name
    name=$(option_in "$ROLE_FILE" 'log[-_]bin')
    case $name in
    '') printf 'log-bin=%s\n' "$REPLICATION_BINARY_LOG" ;;
    -) printf 'log-bin\n' ;;
    *) printf 'log-bin=%s\n' "$name" ;;
    esac
}

# A cluster replicates by GTID where its record says so, or where the option files of both roles do; by file and
# position otherwise. Then a backup of a replica that has several workers cannot say where it stands, and the tool
# refuses it (XtraBackup, "--slave-info"). 0 is one worker to every version.
gtid_options() {
    local role mode on=0 off=0
    if [[ $REPLICATION_GTID != always ]]; then
        for role in 'master.cnf primary.cnf' 'slave.cnf replica.cnf'; do
            # shellcheck disable=SC2086 # two words
            mode=$(option_in "$(role_file $role)" 'gtid[-_]mo?d?e?')
            case $mode in [oO][nN] | 3) on=$((on + 1)) ;; *) off=$((off + 1)) ;; esac
        done
    fi
    if ((off == 0)); then
        printf '%s\n' gtid-mode=ON enforce-gtid-consistency=ON
        return
    fi
    if ((on > 0)); then
        log "only one role's option file has gtid-mode=ON: it stays off, since replicas could not follow"
        printf '%s\n' gtid-mode=OFF
    fi
    if ((ORDINAL > 0)) && [[ $REPLICATION_CLONE_METHOD == xtrabackup ]]; then
        printf '%s\n' loose-slave-parallel-workers=0 loose-replica-parallel-workers=0
    fi
}

# What the user's option files may set otherwise: this file is read before them. docs/options.md has
# the reason for each.
default_options() {
    printf '%s\n' '[mysqld]' skip-name-resolve host-cache-size=0
    ((ORDINAL == 0)) || printf '%s\n' loose-slave-net-timeout=15 loose-replica-net-timeout=15
    # a replica may have a log too
    case $REPLICATION_FLAVOR in
    mysql-5.7) printf '%s\n' expire-logs-days=30 ;;
    mariadb) printf '%s\n' expire-logs-days=10 sync-binlog=1 binlog-format=ROW ;;
    esac
}

forced_options() {
    # with another data directory the server would start an empty database beside the clone
    printf '[mysqld]\nserver-id=%s\ndatadir="%s"\n' "$((100 + ORDINAL))" "$DATA_DIR"
    [[ $REPLICATION_CLONE_METHOD != clone-plugin ]] || printf '%s\n' plugin-load-add=mysql_clone.so
    [[ $REPLICATION_FLAVOR == mariadb ]] || gtid_options
    if ((ORDINAL == 0)); then
        binary_log_option
        return
    fi
    # No event of the primary runs a second time here, and a crash leaves no relay log that is half applied. Replication
    # is started by the sidecar alone, which looks first whom it would follow; the newer servers drop the older name.
    # MariaDB's replicas stop at the definition of an event (error 1577) where the scheduler is DISABLED.
    local scheduler=DISABLED
    [[ $REPLICATION_FLAVOR != mariadb ]] || scheduler=OFF
    printf '%s\n' read-only=ON "event-scheduler=$scheduler" relay-log-recovery=ON loose-skip-slave-start \
        loose-skip-replica-start
    case $REPLICATION_FLAVOR in
    mariadb) return ;;
    mysql-5.7) printf '%s\n' relay-log-info-repository=TABLE master-info-repository=TABLE ;;
    # A variable persisted with SET PERSIST would win over every option file.
    *) printf '%s\n' persisted-globals-load=OFF ;;
    esac
    printf '%s\n' super-read-only=ON
    # Before 8.0.46 super_read_only stops a truncation half-way: the next start then loses what was open in the
    # tablespace (MySQL bugs 104573 and 112717), and nothing can be backed up until then.
    case $REPLICATION_FLAVOR in mysql-5.7 | mysql-8.0) printf '%s\n' loose-innodb-undo-log-truncate=OFF ;; esac
}

main() {
    write_parameters
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
