// DocuSign's SDK for Node.js against the account server: JWT Grant, sign-in code, user, an API call, and every error.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import docusign from 'docusign-esign';

const { INTEGRATION_KEY, SECRET_KEY, DOCUSIGN_USER, OTHER_USER, SIGNING_KEY, CODE } = process.env;
const key = await readFile(SIGNING_KEY);
const scopes = ['signature', 'impersonation'];
const api = new docusign.ApiClient({ basePath: 'https://demo.docusign.net/restapi' });

const { body } = await api.requestJWTUserToken(INTEGRATION_KEY, DOCUSIGN_USER, scopes, key, 3600);
assert.equal(body.token_type, 'Bearer');
assert.ok(body.expires_in > 0);
const user = await api.getUserInfo(body.access_token);
assert.equal(user.sub, DOCUSIGN_USER);
const account = user.accounts.find(({ isDefault }) => isDefault === 'true');
api.setJWTToken(body.access_token);
api.basePath = `${account.baseUri}/restapi`;
const { users } = await new docusign.UsersApi(api).list(account.accountId, { status: 'Active' });
assert.ok(users.some(({ userId }) => userId === DOCUSIGN_USER));
const signedIn = await api.generateAccessToken(INTEGRATION_KEY, SECRET_KEY, CODE);
assert.equal((await api.getUserInfo(signedIn.accessToken)).sub, OTHER_USER);

const refused = [
  ['issuer_not_found', [DOCUSIGN_USER, DOCUSIGN_USER, scopes, key, 600]],
  ['user_not_found', [INTEGRATION_KEY, INTEGRATION_KEY, scopes, key, 600]],
  ['no_valid_keys_or_signatures', [INTEGRATION_KEY, DOCUSIGN_USER, scopes, key, 3601]],
  ['consent_required', [INTEGRATION_KEY, OTHER_USER, scopes, key, 600]],
];
for (const [reason, request] of refused) {
  const error = await api.requestJWTUserToken(...request).then(() => assert.fail(reason), (error) => error);
  const { error: code, error_description: description } = error.response.data;
  assert.deepEqual([error.response.status, description ?? code], [400, reason]);
}
console.log('ok');
