# shellcheck shell=bash
# Runs the Azure CLI for ./deploy, and explains how to fix known errors.
# The caller defines `fail`, the folder `work`, the list `subscription` and the path `parameters`.
# shellcheck disable=SC2154

# azure ARGUMENT...: runs the Azure CLI without warnings, and explains its errors.
azure() {
    if ! az "$@" ${subscription[@]+"${subscription[@]}"} --only-show-errors 2>"$work/errors"; then
        explain
    fi
}

# Prints the error of the Azure CLI, and how to fix it if that is known.
explain() {
    local error hint="" vault
    error="$(cat "$work/errors")"
    case "$error" in
        *"az login"* | *AADSTS*) hint="Sign in: az login" ;;
        *roleAssignments/write*)
            hint="You may not assign roles. On the resource group you need Owner, or Contributor together with Role Based Access Control Administrator: ask the owner of the subscription."
            ;;
        *AuthorizationFailed* | *"does not have authorization"*)
            hint="You lack a role. On the resource group you need Owner, or Contributor together with Role Based Access Control Administrator."
            ;;
        *"exists in deleted state"* | *"in deleted state"* | *"deleted but recoverable state"*)
            vault="$(printf '%s' "$error" | sed -n "s/.*[vV]ault [\"']\{0,1\}\([A-Za-z0-9-]\{3,24\}\)[\"']\{0,1\}.*/\1/p" | head -n 1)"
            hint="A vault with this name was deleted and is kept for 90 days. Restore it: az keyvault recover --name ${vault:-<vault>}; or choose another keyVaultName in $parameters."
            ;;
        *VaultAlreadyExists*) hint="This vault name is already in use: choose another keyVaultName in $parameters." ;;
        *StorageAccountAlreadyTaken*) hint="This storage account name is already in use: choose another storageAccountName in $parameters." ;;
        *"Website with given name"*) hint="This app name is already in use: choose another functionAppName in $parameters." ;;
        *"quota of 0"* | *LocationNotAvailableForResourceType* | *"not available for resource type"*)
            hint="This region does not support the app. List the regions that do: az functionapp list-flexconsumption-locations --output table"
            ;;
        *MissingSubscriptionRegistration* | *"not registered to use namespace"*)
            hint="Register the resource providers that the subscription has not used before: az provider register --namespace Microsoft.Web --wait; likewise Microsoft.KeyVault, Microsoft.Storage, Microsoft.Insights, Microsoft.OperationalInsights, Microsoft.ManagedIdentity, and for a private network Microsoft.Network and Microsoft.App."
            ;;
        *"Bicep CLI not found"* | *"bicep install"*) hint="Install the Bicep compiler: az bicep install" ;;
    esac
    if [ -n "$hint" ]; then
        fail "$hint" "" "The error of the Azure CLI:" "$error"
    fi
    fail "the Azure CLI failed:" "$error"
}
