// A network for the app's outgoing calls and the private endpoints. Only created with the parameter privateNetwork.

import { resourceTags } from '../types.bicep'

@description('Name of the network, e.g. evergrant-abc123.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resources, e.g. { owner: \'integration\' }.')
param tags resourceTags

@description('Address range of the network in CIDR form, e.g. 10.90.0.0/24.')
param addressPrefix string

@description('Subnet of the instances, /27 or larger, e.g. 10.90.0.0/26.')
param appPrefix string

@description('Subnet of the private endpoints, /28 or larger, e.g. 10.90.0.64/26.')
param endpointPrefix string

// Only traffic from inside the network is allowed. The app's callers use the platform's front end, not this network.
resource rules 'Microsoft.Network/networkSecurityGroups@2025-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'deny-internet'
        properties: {
          description: 'No access from the Internet.'
          priority: 4000
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [addressPrefix]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: appPrefix
          delegations: [
            {
              // Flex Consumption runs its instances in this environment.
              name: 'flex'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
          networkSecurityGroup: {
            id: rules.id
          }
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointPrefix
          defaultOutboundAccess: false
          privateEndpointNetworkPolicies: 'Enabled'
          networkSecurityGroup: {
            id: rules.id
          }
        }
      }
    ]
  }
}
