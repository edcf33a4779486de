// An authorization server with node oidc-provider: one client with a secret, the client credentials grant, tokens in memory.
// Port, client and secret come from the environment. It issues its own tokens, without DocuSign.
import Provider from 'oidc-provider'

const { PORT, CLIENT_ID, CLIENT_SECRET, SCOPE } = process.env
const issuer = `http://127.0.0.1:${PORT}`

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_post',
      scope: SCOPE,
    },
  ],
  scopes: SCOPE.split(' '),
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  routes: { token: '/oauth/token' },
  ttl: { ClientCredentials: 3600 },
})

provider.on('server_error', (_context, error) => console.error(error))
provider.listen(Number(PORT), '127.0.0.1')
