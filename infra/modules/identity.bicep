// The app's identity. It is a separate resource, so that its roles exist before the app starts.

@description('Name of the identity, e.g. evergrant-abc123.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resource, e.g. { owner: \'integration\' }.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id, for the app.')
output id string = identity.id

@description('Client id (GUID), for AZURE_CLIENT_ID.')
output clientId string = identity.properties.clientId

@description('Object id (GUID), for role assignments.')
output principalId string = identity.properties.principalId
