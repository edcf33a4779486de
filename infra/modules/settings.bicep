// The app settings, including those with values that only Azure knows.

import { appSettings } from '../types.bicep'

@description('Name of the function app, e.g. evergrant-abc123.')
param appName string

@description('Name of the app\'s identity, e.g. evergrant-abc123.')
param identityName string

@description('Name of the Application Insights component, e.g. evergrant-abc123.')
param componentName string

@description('Name of the storage account of the Functions host, e.g. evergrantabc123.')
param storageAccountName string

@description('Name of the key vault, e.g. evergrant-abc123.')
param keyVaultName string

@description('Name of the signing key, e.g. evergrant-signing.')
param signingKeyName string

@description('Version of the signing key; empty for the newest, e.g. 0123456789abcdef0123456789abcdef.')
param signingKeyVersion string

@description('Name of the sealing key, e.g. evergrant-sealing.')
param sealingKeyName string

@description('Version of the sealing key; empty for the newest, e.g. 0123456789abcdef0123456789abcdef.')
param sealingKeyVersion string

@description('Host name that callers use; empty for the app\'s own, e.g. evergrant.contoso.com.')
param customDomain string

@description('Settings whose values are known before the deployment, e.g. { EVERGRANT_LOG: \'info\' }.')
param settings appSettings

@description('More app settings by name, e.g. { HTTPS_PROXY: \'http://proxy.contoso.com:8080\' }.')
param additionalSettings appSettings

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: keyVaultName

  resource signingKey 'keys' existing = {
    name: signingKeyName
  }

  resource sealingKey 'keys' existing = {
    name: sealingKeyName
  }
}

// Uses the newest version, unless the parameters set the one in use.
var keysUrl = 'https://${toLower(keyVaultName)}${environment().suffixes.keyvaultDns}/keys'
var signingKeyId = empty(signingKeyVersion)
  ? vault::signingKey.properties.keyUriWithVersion
  : '${keysUrl}/${signingKeyName}/${signingKeyVersion}'
var sealingKeyId = empty(sealingKeyVersion)
  ? vault::sealingKey.properties.keyUriWithVersion
  : '${keysUrl}/${sealingKeyName}/${sealingKeyVersion}'

var publicUrl = 'https://${empty(customDomain) ? app.properties.defaultHostName : customDomain}'

// FUNCTIONS_WORKER_RUNTIME and WEBSITE_RUN_FROM_PACKAGE must not be set on Flex Consumption.
var platformSettings = {
  AzureWebJobsStorage__accountName: storageAccountName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  // Not secret, because the component requires an Entra token.
  APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  AZURE_CLIENT_ID: identity.properties.clientId
  EVERGRANT_PUBLIC_URL: publicUrl
  EVERGRANT_SIGNING_KEY_ID: signingKeyId
  EVERGRANT_SEALING_KEY_ID: sealingKeyId
}

// These are all app settings. A deployment removes settings that were added by hand.
resource allSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  // These rules are for the configuration called web; this one contains only app settings.
  // checkov:skip=CKV_AZURE_13:Evergrant is the authorization server; Entra sign-in in front of it would keep its clients out.
  // checkov:skip=CKV_AZURE_63:No property of app settings; requests are logged in Application Insights.
  // checkov:skip=CKV_AZURE_65:No property of app settings.
  // checkov:skip=CKV_AZURE_66:No property of app settings.
  // checkov:skip=CKV_AZURE_80:There is no .NET in a custom handler.
  // checkov:skip=CKV_AZURE_88:Flex Consumption has no file share; the package is in a container.
  // checkov:skip=CKV_AZURE_222:No property of app settings.
  parent: app
  name: 'appsettings'
  properties: union(platformSettings, settings, additionalSettings)
}

@description('The https URL that callers use, which is also the issuer.')
output publicUrl string = publicUrl

@description('Identifier of the signing key in use, with its version.')
output signingKeyId string = signingKeyId

@description('Identifier of the sealing key in use, with its version.')
output sealingKeyId string = sealingKeyId
