// Binds a host name to the app, with TLS.

@description('Name of the function app, e.g. evergrant-abc123.')
param appName string

@description('The host name, e.g. evergrant.contoso.com.')
param hostName string

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

#disable-next-line not-checked // No type data is published for this resource's body.
resource certificate 'Microsoft.Web/sites/certificates@2025-03-01' existing = {
  parent: app
  name: hostName
}

resource binding 'Microsoft.Web/sites/hostNameBindings@2025-03-01' = {
  parent: app
  name: hostName
  properties: {
    siteName: appName
    hostNameType: 'Verified'
    customHostNameDnsRecordType: 'CName'
    sslState: 'SniEnabled'
    thumbprint: certificate.properties.thumbprint
  }
}
