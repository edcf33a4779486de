// One storage account without shared keys. Each container has one purpose, and the identity's roles are limited to containers.

import { resourceTags } from '../types.bicep'

@description('Name of the account: 3 to 24 lower-case letters and digits, unique in all of Azure, e.g. evergrantabc123.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resources, e.g. { owner: \'integration\' }.')
param tags resourceTags

@description('Name of the app\'s identity, e.g. evergrant-abc123.')
param identityName string

@description('Whether to keep copies in three zones instead of one, e.g. true.')
param zoneRedundant bool

@description('Whether the account is reachable through the private endpoint only, e.g. true.')
param privateNetwork bool

@description('Whether to give the host access to the whole account instead of its two containers, e.g. true.')
param hostMayUseWholeAccount bool

@description('Object ids (GUIDs) of people, groups and service principals who may write the client registry, e.g. [\'1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e\'].')
param registryWriters string[]

@description('Name of the workspace that logs deletions, e.g. evergrant-abc123.')
param workspaceName string

// Data roles. The Functions host requires Owner; Contributor is enough to read and write blobs.
var blobDataOwner = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
)
var blobDataContributor = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
)

var blobDataReader = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
)

var reader = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'acdd72a7-3385-48ef-bd42-f606fba81ae7')

@export()
var deploymentContainer = 'app-package'

@export()
var storeContainer = 'evergrant'

@export()
var registryContainer = 'evergrant-registry'

// The records with a lifetime, and the days after which they are deleted. All other records must be kept. The table of kinds
// is in src/store/records.rs.
var deletedAfterDays = {
  redeemed: 1
  'used-assertions': 1
  deletions: 1
  'announced-uploads': 7
  'requested-redirects': 1
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
    name: registryContainer
    // The app may only read, so taking over the app is not enough to add a client.
    role: blobDataReader
    purpose: 'The client registry.'
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

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = {
  name: workspaceName
}

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  // checkov:skip=CKV_AZURE_35:The parameter privateNetwork decides; either way only Entra identities with a role get in.
  // checkov:skip=CKV_AZURE_59:The parameter privateNetwork decides; anonymous access to blobs is never allowed.
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

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = [
  for item in containers: {
    parent: blobs
    name: item.name
    properties: {
      publicAccess: 'None'
    }
  }
]

resource containerRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (item, index) in containers: {
    scope: container[index]
    name: guid(container[index].id, identity.id, item.role)
    properties: {
      description: item.purpose
      roleDefinitionId: item.role
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource registry 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' existing = {
  parent: blobs
  name: registryContainer
}

// Owners of the account may not write its blobs, so that is a role of its own.
resource registryWriter 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for writer in registryWriters: {
    scope: registry
    name: guid(registry.id, writer, blobDataContributor)
    properties: {
      description: 'Writes the client registry.'
      roleDefinitionId: blobDataContributor
      principalId: writer
    }
    dependsOn: [
      container
    ]
  }
]

// The host lists containers to check the storage. Reader allows that, without access to blobs and keys.
resource accountReader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, identity.id, reader)
  properties: {
    description: 'Lists containers.'
    roleDefinitionId: reader
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource accountRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hostMayUseWholeAccount) {
  scope: account
  name: guid(account.id, identity.id, blobDataOwner)
  properties: {
    description: 'The data of the Functions host, in any container.'
    roleDefinitionId: blobDataOwner
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        for record in items(deletedAfterDays): {
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
        }
      ]
    }
  }
  dependsOn: [
    blobs
  ]
}

// This is the newest version; the only one without preview, 2016-09-01, has no categories of these logs.
#disable-next-line use-recent-api-versions
resource deletions 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'deletions'
  properties: {
    workspaceId: workspace.id
    logs: [
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
  }
}
