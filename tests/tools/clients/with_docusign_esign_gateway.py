"""DocuSign's SDK for Python through the gateway: a name with an umlaut, a document in base64, and errors."""

import base64
import json
import os
import re

from docusign_esign import AccountsApi, ApiClient, EnvelopesApi
from docusign_esign.client.api_exception import ApiException

account = os.environ["ACCOUNT"]
api = ApiClient(os.environ["BASE_PATH"], "x-api-key", os.environ["KEY"])
envelopes = EnvelopesApi(api)
content = b"%PDF-1.7\n\xff\x80"
documents = [{"documentId": "1", "name": "Verträge.pdf", "documentBase64": base64.b64encode(content).decode()}]
recipients = {"signers": [{"recipientId": "1", "name": "Jörg Müller", "email": "joerg@example.org"}]}
definition = {"status": "sent", "emailSubject": "Bitte prüfen", "documents": documents, "recipients": recipients}
envelope = envelopes.create_envelope(account, envelope_definition=definition).envelope_id

data, status, headers = envelopes.get_document_with_http_info(account, "1", envelope)
assert (data, status) == (content, 200), (data, status)
assert re.match(r'file; filename="Vertr[ -~]*ge\.pdf"', headers["content-disposition"]), headers
api.set_default_header("Content-Transfer-Encoding", "base64")
assert envelopes.get_document(account, "1", envelope) == base64.b64encode(content)

for status, code, call in [
    (400, "INVALID_REQUEST_PARAMETER", lambda: envelopes.list_status_changes(account)),
    (400, "ENVELOPE_IS_INCOMPLETE", lambda: envelopes.create_envelope(account, envelope_definition={"status": "sent"})),
    (403, "access_denied", lambda: envelopes.list_status_changes("87654321", from_date="2026-01-01")),
    (403, "insufficient_scope", lambda: AccountsApi(api).get_account_information(account)),
]:
    try:
        call()
    except ApiException as error:
        body = json.loads(error.body)
        assert (error.status, body.get("errorCode", body.get("error"))) == (status, code), error
    else:
        raise AssertionError(code)
print("ok")
