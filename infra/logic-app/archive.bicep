metadata description = 'Copies each document of a CLM folder, with its metadata, to a SharePoint library. Calls the gateway of a deployed Evergrant.'

targetScope = 'resourceGroup'

@description('Name of the Logic App, e.g. evergrant-archive.')
@minLength(1)
@maxLength(43)
param name string = 'evergrant-archive'

@description('Azure region, e.g. westeurope.')
param location string = resourceGroup().location

@description('Tags of all resources, e.g. { owner: \'legal\' }.')
param tags { *: string } = {}

@description('Base URL of Evergrant, without a slash at its end, e.g. https://contoso-evergrant.azurewebsites.net.')
param gatewayUrl string

@description('API key of a client with the rule clm:read, as evergrant client new prints it once, e.g. from a key vault with getSecret.')
@secure()
param apiKey string

@description('ID of the CLM folder to archive: the part after the last slash of its Href, e.g. 5b0e44c2-7d19-4b7b-9f51-0a6c5a9d2e31.')
param clmFolder string

@description('Address of the SharePoint site, e.g. https://contoso.sharepoint.com/sites/contracts.')
param sharePointSite string

@description('Title or ID of the library, e.g. Documents. It needs the columns ClmDocumentId, ClmEventId, ClmPath, ClmLink, ClmMetadata.')
param archiveLibrary string

@description('Path of the folder, which starts with the path of the library, e.g. /Shared Documents/Archive.')
param archiveFolder string

@description('Larger documents are refused, e.g. 104857600, the limit of Logic Apps and of its SharePoint connector.')
@maxValue(104857600)
param maxDownloadBytes int = 104857600

var sharePoint = subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'sharepointonline')

resource connection 'Microsoft.Web/connections@2016-06-01' = {
  name: '${name}-sharepoint'
  location: location
  tags: tags
  properties: {
    displayName: 'SharePoint'
    api: {
      id: sharePoint
    }
  }
}

resource workflow 'Microsoft.Logic/workflows@2019-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    state: 'Enabled'
    definition: loadJsonContent('archive.json')
    parameters: {
      '$connections': {
        value: {
          sharepointonline: {
            connectionId: connection.id
            connectionName: connection.name
            id: sharePoint
          }
        }
      }
      gatewayUrl: {
        value: gatewayUrl
      }
      apiKey: {
        value: apiKey
      }
      clmFolder: {
        value: clmFolder
      }
      sharePointSite: {
        value: sharePointSite
      }
      archiveLibrary: {
        value: archiveLibrary
      }
      archiveFolder: {
        value: archiveFolder
      }
      maxDownloadBytes: {
        value: maxDownloadBytes
      }
    }
  }
}

@description('Where to sign in to SharePoint once, after the first deployment.')
output connectionUrl string = 'https://portal.azure.com/#@/resource${connection.id}/edit'
