# Is this pod fit to be read from? The primary: its server answers. A replica: it is joined, closed for writes and
# follows the primary. While the primary is away its replicas stay Ready: they have what it had.
#   REPLICATION_MAX_LAG_SECONDS  a replica that is further behind a primary which it reaches is not Ready; unset: any
#                                lag will do
# shellcheck source=./lib/common.sh
. "${0%/*}/common.sh"
not_ready() { printf '%s\n' "$*"; exit 1; }

root_password
if ! log_in; then
    # while root has a password that nobody has told this pod yet, the account that replicates still can ask
    LOGIN=$(value_of account "$DATA_DIR/$HISTORY")
    if [[ $LOGIN_ERROR != *'ERROR 1045 '* || -z $LOGIN ]] || ! as_account "$LOGIN" 127.0.0.1 'SELECT VERSION()'; then
        not_ready "the server cannot be asked: $LOGIN_ERROR"
    fi
    PASSWORD=$ACCOUNT_PASSWORD
    read_dialect "${ANSWER##*$'\n'}"
fi
# before the state is read: the sidecar tells that replication begins before it does
[[ $ORDINAL == 0 || ! -f $DATA_DIR/$JOIN_MARK ]] || ask_status "SELECT @@GLOBAL.$READ_ONLY AS closed;" ||
    not_ready "the server does not tell its replication status"
state=
[[ ! -f $STATE ]] || state=$(<"$STATE")
[[ -z $state || $state == "$AWAY" ]] || not_ready "$state"
((ORDINAL > 0)) || exit 0

[[ -n ${FIELDS[closed]+asked} ]] || not_ready "not configured as a replica yet: see the log of the container xtrabackup"
[[ ${FIELDS[closed]} == @(1|ON|NO_LOCK*) ]] ||
    not_ready "the replica is open for writes: $READ_ONLY is off; the container xtrabackup closes it"
[[ -n ${FIELDS[IO_Running]:-} ]] ||
    not_ready "the server has lost its replication settings: see 'Replace a replica' in docs/operating.md"
if [[ ${FIELDS[SQL_Running]} != Yes ]]; then
    not_ready "replication has stopped: error ${FIELDS[Last_SQL_Errno]} ${FIELDS[Last_SQL_Error]}"
fi
if [[ ${FIELDS[IO_Running]} != Yes ]]; then
    # the sidecar says so, and starts it once it has seen that the primary is the one that this data came from
    [[ $state != "$AWAY" ]] || exit 0
    # With these the primary or the way to it is away; any other, as 2026 (TLS), does not pass by itself. There is no
    # lag to a primary that is away; not Ready, this pod would have no name by which an empty one learns that its data
    # is here.
    [[ ${FIELDS[IO_Running]}:${FIELDS[Last_IO_Errno]} != @(Connecting:0|Preparing:*|Connecting:$NO_WAY) ]] || exit 0
    not_ready "the primary cannot be followed: error ${FIELDS[Last_IO_Errno]} ${FIELDS[Last_IO_Error]}." \
        "Look whether pod 0 is another, empty database before anything is deleted:" \
        "see 'What the containers say' in docs/operating.md"
fi
if [[ -n ${REPLICATION_MAX_LAG_SECONDS:-} ]]; then
    lag=${FIELDS[Seconds_Behind]:-}
    [[ $lag =~ ^[0-9]+$ ]] || not_ready "the lag behind the primary is not known yet"
    ((lag <= REPLICATION_MAX_LAG_SECONDS)) ||
        not_ready "$lag seconds behind the primary, more than $REPLICATION_MAX_LAG_SECONDS"
fi
