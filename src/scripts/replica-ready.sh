# Is this pod fit to be read from? The primary: its server answers. A replica: it is joined, closed for writes and follows
# the primary. While the primary is away its replicas stay Ready: they have what it had.
#   REPLICATION_MAX_LAG_SECONDS  a replica that is further behind a primary which it reaches is not Ready; unset: any lag
#                                will do
not_ready() { printf '%s\n' "$*"; exit 1; }

root_password
log_in || not_ready "the server cannot be asked: $LOGIN_ERROR"
((ORDINAL > 0)) || exit 0

[[ -f $DATA_DIR/$JOIN_MARK ]] || not_ready "not configured as a replica yet: see the log of the container xtrabackup"
variable=read_only
[[ $DIALECT == mariadb ]] || variable=super_read_only
case $(query "SELECT @@GLOBAL.$variable") in
1 | ON) ;;
*) not_ready "the replica is open for writes: $variable is off; restart this pod" ;;
esac
read_status || not_ready "the server does not tell its replication status"
[[ -n $STATUS ]] || not_ready "the server has lost its replication settings: see 'Replace a replica' in docs/operating.md"
if [[ $(status_field SQL_Running) != Yes ]]; then
    not_ready "replication has stopped: error $(status_field Last_SQL_Errno) $(status_field Last_SQL_Error)"
fi
case $(status_field IO_Running) in
Yes) ;;
Connecting | Preparing)
    # with these the primary or the way to it is away; any other, as 2026 (TLS), does not pass by itself
    case $(status_field Last_IO_Errno) in
    0 | 2002 | 2003 | 2005 | 2006 | 2013 | 1040 | 1053 | 1129 | 1159 | 116[01])
        # there is no lag to a primary that is away; not Ready, this pod would have no name by which an empty one
        # learns that its data is here
        exit 0
        ;;
    *) not_ready "the primary cannot be followed: error $(status_field Last_IO_Errno) $(status_field Last_IO_Error)" ;;
    esac
    ;;
*) not_ready "the primary cannot be followed: error $(status_field Last_IO_Errno) $(status_field Last_IO_Error)." \
    "Look whether pod 0 is another, empty database before anything is deleted: see 'What the containers say' in docs/operating.md" ;;
esac
if [[ -n ${REPLICATION_MAX_LAG_SECONDS:-} ]]; then
    lag=$(status_field Seconds_Behind)
    [[ $lag =~ ^[0-9]+$ ]] || not_ready "the lag behind the primary is not known yet"
    ((lag <= REPLICATION_MAX_LAG_SECONDS)) || not_ready "$lag seconds behind the primary, more than $REPLICATION_MAX_LAG_SECONDS"
fi
