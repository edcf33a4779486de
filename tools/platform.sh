# shellcheck shell=bash
# What differs between the machines that ./deploy runs on: how to install a tool, and how to open a page.
# The caller defines `fail` and `note`.

# Whether someone is there to answer. CI systems may simulate a terminal, and keep what it shows in a log.
has_terminal() { [ -t 0 ] && [ -t 1 ] && [ -z "${CI:-}${TF_BUILD:-}" ]; }

# macos, windows, wsl, debian, fedora or other.
platform() {
    case "$(uname -s) $(uname -r)" in
        Darwin*) echo macos ;;
        MINGW* | MSYS* | CYGWIN*) echo windows ;;
        *icrosoft*) echo wsl ;;
        *) if command -v apt-get >/dev/null; then echo debian; elif command -v dnf >/dev/null; then echo fedora; else echo other; fi ;;
    esac
}

# Prints how to install the Azure CLI here.
azure_cli_hint() {
    case "$(platform)" in
        macos) echo "Install it with Homebrew: brew install azure-cli" ;;
        windows) echo "Run this in WSL, not in a Windows shell, and install it there: curl -sL https://aka.ms/InstallAzureCLIDeb | sudo bash" ;;
        wsl) echo "Install it inside WSL, not in Windows: curl -sL https://aka.ms/InstallAzureCLIDeb | sudo bash" ;;
        debian) echo "Install it: curl -sL https://aka.ms/InstallAzureCLIDeb | sudo bash" ;;
        fedora) echo "Install it: sudo dnf install azure-cli" ;;
        *) echo "Install it: pipx install azure-cli" ;;
    esac
    echo "Or use Azure Cloud Shell, which has everything: https://shell.azure.com"
}

# tool_hint NAME: prints how to install a tool that most systems have.
tool_hint() {
    case "$(platform)" in
        macos) echo "Install it with Homebrew: brew install $1" ;;
        fedora) echo "Install it: sudo dnf install $1" ;;
        wsl | debian) echo "Install it: sudo apt-get install $1" ;;
        *) echo "Install it with your system's package manager." ;;
    esac
}

# Checks that the tools are installed.
require_tools() {
    local tool hint
    if ! command -v az >/dev/null; then
        hint="$(azure_cli_hint)"
        fail "the Azure CLI is missing" "$hint"
    fi
    # WSL finds the programs of Windows too, and that one cannot read the files of WSL.
    case "$(command -v az)" in
        /mnt/[a-z]/*) fail "this az is the Azure CLI of Windows, which cannot read files of WSL" "$(azure_cli_hint)" ;;
    esac
    for tool in "$@"; do
        command -v "$tool" >/dev/null || fail "$tool is missing" "$(tool_hint "$tool")"
    done
}

# open_page URL: opens it in a browser. Everyone on the machine can see the arguments of programs, and the URL has a key, so the
# browser gets a page of this user that leads there. The caller defines the folder `work`.
open_page() {
    local opener page="$work/setup.html"
    printf '<!doctype html><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url=%s">\n' "$1" >"$page"
    for opener in ${BROWSER:+"$BROWSER"} wslview xdg-open open; do
        command -v "$opener" >/dev/null || continue
        # On Linux `open` may be another program.
        [ "$opener" != open ] || [ "$(uname -s)" = Darwin ] || continue
        # The page is removed at the end, so the browser gets time to read it.
        if "$opener" "$page" >/dev/null 2>&1; then sleep "${browser_start:-5}" && return; fi
    done
    note "no browser could be opened here"
}
