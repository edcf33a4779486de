"""An Azure Function that calls Evergrant's gateway with its managed identity; EVERGRANT_URL and EVERGRANT_AUDIENCE are app settings."""

import os

import azure.functions as func
import requests
from azure.identity import ManagedIdentityCredential

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
identity = ManagedIdentityCredential()


@app.route(route="member")
def member(request: func.HttpRequest) -> func.HttpResponse:
    token = identity.get_token(os.environ["EVERGRANT_AUDIENCE"] + "/.default").token
    url = os.environ["EVERGRANT_URL"] + "/gateway/clm/members/current"
    answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    return func.HttpResponse(answer.content, status_code=answer.status_code, mimetype="application/json")
