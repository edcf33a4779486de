"""Unmodified requests-oauthlib: code with PKCE, and automatic refresh once the access token has expired."""

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"

from person import CLIENT_ID, CLIENT_SECRET, ISSUER, REDIRECT_URI, sign_in
from requests_oauthlib import OAuth2Session

updates = []
for include_client_id in [True, None]:
    client = OAuth2Session(
        CLIENT_ID,
        redirect_uri=REDIRECT_URI,
        scope=["signature", "spring_read"],
        pkce="S256",
        auto_refresh_url=f"{ISSUER}/oauth/token",
        auto_refresh_kwargs={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
        token_updater=updates.append,
    )
    url, _ = client.authorization_url(f"{ISSUER}/oauth/authorize")
    tokens = client.fetch_token(
        f"{ISSUER}/oauth/token",
        authorization_response=sign_in(url),
        client_secret=CLIENT_SECRET,
        include_client_id=include_client_id,
    )
    assert tokens["refresh_token"], tokens
    client.token = {**tokens, "expires_in": -1, "expires_at": 1}
    client.get(f"{ISSUER}/healthz")
    assert updates.pop()["refresh_token"] == tokens["refresh_token"]
print("ok")
