#!/usr/bin/env bash
# Starts the server as the official images' entrypoints do, step by step: arguments, configuration check, directories,
# user, a new database where there is none, its root password, the server. Not here: other databases and users, time
# zones, scripts of /docker-entrypoint-initdb.d, upgrades.
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
    "$@" "${help[@]}" 2>/dev/null | awk -v name="$name" '$1 == name && /^[^ \t]/ { sub(/^[^ \t]+[ \t]+/, ""); print; exit }'
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

# Everybody may log in as root who knows the password, from everywhere. None of it goes to the binary log.
root_accounts() {
    local literal=${password//\\/\\\\}
    literal=\'${literal//\'/\\\'}\'
    printf 'SET @@SESSION.SQL_LOG_BIN=0;\n'
    if [[ $server == mariadbd ]]; then
        printf "DROP USER IF EXISTS root@'127.0.0.1', root@'::1';\n"
        printf "EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS root@\\\\'', @@hostname, '\\\\'');\n"
        printf "SET PASSWORD FOR 'root'@'localhost'=PASSWORD(%s);\n" "$literal"
    else
        printf "ALTER USER 'root'@'localhost' IDENTIFIED BY %s;\n" "$literal"
    fi
    printf "CREATE USER 'root'@'%%' IDENTIFIED BY %s;\n" "$literal"
    printf "GRANT ALL ON *.* TO 'root'@'%%' WITH GRANT OPTION;\n"
}

if [[ ! -d $data/mysql ]]; then
    [[ -n $password || -n ${MYSQL_ALLOW_EMPTY_PASSWORD}${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD} ]] ||
        die "the database is not initialised and no password option is given: set MYSQL_ROOT_PASSWORD, MYSQL_ROOT_PASSWORD_FILE or MYSQL_ALLOW_EMPTY_PASSWORD"
    note "initialising the database"
    if [[ $server == mariadbd ]]; then
        mariadb-install-db --datadir="$data" --rpm --auth-root-authentication-method=normal "${@:2}" --cross-bootstrap \
            --skip-test-db --default-time-zone=SYSTEM --enforce-storage-engine= --skip-log-bin
    else
        "$@" --initialize-insecure --default-time-zone=SYSTEM
    fi
    "$@" --skip-networking --default-time-zone=SYSTEM --socket="$socket" &
    pid=$!
    local_root=("$client" --no-defaults --protocol=socket --socket="$socket" --user=root)
    for ((tries = 0; ; tries++)); do
        ! "$admin" --no-defaults --protocol=socket --socket="$socket" --user=root ping >/dev/null 2>&1 || break
        if ((tries == 300)) || ! kill -0 "$pid"; then die "the temporary server did not start"; fi
        sleep 0.1
    done
    root_accounts | "${local_root[@]}" --database=mysql
    kill "$pid"
    wait "$pid" || die "the temporary server did not stop"
    note "the database is initialised"
fi

if [[ $server == mariadbd ]]; then
    unset MARIADB_ROOT_PASSWORD MARIADB_ROOT_PASSWORD_FILE MYSQL_ROOT_PASSWORD MYSQL_ROOT_PASSWORD_FILE
fi
exec "$@"
