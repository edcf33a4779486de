// Evergrant in one resource group. Deploy it with `./deploy`; docs/deploy.md has the steps.
targetScope = 'resourceGroup'

import { appSettings, registeredClient, resourceTags, userId } from 'types.bicep'
import { deploymentContainer, registryContainer, storeContainer } from 'modules/storage.bicep'

metadata name = 'Evergrant'
metadata description = 'DocuSign connections that never expire: a function app whose signing key stays in Key Vault.'

// ---- Region and names ------------------------------------------------------------------------------------------------

@description('Azure region with Flex Consumption, e.g. westeurope. `az functionapp list-flexconsumption-locations` lists them.')
param location string = resourceGroup().location

@description('Prefix of every resource name, e.g. evergrant: 3 to 10 lower-case letters and digits, a letter first.')
@minLength(3)
@maxLength(10)
param namePrefix string = 'evergrant'

@description('Name of the function app and first part of its host name, e.g. contoso-evergrant: 2 to 43 letters, digits and hyphens, unique in all of Azure. Azure may add a hash of 17 characters to the host name.')
@minLength(2)
@maxLength(43)
param functionAppName string = '${namePrefix}-${uniqueString(resourceGroup().id)}'

@description('Name of the key vault, e.g. contoso-evergrant: 3 to 24 letters, digits and hyphens, unique in all of Azure. A deleted vault keeps its name for 90 days.')
@minLength(3)
@maxLength(24)
param keyVaultName string = '${namePrefix}-${uniqueString(resourceGroup().id)}'

@description('Name of the storage account, e.g. contosoevergrant: 3 to 24 lower-case letters and digits, unique in all of Azure.')
@minLength(3)
@maxLength(24)
param storageAccountName string = '${namePrefix}${uniqueString(resourceGroup().id)}'

@description('Tags of every resource, e.g. { owner: \'integration\' }.')
param tags resourceTags = {}

// ---- DocuSign --------------------------------------------------------------------------------------------------------

@description('DocuSign environment: demo for a developer account, production for a paid one, e.g. demo.')
@allowed([
  'demo'
  'production'
])
param docusignEnvironment string

@description('Integration key: a GUID, e.g. 1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e, from DocuSign\'s page Apps and Keys.')
@minLength(36)
@maxLength(36)
param docusignIntegrationKey string

@description('User ID of the integration user: a GUID, e.g. a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f, from DocuSign\'s page Users.')
@minLength(36)
@maxLength(36)
param docusignUserId string

@description('Scopes to request consent for, separated by spaces, e.g. signature spring_read.')
param docusignScopes string = 'signature impersonation spring_read spring_write'

@description('User IDs (GUIDs) of other users who may create system-wide connections, in addition to the integration user, e.g. [\'a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f\'].')
param docusignAdmins userId[] = []

@description('Name of the vault secret with the integration key\'s secret key, e.g. docusign-secret-key; empty for none. The secret must exist: create it after the first deployment.')
param docusignSecretName string = ''

@description('Base URL of another account server, e.g. https://account-d.docusign.com; empty for the environment\'s own.')
param docusignOauthUrl string = ''

@description('Base URL of another account discovery of CLM, e.g. https://authuat.springcm.com; empty for the environment\'s own. Access tokens may be sent to its host.')
param docusignClmUrl string = ''

@description('API Account ID (GUID) of the account behind the gateway and Workfront\'s documents, e.g. c3d4e5f6-0000-4000-8000-1a2b3c4d5e6f; empty for the integration user\'s default account.')
param docusignAccountId string = ''

// ---- Clients ---------------------------------------------------------------------------------------------------------

@description('Registered clients in an app setting, which change with a deployment only, e.g. loadJsonContent(\'clients.json\') in the parameter file; empty to keep them in a blob, which `./deploy` uploads. They contain no secrets, only digests of secrets of 256 random bits.')
param clients registeredClient[] = []

@description('Object ids (GUIDs) of people, groups and service principals who may write the registry\'s blob, e.g. [\'1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e\']; by default, the one who deploys.')
param registryWriters string[] = [
  deployer().objectId
]

// ---- Keys ------------------------------------------------------------------------------------------------------------

@description('Name of the key that signs for DocuSign, e.g. evergrant-signing.')
param signingKeyName string = 'evergrant-signing'

@description('Version of the signing key in use: 32 hex digits, e.g. 0123456789abcdef0123456789abcdef; empty for the newest, for the first deployment only. `./deploy` keeps the one in use.')
param signingKeyVersion string = ''

@description('Version of the next signing key during a rotation: 32 hex digits, e.g. 0123456789abcdef0123456789abcdef; empty for none.')
param signingKeyVersionNext string = ''

