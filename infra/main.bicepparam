// The parameters of this installation. On a terminal, ./deploy asks for those that are missing and writes them here. Keep the file with
// your own source code.
// It contains no secrets. main.bicep describes all parameters, including those with defaults.
using 'main.bicep'

// DocuSign: demo or production, and two GUIDs: the integration key (Settings > Apps and Keys) and the API Username of the integration user
// (Users). Write them here in quotes, or set them in the environment for every deployment.
param docusignEnvironment = readEnvironmentVariable('DOCUSIGN_ENVIRONMENT')
param docusignIntegrationKey = readEnvironmentVariable('DOCUSIGN_INTEGRATION_KEY')
param docusignUserId = readEnvironmentVariable('DOCUSIGN_USER_ID')
param docusignScopes = 'signature impersonation spring_read spring_write'

// Only if the integration user belongs to several accounts: the API Account ID (a GUID) of the one behind the gateway and Workfront's documents.
param docusignAccountId = ''

// The client registry is clients.json, with digests of the clients' secrets: ./deploy uploads it to a blob. To keep it in an app
// setting instead, which changes with a deployment only: param clients = loadJsonContent('clients.json')

// The e-mail address for alerts. If it is empty, the portal shows them.
param alertEmail = ''

// ./deploy sets these, so that deploying again never changes a key. By hand, write the versions in use here.
param signingKeyVersion = readEnvironmentVariable('SIGNING_KEY_VERSION', '')
param signingKeyVersionNext = readEnvironmentVariable('SIGNING_KEY_VERSION_NEXT', '')
param sealingKeyVersion = readEnvironmentVariable('SEALING_KEY_VERSION', '')

// The tags that azd finds its app by; empty without azd.
param tags = empty(readEnvironmentVariable('AZURE_ENV_NAME', ''))
  ? {}
  : { 'azd-env-name': readEnvironmentVariable('AZURE_ENV_NAME', '') }
