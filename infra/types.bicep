// Types of parameters, so that an editor completes them and the compiler refuses mistakes.

@export()
@description('Tags of every resource by name, e.g. { owner: \'integration\' }.')
type resourceTags = {
  *: string
}

@export()
@description('A DocuSign user\'s User ID: a GUID, e.g. a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f.')
@minLength(36)
@maxLength(36)
type userId = string

@export()
@description('App settings by name, e.g. { HTTPS_PROXY: \'http://proxy.contoso.com:8080\' }.')
type appSettings = {
  @description('Proxy for calls to DocuSign and Azure, e.g. http://proxy.contoso.com:8080.')
  HTTPS_PROXY: string?

  @description('Hosts that are called without the proxy, e.g. .vault.azure.net,.blob.core.windows.net.')
  NO_PROXY: string?

  @description('File with other certificate authorities, e.g. /home/site/wwwroot/authorities.pem.')
  SSL_CERT_FILE: string?

  @description('Any other setting.')
  *: string
}

@description('SHA-256 of a secret or an API key: 64 lower-case hexadecimal digits.')
@minLength(64)
@maxLength(64)
type digest = string

@sealed()
@description('Tokens of an issuer (issuer, audience, subject or claims), or the client\'s own public keys (jwks or jwks_uri).')
type trusted = {
  @description('What iss must be, e.g. https://token.actions.githubusercontent.com.')
  issuer: string?

  @description('What aud must be or contain, e.g. evergrant.')
  audience: string?

  @description('What sub must be, e.g. repo:contoso/deploy:environment:production.')
  subject: string?

  @description('What other claims must be, by name.')
  claims: object?

  @description('A JSON Web Key Set with public keys.')
  jwks: object?

  @description('The URL of a JSON Web Key Set.')
  jwks_uri: string?
}

@export()
@sealed()
@description('A registered client; docs/reference/clients.md explains its fields. It contains no secrets, only digests of secrets of 256 random bits.')
type registeredClient = {
  @description('The client identifier: 1 to 200 printable ASCII characters without spaces and colons, unique, e.g. nightly-report.')
  @minLength(1)
  @maxLength(200)
  client_id: string

  @description('Digest of each accepted secret. Two during a rotation, the older one first; required without trust, where [] makes a public client.')
  @maxLength(2)
  client_secret_sha256: digest[]?

  @description('How the client gets tokens, e.g. [\'client_credentials\']; may be [] if there is an API key or a trusted issuer.')
  grant_types: ('authorization_code' | 'client_credentials' | 'refresh_token')[]

  @description('Whose access tokens the client gets; without it, the integration user\'s.')
  subject: ('integration_user' | 'signed_in_user')?

  @description('The largest and the default scope, separated by spaces, e.g. signature spring_read; without it, all of docusignScopes.')
  scope: string?

  @description('Exact addresses to which the browser may return: https, or http on loopback.')
  redirect_uris: string[]?

  @description('The platform that connects; without it, standard.')
  profile: ('power_automate' | 'standard' | 'workfront')?

  @description('DocuSign\'s own access token, or a sealed one that only this app\'s gateway and Workfront routes accept; without it, docusign.')
  access_token: ('docusign' | 'sealed')?

  @description('Whether to refuse authorization requests without PKCE; without it, false.')
  require_pkce: bool?

  @description('Seconds until a refresh token expires, e.g. 31536000; without it, never.')
  @minValue(1)
  refresh_token_lifetime: int?

  @description('Whether to accept a refresh token without the client secret; without it, false.')
  secretless_refresh: bool?

  @description('Whether to add iss (RFC 9207) when the browser returns to the client; without it, true.')
  authorization_response_iss: bool?

  @description('Whether to accept token requests in the query, which platforms log; without it, false.')
  token_request_in_query: bool?

  @description('Digest of each API key for the gateway and the Workfront routes.')
  api_key_sha256: digest[]?

  @description('Users that an API key may name: e-mail addresses, or @ and a domain; without it, every active user of the account.')
  api_key_usernames: string[]?

  @description('Rules for the gateway, e.g. [\'GET /clm/\']; without it, nothing passes.')
  gateway_allow: string[]?

  @description('What proves the client without a secret.')
  @maxLength(20)
  trust: trusted[]?
}
