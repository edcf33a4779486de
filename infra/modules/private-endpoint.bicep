// One private endpoint, and the DNS zone that resolves the service's public name to it.

@description('Name of the endpoint, e.g. evergrant-abc123-vault.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resources, e.g. { owner: \'integration\' }.')
param tags object

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

@description('Resource id of the network that uses the DNS zone, e.g. /subscriptions/…/virtualNetworks/evergrant-abc123.')
param networkId string

@description('Resource id of the subnet for private endpoints, e.g. /subscriptions/…/subnets/app.')
param subnetId string

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
      id: networkId
    }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2025-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
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
