// An OpenID provider, unmodified: a client of its own gets JWT access tokens for any audience. Its keys can be replaced while it
// runs: POST /rotate. It prints its address.
import { createServer } from 'node:http';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import Provider from 'oidc-provider';

const client = {
  client_id: 'workload',
  client_secret: 'secret of the workload at its own provider',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
};

/** A new key for each algorithm; the provider signs with the first one that fits. */
function keys() {
  const pairs = [
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ];
  return pairs.map(([alg, { privateKey }]) => ({ ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: randomUUID() }));
}

function provider(issuer, jwks) {
  return new Provider(issuer, {
    clients: [client],
    jwks: { keys: jwks },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: '',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: new URL(resource).searchParams.get('alg') ?? 'RS256' } },
        }),
      },
    },
  }).callback();
}

let handle;
const server = createServer((request, response) => {
  if (request.url === '/rotate') {
    handle = provider(issuer, keys());
    response.end();
  } else handle(request, response);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
handle = provider(issuer, keys());
console.log(issuer);
