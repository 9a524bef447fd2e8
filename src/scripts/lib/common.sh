# Common to the injected containers. Parameters are in the environment of init-mysql, which writes them into a file for
# all others:
#   POD_NAME                  this pod's name; what follows its last dash is the ordinal
#   REPLICATION_SERVICE       headless Service of the StatefulSet
#   REPLICATION_FLAVOR        mysql-5.7, mysql-8.0, mysql-8.4 or mariadb
#   REPLICATION_CLONE_METHOD  xtrabackup or clone-plugin
#   REPLICATION_DATA_DIR      data directory of the server
#   REPLICATION_CONF_DIR      the option files that the server reads, as mounted here
# shellcheck source=./lib/credentials.sh
. "${0%/*}/credentials.sh"
readonly PARAMETERS=$SCRIPTS/parameters.sh
if [[ $STEP != init-mysql ]]; then
    # what is named alike in this container's own environment is the user's, or a Service's (Kubernetes documentation,
    # "Environment variables": NAME_PORT and others for each Service)
    for name in "${!REPLICATION_@}"; do [[ $name == REPLICATION_MEMORY ]] || unset "$name"; done
    # shellcheck source=/dev/null
    . "$PARAMETERS"
fi
readonly DATABASE_PORT=3306
# on which a pod gives its data to the next one
readonly BACKUP_PORT=3307
DATA_DIR=${REPLICATION_DATA_DIR:-}
CONF_DIR=${REPLICATION_CONF_DIR:-}

[[ ${POD_NAME:-} =~ ^(.+)-([0-9]+)$ ]] ||
    fail "POD_NAME '${POD_NAME:-}' does not end in -<ordinal>: not a pod of a StatefulSet"
