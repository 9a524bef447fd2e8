# Does the server answer over TCP? The entrypoint's own server, while it initialises, listens on no port: not yet.
# shellcheck source=./lib/credentials.sh
. "${0%/*}/credentials.sh"
root_password
admin=$(command -v mariadb-admin || command -v mysqladmin) ||
    fail "neither mariadb-admin nor mysqladmin is in this image"
exec "$admin" --defaults-file=<(client_options) --protocol=TCP --host=127.0.0.1 --port=3306 --connect-timeout=3 ping
