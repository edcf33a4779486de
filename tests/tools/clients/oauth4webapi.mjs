// oauth4webapi, unmodified: metadata, code with PKCE and iss, refresh, revocation.
import * as oauth from 'oauth4webapi';
import { check, clientId, clientSecret, issuer, privateKey, redirectUri, signIn } from './person.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };
const discovered = await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...insecure });
const server = await oauth.processDiscoveryResponse(new URL(issuer), discovered);
const client = { client_id: clientId };
const methods = clientSecret
  ? [oauth.ClientSecretPost(clientSecret), oauth.ClientSecretBasic(clientSecret)]
  : [privateKey ? oauth.PrivateKeyJwt(privateKey) : oauth.None()];
for (const authentication of methods) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  });
  const parameters = oauth.validateAuthResponse(server, client, await signIn(url), state);
  const exchange = await oauth.authorizationCodeGrantRequest(
    server, client, authentication, parameters, redirectUri, verifier, insecure);
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, exchange);
  const refresh = await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token, insecure);
  const refreshed = await oauth.processRefreshTokenResponse(server, client, refresh);
  check(refreshed.access_token && refreshed.expires_in > 0, 'the refreshed tokens');
  const revocation = await oauth.revocationRequest(server, client, authentication, refreshed.refresh_token, insecure);
  await oauth.processRevocationResponse(revocation);
  const again = await oauth.refreshTokenGrantRequest(server, client, authentication, refreshed.refresh_token, insecure);
  const refused = await oauth.processRefreshTokenResponse(server, client, again).catch((error) => error);
  check(refused.error === 'invalid_grant', `after revocation: ${refused}`);
}
console.log('ok');
