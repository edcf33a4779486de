// openid-client, unmodified: discovery, code with PKCE, refresh, revocation.
import * as client from 'openid-client';
import { check, clientId, clientSecret, issuer, privateKey, redirectUri, signIn } from './person.mjs';

const methods = clientSecret
  ? [client.ClientSecretPost(clientSecret), client.ClientSecretBasic(clientSecret)]
  : [privateKey ? client.PrivateKeyJwt(privateKey) : client.None()];
for (const authentication of methods) {
  const config = await client.discovery(new URL(issuer), clientId, {}, authentication, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  });
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'signature spring_read',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
  });
  const tokens = await client.authorizationCodeGrant(config, await signIn(url), { pkceCodeVerifier, expectedState });
  check(tokens.access_token && tokens.expiresIn() > 0 && tokens.scope === 'signature spring_read', 'the tokens');
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  check(refreshed.access_token && refreshed.refresh_token, 'the refreshed tokens');
  await client.tokenRevocation(config, refreshed.refresh_token);
  const refused = await client.refreshTokenGrant(config, refreshed.refresh_token).catch((error) => error);
  check(refused.error === 'invalid_grant', `after revocation: ${refused}`);
}
console.log('ok');
