// Your own host name, with a certificate that Azure gets and renews. Certificates of single sites are new on Flex
// Consumption; docs/deploy.md describes the alternatives.

@description('Name of the function app, e.g. evergrant-abc123.')
param appName string

@description('Azure region of the app, e.g. westeurope.')
param location string

@description('The host name, e.g. evergrant.contoso.com. Its CNAME record points to the app, and the TXT record asuid.evergrant.contoso.com contains the app\'s verification id.')
param hostName string

@description('Whether the name still has to be bound, e.g. true. A certificate is only issued for a bound name; binding it again would interrupt TLS.')
param unbound bool

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource bare 'Microsoft.Web/sites/hostNameBindings@2025-03-01' = if (unbound) {
  parent: app
  name: hostName
  properties: {
    siteName: appName
    hostNameType: 'Verified'
    customHostNameDnsRecordType: 'CName'
    sslState: 'Disabled'
  }
}

#disable-next-line not-checked // No type data is published for this resource's body.
resource certificate 'Microsoft.Web/sites/certificates@2025-03-01' = {
  parent: app
  name: hostName
  location: location
  properties: {
    canonicalName: hostName
    domainValidationMethod: 'CNAME'
  }
  dependsOn: [
    bare
  ]
}

// A module, because a template cannot contain the same binding twice.
module secured 'domain-binding.bicep' = {
  params: {
    appName: appName
    hostName: hostName
  }
  dependsOn: [
    certificate
  ]
}
