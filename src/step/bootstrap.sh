# bootstrap.sh - the start of a Bash step and its variables. Started by bobtail-step as
#     bash bootstrap.sh DESCRIPTOR SCRIPT FLAGS
# in the work folder; one file per version of bobtail-step serves all runs.
#
# DESCRIPTOR is an open, sealed memory file with the variables as NUL-terminated fields: the script's parameters; 66
# numbers; then names and values in turn. Names are grouped by length: number k says at which field the names of k
# characters start (64: all longer ones, 0: those that are not ASCII), number k+1 where they end. A look-up compares
# a few names and starts no program. FLAGS: l = read the table now, a = fill octopus_parameters, p = has parameters,
# h = read helpers.sh now.

__octopus_fd=$1 __octopus_script=$PWD/$2 __octopus_flags=$3
__octopus_table=()
shift 3

__octopus_load() {
    local field
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
        mapfile -d '' -t __octopus_table <"/proc/self/fd/$__octopus_fd"
    else
        while IFS= read -r -d '' field; do
            __octopus_table+=("$field")
        done <"/proc/self/fd/$__octopus_fd"
    fi
}

# Leaves the value of variable $1 in REPLY; false when there is none.
__octopus_find() {
    local k=${#1} i end
    ((${#__octopus_table[@]})) || __octopus_load
    ((k <= 64)) || k=64
    [[ $1 != *[![:ascii:]]* ]] || k=0
    end=${__octopus_table[k + 2]}
    for ((i = ${__octopus_table[k + 1]}; i < end; i += 2)); do
        if [ "${__octopus_table[i]}" = "$1" ]; then
            REPLY=${__octopus_table[i + 1]}
            return 0
        fi
    done
    return 1
}

get_octopusvariable() {
    local REPLY
    if __octopus_find "${1-}"; then
        printf '%s' "$REPLY"
    else
        echo
    fi
}

# What prints service messages is in helpers.sh: it is read at once when the script's text has one of the names
# (flag h), otherwise by the first call, so that scripts without them do not wait for it.
__octopus_helpers() { . "${BASH_SOURCE[0]%/*}/helpers.sh" || exit 1; }

if [[ $__octopus_flags == *h* ]]; then
    __octopus_helpers
else
    set_octopusvariable() { __octopus_helpers; set_octopusvariable "$@"; }
    set_environmentstate() { __octopus_helpers; set_environmentstate "$@"; }
    set_environmenturl() { __octopus_helpers; set_environmenturl "$@"; }
    new_octopusartifact() { __octopus_helpers; new_octopusartifact "$@"; }
    fail_step() { __octopus_helpers; fail_step "$@"; }
    update_progress() { __octopus_helpers; update_progress "$@"; }
    write_verbose() { __octopus_helpers; write_verbose "$@"; }
    write_highlight() { __octopus_helpers; write_highlight "$@"; }
    write_wait() { __octopus_helpers; write_wait "$@"; }
    write_warning() { __octopus_helpers; write_warning "$@"; }
    new_octopustarget() { __octopus_helpers; new_octopustarget "$@"; }
    remove-octopustarget() { __octopus_helpers; remove-octopustarget "$@"; }
    report_kubernetes_manifest() { __octopus_helpers; report_kubernetes_manifest "$@"; }
    report_kubernetes_manifest_file() { __octopus_helpers; report_kubernetes_manifest_file "$@"; }
    encode_servicemessagevalue() { __octopus_helpers; encode_servicemessagevalue "$@"; }
    decode_servicemessagevalue() { __octopus_helpers; decode_servicemessagevalue "$@"; }
    decrypt_variable() { __octopus_helpers; decrypt_variable "$@"; }
    log_environment_information() { __octopus_helpers; log_environment_information "$@"; }
fi

__octopus_start() {
    local i
    [[ $__octopus_flags != *[lap]* ]] || __octopus_load
    if [[ $__octopus_flags == *a* ]]; then
        declare -gA octopus_parameters=()
        for ((i = ${__octopus_table[1]}; i < ${#__octopus_table[@]}; i += 2)); do
            case ${__octopus_table[i]} in
            Octopus.Deployment.PackageBuildInformation* | Octopus.Deployment.PackageBuildMetadata*) ;;
            *) octopus_parameters[${__octopus_table[i]}]=${__octopus_table[i + 1]} ;;
            esac
        done
    fi
    ((${#__octopus_table[@]} == 0)) || exec {__octopus_fd}<&-
}

__octopus_start
if [[ $__octopus_flags == *p* ]]; then
    eval ". \"\$__octopus_script\" ${__octopus_table[0]}"
else
    . "$__octopus_script"
fi
