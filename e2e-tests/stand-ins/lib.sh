# shellcheck shell=bash disable=SC2034,SC2123 # PATH is changed on purpose, and the stand-ins use what is set here
# Sourced by every stand-in: notes the call, then does what the test has asked for in the pod's control folder.
#   calls           one line a call: name and arguments, of stand-ins and system tools alike
#   options         content of the option files that the tools were given
#   sql             one line a statement that a client was given
#   control/block   a pattern of calls that hang, after they have written control/blocked
#   control/fail    a pattern of calls that fail; control/fail-once: the same, for the first such call
NAME=${0##*/}
POD=${0%/*}/..
SCRIPT_PATH=$PATH
PATH=$POD/real
export LC_ALL=C

# Is a call, or a statement, one of those that the control file NAME describes?
asked_for() {
    local pattern
    [[ -f $POD/control/$1 ]] || return 1
    IFS= read -r pattern <"$POD/control/$1"
    [[ $2 =~ $pattern ]]
}
control() {
    local value=$2
    [[ ! -f $POD/control/$1 ]] || value=$(<"$POD/control/$1")
    printf '%s' "$value"
}
# Hangs or fails where the test wants it.
obey() {
    if asked_for block "$1"; then
        : >"$POD/control/blocked"
        exec sleep infinity
    fi
    if asked_for fail-once "$1"; then
        rm "$POD/control/fail-once"
        failed
    fi
    ! asked_for fail "$1" || failed
}
failed() {
    control message "$NAME: failed, as the test asked" >&2
    exit 1
}
note_options() {
    local argument
    for argument in "$@"; do
        case $argument in
        --defaults-file=* | --defaults-extra-file=*)
            OPTIONS=$(cat "${argument#*=}")
            printf '%s\n' "$OPTIONS" >>"$POD/options"
            ;;
        esac
    done
}
# The value of an argument --NAME=VALUE.
argument() {
    local wanted=$1 argument
    shift
    for argument in "$@"; do
        [[ $argument != "--$wanted="* ]] || printf '%s' "${argument#*=}"
    done
}

printf '%s\n' "$NAME $*" >>"$POD/calls"
obey "$NAME $*"
