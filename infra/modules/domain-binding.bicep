// Binds a host name to the app, with TLS.

@description('Name of the function app, e.g. evergrant-abc123.')
param appName string

@description('The host name, e.g. evergrant.contoso.com.')
param hostName string

@description('SHA-1 thumbprint of the certificate, 40 hex digits, e.g. 0123456789ABCDEF0123456789ABCDEF01234567.')
param thumbprint string

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource binding 'Microsoft.Web/sites/hostNameBindings@2025-03-01' = {
  parent: app
  name: hostName
  properties: {
    siteName: appName
    hostNameType: 'Verified'
    customHostNameDnsRecordType: 'CName'
    sslState: 'SniEnabled'
    thumbprint: thumbprint
  }
}
