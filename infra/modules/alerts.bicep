// Four alerts: failing functions, failing sign-ins, no access token from DocuSign or wrong settings, and 403 from Key Vault.

import { resourceTags } from '../types.bicep'

@description('Prefix of the alerts\' names, e.g. evergrant-abc123.')
param name string

@description('Azure region, e.g. westeurope.')
param location string

@description('Tags of the resources, e.g. { owner: \'integration\' }.')
param tags resourceTags

@description('Name of the function app, e.g. evergrant-abc123.')
param appName string

@description('Name of the workspace with the logs, e.g. evergrant-abc123.')
param workspaceName string

@description('Name of the key vault, e.g. evergrant-abc123.')
param keyVaultName string

@description('E-mail address for alerts; empty to show them in the portal only, e.g. integration@contoso.com.')
param email string

@description('Share of a function\'s answers in five minutes that are 5xx or 429, in percent, above which the first alert fires, e.g. 5.')
param unavailablePercent int

var actions = empty(email) ? [] : [mail.id]

var unavailable = replace(loadTextContent('../queries/unavailable.kql'), 'APP_NAME', appName)

var logAlerts = [
  {
    suffix: 'unavailable'
    title: 'Evergrant fails too often'
    meaning: 'Too many of a function\'s answers are 5xx or 429. The alert\'s query names the function; docs/runbooks.md lists what is lost and what helps. Existing connections are kept.'
    query: replace(unavailable, 'PERCENT', string(unavailablePercent))
  }
  {
    suffix: 'consent-callback'
    title: 'Evergrant\'s sign-ins fail'
    meaning: 'No one can connect or give consent; existing connections go on. If these answers have no x-request-id, the Functions host cannot read its keys: see docs/runbooks.md.'
    query: replace(loadTextContent('../queries/consent-callback.kql'), 'APP_NAME', appName)
  }
  {
    suffix: 'failed-mints'
    title: 'Evergrant gets no access token, or its settings are wrong'
    meaning: 'Open the alert\'s query: each line shows the cause and who can fix it. For wrong settings, open the setup page.'
    query: replace(loadTextContent('../queries/failed-mints.kql'), 'APP_NAME', appName)
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = {
  name: workspaceName
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: keyVaultName
}

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

resource logAlert 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in logAlerts: {
    name: '${name}-${alert.suffix}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.title
      description: alert.meaning
      enabled: true
      severity: 1
      scopes: [workspace.id]
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
  }
]

resource denied 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: '${name}-vault-denied'
  location: 'global'
  tags: tags
  properties: {
    description: 'Key Vault rejected a call (403): a role is missing, the network is closed, or someone tries to get access. Its audit log shows the caller.'
    enabled: true
    severity: 1
    scopes: [vault.id]
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
