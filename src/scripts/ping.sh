# Does the server answer over TCP? The entrypoint's own server, while it initialises, listens on no port: not yet.
# shellcheck source=./lib/credentials.sh
. "${0%/*}/credentials.sh"
root_password
admin=$(command -v mariadb-admin || command -v mysqladmin) ||
    fail "neither mariadb-admin nor mysqladmin is in this image"
said=$("$admin" --defaults-file=<(client_options) --protocol=TCP --host=127.0.0.1 --port=3306 --connect-timeout=3 \
    ping 2>&1) && exit
# A server that turns a client away is alive: one whose connections are used up (errors 1040, 1203 and 1226) must not be
# killed for it.
[[ $said == *connections* ]] || fail "$said"
