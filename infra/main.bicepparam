// What this installation is. Fill it in, keep it with your own source code, and run ./deploy.
// Nothing in here is secret. main.bicep describes every parameter, also those that are left at their defaults.
using 'main.bicep'

// DocuSign: demo or production, and two GUIDs: the integration key (Settings > Apps and Keys) and the API Username of the integration user
// (Users). Write them here in quotes, or have them in the environment at every deployment.
param docusignEnvironment = readEnvironmentVariable('DOCUSIGN_ENVIRONMENT', '')
param docusignIntegrationKey = readEnvironmentVariable('DOCUSIGN_INTEGRATION_KEY', '')
param docusignUserId = readEnvironmentVariable('DOCUSIGN_USER_ID', '')
param docusignScopes = 'signature impersonation spring_read spring_write'

// Only if the integration user belongs to several accounts: the API Account ID (a GUID) of the one behind the gateway and Workfront's documents.
param docusignAccountId = ''

// The clients that may ask for tokens, with digests of their secrets.
param clients = loadJsonContent('clients.json')

// Alerts are sent there; left empty, the portal shows them.
param alertEmail = ''

// ./deploy sets these, so that deploying again never changes a key. By hand, write the versions in use here.
param signingKeyVersion = readEnvironmentVariable('SIGNING_KEY_VERSION', '')
param signingKeyVersionNext = readEnvironmentVariable('SIGNING_KEY_VERSION_NEXT', '')
param sealingKeyVersion = readEnvironmentVariable('SEALING_KEY_VERSION', '')

// Which resources azd finds its app by; empty without azd.
param tags = empty(readEnvironmentVariable('AZURE_ENV_NAME', ''))
  ? {}
  : { 'azd-env-name': readEnvironmentVariable('AZURE_ENV_NAME', '') }