@description('Name of the key that seals codes and refresh tokens, e.g. evergrant-sealing. It is not rotated.')
param sealingKeyName string = 'evergrant-sealing'

@description('Version of the sealing key in use: 32 hex digits, e.g. 0123456789abcdef0123456789abcdef; empty for the newest. `./deploy` keeps the one in use.')
param sealingKeyVersion string = ''

@description('Identifiers of older sealing keys that can still open tokens, e.g. [\'https://<vault>/keys/evergrant-sealing/0123456789abcdef0123456789abcdef\'].')
param sealingKeyIdsPrevious string[] = []

@description('GUID of the role on both keys, e.g. 12338af0-0e69-4776-bea7-57ae8d297424 (Key Vault Crypto User). A custom role with keys/read and keys/sign/action is enough.')
@minLength(36)
@maxLength(36)
param keyRoleId string = '12338af0-0e69-4776-bea7-57ae8d297424'

@description('Whether to keep the keys in a hardware security module (Premium vault), e.g. true. Operations cost more.')
param hsmKeys bool = false

// ---- Instances -------------------------------------------------------------------------------------------------------

@description('Memory of an instance in MB: 512, 2048 or 4096, e.g. 2048. It determines the price; the handler needs about 20 MB, the Functions host the rest.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('Maximum number of instances: 40 to 1000, e.g. 40.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Number of instances that always run and are always billed: 0 to 20, e.g. 1 if a cold start of a few seconds is too slow.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('Concurrent requests per instance before another one is started: 1 to 1000, e.g. 64.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 64

@description('Maximum size of a request body in bytes, 1048576 or more, e.g. 104857600. The Functions host keeps a body with Content-Length in memory, four times its size, so the default follows the instance\'s memory.')
@minValue(1048576)
param requestBodyLimitBytes int = instanceMemoryMB == 512 ? 26214400 : instanceMemoryMB == 2048 ? 104857600 : 314572800

@description('Whether to spread instances and copies of the store over three zones, e.g. true. Only in regions with zones; cannot be changed later.')
param zoneRedundant bool = false

// ---- Network ---------------------------------------------------------------------------------------------------------

@description('Whether to connect to vault and storage through private endpoints only, e.g. true. The app itself stays reachable from the Internet.')
param privateNetwork bool = false

@description('Address range of the private network in CIDR form, e.g. 10.90.0.0/24.')
param networkAddressPrefix string = '10.90.0.0/24'

@description('Subnet of the instances, /27 or larger, e.g. 10.90.0.0/26.')
param networkAppPrefix string = '10.90.0.0/26'

@description('Subnet of the private endpoints, /28 or larger, e.g. 10.90.0.64/26.')
param networkEndpointPrefix string = '10.90.0.64/26'

@description('Whether Azure adds a hash to the app\'s host name when it is created, e.g. true. Then no one else can take over the name if the app is deleted.')
param uniqueHostName bool = true

@description('Your own host name, e.g. evergrant.contoso.com, whose DNS records exist; empty for the app\'s own. It is the issuer: changing it later means reconnecting everything.')
param customDomain string = ''

@description('Where TLS ends for that name: elsewhere (Front Door or a gateway in front of the app), first (the app, for the first deployment), or managed (the app, for all later ones); e.g. elsewhere.')
@allowed([
  'elsewhere'
  'first'
  'managed'
])
param customDomainTls string = 'elsewhere'

@description('Whether to allow certificates for your own host names on the app, e.g. true. Only has an effect when the app is created; cannot be enabled later.')
param siteCertificates bool = true

// ---- Monitoring ------------------------------------------------------------------------------------------------------

@description('E-mail address for alerts, e.g. integration@contoso.com; empty to show them in the portal only.')
param alertEmail string = ''

@description('Share of a function\'s answers in five minutes that are 5xx or 429, in percent, above which an alert fires, e.g. 5.')
@minValue(0)
@maxValue(100)
param alertUnavailablePercent int = 5

@description('Retention of logs in days: 30 to 730, e.g. 90. Audit lines are logs.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Daily limit for logs in GB, e.g. 5; -1 for no limit. Logs above the limit are lost, including audit lines.')
@minValue(-1)
param logDailyCapGb int = -1

@description('Log level (error, warn, info, debug) or target=level pairs, e.g. info.')
param logLevel string = 'info'

// ---- Advanced --------------------------------------------------------------------------------------------------------

@description('Whether the Functions host gets access to the whole storage account instead of its two containers, e.g. true, if it ever requires more. The app may then also write the client registry.')
param hostMayUseWholeAccount bool = false

@description('More app settings by name, e.g. { HTTPS_PROXY: \'http://proxy.contoso.com:8080\' }. No secrets: use Key Vault references.')
param additionalSettings appSettings = {}

// ----------------------------------------------------------------------------------------------------------------------

var name = '${namePrefix}-${uniqueString(resourceGroup().id)}'

// Modules get names instead of each other's outputs: what-if does not look into a module whose parameters are not known beforehand.
var blobEndpointUrl = 'https://${storageAccountName}.blob.${environment().suffixes.storage}'
var storeUrl = '${blobEndpointUrl}/${storeContainer}'
var registryUrl = empty(clients) ? '${blobEndpointUrl}/${registryContainer}/clients.json' : ''

module identity 'modules/identity.bicep' = {
  params: {
    name: name
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: name
    location: location
    tags: tags
    identityName: name
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
  }
  dependsOn: [
    identity
  ]
}

module storage 'modules/storage.bicep' = {
  params: {
    name: storageAccountName
    location: location
    tags: tags
    identityName: name
    zoneRedundant: zoneRedundant
    privateNetwork: privateNetwork
    hostMayUseWholeAccount: hostMayUseWholeAccount
    registryWriters: registryWriters
    workspaceName: name
  }
  dependsOn: [
    identity
    monitoring
  ]
}

module vault 'modules/vault.bicep' = {
  params: {
    name: keyVaultName
    location: location
    tags: tags
    identityName: name
    keyRoleId: keyRoleId
    hsmKeys: hsmKeys
    signingKeyName: signingKeyName
    sealingKeyName: sealingKeyName
    docusignSecretName: docusignSecretName
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    workspaceName: name
  }
  dependsOn: [
    identity
    monitoring
  ]
}

module network 'modules/network.bicep' = if (privateNetwork) {
  params: {
    name: name
    location: location
    tags: tags
    addressPrefix: networkAddressPrefix
    appPrefix: networkAppPrefix
    endpointPrefix: networkEndpointPrefix
  }
}

module vaultEndpoint 'modules/private-endpoint.bicep' = if (privateNetwork) {
  params: {
    name: '${name}-vault'
    location: location
    tags: tags
    targetId: resourceId('Microsoft.KeyVault/vaults', keyVaultName)
    service: 'vault'
    zoneName: 'privatelink.vaultcore.azure.net'
    networkName: name
  }
  dependsOn: [
    network
    vault
  ]
}

module blobEndpoint 'modules/private-endpoint.bicep' = if (privateNetwork) {
  params: {
    name: '${name}-blob'
    location: location
    tags: tags
    targetId: resourceId('Microsoft.Storage/storageAccounts', storageAccountName)
    service: 'blob'
    zoneName: 'privatelink.blob.${environment().suffixes.storage}'
    networkName: name
  }
  dependsOn: [
    network
    storage
  ]
}

module app 'modules/app.bicep' = {
  params: {
    name: functionAppName
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    identityName: name
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    httpConcurrency: httpConcurrency
    deploymentContainerUrl: '${blobEndpointUrl}/${deploymentContainer}'
    uniqueHostName: uniqueHostName
    networkName: privateNetwork ? name : ''
    siteCertificates: siteCertificates
  }
  // Create the app last, because an instance that starts without its dependencies would have to be restarted.
  dependsOn: [
    storage
    vault
    vaultEndpoint
    blobEndpoint
  ]
}

module settings 'modules/settings.bicep' = {
  params: {
    appName: functionAppName
    identityName: name
    componentName: name
    storageAccountName: storageAccountName
    keyVaultName: keyVaultName
    signingKeyName: signingKeyName
    signingKeyVersion: signingKeyVersion
    sealingKeyName: sealingKeyName
    sealingKeyVersion: sealingKeyVersion
    customDomain: customDomain
    // An empty value counts as not set.
    settings: {
      FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: string(requestBodyLimitBytes)
      EVERGRANT_INSTANCE_MEMORY_MB: string(instanceMemoryMB)
      EVERGRANT_SIGNING_KEY_ID_NEXT: empty(signingKeyVersionNext)
        ? ''
        : 'https://${toLower(keyVaultName)}${environment().suffixes.keyvaultDns}/keys/${signingKeyName}/${signingKeyVersionNext}'
      EVERGRANT_SEALING_KEY_ID_PREVIOUS: join(sealingKeyIdsPrevious, ',')
      EVERGRANT_CLIENTS: empty(clients) ? registryUrl : string(clients)
      EVERGRANT_STORE: storeUrl
      EVERGRANT_LOG: logLevel
      DOCUSIGN_ENVIRONMENT: docusignEnvironment
      DOCUSIGN_OAUTH_URL: docusignOauthUrl
      DOCUSIGN_CLM_URL: docusignClmUrl
      DOCUSIGN_ACCOUNT_ID: docusignAccountId
      DOCUSIGN_INTEGRATION_KEY: docusignIntegrationKey
      DOCUSIGN_USER_ID: docusignUserId
      DOCUSIGN_SCOPES: docusignScopes
      DOCUSIGN_SECRET_KEY: empty(docusignSecretName)
        ? ''
        : '@Microsoft.KeyVault(VaultName=${keyVaultName};SecretName=${docusignSecretName})'
      DOCUSIGN_ADMINS: join(docusignAdmins, ',')
    }
    additionalSettings: additionalSettings
  }
  dependsOn: [
    app
  ]
}

module domain 'modules/domain.bicep' = if (!empty(customDomain) && customDomainTls != 'elsewhere') {
  params: {
    appName: functionAppName
    location: location
    hostName: customDomain
    unbound: customDomainTls == 'first'
  }
  dependsOn: [
    app
  ]
}

module alerts 'modules/alerts.bicep' = {
  params: {
    name: name
    location: location
    tags: tags
    appName: functionAppName
    workspaceName: name
    keyVaultName: keyVaultName
    email: alertEmail
    unavailablePercent: alertUnavailablePercent
  }
  dependsOn: [
    monitoring
    vault
  ]
}

@description('Name of the function app.')
output functionAppName string = functionAppName

@description('Name of the key vault.')
output keyVaultName string = keyVaultName

@description('Name of the storage account.')
output storageAccountName string = storageAccountName

@description('The https URL that callers use: EVERGRANT_PUBLIC_URL, and the issuer.')
output publicUrl string = settings.outputs.publicUrl

@description('The redirect URI for the integration key, on DocuSign\'s page Apps and Keys.')
output docusignRedirectUri string = '${settings.outputs.publicUrl}/consent/callback'

@description('For Power Automate, Workfront and scripts: the token URL.')
output tokenUrl string = '${settings.outputs.publicUrl}/oauth/token'

@description('For Power Automate: the authorization URL. For Workfront, add a slash and the client id.')
output authorizationUrl string = '${settings.outputs.publicUrl}/oauth/authorize'

@description('For Power Automate: the refresh URL.')
output refreshUrl string = '${settings.outputs.publicUrl}/oauth/token'

@description('The revocation URL, to end connections.')
output revocationUrl string = '${settings.outputs.publicUrl}/oauth/revoke'

@description('The metadata URL, for clients with automatic configuration.')
output metadataUrl string = '${settings.outputs.publicUrl}/.well-known/oauth-authorization-server'

@description('The setup page; it requires a function key.')
output setupUrl string = '${settings.outputs.publicUrl}/setup'

@description('Identifier of the signing key in use, with its version.')
output signingKeyId string = settings.outputs.signingKeyId

@description('Identifier of the sealing key in use, with its version.')
output sealingKeyId string = settings.outputs.sealingKeyId

@description('URL of the container for used codes and revocations.')
output storeUrl string = storeUrl

@description('URL of the client registry\'s blob; empty if the parameter clients has the registry.')
output registryUrl string = registryUrl

@description('The next steps, in order.')
output nextSteps string[] = [
  empty(clients)
    ? 'Upload the client registry, which ./deploy and azd up do; until then, the app answers 503. By hand: az storage blob upload --auth-mode login --account-name ${storageAccountName} --container-name ${registryContainer} --name clients.json --file infra/clients.json --overwrite'
    : 'The client registry is in the app setting EVERGRANT_CLIENTS: after a change, deploy again.'
  'Upload the package, which ./deploy does together with this template; by hand: az functionapp deployment source config-zip --resource-group ${resourceGroup().name} --name ${functionAppName} --src target/package/evergrant.zip'
  'Print the redirect URI, the public key and the consent link, with the health checks: evergrant status --app ${functionAppName} --resource-group ${resourceGroup().name} (evergrant is in the package; --open also opens the setup page)'
  'At DocuSign, Apps and Keys, integration key ${docusignIntegrationKey}: add the redirect URI ${settings.outputs.publicUrl}/consent/callback, and upload the public key'
  'Open the consent link, sign in as the integration user and press Allow. The setup page then shows whether everything works: ${settings.outputs.publicUrl}/setup'
  empty(clients)
    ? 'Register a client: evergrant client new <client_id> --in ${registryUrl}'
    : 'Register a client in infra/clients.json, and deploy again.'
]
