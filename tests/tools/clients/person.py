"""A user with a browser: follows redirects, keeps cookies, signs in at the simulated DocuSign and selects Allow."""

import html
import json
import os
import re
from urllib.parse import urljoin

import requests

ISSUER = os.environ["ISSUER"]
CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ.get("CLIENT_SECRET")
PRIVATE_KEYS = json.loads(os.environ.get("PRIVATE_KEYS", "{}"))
REDIRECT_URI = os.environ["REDIRECT_URI"]
USER = os.environ["DOCUSIGN_USER"]


def sign_in(url):
    """Opens `url`, follows it through the sign-in, and returns the address at the client where the browser ends up."""
    browser = requests.Session()
    answer = browser.get(url, allow_redirects=False)
    for _ in range(20):
        location = answer.headers.get("location")
        if location:
            target = urljoin(answer.url, location)
            if target.startswith(REDIRECT_URI):
                return target
            answer = browser.get(target, allow_redirects=False)
            continue
        query = re.search("name=query value='([^']*)'", answer.text)
        assert query, f"no form at {answer.url}: {answer.text}"
        form = {"query": html.unescape(query.group(1))}
        if "name=decision" in answer.text:
            path, form["decision"] = "/oauth/auth/decision", "allow"
        else:
            path, form["user"] = "/oauth/auth/sign-in", USER
        answer = browser.post(urljoin(answer.url, path), data=form, allow_redirects=False)
    raise AssertionError("too many pages")
