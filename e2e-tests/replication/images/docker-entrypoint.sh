#!/usr/bin/env bash
# Starts the server as the official images' entrypoints do, step by step: arguments, configuration check, directories,
# user, a new database where there is none, its root password, MariaDB's upgrade of its own tables, the server. Not
# here: other databases and users, time zones, scripts of /docker-entrypoint-initdb.d, MariaDB's copy of its own tables
# before an upgrade and its users for health checks.
set -eo pipefail

note() { printf '[Entrypoint]: %s\n' "$*"; }
die() { printf '[ERROR] [Entrypoint]: %s\n' "$*" >&2; exit 1; }

server=mysqld client=mysql admin=mysqladmin
if command -v mariadbd >/dev/null; then
    server=mariadbd client=mariadb admin=mariadb-admin
fi
if [[ ${1:0:1} == - ]]; then
    set -- "$server" "$@"
fi
if [[ ${1-} != "$server" && ${1-} != mysqld ]]; then
    exec "$@"
fi

help=(--verbose --help --log-bin-index="$(mktemp -u)")
errors=$("$@" "${help[@]}" 2>&1 >/dev/null) || die "the server refuses its configuration: $errors"
option() {
    "$@" "${help[@]}" 2>/dev/null |
        awk -v name="$name" '$1 == name && /^[^ \t]/ { sub(/^[^ \t]+[ \t]+/, ""); print; exit }'
}
name=datadir data=$(option "$@")
name=socket socket=$(option "$@")

# The value itself, or the content of the file that the variable with _FILE names.
password=
for name in MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD; do
    file=${name}_FILE
    [[ $server == mariadbd || $name == MYSQL_* ]] || continue
    [[ -z ${!name} || -z ${!file} ]] || die "both $name and $file are set, but they exclude one another"
    if [[ -n ${!file} ]]; then
        password=$(<"${!file}")
    elif [[ -n ${!name} ]]; then
        password=${!name}
    fi
    [[ -z $password ]] || break
done

mkdir -p "$data" "${socket%/*}"
if ((EUID == 0)); then
    find "$data" "${socket%/*}" ! -user mysql -exec chown --no-dereference mysql: '{}' +
    note "switching to the user mysql"
    exec setpriv --reuid=mysql --regid=mysql --init-groups -- "${BASH_SOURCE[0]}" "$@"
fi

# What MySQL's clients read the password from: as it is, within quotes.
passfile() { [[ -z $1 ]] || printf '[client]\npassword="%s"\n' "$1"; }

# root with the password $1, over the socket, with the user's own option files.
local_root() {
    local secret=$1
    shift
    if [[ $server == mariadbd ]]; then
        MYSQL_PWD=$secret "$client" --protocol=socket --user=root --host=localhost --socket="$socket" --binary-mode "$@"
    else
        "$client" --defaults-extra-file=<(passfile "$secret") --protocol=socket --user=root --host=localhost \
            --socket="$socket" --comments "$@"
    fi
}

