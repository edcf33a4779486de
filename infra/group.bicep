// What a first deployment would create, for `./deploy --what-if`: the resource group, and main.bicep in it.
targetScope = 'subscription'

import { appSettings, registeredClient, resourceTags, userId } from 'types.bicep'

@description('Name of the resource group, e.g. evergrant.')
param resourceGroupName string

@description('Azure region with Flex Consumption, e.g. westeurope. `az functionapp list-flexconsumption-locations` lists them.')
param location string

@description('Prefix of every resource name, e.g. evergrant: 3 to 10 lower-case letters and digits, a letter first.')
@minLength(3)
@maxLength(10)
param namePrefix string?

@description('Name of the function app and first part of its host name, e.g. contoso-evergrant: 2 to 43 letters, digits and hyphens, unique in all of Azure. Azure may add a hash of 17 characters to the host name.')
@minLength(2)
@maxLength(43)
param functionAppName string?

@description('Name of the key vault, e.g. contoso-evergrant: 3 to 24 letters, digits and hyphens, unique in all of Azure. A deleted vault keeps its name for 90 days.')
@minLength(3)
@maxLength(24)
param keyVaultName string?

@description('Name of the storage account, e.g. contosoevergrant: 3 to 24 lower-case letters and digits, unique in all of Azure.')
@minLength(3)
@maxLength(24)
param storageAccountName string?

@description('Tags of every resource, e.g. { owner: \'integration\' }.')
param tags resourceTags?

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
param docusignScopes string?

@description('User IDs (GUIDs) of other users who may create system-wide connections, in addition to the integration user, e.g. [\'a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f\'].')
param docusignAdmins userId[]?

@description('Name of the vault secret with the integration key\'s secret key, e.g. docusign-secret-key; empty for none. The secret must exist: create it after the first deployment.')
param docusignSecretName string?

@description('Base URL of another account server, e.g. https://account-d.docusign.com; empty for the environment\'s own.')
param docusignOauthUrl string?

@description('Base URL of another account discovery of CLM, e.g. https://authuat.springcm.com; empty for the environment\'s own. Access tokens may be sent to its host.')
param docusignClmUrl string?

@description('API Account ID (GUID) of the account behind the gateway and Workfront\'s documents, e.g. c3d4e5f6-0000-4000-8000-1a2b3c4d5e6f; empty for the integration user\'s default account.')
param docusignAccountId string?

@description('Registered clients in an app setting, which change with a deployment only, e.g. loadJsonContent(\'clients.json\') in the parameter file; empty to keep them in a blob, which `./deploy` uploads. They contain no secrets, only digests of secrets of 256 random bits.')
param clients registeredClient[]?

@description('Object ids (GUIDs) of people, groups and service principals who may write the registry\'s blob, e.g. [\'1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e\']; by default, the one who deploys.')
param registryWriters string[]?

@description('Name of the key that signs for DocuSign, e.g. evergrant-signing.')
param signingKeyName string?

@description('Version of the signing key in use: 32 hex digits, e.g. 0123456789abcdef0123456789abcdef; empty for the newest, for the first deployment only. `./deploy` keeps the one in use.')
param signingKeyVersion string?

@description('Version of the next signing key during a rotation: 32 hex digits, e.g. 0123456789abcdef0123456789abcdef; empty for none.')
param signingKeyVersionNext string?

@description('Name of the key that seals codes and refresh tokens, e.g. evergrant-sealing. It is not rotated.')
param sealingKeyName string?

@description('Version of the sealing key in use: 32 hex digits, e.g. 0123456789abcdef0123456789abcdef; empty for the newest. `./deploy` keeps the one in use.')
param sealingKeyVersion string?

@description('Identifiers of older sealing keys that can still open tokens, e.g. [\'https://<vault>/keys/evergrant-sealing/0123456789abcdef0123456789abcdef\'].')
param sealingKeyIdsPrevious string[]?

@description('GUID of the role on both keys, e.g. 12338af0-0e69-4776-bea7-57ae8d297424 (Key Vault Crypto User). A custom role with keys/read and keys/sign/action is enough.')
@minLength(36)
@maxLength(36)
param keyRoleId string?

@description('Whether to keep the keys in a hardware security module (Premium vault), e.g. true. Operations cost more.')
param hsmKeys bool?

