// Everything that can be switched on, for the tests.
using 'main.bicep'
param functionAppName = 'app'
param keyVaultName = 'vault'
param storageAccountName = 'storage'
param docusignEnvironment = 'production'
param docusignIntegrationKey = '1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e'
param docusignUserId = 'a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f'
param docusignAdmins = ['a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f', 'c3d4e5f6-0000-4000-8000-1a2b3c4d5e6f']
param docusignSecretName = 'docusign-secret'
param docusignOauthUrl = 'https://oauth.example'
param docusignClmUrl = 'https://clm.example'
param docusignAccountId = 'c3d4e5f6-0000-4000-8000-1a2b3c4d5e6f'
param signingKeyVersion = 'aaa'
param signingKeyVersionNext = 'bbb'
param sealingKeyVersion = 'ccc'
param sealingKeyIdsPrevious = ['x', 'y']
param hsmKeys = true
param alwaysReadyInstances = 2
param privateNetwork = true
param docusignScopes = 'signature'
param clients = [{ client_id: 'one', client_secret_sha256: [], grant_types: [] }]
param logLevel = 'debug'
param alertEmail = 'operator@example.com'
param instanceMemoryMB = 4096
