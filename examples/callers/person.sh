#!/bin/sh
# Calls Evergrant's gateway as the person who is signed in with `az login`. Register the client with
# evergrant client new NAME --trust entra --tenant T --object-id O --audience A --allow "GET /clm/"
# where O is `az ad signed-in-user show --query id --output tsv`. Needs EVERGRANT_URL and EVERGRANT_AUDIENCE.
set -eu
token=$(az account get-access-token --resource "$EVERGRANT_AUDIENCE" --query accessToken --output tsv)
printf 'Authorization: Bearer %s' "$token" |
    curl --silent --show-error --fail-with-body --header @- "$EVERGRANT_URL/gateway/clm/members/current"