@description('Memory of an instance in MB: 512, 2048 or 4096, e.g. 2048. It determines the price; the handler needs about 20 MB, the Functions host the rest.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int?

@description('Maximum number of instances: 40 to 1000, e.g. 40.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int?

@description('Number of instances that always run and are always billed: 0 to 20, e.g. 1 if a cold start of a few seconds is too slow.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int?

@description('Concurrent requests per instance before another one is started: 1 to 1000, e.g. 64.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int?

@description('Maximum size of a request body in bytes, 1048576 or more, e.g. 104857600. The Functions host keeps a body with Content-Length in memory, four times its size, so the default follows the instance\'s memory.')
@minValue(1048576)
param requestBodyLimitBytes int?

@description('Whether to spread instances and copies of the store over three zones, e.g. true. Only in regions with zones; cannot be changed later.')
param zoneRedundant bool?

@description('Whether to connect to vault and storage through private endpoints only, e.g. true. The app itself stays reachable from the Internet.')
param privateNetwork bool?

@description('Address range of the private network in CIDR form, e.g. 10.90.0.0/24.')
param networkAddressPrefix string?

@description('Subnet of the instances, /27 or larger, e.g. 10.90.0.0/26.')
param networkAppPrefix string?

@description('Subnet of the private endpoints, /28 or larger, e.g. 10.90.0.64/26.')
param networkEndpointPrefix string?

@description('Whether Azure adds a hash to the app\'s host name when it is created, e.g. true. Then no one else can take over the name if the app is deleted.')
param uniqueHostName bool?

@description('Your own host name, e.g. evergrant.contoso.com, whose DNS records exist; empty for the app\'s own. It is the issuer: changing it later means reconnecting everything.')
param customDomain string?

@description('Where TLS ends for that name: elsewhere (Front Door or a gateway in front of the app), first (the app, for the first deployment), or managed (the app, for all later ones); e.g. elsewhere.')
@allowed([
  'elsewhere'
  'first'
  'managed'
])
param customDomainTls string?

@description('Whether to allow certificates for your own host names on the app, e.g. true. Only has an effect when the app is created; cannot be enabled later.')
param siteCertificates bool?

@description('E-mail address for alerts, e.g. integration@contoso.com; empty to show them in the portal only.')
param alertEmail string?

@description('Share of a function\'s answers in five minutes that are 5xx or 429, in percent, above which an alert fires, e.g. 5.')
@minValue(0)
@maxValue(100)
param alertUnavailablePercent int?

@description('Retention of logs in days: 30 to 730, e.g. 90. Audit lines are logs.')
@minValue(30)
@maxValue(730)
param logRetentionDays int?

@description('Daily limit for logs in GB, e.g. 5; -1 for no limit. Logs above the limit are lost, including audit lines.')
@minValue(-1)
param logDailyCapGb int?

@description('Log level (error, warn, info, debug) or target=level pairs, e.g. info.')
param logLevel string?

@description('Whether the Functions host gets access to the whole storage account instead of its two containers, e.g. true, if it ever requires more. The app may then also write the client registry.')
param hostMayUseWholeAccount bool?

@description('More app settings by name, e.g. { HTTPS_PROXY: \'http://proxy.contoso.com:8080\' }. No secrets: use Key Vault references.')
param additionalSettings appSettings?

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
}

// A parameter that is not given is null here, and has its default there.
module evergrant 'main.bicep' = {
  scope: group
  params: {
    location: location
    namePrefix: namePrefix
    functionAppName: functionAppName
    keyVaultName: keyVaultName
    storageAccountName: storageAccountName
    tags: tags
    docusignEnvironment: docusignEnvironment
    docusignIntegrationKey: docusignIntegrationKey
    docusignUserId: docusignUserId
    docusignScopes: docusignScopes
    docusignAdmins: docusignAdmins
    docusignSecretName: docusignSecretName
    docusignOauthUrl: docusignOauthUrl
    docusignClmUrl: docusignClmUrl
    docusignAccountId: docusignAccountId
    clients: clients
    registryWriters: registryWriters
    signingKeyName: signingKeyName
    signingKeyVersion: signingKeyVersion
    signingKeyVersionNext: signingKeyVersionNext
    sealingKeyName: sealingKeyName
    sealingKeyVersion: sealingKeyVersion
    sealingKeyIdsPrevious: sealingKeyIdsPrevious
    keyRoleId: keyRoleId
    hsmKeys: hsmKeys
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    httpConcurrency: httpConcurrency
    requestBodyLimitBytes: requestBodyLimitBytes
    zoneRedundant: zoneRedundant
    privateNetwork: privateNetwork
    networkAddressPrefix: networkAddressPrefix
    networkAppPrefix: networkAppPrefix
    networkEndpointPrefix: networkEndpointPrefix
    uniqueHostName: uniqueHostName
    customDomain: customDomain
    customDomainTls: customDomainTls
    siteCertificates: siteCertificates
    alertEmail: alertEmail
    alertUnavailablePercent: alertUnavailablePercent
    logRetentionDays: logRetentionDays
    logDailyCapGb: logDailyCapGb
    logLevel: logLevel
    hostMayUseWholeAccount: hostMayUseWholeAccount
    additionalSettings: additionalSettings
  }
}
