# The account that replicates, and its password.

# keep_key PASSWORD: the one that was right last.
keep_key() {
    [[ -r $KEY && $(<"$KEY") == "$1" ]] || { printf '%s' "$1" >"$KEY.part" && mv "$KEY.part" "$KEY"; }
}

# The statement that gives an account a password. MariaDB would write it into its log as it is; where it checks
# passwords, it takes no digest.
alter_user() { printf "ALTER USER %s@'%%' IDENTIFIED %s" "$(quoted "$1")" "$(identified "$2")"; }
identified() {
    local digest=
    [[ $DIALECT != mariadb ]] || digest=$(query "SELECT
        IF(@@GLOBAL.strict_password_validation AND COUNT(*), '', PASSWORD($(quoted "$1")))
        FROM information_schema.PLUGINS WHERE PLUGIN_TYPE='PASSWORD VALIDATION' AND PLUGIN_STATUS='ACTIVE'")
    if [[ -n $digest ]]; then printf 'BY PASSWORD %s' "$(quoted "$digest")"; else printf 'BY %s' "$(quoted "$1")"; fi
}

# The account with what it needs to replicate, to be asked by the probe, and to be cloned from; where root replicates it
# is a name and no more.
make_account() {
    local user password
    user="$(quoted "$1")@'%'"
    password=$(account_password "$PASSWORD" "$1")
    [[ $ACCOUNT != none ]] || password="Aa1-$(nonce 32)"
    password=$(identified "${password:0:32}")
    query_secret "SET SESSION sql_mode=''; CREATE USER IF NOT EXISTS $user IDENTIFIED $password" || return 1
    # MariaDB before 10.4 has no passwords that expire
    query "ALTER USER $user PASSWORD EXPIRE NEVER" 2>/dev/null || true
    [[ $ACCOUNT != none ]] || return 0
    # a donor's right, which the other two tell of: they come after it
    [[ $REPLICATION_CLONE_METHOD != clone-plugin ]] || query "GRANT BACKUP_ADMIN ON *.* TO $user" || return 1
    query "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO $user" || return 1
    # from 10.5.9 on MariaDB has a right of its own to see the replica's status
    [[ $DIALECT != mariadb ]] || query "GRANT SLAVE MONITOR ON *.* TO $user" 2>/dev/null || true
}

# set_password ACCOUNT PASSWORD: where root replicates the account keeps what it has.
set_password() {
    if [[ $ACCOUNT != none ]]; then
        log "the account $1 gets the password that follows from root's"
        query_secret "SET SESSION sql_mode=''; $(alter_user "$1" "$2")" || return 1
    fi
    keep_key "$2"
}

# Where root's password has changed, that of the account follows once every pod can have seen it.
rotate() {
    if [[ $ROOTS == "$PASSWORD" ]]; then
        ROTATED=$SECONDS
    elif ((SECONDS - ROTATED >= ROTATION_SECONDS)); then
        set_password "$1" "$(account_password "$PASSWORD" "$1")" || return 1
        ROOTS=$PASSWORD
    fi
}
