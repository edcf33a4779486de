# shellcheck shell=bash
# Reads and completes the parameter file.
# The caller defines the path `parameters`, the folder `work`, and the functions of tools/ask.sh.
# shellcheck disable=SC2154

# The text that the parameter file gives a parameter, without its comment; empty if there is none.
parameter_text() {
    sed -n "s/^[[:space:]]*param[[:space:]]\{1,\}$1[[:space:]]*=[[:space:]]*//p" "$parameters" | tr -d '\r' | head -n 1
}

# The value of a parameter, as far as it is a text or an environment variable; `?` for any other expression.
parameter() {
    local text name value
    text="$(parameter_text "$1")"
    case "$text" in
        "'"*) sed "s/^'\([^']*\)'.*/\1/" <<<"$text" ;;
        "readEnvironmentVariable('"*)
            name="$(sed "s/^readEnvironmentVariable('\([A-Za-z0-9_]*\)'.*/\1/" <<<"$text")"
            value="$(printenv "$name" || true)"
            [ -n "$value" ] || value="$(sed -n "s/^[^,]*,[[:space:]]*'\([^']*\)').*/\1/p" <<<"$text")"
            printf '%s\n' "$value"
            ;;
        "") ;;
        *) echo '?' ;;
    esac
}

# set_parameter NAME VALUE: writes a text into the parameter file.
set_parameter() {
    local quoted
    # In Bicep, a backslash goes before a quote, a backslash and `${`.
    quoted="'$(printf '%s' "$2" | sed "s/[\\\\']/\\\\&/g; s/\\\$[{]/\\\\&/g")'"
    NAME="$1" VALUE="$quoted" awk '
        BEGIN { line = "param " ENVIRON["NAME"] " = " ENVIRON["VALUE"] }
        !done && $0 ~ "^[ \t]*param[ \t]+" ENVIRON["NAME"] "[ \t]*=" { print line (/\r$/ ? "\r" : ""); done = 1; next }
        { print }
        END { if (!done) print line }' "$parameters" >"$work/parameters"
    cat "$work/parameters" >"$parameters"
    written=yes
}

# complete NAME VARIABLE QUESTION DEFAULT CHECK: asks for a parameter that is missing or wrong, and writes it into the file.
complete() {
    local value answer problem=""
    value="$(parameter "$1")"
    [ "$value" != '?' ] || return 0
    answer="$value"
    "$5"
    if [ -z "$value" ]; then problem="it is not in the environment, and $1 is not in $parameters"; fi
    [ -n "$problem" ] || return 0
    if ! has_terminal; then
        lacks "$2" "$problem"
        return
    fi
    [ -z "$value" ] || printf '%s in %s: %s\n' "$1" "$parameters" "$problem"
    ask "$3" "$4" "$5"
    set_parameter "$1" "$answer"
}

# Asks for the parameters that every installation needs. JSON files are left to Azure.
complete_parameters() {
    local answer written=""
    grep -q '^[[:space:]]*using ' "$parameters" || return 0
    complete docusignEnvironment DOCUSIGN_ENVIRONMENT "DocuSign environment, demo or production" demo check_environment
    complete docusignIntegrationKey DOCUSIGN_INTEGRATION_KEY "Integration key (DocuSign: Apps and Keys)" "" check_guid
    complete docusignUserId DOCUSIGN_USER_ID "User ID of the integration user (DocuSign: API Username)" "" check_user_id
    # Without an address, alerts are in the portal only, so this is asked once: with the first deployment.
    if has_terminal && [ -n "$written$new_group" ] && [ -z "$(parameter alertEmail)" ]; then
        ask "E-mail address for alerts (may be left empty)" "" check_address
        [ -z "$answer" ] || set_parameter alertEmail "$answer"
    fi
    [ -z "$written" ] || note "wrote your answers to $parameters; keep that file"
}
