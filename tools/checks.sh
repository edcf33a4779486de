# shellcheck shell=bash
# Runs the health checks of the deployed app, and ends with the link to its setup page.
# The caller defines `say`, `note`, `fail`, `azure`, `output`, the folders `here` and `work`, and `group`, `app`, `open`, `looks` and `pause`.
# shellcheck disable=SC2154

# Runs the health checks once, through the deployed setup page. curl reads the function key from standard input, so that it is
# not visible in the process list. Returns 2 if the app answers that its settings are wrong.
run_checks() {
    local status url
    rm -f "$work/report"
    key="$(azure functionapp keys list --resource-group "$group" --name "$app" --query functionKeys.default --output tsv 2>/dev/null)" || return 1
    url="$(output setupUrl)"
    status="$(printf 'header = "x-functions-key: %s"\n' "$key" |
        curl --silent --show-error --max-time 120 --header 'accept: text/plain' --output "$work/report" --write-out '%{http_code}' \
            --config - "$url" 2>"$work/errors")" || return 1
    [ "$status" != 200 ] || return 0
    echo "status $status" >"$work/errors"
    if [ "$status" = 503 ] && grep -q '^The settings have ' "$work/report"; then
        return 2
    fi
    rm -f "$work/report"
    return 1
}

# Asks every route of the package once: no other check would notice one that is lost. Host keys, too, need a new role.
check_routes() {
    local try url
    url="$(output setupUrl)"
    url="${url%/setup}"
    if ! "$work/evergrant" --version >/dev/null 2>&1; then
        note "the routes were not checked: this machine cannot run the handler. Run this on another one: evergrant doctor --routes $url"
        return
    fi
    for try in 1 2 3 4 5; do
        if "$work/evergrant" doctor --routes "$url" >"$work/routes" 2>&1; then break; fi
        [ "$try" = 5 ] || { note "run $try of 5: some routes do not reach the app yet" && sleep "$pause"; }
    done
    grep -v 'checks\? \(passed\|failed\)\|^$' "$work/routes" | sed 's/^/   /' || true
    if grep -q '^bad ' "$work/routes"; then fail "fix the routes above, then run this again"; fi
}

# Prints the checks and what DocuSign needs. What each client needs would fill the terminal, and is on the setup page.
show_report() {
    sed '/^3\. Connect$/,$d; s/^/   /' "$work/report"
    if grep -q '^3\. Connect$' "$work/report"; then note "The setup page also has what each client needs, and redirect URIs that clients asked for."; fi
}

# Repeats the health checks, because role assignments take minutes to have an effect, and a new app needs time to start.
check_app() {
    local try result bad="" wrong=0
    for try in $(seq "$looks"); do
        result=0
        run_checks || result=$?
        if [ "$result" = 0 ]; then
            bad="$(grep -c '^bad  *azure ' "$work/report" || true)"
            [ "$bad" != 0 ] || break
            note "run $try of $looks: $bad Azure checks still fail"
        elif [ "$result" = 2 ]; then
            # An app that had other settings before this deployment may take a moment to restart.
            wrong=$((wrong + 1))
            note "run $try of $looks: the settings are wrong"
            [ "$wrong" -lt 3 ] || break
        else
            bad=""
            note "run $try of $looks: no response yet ($(tr '\n' ' ' <"$work/errors"))"
        fi
        [ "$try" = "$looks" ] || sleep "$pause"
    done
    if [ -s "$work/report" ]; then show_report; fi
    # The setup page explains more than this terminal shows.
    if [ -n "$bad" ] && [ "$bad" != 0 ] && has_terminal; then show_link; fi
    [ "$result" != 2 ] || fail "the settings are wrong. Fix the errors above and deploy again; until then, $(output setupUrl) lists them"
    [ -n "$bad" ] || fail "the app does not respond. Its log is in the Log Analytics workspace after a few minutes: AppTraces | where Message startswith 'evergrant: ' | order by TimeGenerated desc"
    [ "$bad" = 0 ] || fail "fix the failed Azure checks above, then run this again"
    check_routes
    if grep -q '^bad ' "$work/report"; then
        say "Deployed. Fix the other failed checks above, at DocuSign or in the registry; then open the setup page"
    else
        say "Deployed, and everything works"
    fi
}

# open_setup_page URL: lets the handler hand the page to a browser, if this machine can run it. Its report was shown already.
open_setup_page() {
    if "$work/evergrant" --version >/dev/null 2>&1; then
        "$work/evergrant" status --app "$app" --resource-group "$group" ${subscription[@]+"${subscription[@]}"} --open >/dev/null 2>"$work/errors" || true
        if grep -q '^No browser' "$work/errors"; then note "no browser could be opened here"; fi
    else
        open_page "$1"
    fi
}

# Ends with the link to the setup page. The key is for the person at the terminal, so it is never in a pipeline's log.
show_link() {
    local url link
    url="$(output setupUrl)"
    link="$url?code=$(printf '%s' "$key" | sed 's/%/%25/g; s/+/%2B/g; s/&/%26/g; s/#/%23/g')"
    if [ -n "$open" ]; then open_setup_page "$link"; fi
    if has_terminal; then
        if [ -x "$here/target/package/app/evergrant" ]; then
            printf '\nThe commands on the setup page need evergrant:\n  %s\n' "PATH=\"\$PATH:$here/target/package/app\""
        fi
        printf '\nThe setup page. The link contains its key, so do not pass it on:\n%s\n' "$link"
    else
        printf '\nThe setup page needs a key: az functionapp keys list --resource-group %s --name %s --query functionKeys.default --output tsv\n%s\n' \
            "$group" "$app" "$url"
    fi
}
