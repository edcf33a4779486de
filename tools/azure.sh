# shellcheck shell=bash
# Runs the Azure CLI for ./deploy, and explains how to fix known errors.
# The caller defines `fail`, the folder `work`, the list `subscription`, the path `parameters`, and the names `group` and
# `deployment`.
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
        *AADSTS53[0-9][0-9][0-9]* | *AADSTS50076* | *AADSTS50079* | *AADSTS50158* | *"onditional access"* | *"onditional Access"*)
            hint="A conditional access policy refuses this sign-in. Sign in again with what it requires, such as a second factor or a managed device: az login --scope https://management.core.windows.net//.default; or deploy from Azure Cloud Shell."
            ;;
        *AADSTS7000215* | *AADSTS7000222* | *AADSTS700016* | *AADSTS700027*)
            hint="The service principal's secret or certificate is wrong or has expired: renew it, and sign in with it again: az login --service-principal"
            ;;
        *"az login"* | *AADSTS*) hint="Sign in: az login" ;;
        *RequestDisallowedByPolicy* | *"disallowed by policy"*)
            hint="An Azure Policy denies a resource; the error names both. Change $parameters to what the policy demands, or ask its owner for an exemption of the resource group."
            ;;
        *DeploymentActive* | *"still active"* | *AnotherOperationInProgress* | *"nother operation is in progress"*)
            hint="Another deployment to this resource group is running. Wait until it ends, then run this again; or cancel it: az deployment group cancel --resource-group $group --name $deployment"
            ;;
        *ScopeLocked* | *"scope is locked"*)
            hint="A lock protects the resource group or a resource in it. An owner removes it for the deployment: az lock list --resource-group $group --output table"
            ;;
        *ResourceGroupBeingDeleted* | *"resource group is being deleted"*)
            hint="The resource group is being deleted. Wait until it is gone, or choose another name."
            ;;
        *SubscriptionNotFound* | *"doesn't exist in cloud"*)
            hint="This sign-in does not have the subscription. List the ones it has: az account list --output table; or sign in to another tenant: az login --tenant <tenant>"
            ;;
        *RoleAssignmentUpdateNotPermitted* | *"principal ID, and scope are not allowed to be updated"* | *RoleAssignmentExists* | *"role assignment already exists"*)
            hint="A role assignment is left over from an earlier identity or deployment of this app. Delete it, as docs/runbooks.md shows under The identity was deleted, then run this again."
            ;;
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
