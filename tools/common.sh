# shellcheck shell=bash
# Shared by the scripts in the repository root.

say() { printf '\n== %s\n' "$*"; }

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# debian PACKAGE...: installs Debian packages, or fails with their names on other systems.
debian() {
    command -v apt-get >/dev/null || fail "missing: $*"
    say "Installing $*"
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
