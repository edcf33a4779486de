# shellcheck shell=bash
# Asks for what is missing on a terminal; in a pipeline, collects it to report everything at once.
# The caller defines `misused`, `has_terminal` and `azure`.

missing=""

# lacks WHAT WHY: something is missing, and no one can be asked.
lacks() { missing="$missing$(printf '%-28s%s' "$1" "$2")"$'\n'; }

# Stops if something is missing.
stop_if_missing() {
    [ -n "$missing" ] || return 0
    printf '\ndeploy: missing, and there is no terminal to ask on:\n' >&2
    printf '%s' "$missing" | sed 's/^/        /' >&2
    exit 2
}

# ask QUESTION DEFAULT CHECK: sets `answer`. CHECK may normalize `answer`, and sets `problem` if it is wrong.
ask() {
    local typed=yes
    while :; do
        printf '%s%s: ' "$1" "${2:+ [$2]}"
        IFS= read -r answer || { echo && misused "there was no answer"; }
        answer="$(printf '%s' "$answer" | tr -d '\r' | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')"
        [ -n "$answer" ] || answer="$2"
        problem=""
        "$3"
        [ -n "$problem" ] || return 0
        printf '   %s\n' "$problem"
    done
}

lower() { tr '[:upper:]' '[:lower:]'; }

check_group_name() {
    local name='^[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]$'
    [[ "$answer" =~ $name ]] || problem="Expected 1 to 90 letters, digits, and . _ - ( ), without a dot at the end."
}

check_environment() {
    answer="$(printf '%s' "$answer" | lower)"
    case "$answer" in
        demo | production) ;;
        *) problem="Expected demo (a developer account) or production (a paid one)." ;;
    esac
}

check_guid() {
    local guid='^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
    answer="$(printf '%s' "$answer" | lower | tr -d '{}')"
    [[ "$answer" =~ $guid ]] || problem="Expected a GUID such as 1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e."
}

check_user_id() {
    case "$answer" in
        *@*) problem="Expected the User ID, a GUID. DocuSign shows it on the page Users as API Username." ;;
        *) check_guid ;;
    esac
    if [ -n "${typed:-}" ] && [ "$answer" = "$(parameter docusignIntegrationKey)" ]; then
        problem="This is the integration key. Expected the User ID of the user."
    fi
}

check_address() {
    local address='^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:].]+$'
    [ -z "$answer" ] || [[ "$answer" =~ $address ]] || problem="Expected an address such as integration@contoso.com, or nothing."
}

# Normalizes a region's name, because Azure uses both West Europe and westeurope.
plain() { printf '%s' "$1" | tr -d ' ' | lower; }

# The regions with Flex Consumption, one a line.
read_regions() { [ -n "${regions:-}" ] || regions="$(azure functionapp list-flexconsumption-locations --query '[].name' --output tsv | tr -d '\r' | sort)"; }

# Accepts a name or a number of the list.
check_region_answer() {
    local region found=""
    case "$answer" in
        "" | 0* | *[!0-9]*) ;;
        *) answer="$(sed -n "${answer}p" <<<"$regions")" ;;
    esac
    while read -r region; do
        [ -z "$answer" ] || [ "$(plain "$region")" != "$(plain "$answer")" ] || found=yes
    done <<<"$regions"
    answer="$(plain "$answer")"
    [ -n "$found" ] || problem="Expected a name or a number from the list."
}

ask_region() {
    read_regions
    echo "Regions with Flex Consumption:"
    awk '{ printf "%4d  %-19s%s", NR, $0, NR % 3 ? "" : "\n" } END { if (NR % 3) print "" }' <<<"$regions"
    ask "Region, by name or number" "" check_region_answer
    location="$answer"
}
