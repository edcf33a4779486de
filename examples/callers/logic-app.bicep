// A Logic App that calls Evergrant's gateway with its managed identity. Trust the output objectId with
// `evergrant client new NAME --trust entra --tenant T --object-id O --audience A --allow "GET /clm/"`.

@description('Name of the Logic App, e.g. agreements.')
param name string

@description('Region, e.g. westeurope.')
param location string = resourceGroup().location

@description('Base URL of the Evergrant app, e.g. https://contoso-evergrant.azurewebsites.net.')
param evergrantUrl string

@description('Application ID URI of the app registration, which is the audience of the identity\'s tokens, e.g. api://d2c3e4f5-6071-4c8d-8e9f-1a2b3c4d5e88.')
param audience string

resource workflow 'Microsoft.Logic/workflows@2019-05-01' = {
  name: name
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    definition: {
      '$schema': 'https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#'
      contentVersion: '1.0.0.0'
      triggers: {
        Daily: {
          type: 'Recurrence'
          recurrence: {
            frequency: 'Day'
            interval: 1
          }
        }
      }
      actions: {
        Current_member: {
          type: 'Http'
          inputs: {
            method: 'GET'
            uri: '${evergrantUrl}/gateway/clm/members/current'
            authentication: {
              type: 'ManagedServiceIdentity'
              audience: audience
            }
          }
          runAfter: {}
        }
      }
    }
  }
}

@description('Object ID of the Logic App\'s managed identity, for the client\'s trust.')
output objectId string = workflow.identity.principalId
