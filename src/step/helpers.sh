# helpers.sh - the functions of a Bash step that print service messages; read by bootstrap.sh, which lies beside it.

# Leaves the base64 of $1 in REPLY; starts a program only for long texts and for those that are not ASCII.
__octopus_encode() {
    local letters=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/
    local text=$1 n=${#1} i a b c
    REPLY=
    if ((n > 240)) || [[ $text == *[![:ascii:]]* ]]; then
        REPLY=$(printf '%s' "$text" | base64 -w0)
        return
    fi
    for ((i = 0; i < n; i += 3)); do
        b=0 c=0
        printf -v a %d "'${text:i:1}"
        ((i + 1 >= n)) || printf -v b %d "'${text:i + 1:1}"
        ((i + 2 >= n)) || printf -v c %d "'${text:i + 2:1}"
        REPLY+=${letters:a >> 2:1}${letters:(a & 3) << 4 | b >> 4:1}
        REPLY+=${letters:(b & 15) << 2 | c >> 6:1}${letters:c & 63:1}
    done
    case $((n % 3)) in
    1) REPLY=${REPLY%??}== ;;
    2) REPLY=${REPLY%?}= ;;
    esac
}

# __octopus_message NAME [ATTRIBUTE VALUE]...: prints a service message; attributes without value are left out.
__octopus_message() {
    local REPLY line="##octopus[$1"
    shift
    while (($# > 1)); do
        if [ -n "$2" ]; then
            __octopus_encode "$2"
            line+=" $1='$REPLY'"
        fi
        shift 2
    done
    printf '%s]\n' "$line"
}

__octopus_say() {
    local IFS=' ' mode=$1
    shift
    printf '##octopus[stdout-%s]\n%s\n##octopus[stdout-default]\n' "$mode" "$*"
}

encode_servicemessagevalue() {
    local REPLY
    __octopus_encode "${1-}"
    printf '%s\n' "$REPLY"
}

decode_servicemessagevalue() {
    printf '%s' "${1-}" | base64 -d
}

# Variables are not encrypted here, so there is nothing that a script could decrypt.
decrypt_variable() {
    echo "decrypt_variable: values are not encrypted on this worker, use get_octopusvariable" >&2
    return 1
}

log_environment_information() {
    __octopus_say verbose "Bash environment information:
  Operating system: $(uname -srm)
  Host name: $(uname -n)
  User: $(id -un 2>/dev/null || id -u)
  Processors: $(getconf _NPROCESSORS_ONLN)
  Current directory: $PWD
  Temporary directory: ${TMPDIR:-/tmp}
  Process: $$"
}

set_octopusvariable() {
    local sensitive=
    [ "${3-}" != -sensitive ] || sensitive=True
    __octopus_message setVariable name "${1-}" value "${2-}" sensitive "$sensitive"
}

set_environmentstate() {
    local sensitive=
    [ "${3-}" != -sensitive ] || sensitive=True
    __octopus_message set-environmentstate key "${1-}" value "${2-}" sensitive "$sensitive" type "${4:-State}"
}

set_environmenturl() {
    set_environmentstate "${1-}" "${2-}" "" Url
}

new_octopusartifact() {
    local path=${1-} name=${2-} folder length=0
    echo "Collecting $path as an artifact..."
    if [ ! -e "$path" ]; then
        echo "new_octopusartifact: \"$path\" does not exist, so it cannot be collected" >&2
        exit 127
    fi
    path=${path%/}
    case $path in
    */*) folder=${path%/*}/ ;;
    *) folder=. ;;
    esac
    path=${path##*/}
    path=$(CDPATH= cd -P -- "$folder" >/dev/null && printf '%s' "${PWD%/}")/$path
    [ -n "$name" ] || name=${path##*/}
    [ ! -f "$path" ] || length=$(wc -c <"$path")
    __octopus_say verbose "Artifact $name will be collected from $path after this step completes"
    __octopus_message createArtifact path "$path" name "$name" length "${length// /}"
}

fail_step() {
    [ -z "${1-}" ] || __octopus_message resultMessage message "$1"
    exit 1
}

update_progress() {
    __octopus_message progress percentage "${1-}" message "${2-}"
}

write_verbose() { __octopus_say verbose "$@"; }
write_highlight() { __octopus_say highlight "$@"; }
write_wait() { __octopus_say wait "$@"; }
write_warning() { __octopus_say warning "$@"; }

new_octopustarget() (
    name= target= inputs= roles= pool= update=
    while (($# > 0)); do
        case $1 in
        -n | --name) name=${2-} ;;
        -t | --target-id) target=${2-} ;;
        --inputs) inputs=${2-} ;;
        --roles) roles=${2-} ;;
        --worker-pool) pool=${2-} ;;
        --update-if-existing)
            update=True
            shift
            continue
            ;;
        *)
            echo "new_octopustarget: unknown option $1 (known: -n, --name, -t, --target-id, --inputs, --roles," \
                "--worker-pool, --update-if-existing)" >&2
            exit 1
            ;;
        esac
        shift $(($# > 1 ? 2 : 1))
    done
    __octopus_message createStepPackageTarget name "$name" targetId "$target" inputs "$inputs" \
        octopusRoles "$roles" octopusDefaultWorkerPoolIdOrName "$pool" updateIfExisting "$update"
)

remove-octopustarget() {
    __octopus_message delete-target machine "${1-}"
}

report_kubernetes_manifest() {
    local line document= trimmed
    while IFS= read -r line || [ -n "$line" ]; do
        trimmed=${line#"${line%%[![:space:]]*}"}
        trimmed=${trimmed%"${trimmed##*[![:space:]]}"}
        if [ "$trimmed" = --- ]; then
            [[ $document != *[![:space:]]* ]] ||
                __octopus_message k8s-manifest-applied manifest "$document" ns "${2-}"
            document=
        else
            document+=$line$'\n'
        fi
    done <<<"${1-}"
    [[ $document != *[![:space:]]* ]] ||
        __octopus_message k8s-manifest-applied manifest "$document" ns "${2-}"
}

report_kubernetes_manifest_file() {
    if [ -f "${1-}" ]; then
        report_kubernetes_manifest "$(<"$1")" "${2-}"
    else
        __octopus_say verbose "The manifest file \"${1-}\" does not exist"
    fi
}
