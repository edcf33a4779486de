#!/bin/sh
# Creates the app registration that callers with an Entra identity ask for, once per Evergrant app. It prints the audience for
# `evergrant client new --trust entra --audience`. People need the part with the scope, managed identities do not.
set -eu
app=$(az ad app create --display-name Evergrant --sign-in-audience AzureADMyOrg --query appId --output tsv)
az ad app update --id "$app" --identifier-uris "api://$app"
az ad sp create --id "$app" --output none

# A scope, and the Azure CLI as an application that may ask for it without the person's consent.
graph="https://graph.microsoft.com/v1.0/applications(appId='$app')"
scope=6f1c3f0e-5a5b-4c57-9a58-2f4f3a3f7d10
az rest --method patch --url "$graph" --body "{\"api\": {\"requestedAccessTokenVersion\": 2, \"oauth2PermissionScopes\": [{
    \"id\": \"$scope\", \"value\": \"call\", \"type\": \"User\", \"isEnabled\": true,
    \"adminConsentDisplayName\": \"Call Evergrant\", \"adminConsentDescription\": \"Call Evergrant as this person\"}]}}"
az rest --method patch --url "$graph" --body "{\"api\": {\"preAuthorizedApplications\": [{
    \"appId\": \"04b07795-8ddb-461a-bbee-02f9e1bf7b46\", \"delegatedPermissionIds\": [\"$scope\"]}]}}"
echo "api://$app"
