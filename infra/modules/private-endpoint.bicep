// One private endpoint, and the DNS zone that resolves the service's public name to it.

import { resourceTags } from '../types.bicep'

@description('Name of the endpoint, e.g. evergrant-abc123-vault.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resources, e.g. { owner: \'integration\' }.')
param tags resourceTags

@description('Resource id of the target, e.g. /subscriptions/…/vaults/evergrant-abc123.')
param targetId string

@description('Service of the target, e.g. vault.')
@allowed([
  'blob'
  'vault'
])
param service string

@description('DNS zone of private endpoints for that service, e.g. privatelink.vaultcore.azure.net.')
param zoneName string

@description('Name of the network that uses the DNS zone and has the subnet for private endpoints, e.g. evergrant-abc123.')
param networkName string

resource network 'Microsoft.Network/virtualNetworks@2025-09-01' existing = {
  name: networkName

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: zoneName
  location: 'global'
  tags: tags
}

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = {
  parent: zone
  name: 'evergrant'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2025-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: {
      id: network::endpoints.id
    }
    privateLinkServiceConnections: [
      {
        name: service
        properties: {
          privateLinkServiceId: targetId
          groupIds: [service]
        }
      }
    ]
  }
}

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-09-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: service
        properties: {
          privateDnsZoneId: zone.id
        }
      }
    ]
  }
  dependsOn: [
    link
  ]
}
