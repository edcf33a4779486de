// One storage account without shared keys. Each container has one purpose, and the identity's roles are limited to containers.

@description('Name of the account: 3 to 24 lower-case letters and digits, unique in all of Azure, e.g. evergrantabc123.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resources, e.g. { owner: \'integration\' }.')
param tags object

@description('Object id (GUID) of the app\'s identity, e.g. 1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e.')
param principalId string

@description('Whether to keep copies in three zones instead of one, e.g. true.')
param zoneRedundant bool

@description('Whether the account is reachable through the private endpoint only, e.g. true.')
param privateNetwork bool

@description('Whether to give the host access to the whole account instead of its two containers, e.g. true.')
param hostMayUseWholeAccount bool

@description('Resource id of the workspace that logs deletions, e.g. /subscriptions/…/workspaces/evergrant-abc123.')
param workspaceId string

// Data roles. The Functions host requires Owner; Contributor is enough to read and write blobs.
var blobDataOwner = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b')
var blobDataContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')

var reader = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'acdd72a7-3385-48ef-bd42-f606fba81ae7')

var deploymentContainer = 'app-package'
var storeContainer = 'evergrant'

// The records with a lifetime, and the days after which they are deleted. All other records must be kept. The table of kinds
// is in src/store/records.rs.
var deletedAfterDays = {
  redeemed: 1
  deletions: 1
  'announced-uploads': 7
}

var containers = [
  {
    name: deploymentContainer
    role: blobDataContributor
    purpose: 'The package that instances start from.'
  }
  {
    name: storeContainer
    role: blobDataContributor
    purpose: 'Used codes and revocations.'
  }
  {
    name: 'azure-webjobs-hosts'
    role: blobDataOwner
    purpose: 'Locks of the Functions host.'
  }
  {
    name: 'azure-webjobs-secrets'
    role: blobDataOwner
    purpose: 'Function keys, which the Functions host encrypts.'
  }
]

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  // checkov:skip=CKV_AZURE_35:The parameter privateNetwork decides; either way only Entra identities with a role get in.
  // checkov:skip=CKV_AZURE_43:The name is a parameter that main.bicep and its description limit.
  // checkov:skip=CKV_AZURE_206:The parameter zoneRedundant decides; not every region has zones.
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Trusted Azure services have access, because Resource Manager creates keys and containers.
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    // If a revocation is deleted by mistake, a revoked connection works again.
    deleteRetentionPolicy: {
      enabled: true
      days: 14
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 14
    }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = [for item in containers: {
  parent: blobs
  name: item.name
  properties: {
    publicAccess: 'None'
  }
}]

resource containerRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (item, index) in containers: {
  scope: container[index]
  name: guid(container[index].id, principalId, item.role)
  properties: {
    description: item.purpose
    roleDefinitionId: item.role
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

// The host lists containers to check the storage. Reader allows that, without access to blobs and keys.
resource accountReader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, principalId, reader)
  properties: {
    description: 'Lists containers.'
    roleDefinitionId: reader
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource accountRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hostMayUseWholeAccount) {
  scope: account
  name: guid(account.id, principalId, blobDataOwner)
  properties: {
    description: 'The data of the Functions host, in any container.'
    roleDefinitionId: blobDataOwner
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [for record in items(deletedAfterDays): {
        name: 'delete-${record.key}'
        enabled: true
        type: 'Lifecycle'
        definition: {
          filters: {
            blobTypes: ['blockBlob']
            prefixMatch: ['${storeContainer}/${record.key}/']
          }
          actions: {
            baseBlob: {
              delete: {
                daysAfterModificationGreaterThan: record.value
              }
            }
          }
        }
      }]
    }
  }
  dependsOn: [
    blobs
  ]
}

resource deletions 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'deletions'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
  }
}

@description('Resource id of the account.')
output id string = account.id

@description('URL of the container that instances start from.')
output deploymentContainerUrl string = '${account.properties.primaryEndpoints.blob}${deploymentContainer}'

@description('URL of the container for used codes and revocations, for EVERGRANT_STORE.')
output storeUrl string = '${account.properties.primaryEndpoints.blob}${storeContainer}'
