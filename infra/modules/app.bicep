// The function app on Flex Consumption and its settings.

@description('Name of the app, unique in all of Azure; the first part of its host name.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resources.')
param tags object

@description('Instances are spread over three zones.')
param zoneRedundant bool

@description('Resource id of the app\'s identity.')
param identityId string

@description('Client id (GUID) of the app\'s identity.')
param identityClientId string

@description('Memory of an instance in MB: 512, 2048 or 4096.')
param instanceMemoryMB int

@description('The most instances at a time, 40 to 1000.')
param maximumInstanceCount int

@description('Instances that are kept warm, 0 or more.')
param alwaysReadyInstances int

@description('Requests that an instance answers at the same time before another one is started, 1 to 1000.')
param httpConcurrency int

@description('URL of the container that instances start from.')
param deploymentContainerUrl string

@description('Base URL of the blob service that the Functions host keeps its own things in.')
param blobEndpoint string

@description('Where telemetry is sent.')
param insightsConnectionString string

@description('Resource id of the subnet that instances call from; empty for none.')
param subnetId string

@description('Host name that callers use; empty for the app\'s own.')
param customDomain string

@description('Settings of the handler but EVERGRANT_PUBLIC_URL and EVERGRANT_STORE, by name.')
param handlerSettings object

@description('URL of the container for used codes and revocations.')
param storeUrl string

@description('More app settings by name, e.g. HTTPS_PROXY.')
param additionalSettings object

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

var warm = [
  {
    name: 'http'
    instanceCount: alwaysReadyInstances
  }
]

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'evergrant' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    // Power Automate and Workfront call from the Internet, and so does the browser of whoever signs in.
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    keyVaultReferenceIdentity: identityId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      ftpsState: 'Disabled'
    }
    functionAppConfig: {
      runtime: {
        name: 'custom'
        version: '1.0'
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyInstances == 0 ? [] : warm
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
      }
    }
  }
}

// Packages are uploaded with an Entra token; there is no password to steal.
resource noPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = [for way in ['ftp', 'scm']: {
  parent: app
  name: way
  properties: {
    allow: false
  }
}]

var host = empty(customDomain) ? app.properties.defaultHostName : customDomain
var publicUrl = 'https://${host}'

// FUNCTIONS_WORKER_RUNTIME and WEBSITE_RUN_FROM_PACKAGE must not be set on Flex Consumption.
var platformSettings = {
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AZURE_CLIENT_ID: identityClientId
  EVERGRANT_PUBLIC_URL: publicUrl
  EVERGRANT_STORE: storeUrl
}

// These are all the app settings there are: what somebody added by hand is gone after a deployment.
resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(platformSettings, handlerSettings, additionalSettings)
}

@description('Name of the app.')
output name string = app.name

@description('Resource id of the app.')
output id string = app.id

@description('Host name the platform gave the app.')
output defaultHostName string = app.properties.defaultHostName

@description('The https URL that callers use, which is also the issuer.')
output publicUrl string = publicUrl
