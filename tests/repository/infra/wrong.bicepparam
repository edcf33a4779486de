// Mistakes, with parts of what the compiler must say about them.
using 'main.bicep'
param docusignEnvironment = readEnvironmentVariable('NOT_SET') // Environment variable "NOT_SET" does not exist
param docusignIntegrationKey = '1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e'
param docusignUserId = 'a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f'
param docusignAdmins = ['ada@contoso.com'] // minimum allowable length is 36
param additionalSettings = { HTTPS_PROXY: 1 } // "HTTPS_PROXY" expected a value of type
param clients = [
  { client_id: 'a', client_secret_sha256: [] } // missing the following required properties: "grant_types"
  { client_id: 'b', client_secret_sha256: [], grant_types: ['password'] } // the provided item was of type "'password'"
  { client_id: 'c', client_secret_sha256: [], grant_types: [], scopes: 'signature' } // The property "scopes" is not allowed
  { client_id: 'd', client_secret_sha256: ['2c26'], grant_types: [] } // minimum allowable length is 64
  { client_id: 'e', client_secret_sha256: [], grant_types: [], require_pkce: 'yes' } // "require_pkce" expected a value of type
]
