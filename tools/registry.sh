# shellcheck shell=bash
# Uploads the client registry to its blob, without losing what others changed there.
# The caller defines `note`, `fail`, `azure`, `output` and `setting`, the folder `work`, the file `clients`, and `group`, `app`,
# `package`, `drop_clients`, `keep_clients`, `looks` and `pause`.
# shellcheck disable=SC2154

client_ids() { { grep -o '"client_id"[[:space:]]*:[[:space:]]*"[^"]*"' || true; } | sed 's/.*"\([^"]*\)"$/\1/' | sort -u; }

# Every text in a JSON file.
texts() { { grep -o '"[^"]*"' "$1" || true; } | sort -u; }

registered_ids() { [ ! -f "$clients" ] || client_ids <"$clients"; }

# Stops if a client of $1 would be lost. $2 says where it is.
refuse_lost_clients() {
    local lost
    lost="$(comm -23 <(client_ids <<<"$1") <(registered_ids) | tr '\n' ' ')"
    [ -z "$lost" ] || fail "$2 has clients that $clients does not have: $lost" \
        "Their connections would stop working. Add them to the file, use another file with --clients, leave the registry as it is" \
        "with --keep-clients, or add --drop-clients."
}

# Makes sure that a deployment removes no client by mistake. The upload compares again, when this person may read the blob.
check_clients() {
    local deployed
    [ -n "$app" ] && [ -z "$drop_clients$keep_clients" ] || return 0
    deployed="$(setting EVERGRANT_CLIENTS)" || exit 1
    case "$deployed" in
        https://*)
            registry_url="$deployed"
            if read_registry; then refuse_losses; fi
            ;;
        *) refuse_lost_clients "$deployed" "the app" ;;
    esac
}

# blob COMMAND OPTION...: runs a command for the registry's blob as the person who is signed in; errors go to a file.
blob() {
    local command="$1" place rest
    shift
    place=(--blob-url "$registry_url")
    case "$registry_url" in
        https://*.blob.*/*/*)
            rest="${registry_url#https://*/}"
            place=(--account-name "$(cut -d/ -f3 <<<"$registry_url" | cut -d. -f1)" --container-name "${rest%%/*}" --name "${rest#*/}")
            ;;
    esac
    az storage blob "$command" "${place[@]}" --auth-mode login "$@" \
        ${subscription[@]+"${subscription[@]}"} --only-show-errors 2>"$work/errors"
}

# Reads the blob into a file, and its version into `etag`; `missing` if there is no blob.
read_registry() {
    rm -f "$work/registry.json"
    if ! etag="$(blob show --query properties.etag --output tsv)"; then
        grep -qE 'BlobNotFound|blob does not exist|ResourceNotFound' "$work/errors" || return 1
        etag=missing
        return
    fi
    blob download --file "$work/registry.json" --if-match "$etag" --no-progress --output none
}

# Stops if the blob has clients, or changes that were made there, which the file does not have. What ./deploy itself uploaded
# may be replaced, so it leaves the digest with the blob; other writers remove it.
refuse_losses() {
    local lost digest
    [ "$etag" != missing ] && [ -z "$drop_clients" ] && [ -f "$clients" ] || return 0
    refuse_lost_clients "$(cat "$work/registry.json")" "the registry in Azure"
    lost="$(comm -23 <(texts "$work/registry.json") <(texts "$clients") | sed -n 1,5p)"
    [ -n "$lost" ] || return 0
    digest="$(blob show --query metadata.deployed_sha256 --output tsv)" || digest=""
    [ "$digest" = "$(sha256 "$work/registry.json")" ] || fail "the registry in Azure was changed there, and $clients does not have all of it:" \
        "$lost" \
        "Take the change over: evergrant client show, or az storage blob download --auth-mode login --blob-url $registry_url --file $clients" \
        "Or leave the registry as it is with --keep-clients, or replace it with --drop-clients."
}

# Writes the file to the blob if the blob still is what was read. Fails with the Azure CLI's error.
write_registry() {
    local condition=(--overwrite --if-match "$etag")
    [ "$etag" != missing ] || condition=(--if-none-match '*')
    blob upload --file "$1" --content-type application/json --metadata "deployed_sha256=$(sha256 "$1")" \
        --no-progress --output none "${condition[@]}"
}

