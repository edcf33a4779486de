// The vault and its two keys. The private keys never leave it; the identity may only use them.

import { resourceTags } from '../types.bicep'

@description('Name of the vault: 3 to 24 letters, digits and hyphens, unique in all of Azure, e.g. evergrant-abc123.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resources, e.g. { owner: \'integration\' }.')
param tags resourceTags

@description('Name of the app\'s identity, e.g. evergrant-abc123.')
param identityName string

@description('GUID of the role that lets the identity read and use a key, e.g. 12338af0-0e69-4776-bea7-57ae8d297424.')
param keyRoleId string

@description('Whether to keep the keys in a hardware security module, e.g. true.')
param hsmKeys bool

@description('Name of the secret with DocuSign\'s secret key; empty if there is none, e.g. docusign-secret-key.')
param docusignSecretName string

@description('Enabled, or Disabled if the vault is reached through the private endpoint only, e.g. Enabled.')
@allowed([
  'Disabled'
  'Enabled'
])
param publicNetworkAccess string

@description('Name of the workspace that gets the audit log, e.g. evergrant-abc123.')
param workspaceName string

@description('Name of the key that signs for DocuSign, e.g. evergrant-signing.')
param signingKeyName string

@description('Name of the key that seals codes and refresh tokens, e.g. evergrant-sealing.')
param sealingKeyName string

var keyRole = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyRoleId)
var secretsUser = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '4633458b-17de-408a-b874-0445c86b69e6'
)

// The public key must be uploaded to DocuSign, so an automatic rotation would break every connection: the policy only notifies.
// It also sets no expiry, because Key Vault does not sign with an expired key.
var rotationPolicy = {
  attributes: {}
  lifetimeActions: [
    {
      trigger: {
        timeBeforeExpiry: 'P30D'
      }
      action: {
        type: 'notify'
      }
    }
  ]
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = {
  name: workspaceName
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  // checkov:skip=CKV_AZURE_189:The parameter publicNetworkAccess decides; either way only Entra identities with a role get in.
  // checkov:skip=CKV_AZURE_109:The parameter publicNetworkAccess decides; either way only Entra identities with a role get in.
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: hsmKeys ? 'premium' : 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    // Trusted Azure services have access, because Resource Manager creates keys and containers.
    publicNetworkAccess: publicNetworkAccess
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: publicNetworkAccess == 'Disabled' ? 'Deny' : 'Allow'
    }
  }
}

// Resource Manager creates a missing key and does not change an existing one, so deploying again never rotates keys.
resource signingKey 'Microsoft.KeyVault/vaults/keys@2026-02-01' = {
  // checkov:skip=CKV_AZURE_112:The parameter hsmKeys decides.
  // checkov:skip=CKV_AZURE_40:Key Vault does not sign with an expired key, so a date would be the date of an outage.
  parent: vault
  name: signingKeyName
  tags: tags
  properties: {
    kty: hsmKeys ? 'RSA-HSM' : 'RSA'
    keySize: 2048
    keyOps: [
      'sign'
      'verify'
    ]
    attributes: {
      enabled: true
    }
    rotationPolicy: rotationPolicy
  }
}

resource sealingKey 'Microsoft.KeyVault/vaults/keys@2026-02-01' = {
  // checkov:skip=CKV_AZURE_112:The parameter hsmKeys decides.
  // checkov:skip=CKV_AZURE_40:Key Vault does not sign with an expired key, so a date would be the date of an outage.
  parent: vault
  name: sealingKeyName
  tags: tags
  properties: {
    kty: hsmKeys ? 'RSA-HSM' : 'RSA'
    keySize: 2048
    keyOps: [
      'sign'
      'verify'
    ]
    attributes: {
      enabled: true
    }
    rotationPolicy: rotationPolicy
  }
}

resource signingKeyUser 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: signingKey
  name: guid(signingKey.id, identity.id, keyRole)
  properties: {
    description: 'Signs assertions for DocuSign.'
    roleDefinitionId: keyRole
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource sealingKeyUser 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: sealingKey
  name: guid(sealingKey.id, identity.id, keyRole)
  properties: {
    description: 'Derives the secret that seals codes and refresh tokens.'
    roleDefinitionId: keyRole
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource docusignSecret 'Microsoft.KeyVault/vaults/secrets@2026-02-01' existing = if (!empty(docusignSecretName)) {
  parent: vault
  // A name is required even without a secret.
  name: empty(docusignSecretName) ? 'none' : docusignSecretName
}

resource docusignSecretUser 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(docusignSecretName)) {
  scope: docusignSecret
  name: guid(docusignSecret.id, identity.id, secretsUser)
  properties: {
    description: 'Reads DocuSign\'s secret key for an app setting.'
    roleDefinitionId: secretsUser
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// This is the newest version; the only one without preview, 2016-09-01, has no categories of these logs.
#disable-next-line use-recent-api-versions
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspace.id
    // A table of its own has all its columns from the start; the shared one gets a column with the first value in it.
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}
