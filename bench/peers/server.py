"""An authorization server with Authlib and Flask: one client with a secret, the client credentials grant.

Client and secret come from the environment. It issues its own tokens, without DocuSign. gunicorn serves it.
"""

import hmac
import os
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from flask import Flask

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"


class Client(ClientMixin):
    """The only client."""

    client_id = os.environ["CLIENT_ID"]
    client_secret = os.environ["CLIENT_SECRET"]
    scope = os.environ["SCOPE"]

    def get_client_id(self):
        return self.client_id

    def get_allowed_scope(self, scope):
        return scope or self.scope

    def check_client_secret(self, client_secret):
        return hmac.compare_digest(client_secret, self.client_secret)

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_post"

    def check_grant_type(self, grant_type):
        return grant_type == "client_credentials"


class ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]


# Keep only the newest tokens, because a run issues hundreds of thousands.
issued = {}


def save_token(token, request):
    if len(issued) >= 1000:
        issued.pop(next(iter(issued)))
    issued[token["access_token"]] = time.time() + token["expires_in"]


client = Client()
app = Flask(__name__)
server = AuthorizationServer(
    app,
    query_client=lambda client_id: client if client_id == client.client_id else None,
    save_token=save_token,
)
server.register_grant(ClientCredentials)


@app.post("/oauth/token")
def token():
    return server.create_token_response()
