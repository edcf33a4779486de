// Logs and telemetry: one workspace, and an Application Insights component that requires Entra authentication.

import { resourceTags } from '../types.bicep'

@description('Name of workspace and component, e.g. evergrant-abc123.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resources, e.g. { owner: \'integration\' }.')
param tags resourceTags

@description('Name of the app\'s identity, e.g. evergrant-abc123.')
param identityName string

@description('Retention of logs in days, 30 to 730, e.g. 90. Audit lines are logs.')
param retentionDays int

@description('Daily limit for logs in GB, e.g. 5; -1 for no limit. Logs above the limit are lost, including audit lines.')
param dailyCapGb int

var monitoringMetricsPublisher = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '3913510d-42f4-4e42-8a64-420c390055eb'
)

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyCapGb
    }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, identity.id, monitoringMetricsPublisher)
  properties: {
    description: 'Sends telemetry to this component.'
    roleDefinitionId: monitoringMetricsPublisher
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}
