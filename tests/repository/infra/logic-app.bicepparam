using 'logic-app.bicep'
param name = 'agreements'
param evergrantUrl = 'https://contoso.example'
param audience = 'api://d2c3e4f5-6071-4c8d-8e9f-1a2b3c4d5e88'
