// DocuSign's SDK for Node.js through the gateway: a name with an umlaut, a document in base64, and errors.
import assert from 'node:assert/strict';
import docusign from 'docusign-esign';

const { BASE_PATH, KEY, ACCOUNT } = process.env;
const api = new docusign.ApiClient({ basePath: BASE_PATH });
api.addDefaultHeader('x-api-key', KEY);
const envelopes = new docusign.EnvelopesApi(api);
const content = Buffer.from('%PDF-1.7\n\u00ff\u0080', 'latin1');
const documents = [{ documentId: '1', name: 'Verträge.pdf', documentBase64: content.toString('base64') }];
const recipients = { signers: [{ recipientId: '1', name: 'Jörg Müller', email: 'joerg@example.org' }] };
const definition = { status: 'sent', emailSubject: 'Bitte prüfen', documents, recipients };
const { envelopeId } = await envelopes.createEnvelope(ACCOUNT, { envelopeDefinition: definition });

const [bytes, response] = await new Promise((resolve, reject) => {
  const done = (error, data, answer) => (error ? reject(error) : resolve([data, answer]));
  envelopes.getDocument(ACCOUNT, envelopeId, '1', {}, done);
});
assert.deepEqual(bytes, content);
assert.match(response.headers['content-disposition'], /^file; filename="Vertr[ -~]*ge\.pdf"/);
api.addDefaultHeader('Content-Transfer-Encoding', 'base64');
assert.equal(await envelopes.getDocument(ACCOUNT, envelopeId, '1'), content.toString('base64'));

const refused = [
  [400, 'INVALID_REQUEST_PARAMETER', () => envelopes.listStatusChanges(ACCOUNT)],
  [400, 'ENVELOPE_IS_INCOMPLETE', () => envelopes.createEnvelope(ACCOUNT, { envelopeDefinition: { status: 'sent' } })],
  [403, 'access_denied', () => envelopes.listStatusChanges('87654321', { fromDate: '2026-01-01' })],
  [403, 'insufficient_scope', () => new docusign.AccountsApi(api).getAccountInformation(ACCOUNT)],
];
for (const [status, code, call] of refused) {
  const { response: answer } = await call().then(() => assert.fail(code), (error) => error);
  assert.deepEqual([answer.status, answer.data.errorCode ?? answer.data.error], [status, code]);
}
console.log('ok');
