"""DocuSign's SDK for Python against the account server: JWT Grant, sign-in code, user, an API call, and every error."""

import json
import os
from pathlib import Path

import docusign_esign
from docusign_esign.client.api_exception import ApiException
from docusign_esign.client.configuration import Configuration

HOST = "account-d.docusign.com"
integration_key, secret_key = os.environ["INTEGRATION_KEY"], os.environ["SECRET_KEY"]
robot, other = os.environ["DOCUSIGN_USER"], os.environ["OTHER_USER"]
key = Path(os.environ["SIGNING_KEY"]).read_bytes()
scopes = ["signature", "impersonation"]

# The SDK's own settings; it does not read the environment.
Configuration().proxy = os.environ["HTTPS_PROXY"]
Configuration().ssl_ca_cert = os.environ["SSL_CERT_FILE"]
accounts = docusign_esign.ApiClient(oauth_host_name=HOST)

token = accounts.request_jwt_user_token(integration_key, robot, HOST, key, 3600, scopes)
assert token.token_type == "Bearer" and int(token.expires_in) > 0, token
user = accounts.get_user_info(token.access_token)
assert user.sub == robot, user
account = next(account for account in user.accounts if account.is_default == "true")
Configuration().proxy = None
api = docusign_esign.ApiClient(f"{account.base_uri}/restapi", "Authorization", f"Bearer {token.access_token}")
users = docusign_esign.UsersApi(api).list(account.account_id, status="Active").users
assert any(user.user_id == robot for user in users), users
signed_in = accounts.generate_access_token(integration_key, secret_key, os.environ["CODE"])
assert accounts.get_user_info(signed_in.access_token).sub == other

for reason, (issuer, subject, seconds) in {
    "issuer_not_found": (robot, robot, 600),
    "user_not_found": (integration_key, integration_key, 600),
    "no_valid_keys_or_signatures": (integration_key, robot, 3601),
    "consent_required": (integration_key, other, 600),
}.items():
    try:
        accounts.request_jwt_user_token(issuer, subject, HOST, key, seconds, scopes)
    except ApiException as error:
        body = json.loads(error.body)
        assert (error.status, body.get("error_description", body["error"])) == (400, reason), error
    else:
        raise AssertionError(reason)
print("ok")