# Uploads the registry. Returns 1 if this person may not, or not yet: a new role needs minutes to have an effect.
upload_once() {
    local file="$clients"
    read_registry || return 1
    if [ ! -f "$file" ]; then
        if [ "$etag" != missing ]; then
            note "there is no $clients, so the registry in Azure stays as it is"
            return
        fi
        file="$work/clients.json"
        echo '[]' >"$file"
    elif [ "$etag" != missing ] && cmp -s "$file" "$work/registry.json"; then
        note "the registry in Azure is the same as $clients"
        return
    fi
    refuse_losses
    write_registry "$file" || return 1
    note "uploaded the registry; the app reads it within 30 seconds"
}

upload_registry() {
    local try
    if [ -n "$keep_clients" ]; then
        note "the registry in Azure stays as it is"
        return
    fi
    for try in $(seq "$looks"); do
        if upload_once; then return; fi
        case "$(cat "$work/errors")" in
            *ConditionNotMet* | *"condition specified"* | *BlobAlreadyExists* | *"already exists"*)
                fail "someone changed the registry at the same time, so nothing was uploaded. Run this again."
                ;;
            *"required permissions"* | *AuthorizationPermissionMismatch* | *"using this permission"* | *ContainerNotFound*) ;;
            *AuthorizationFailure* | *"public access is not permitted"* | *"not authorized to perform this operation"*)
                fail "the storage account does not accept calls from here. With privateNetwork, upload the registry from inside the network:" \
                    "./deploy --clients-only --resource-group $group" "Or keep it in an app setting: the parameter clients."
                ;;
            *) explain ;;
        esac
        [ "$try" = "$looks" ] || { note "run $try of $looks: the registry cannot be written yet" && sleep "$pause"; }
    done
    fail "you may not write the registry. On its container you need the role Storage Blob Data Contributor, which the next ./deploy gives you," \
        "or an owner: az role assignment create --role 'Storage Blob Data Contributor' --assignee <you> --scope <container>" \
        "" "The error of the Azure CLI:" "$(cat "$work/errors")"
}

# An invalid registry would not be read by the app, so a handler checks it first, with the app's scopes.
check_registry() {
    local handler="$1" arguments=(client check "$clients")
    shift
    if [ ! -f "$clients" ] || ! "$handler" --version >/dev/null 2>&1; then
        note "the registry was not checked: this machine cannot run the handler, or there is no $clients"
        return
    fi
    "$handler" "${arguments[@]}" "$@" >"$work/clients" 2>&1 || fail "$clients is not a valid registry, and would keep the app from starting:" "$(cat "$work/clients")"
    sed 's/^/   /' "$work/clients"
}

# The handler to check a registry with: in the given package, in the one built or downloaded before, or an installed one.
find_handler() {
    handler="$work/evergrant"
    if [ -n "$package" ]; then
        unpack_handler
    elif [ -x "$here/target/package/app/evergrant" ]; then
        handler="$here/target/package/app/evergrant"
    elif command -v evergrant >/dev/null; then
        handler="$(command -v evergrant)"
    fi
}

unpack_handler() {
    unzip -p "$package" evergrant >"$work/evergrant" 2>"$work/errors" || fail "$package is not a package of Evergrant:" "$(cat "$work/errors")"
    chmod +x "$work/evergrant"
}

# Where the app reads its registry: a blob, by the last deployment or by the setting.
find_registry() {
    registry_url="$(output registryUrl)"
    [ -n "$registry_url$app" ] || fail "there is no Evergrant in the resource group $group; deploy it first: ./deploy --resource-group $group"
    [ -n "$registry_url" ] || registry_url="$(setting EVERGRANT_CLIENTS)" || exit 1
    case "$registry_url" in
        https://*) ;;
        *) fail "the app $app has its registry in an app setting, not in a blob. Deploy with an empty parameter clients once:" "./deploy --resource-group $group" ;;
    esac
}

# ./deploy --clients-only
deploy_clients() {
    local scopes
    [ -f "$clients" ] || misused "there is no file $clients"
    require_tools
    say "Uploading the client registry"
    find_app
    find_registry
    scopes="$([ -z "$app" ] || setting DOCUSIGN_SCOPES)" || exit 1
    find_handler
    DOCUSIGN_SCOPES="$scopes" check_registry "$handler"
    upload_registry
}
