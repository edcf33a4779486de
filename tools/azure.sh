# shellcheck shell=bash
# The Azure CLI as ./deploy calls it: quiet, and with what mends it behind each complaint that is known.
# It wants `fail`, the folder `work`, the list `subscription` and the path `parameters` of whoever calls.
# shellcheck disable=SC2154

# azure ARGUMENT...: the Azure CLI, quiet; what it complains of is explained.
azure() {
    if ! az "$@" ${subscription[@]+"${subscription[@]}"} --only-show-errors 2>"$work/complaint"; then
        explain
    fi
}

# Says what the Azure CLI said, and what mends it where that is known.
explain() {
    local complaint hint="" vault
    complaint="$(cat "$work/complaint")"
    case "$complaint" in
        *"az login"* | *AADSTS*) hint="Sign in: az login" ;;
        *roleAssignments/write*)
            hint="You may not assign roles. On the resource group you need Owner, or Contributor together with Role Based Access Control Administrator: ask whoever owns the subscription."
            ;;
        *AuthorizationFailed* | *"does not have authorization"*)
            hint="You lack a role. On the resource group you need Owner, or Contributor together with Role Based Access Control Administrator."
            ;;
        *"exists in deleted state"* | *"in deleted state"* | *"deleted but recoverable state"*)
            vault="$(printf '%s' "$complaint" | sed -n "s/.*[vV]ault [\"']\{0,1\}\([A-Za-z0-9-]\{3,24\}\)[\"']\{0,1\}.*/\1/p" | head -n 1)"
            hint="A vault of that name was deleted and is kept for 90 days. Bring it back: az keyvault recover --name ${vault:-<vault>}; or choose another keyVaultName in $parameters."
            ;;
        *VaultAlreadyExists*) hint="Somebody has a vault of that name: choose another keyVaultName in $parameters." ;;
        *StorageAccountAlreadyTaken*) hint="Somebody has a storage account of that name: choose another storageAccountName in $parameters." ;;
        *"Website with given name"*) hint="Somebody has an app of that name: choose another functionAppName in $parameters." ;;
        *"quota of 0"* | *LocationNotAvailableForResourceType* | *"not available for resource type"*)
            hint="This region does not take the app. These do: az functionapp list-flexconsumption-locations --output table"
            ;;
        *MissingSubscriptionRegistration* | *"not registered to use namespace"*)
            hint="Register what the subscription has not used before: az provider register --namespace Microsoft.Web --wait; likewise Microsoft.KeyVault, Microsoft.Storage, Microsoft.Insights, Microsoft.OperationalInsights, Microsoft.ManagedIdentity, and for a private network Microsoft.Network and Microsoft.App."
            ;;
        *"Bicep CLI not found"* | *"bicep install"*) hint="Install the Bicep compiler: az bicep install" ;;
    esac
    if [ -n "$hint" ]; then
        fail "$hint" "" "The Azure CLI said:" "$complaint"
    fi
    fail "the Azure CLI failed:" "$complaint"
}
