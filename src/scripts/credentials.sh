# The root password, from wherever the image's entrypoint takes it: the value, the file or an allowed empty one.
# It goes to the tools through option files only, never through an argument, and is never printed.
set -euo pipefail

log() { printf '%s: %s\n' "${REPLICATION_STEP:-probe}" "$*" >&2; }
fail() { log "ERROR: $*"; exit 1; }

root_password() {
    local name file
    for name in MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD; do
        file="${name}_FILE"
        if [[ -n ${!name:-} ]]; then
            PASSWORD=${!name}
            return
        elif [[ -n ${!file:-} ]]; then
            [[ -r ${!file} ]] || fail "$file names ${!file}, which cannot be read here"
            PASSWORD=$(<"${!file}")
            return
        fi
    done
    PASSWORD=
    [[ -n ${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-}${MYSQL_ALLOW_EMPTY_PASSWORD:-} ]] ||
        fail "no root password: MYSQL_ROOT_PASSWORD, MYSQL_ROOT_PASSWORD_FILE and MYSQL_ALLOW_EMPTY_PASSWORD are all unset"
}

# Inside quotes an option file takes \ and " escaped; everything else, # included, stands for itself.
# All connections stay inside the pod, so there is no certificate to verify: MariaDB's newer clients do, and warn where
# an empty password leaves them no means to. Only they read the last group.
client_options() {
    local value=${PASSWORD//\\/\\\\}
    printf '[client]\nuser=root\npassword="%s"\n[client-mariadb]\ndisable-ssl-verify-server-cert\n' "${value//\"/\\\"}"
}
