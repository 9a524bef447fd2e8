# The root password, from wherever the image's entrypoint takes it: the value, the file or an allowed empty one.
# It goes to the tools through option files only, never through an argument, and is never printed.
set -euo pipefail

log() { printf '%s: %s\n' "${REPLICATION_STEP:-probe}" "$*" >&2; }
fail() { log "ERROR: $*"; exit 1; }

root_password() {
    local name file
    PASSWORD=
    for name in MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD; do
        file="${name}_FILE"
        if [[ -n ${!name:-} ]]; then
            PASSWORD=${!name}
        elif [[ -n ${!file:-} ]]; then
            [[ -r ${!file} ]] || fail "$file names ${!file}, which cannot be read here"
            PASSWORD=$(<"${!file}")
        fi
        [[ -z $PASSWORD ]] || break
    done
    [[ -n $PASSWORD || -n ${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-}${MYSQL_ALLOW_EMPTY_PASSWORD:-} ]] ||
        fail "no root password: MYSQL_ROOT_PASSWORD, MYSQL_ROOT_PASSWORD_FILE and MYSQL_ALLOW_EMPTY_PASSWORD are all unset"
    SECRET=$PASSWORD
    OTHER_PASSWORD=
    [[ $PASSWORD != *\\* || ${REPLICATION_FLAVOR:-mariadb} == mariadb ]] || unescape_password
}

# The entrypoints of MySQL and Percona put the password into SQL as it is, where a backslash escapes (MySQL manual,
# "String Literals"): root's password then is what SQL makes of it, until somebody sets it anew.
unescape_password() {
    local rest=$PASSWORD
    while [[ $rest == *\\* ]]; do
        OTHER_PASSWORD+=${rest%%\\*}
        rest=${rest#*\\}
        case ${rest:0:1} in
        b) OTHER_PASSWORD+=$'\b' ;;
        n) OTHER_PASSWORD+=$'\n' ;;
        r) OTHER_PASSWORD+=$'\r' ;;
        t) OTHER_PASSWORD+=$'\t' ;;
        Z) OTHER_PASSWORD+=$'\x1a' ;;
        % | _) OTHER_PASSWORD+=\\${rest:0:1} ;;
        *) OTHER_PASSWORD+=${rest:0:1} ;;
        esac
        rest=${rest:1}
    done
    OTHER_PASSWORD+=$rest
}

# Inside quotes an option file takes these escaped; everything else, # included, stands for itself.
# All connections stay inside the pod, so there is no certificate to verify: MariaDB's newer clients do, and warn where
# an empty password leaves them no means to; only they read the last group. Without TLS, MySQL's clients must ask for the
# server's public key.
client_options() {
    local value=${PASSWORD//\\/\\\\}
    value=${value//\"/\\\"}
    value=${value//$'\n'/\\n}
    printf '[client]\nuser=root\npassword="%s"\n' "${value//$'\r'/\\r}"
    command -v mariadb >/dev/null || printf 'loose-get-server-public-key\n'
    printf '[client-mariadb]\ndisable-ssl-verify-server-cert\n'
}