readonly STATEFULSET=${BASH_REMATCH[1]} ORDINAL=$((10#${BASH_REMATCH[2]}))
peer_host() { printf '%s-%s.%s' "$STATEFULSET" "$1" "${REPLICATION_SERVICE:?}"; }

# In the data directory: where a clone came from and stands (its presence says that it is whole),
# that replication is configured, and the folder in which a clone grows until it is whole.
readonly CLONE_MARK=mysql-replication.clone JOIN_MARK=mysql-replication.joined ASIDE_NAME=mysql-replication-clone
# Keeps a primary that has a replica's data closed and at rest until that data is its own.
readonly JOIN_OPTIONS=zz-mysql-replication-join.cnf

# Private space of this container, on a volume that is writable even where the root file system is not.
scratch_dir() {
    SCRATCH="$CONF_DIR/.scratch-$STEP"
    rm -rf "$SCRATCH"
    (umask 077 && mkdir -p "$SCRATCH")
    export TMPDIR=$SCRATCH
}

# flush FOLDER: what was written to its volume is on disk.
flush() { sync -f "$1" 2>/dev/null || sync; }

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

client_tool() { command -v mariadb || command -v mysql; }
backup_tool() { command -v mariadb-backup || command -v mariabackup || command -v xtrabackup; }
missing() {
    fail "not in this image: $*; choose another with the annotation mysql-replication.kubewarden.io/backup-image"
}

client() {
    local tool
    tool=$(client_tool) || missing 'mysql (the command line client)'
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

# Logs in as root, with the first of the passwords that is not denied (error 1045), and sets DIALECT. What the client
# says of a failure stays in LOGIN_ERROR.
log_in() {
    local version known=$PASSWORD
    for PASSWORD in "$known" "${PASSWORDS[@]}"; do
        LOGIN_ERROR=
        version=$(query 'SELECT VERSION()' 2>&1) || LOGIN_ERROR=${version##*$'\n'}
        [[ $LOGIN_ERROR == *'ERROR 1045 '* ]] || break
    done
    if [[ -z $LOGIN_ERROR ]]; then
        read_dialect "${version##*$'\n'}"
    else
        PASSWORD=$known
        return 1
    fi
}

# The running server's SQL, by its version: mariadb, master (MySQL before 8.0.23) or source (8.0.23 and later), with its
# words, and what closes it for writes, root's too where it can. For the binary log MySQL has new words from 8.2 on, and
# from 8.4 on no others.
read_dialect() {
    DIALECT=mariadb READ_ONLY=read_only REPLICA=SLAVE SOURCE=MASTER CHANGE='CHANGE MASTER TO'
    BY_GTID=USE_GTID=slave_pos SHOW_LOG='SHOW MASTER STATUS' RESET_LOG='RESET MASTER'
    [[ $1 != *MariaDB* ]] || return 0
    [[ $1 =~ ^([0-9]+)\.([0-9]+)\.([0-9]+) ]] || { LOGIN_ERROR="its version is '$1'"; return 1; }
    DIALECT=master READ_ONLY=super_read_only BY_GTID=AUTO_POSITION=1
    ((BASH_REMATCH[1] * 10000 + BASH_REMATCH[2] * 100 + BASH_REMATCH[3] >= 80023)) || return 0
    DIALECT=source REPLICA=REPLICA SOURCE=SOURCE CHANGE='CHANGE REPLICATION SOURCE TO'
    [[ $REPLICATION_FLAVOR != mysql-8.4 ]] || SHOW_LOG='SHOW BINARY LOG STATUS' RESET_LOG='RESET BINARY LOGS AND GTIDS'
}

# ask STATEMENTS: what they answer goes into FIELDS, by the part of a field's name that every version shares; of more
# than one row the first counts.
declare -A FIELDS
ask() {
    local answer line key
    answer=$(printf '%s\n' "$1" | client --vertical) || return 1
    FIELDS=()
    while IFS= read -r line; do
        if [[ $line =~ ^\ *(Slave_|Replica_|Master_|Source_)?([A-Za-z_]+):\ ?(.*)$ ]]; then
            key=${BASH_REMATCH[2]%_Master}
            key=${key%_Source}
            [[ -n ${FIELDS[$key]+set} ]] || FIELDS[$key]=${BASH_REMATCH[3]}
        fi
    done < <(printf '%s\n' "$answer")
}
# ask_status [STATEMENTS]: asks for a replica's status, with other statements before it.
ask_status() { ask "${1:-}SHOW $REPLICA STATUS"; }

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

# The identity of the data is the name of the account that replicates it: NAME-<when its log began>-<random>. Pod 0
# makes it as an ordinary account, so that clones, copies and dumps carry it, and replicas get it at its place in the
# log. Its password is derived from root's and this name: another database under the primary's name lets no replica in.
# The last one counts; those before it are of logs that have ended.
readonly ACCOUNTS="SELECT User AS account FROM mysql.user WHERE Host='%'
    AND User REGEXP '^[a-z][a-z0-9_]*-[0-9]{12}-[0-9a-f]{6}\$' ORDER BY RIGHT(User, 19) DESC;"
# In the data directory: account=, the identity as it was seen last, and on a primary log=, where its log was then.
readonly HISTORY=mysql-replication.history
# A primary that was taken over and is still to be opened for writes.
readonly TO_OPEN="$CONF_DIR/.mysql-replication.open"
# What the sidecar tells its probe: nothing, that the primary is away, or why this pod must not be Ready.
readonly STATE="$CONF_DIR/.mysql-replication.state" AWAY='the primary is away'
# Where the primary's log does not reach back any more, a replica that begins looks for a moment as one that follows.
readonly BEGUN='replication has just begun, and is still to be seen to go on'
# Errors with which a server, or the way to it, is away.
readonly NO_WAY='@(200[2356]|2013|1040|1053|1129|1159|116[01])'
# The account's password as it was right last.
readonly KEY="$CONF_DIR/.mysql-replication.key"

# value_of KEY FILE
value_of() {
    local key value
    [[ -f $2 ]] || return 0
    while IFS='=' read -r key value; do
        [[ $key != "$1" ]] || printf '%s' "$value"
    done <"$2"
}

# account_password ROOTS_PASSWORD ACCOUNT: of 32 characters, the most that MySQL's replicas take, and of all the kinds
# that rules for passwords ask for.
account_password() {
    local inner
    inner=$(printf '%s\n%s' "$1" "$2" | digest)
    inner=$(printf '%s\n%s' "$1" "$inner" | digest)
    printf 'Aa1-%s' "${inner:0:28}"
}

# as_account ACCOUNT HOST STATEMENTS: with the first password that is not denied, which stays in ACCOUNT_PASSWORD: those
# that follow from root's, and the one that the sidecar found to be right last, since root's may be another twice by
# now. What the client says goes into ANSWER.
as_account() {
    local LOGIN=$1 PASSWORD secret
    for secret in "${PASSWORDS[@]}"; do
        ACCOUNT_PASSWORD=$(account_password "$secret" "$1")
        PASSWORD=$ACCOUNT_PASSWORD
        if ask_at "$2" "$3"; then return; fi
        [[ $ANSWER == *'ERROR 1045 '* ]] || return 1
    done
    [[ -r $KEY ]] || return 1
    ACCOUNT_PASSWORD=$(<"$KEY")
    PASSWORD=$ACCOUNT_PASSWORD
    ask_at "$2" "$3"
}
# ask_at HOST STATEMENTS: what the client says goes into ANSWER.
ask_at() { ANSWER=$(printf '%s\n' "$2" | client --skip-column-names --host="$1" 2>&1); }