# Everybody may log in as root who knows the password, from everywhere. None of it goes to the binary log. MariaDB's
# entrypoint escapes the password for SQL. MySQL's does not: what SQL makes of it is root's password.
root_accounts() {
    local literal=$password
    printf 'SET @@SESSION.SQL_LOG_BIN=0;\n'
    if [[ $server == mariadbd ]]; then
        literal=${literal//\\/\\\\}
        literal=${literal//$'\n'/\\n}
        literal=${literal//\'/\\\'}
        printf "SET @@SESSION.SQL_MODE=REPLACE(@@SESSION.SQL_MODE, 'NO_BACKSLASH_ESCAPES', '');\n"
        printf "DROP USER IF EXISTS root@'127.0.0.1', root@'::1';\n"
        printf "EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS root@\\\\'', @@hostname, '\\\\'');\n"
        printf "SET PASSWORD FOR 'root'@'localhost'=PASSWORD('%s');\n" "$literal"
    else
        printf "ALTER USER 'root'@'localhost' IDENTIFIED BY '%s';\n" "$literal"
    fi
    printf "CREATE USER 'root'@'%%' IDENTIFIED BY '%s';\n" "$literal"
    printf "GRANT ALL ON *.* TO 'root'@'%%' WITH GRANT OPTION;\n"
}

# A server that nobody but this script reaches.
start_temporary() {
    "$@" --skip-networking --default-time-zone=SYSTEM --socket="$socket" &
    pid=$!
    local tries
    for ((tries = 0; ; tries++)); do
        # access denied is an answer too
        ! "$admin" --no-defaults --protocol=socket --socket="$socket" --user=root \
            ${no_check[@]+"${no_check[@]}"} ping >/dev/null 2>&1 || break
        if ((tries == 300)) || ! kill -0 "$pid"; then die "the temporary server did not start"; fi
        sleep 0.1
    done
}
no_check=()
[[ $server == mysqld ]] || no_check=(--skip-ssl-verify-server-cert)

stop_temporary() {
    if [[ $server == mariadbd ]]; then
        kill "$pid"
    else
        "$admin" --defaults-extra-file=<(passfile "$password") --user=root --socket="$socket" shutdown ||
            die "unable to shut down the temporary server"
    fi
    wait "$pid" || die "the temporary server did not stop"
}

# Is the data that of an older MariaDB? Its versions differ in the name of the file that says so.
upgrade_is_needed() {
    local info=$data/mariadb_upgrade_info now
    [[ $("$server" --version) =~ ' Ver '([0-9]+)\.([0-9]+) ]] || die "the server does not say its version"
    now=$((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2]))
    ((now >= 11000)) || info=$data/mysql_upgrade_info
    if [[ ! -f $info ]]; then
        note "MariaDB upgrade information missing, assuming required"
        return
    fi
    [[ $(tr -d '\0' <"$info") =~ ^([0-9]+)\.([0-9]+) ]] || return 0
    ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] < now))
}

upgrade() {
    if [[ -z ${MARIADB_AUTO_UPGRADE} || ${MARIADB_AUTO_UPGRADE} == 0 ]]; then
        note "MariaDB upgrade required, but skipped due to MARIADB_AUTO_UPGRADE"
        return
    fi
    start_temporary "$@" --skip-slave-start --skip-grant-tables
    note "starting mariadb-upgrade"
    mariadb-upgrade --upgrade-system-tables || die "mariadb-upgrade failed"
    note "finished mariadb-upgrade"
    stop_temporary
}

if [[ ! -d $data/mysql ]]; then
    [[ -n $password || -n ${MYSQL_ALLOW_EMPTY_PASSWORD}${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD} ]] ||
        die "the database is not initialised and no password option is given: set MYSQL_ROOT_PASSWORD," \
            "MYSQL_ROOT_PASSWORD_FILE or MYSQL_ALLOW_EMPTY_PASSWORD"
    note "initialising the database"
    if [[ $server == mariadbd ]]; then
        mariadb-install-db --datadir="$data" --rpm --auth-root-authentication-method=normal "${@:2}" --cross-bootstrap \
            --skip-test-db --default-time-zone=SYSTEM --enforce-storage-engine= --skip-log-bin
    else
        "$@" --initialize-insecure --default-time-zone=SYSTEM
    fi
    start_temporary "$@"
    root_accounts | local_root '' --database=mysql
    stop_temporary
    note "the database is initialised"
elif [[ $server == mariadbd ]] && upgrade_is_needed; then
    upgrade "$@"
fi

if [[ $server == mariadbd ]]; then
    unset MARIADB_ROOT_PASSWORD MARIADB_ROOT_PASSWORD_FILE MYSQL_ROOT_PASSWORD MYSQL_ROOT_PASSWORD_FILE
fi
exec "$@"
