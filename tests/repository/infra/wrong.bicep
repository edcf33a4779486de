// Mistakes, with parts of what the compiler and its linter must say about them.
param location string = resourceGroup().location

resource vault 'Microsoft.KeyVault/vaults@2019-09-01' = { // use-recent-api-versions
  name: 'vault'
  location: location
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enablePurgeProtektion: true // enablePurgeProtektion
  }
}
