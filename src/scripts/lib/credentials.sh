# The root password, from wherever the image's entrypoint takes it: the value, the file or an allowed empty one.
# It goes to the tools through option files only, never through an argument, and is never printed.
set -euo pipefail
unset PASSWORD LOGIN

# Where all scripts are, and which of them this is: the name of its container or probe.
readonly SCRIPTS=${0%/*}
STEP=${0##*/}
readonly STEP=${STEP%.sh}
log() { printf '%s: %s\n' "$STEP" "$*" >&2; }
fail() { log "ERROR: $*"; exit 1; }

# PASSWORDS are what root's may be, the likeliest first: what the Secret says by now, where it is mounted, what this
# container was started with, and either one as the image's entrypoint sets it. SECRETS are the same as they are
# written.
#   REPLICATION_SECRET_FILE  the key of the Secret that the variable takes the password from, as a mounted file:
#                            /mysql-replication-root/password unless given
root_password() {
    local name file secret kept=${REPLICATION_SECRET_FILE:-/mysql-replication-root/password}
    SECRET=
    for name in MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD; do
        file="${name}_FILE"
        if [[ -n ${!name:-} ]]; then
            SECRET=${!name}
        elif [[ -n ${!file:-} ]]; then
            [[ -r ${!file} ]] || fail "$file names ${!file}, which cannot be read here"
            SECRET=$(<"${!file}")
        fi
        [[ -z $SECRET ]] || break
    done
    [[ -n $SECRET || -n ${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-}${MYSQL_ALLOW_EMPTY_PASSWORD:-} ]] ||
        fail "no root password: MYSQL_ROOT_PASSWORD, MYSQL_ROOT_PASSWORD_FILE and MYSQL_ALLOW_EMPTY_PASSWORD" \
            "are all unset"
    SECRETS=("$SECRET")
    if [[ -r $kept ]]; then
        # with the ends of lines that the variable has too
        IFS= read -r -d '' secret <"$kept" || true
        [[ -z $secret || $secret == "$SECRET" ]] || SECRETS=("$secret" "$SECRET")
    fi
    PASSWORDS=()
    for secret in "${SECRETS[@]}"; do
        PASSWORDS+=("$secret")
        if [[ $secret == *\\* && ${REPLICATION_FLAVOR:-mariadb} != mariadb ]]; then
            unescape "$secret"
            PASSWORDS+=("$UNESCAPED")
        fi
    done
    # one that was found to be right stays until it is denied
    : "${PASSWORD=${PASSWORDS[0]}}"
}

# The entrypoints of MySQL and Percona put the password into SQL as it is, where a backslash escapes (MySQL manual,
# "String Literals"): root's password then is what SQL makes of it, until somebody sets it anew.
unescape() {
    local rest=$1
    UNESCAPED=
    while [[ $rest == *\\* ]]; do
        UNESCAPED+=${rest%%\\*}
        rest=${rest#*\\}
        case ${rest:0:1} in
        b) UNESCAPED+=$'\b' ;;
        n) UNESCAPED+=$'\n' ;;
        r) UNESCAPED+=$'\r' ;;
        t) UNESCAPED+=$'\t' ;;
        Z) UNESCAPED+=$'\x1a' ;;
        % | _) UNESCAPED+=\\${rest:0:1} ;;
        *) UNESCAPED+=${rest:0:1} ;;
        esac
        rest=${rest:1}
    done
    UNESCAPED+=$rest
}

# Inside quotes an option file takes these escaped; everything else, # included, stands for itself.
# All connections stay inside the pod, so there is no certificate to verify: MariaDB's newer clients do, and warn where
# an empty password leaves them no means to; only they read the last group. Without TLS, MySQL's clients must ask for
# the server's public key.
client_options() {
    local value=${PASSWORD//\\/\\\\}
    value=${value//\"/\\\"}
    value=${value//$'\n'/\\n}
    printf '[client]\nuser=%s\npassword="%s"\n' "${LOGIN:-root}" "${value//$'\r'/\\r}"
    command -v mariadb >/dev/null || printf 'loose-get-server-public-key\n'
    printf '[client-mariadb]\ndisable-ssl-verify-server-cert\n'
}
