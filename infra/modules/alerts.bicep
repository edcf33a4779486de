// Three alerts: too many 503 responses, no access token from DocuSign, and 403 from Key Vault.

@description('Prefix of the alerts\' names, e.g. evergrant-abc123.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resources, e.g. { owner: \'integration\' }.')
param tags object

@description('Name of the function app, e.g. evergrant-abc123.')
param appName string

@description('Resource id of the workspace with the logs, e.g. /subscriptions/…/workspaces/evergrant-abc123.')
param workspaceId string

@description('Resource id of the vault, e.g. /subscriptions/…/vaults/evergrant-abc123.')
param vaultId string

@description('E-mail address for alerts; empty to show them in the portal only, e.g. integration@contoso.com.')
param email string

@description('Share of 503 responses in five minutes, in percent, above which the first alert fires, e.g. 5.')
param unavailablePercent int

var actions = empty(email) ? [] : [mail.id]

var unavailable = replace(loadTextContent('../queries/unavailable.kql'), 'APP_NAME', appName)

var logAlerts = [
  {
    suffix: 'unavailable'
    title: 'Evergrant answers 503'
    meaning: 'Clients have to wait: the share of 503 responses is too high. No connection is lost. The next alert, or docs/runbooks.md, explains the cause.'
    query: replace(unavailable, 'PERCENT', string(unavailablePercent))
  }
  {
    suffix: 'failed-mints'
    title: 'Evergrant gets no access token, or does not start'
    meaning: 'Open the alert\'s query: each line shows the cause and who can fix it.'
    query: replace(loadTextContent('../queries/failed-mints.kql'), 'APP_NAME', appName)
  }
]

resource mail 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: name
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'evergrant'
    emailReceivers: [
      {
        name: 'operator'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource logAlert 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [for alert in logAlerts: {
  name: '${name}-${alert.suffix}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: alert.title
    description: alert.meaning
    enabled: true
    severity: 1
    scopes: [workspaceId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    // A new workspace has no tables until the app sends logs.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: actions
    }
  }
}]

resource denied 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: '${name}-vault-denied'
  location: 'global'
  tags: tags
  properties: {
    description: 'Key Vault rejected a call (403): a role is missing, the network is closed, or someone tries to get access. Its audit log shows the caller.'
    enabled: true
    severity: 1
    scopes: [vaultId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'refused'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.KeyVault/vaults'
          metricName: 'ServiceApiResult'
          dimensions: [
            {
              name: 'StatusCode'
              operator: 'Include'
              values: ['403']
            }
          ]
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [for id in actions: { actionGroupId: id }]
  }
}
