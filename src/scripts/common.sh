# Common to the injected containers. Parameters come from the environment only:
#   POD_NAME                  this pod's name; what follows its last dash is the ordinal
#   REPLICATION_STEP          name of the container, for the log
#   REPLICATION_SERVICE       headless Service of the StatefulSet
#   REPLICATION_FLAVOR        mysql-5.7, mysql-8.0, mysql-8.4 or mariadb
#   REPLICATION_CLONE_METHOD  xtrabackup or clone-plugin
#   REPLICATION_DATA_DIR      data directory of the server
#   REPLICATION_CONF_DIR      the option files that the server reads, as mounted here
#   REPLICATION_BACKUP_PORT   port on which a pod gives its data to the next one
readonly DATABASE_PORT=3306
DATA_DIR=${REPLICATION_DATA_DIR:-}
CONF_DIR=${REPLICATION_CONF_DIR:-}

[[ ${POD_NAME:-} =~ ^(.+)-([0-9]+)$ ]] || fail "POD_NAME '${POD_NAME:-}' does not end in -<ordinal>: not a pod of a StatefulSet"
readonly STATEFULSET=${BASH_REMATCH[1]} ORDINAL=$((10#${BASH_REMATCH[2]}))
peer_host() { printf '%s-%s.%s' "$STATEFULSET" "$1" "${REPLICATION_SERVICE:?}"; }

# In the data directory: where a clone came from and stands (its presence says that it is whole),
# that replication is configured, and the folder in which a clone grows until it is whole.
readonly CLONE_MARK=mysql-replication.clone JOIN_MARK=mysql-replication.joined ASIDE_NAME=mysql-replication-clone
# Keeps a fresh clone from following the donor's own replication settings until it has its own.
readonly JOIN_OPTIONS=zz-mysql-replication-join.cnf

# Private space of this container, on a volume that is writable even where the root file system is not.
scratch_dir() {
    SCRATCH="$CONF_DIR/.scratch-$REPLICATION_STEP"
    rm -rf "$SCRATCH"
    (umask 077 && mkdir -p "$SCRATCH")
    export TMPDIR=$SCRATCH
}

# Runs a function in a process group of its own, so that SIGTERM ends it and its children at once.
supervise() {
    local child=
    trap '[[ -z $child ]] || kill -TERM -- "-$child" 2>/dev/null; exit 143' TERM INT
    set -m
    "$@" </dev/null &
    child=$!
    set +m
    wait "$child"
}

missing() { fail "not in this image: $*; choose another with the annotation mysql-replication.kubewarden.io/backup-image"; }

client() {
    local tool
    tool=$(command -v mariadb || command -v mysql) || missing 'mysql, the command line client'
    "$tool" --defaults-file=<(client_options) --protocol=TCP --host=127.0.0.1 --port="$DATABASE_PORT" \
        --connect-timeout=5 --batch "$@"
}
query() { printf '%s\n' "$1" | client --skip-column-names; }

# For statements that carry a secret: the server's message could quote the statement, so only its number is shown.
query_secret() {
    local message number='ERROR [0-9]+ [(][0-9A-Z]+[)]'
    message=$(query "$1" 2>&1) && return
    if [[ $message =~ $number ]]; then log "${BASH_REMATCH[0]}"; else log "the client failed"; fi
    return 1
}

# Logs in, with the password as the image's entrypoint may have set it where the other one is denied (error 1045), and
# sets DIALECT to the running server's SQL: mariadb, master (MySQL before 8.0.23) or source (8.0.23 and later). What the
# client says of a failure stays in LOGIN_ERROR.
log_in() {
    local version major minor patch denied=$OTHER_PASSWORD
    LOGIN_ERROR=
    if ! version=$(query 'SELECT VERSION()' 2>&1); then
        if [[ -n $denied && $version == *'ERROR 1045 '* ]]; then
            OTHER_PASSWORD=$PASSWORD PASSWORD=$denied
            version=$(query 'SELECT VERSION()' 2>&1) || LOGIN_ERROR=${version##*$'\n'}
        else
            LOGIN_ERROR=${version##*$'\n'}
        fi
    fi
    [[ -z $LOGIN_ERROR ]] || return 1
    version=${version##*$'\n'}
    if [[ $version == *MariaDB* ]]; then
        DIALECT=mariadb
        return
    fi
    [[ $version =~ ^([0-9]+)\.([0-9]+)\.([0-9]+) ]] || { LOGIN_ERROR="its version is '$version'"; return 1; }
    major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]} patch=${BASH_REMATCH[3]}
    DIALECT=master
    ((major * 10000 + minor * 100 + patch < 80023)) || DIALECT=source
}

# Reads the replica's status into STATUS; status_field gives a field of it by the part of its name that every version shares.
read_status() {
    local statement='SHOW SLAVE STATUS'
    [[ $DIALECT != source ]] || statement='SHOW REPLICA STATUS'
    STATUS=$(printf '%s\n' "$statement" | client --vertical)
}
status_field() {
    local line
    while IFS= read -r line; do
        if [[ $line =~ ^\ *(Slave_|Replica_|Master_|Source_)?$1(_Master|_Source)?:\ ?(.*)$ ]]; then
            printf '%s' "${BASH_REMATCH[3]}"
            return
        fi
    done < <(printf '%s\n' "$STATUS")
}

# A string literal of SQL, for sessions whose sql_mode lets \ escape.
quoted() {
    local value=${1//\\/\\\\}
    printf "'%s'" "${value//\'/\\\'}"
}

# Proof of knowing the root password without showing it: a nested SHA-256 over a nonce of either side.
digest() { sha256sum | cut -d ' ' -f 1; }
nonce() { head -c "$1" /dev/urandom | digest; }
proof() {
    local inner
    inner=$(printf '%s\n%s\n%s\n%s' "$SECRET" "$1" "$2" "$3" | digest)
    printf '%s\n%s' "$SECRET" "$inner" | digest
}
