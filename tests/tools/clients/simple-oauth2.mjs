// simple-oauth2, unmodified: code, refresh, revocation, with client authentication in the header and in the body.
import { AuthorizationCode } from 'simple-oauth2';
import { check, clientId, clientSecret, issuer, redirectUri, signIn } from './person.mjs';

for (const authorizationMethod of ['header', 'body']) {
  const client = new AuthorizationCode({
    client: { id: clientId, secret: clientSecret },
    auth: { tokenHost: issuer, tokenPath: '/oauth/token', revokePath: '/oauth/revoke', authorizePath: '/oauth/authorize' },
    options: { authorizationMethod },
  });
  const state = 'state of simple-oauth2';
  const url = client.authorizeURL({ redirect_uri: redirectUri, scope: ['signature', 'spring_read'], state });
  const back = await signIn(url);
  check(back.searchParams.get('state') === state, 'the state');
  const tokens = await client.getToken({ code: back.searchParams.get('code'), redirect_uri: redirectUri });
  check(!tokens.expired() && tokens.token.token_type === 'Bearer', 'the tokens');
  const refreshed = await tokens.refresh();
  check(refreshed.token.access_token && refreshed.token.refresh_token, 'the refreshed tokens');
  await refreshed.revokeAll();
  const refused = await refreshed.refresh().catch((error) => error);
  check(refused.data?.payload?.error === 'invalid_grant', `after revocation: ${refused}`);
}
console.log('ok');
