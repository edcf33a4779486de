"""Unmodified Authlib: code with PKCE and iss, refresh and revocation, with each client authentication method."""

import os

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from person import CLIENT_ID, CLIENT_SECRET, ISSUER, REDIRECT_URI, sign_in

metadata = AuthorizationServerMetadata(requests.get(f"{ISSUER}/.well-known/oauth-authorization-server").json())
verifier = "a-code-verifier-of-authlib-that-is-long-enough-for-rfc-7636"
private_key = os.environ.get("PRIVATE_KEY")
without_secret = ["private_key_jwt"] if private_key else ["none"]
for method in ["client_secret_basic", "client_secret_post"] if CLIENT_SECRET else without_secret:
    client = OAuth2Session(
        CLIENT_ID,
        CLIENT_SECRET or private_key,
        scope="signature spring_read",
        redirect_uri=REDIRECT_URI,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        code_challenge_method="S256",
    )
    client.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"]))
    url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    answer = sign_in(url)
    tokens = client.fetch_token(
        metadata["token_endpoint"], authorization_response=answer, state=state, code_verifier=verifier
    )
    assert tokens["expires_in"] > 0 and tokens["scope"] == "signature spring_read", tokens
    refreshed = client.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
    assert refreshed["access_token"], refreshed
    revoked = client.revoke_token(metadata["revocation_endpoint"], token=refreshed["refresh_token"])
    assert revoked.status_code == 200 and revoked.json() == {}, revoked.text
    try:
        client.refresh_token(metadata["token_endpoint"], refresh_token=refreshed["refresh_token"])
    except OAuthError as error:
        assert error.error == "invalid_grant", error
    else:
        raise AssertionError("the refresh token still works after its revocation")
print("ok")
