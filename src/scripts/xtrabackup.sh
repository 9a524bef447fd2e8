# The sidecar: looks after its pod's server, and gives this pod's data to the next pod that asks.
# shellcheck source=./lib/common.sh
. "${0%/*}/common.sh"
# shellcheck source=./lib/look-after.sh
. "$SCRIPTS/look-after.sh"
# shellcheck source=./lib/account.sh
. "$SCRIPTS/account.sh"
# shellcheck source=./lib/primary.sh
. "$SCRIPTS/primary.sh"
# shellcheck source=./lib/check-primary.sh
. "$SCRIPTS/check-primary.sh"
# shellcheck source=./lib/follow.sh
. "$SCRIPTS/follow.sh"

# What is missing is said at once: each of these would be missed only when a pod clones, or never.
require_tools() {
    local what=''
    client_tool >/dev/null || what+=', mysql (the command line client)'
    if [[ $REPLICATION_CLONE_METHOD == xtrabackup ]]; then
        backup_tool >/dev/null || what+=', mariadb-backup or xtrabackup'
        command -v socat >/dev/null || command -v ncat >/dev/null || what+=', socat or ncat'
    fi
    [[ -z $what ]] || missing "${what#, }"
}

serve() {
    local limit=4 idle=600 listen=TCP-LISTEN
    # before version 1.8 socat listens on IPv4 alone unless told otherwise
    if [[ -d /proc/sys/net/ipv6 ]]; then listen=TCP6-LISTEN:$BACKUP_PORT,ipv6only=0; else listen+=:$BACKUP_PORT; fi
    if command -v socat >/dev/null; then
        log "serving backups on port $BACKUP_PORT with socat"
        # on a socket, bash would read ~/.bashrc
        exec socat -T "$idle" "$listen,reuseaddr,fork,max-children=$limit" \
            SYSTEM:"exec bash --norc $SCRIPTS/serve-backup.sh"
    fi
    log "serving backups on port $BACKUP_PORT with ncat"
    exec ncat --listen --keep-open --max-conns "$limit" --idle-timeout "$idle" "$BACKUP_PORT" \
        --sh-exec "exec bash --norc $SCRIPTS/serve-backup.sh"
}

main() {
    scratch_dir
    root_password
    require_tools
    if [[ $REPLICATION_CLONE_METHOD == clone-plugin ]]; then
        log "other pods clone from the server itself: nothing to serve here"
        look_after
    fi
    serve &
    look_after &
    # without either of them the container is to start again
    wait -n
}

umask 077
supervise main
