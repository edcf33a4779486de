// The app's identity. It is a separate resource, so that its roles exist before the app starts.
// Role assignments are named after its resource id, not its object id, which what-if cannot know. If the identity is deleted and
// created again, Azure refuses to change the old assignments; docs/runbooks.md explains how to delete them.

import { resourceTags } from '../types.bicep'

@description('Name of the identity, e.g. evergrant-abc123.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resource, e.g. { owner: \'integration\' }.')
param tags resourceTags

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}
