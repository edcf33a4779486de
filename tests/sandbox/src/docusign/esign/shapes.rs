//! The bodies that DocuSign accepts: the part of its OpenAPI document that the sandbox knows. All values are text there.

/// What a value is.
pub(super) enum Shape {
    Text,
    Choice(&'static [&'static str]),
    List(&'static Self),
    Object(&'static [Member]),
}

/// A member of an object.
pub(super) struct Member {
    pub name: &'static str,
    pub required: bool,
    pub shape: Shape,
}

const fn required(name: &'static str, shape: Shape) -> Member {
    Member { name, required: true, shape }
}

const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, required: false, shape }
}

const BOOLEAN: Shape = Shape::Choice(&["true", "false"]);

/// A field for a recipient: where it is, or which one it is, and its value.
const TAB: Shape = Shape::Object(&[
    optional("tabId", Shape::Text),
    optional("tabLabel", Shape::Text),
    optional("name", Shape::Text),
    optional("value", Shape::Text),
    optional("selected", BOOLEAN),
    optional("required", BOOLEAN),
    optional("locked", BOOLEAN),
    optional("documentId", Shape::Text),
    optional("recipientId", Shape::Text),
    optional("pageNumber", Shape::Text),
    optional("xPosition", Shape::Text),
    optional("yPosition", Shape::Text),
    optional("anchorString", Shape::Text),
    optional("anchorUnits", Shape::Choice(&["pixels", "inches", "mms", "cms"])),
    optional("anchorXOffset", Shape::Text),
    optional("anchorYOffset", Shape::Text),
]);

/// The kinds of fields.
pub(super) const TAB_KINDS: [&str; 7] =
    ["signHereTabs", "initialHereTabs", "dateSignedTabs", "fullNameTabs", "textTabs", "numberTabs", "checkboxTabs"];

/// The fields of a recipient.
pub(super) const TABS: &[Member] = &[
    optional(TAB_KINDS[0], Shape::List(&TAB)),
    optional(TAB_KINDS[1], Shape::List(&TAB)),
    optional(TAB_KINDS[2], Shape::List(&TAB)),
    optional(TAB_KINDS[3], Shape::List(&TAB)),
    optional(TAB_KINDS[4], Shape::List(&TAB)),
    optional(TAB_KINDS[5], Shape::List(&TAB)),
    optional(TAB_KINDS[6], Shape::List(&TAB)),
];

const NEW_SIGNER: Shape = Shape::Object(&[
    required("recipientId", Shape::Text),
    required("name", Shape::Text),
    required("email", Shape::Text),
    optional("routingOrder", Shape::Text),
    optional("clientUserId", Shape::Text),
    optional("roleName", Shape::Text),
    optional("note", Shape::Text),
    optional("tabs", Shape::Object(TABS)),
]);

const NEW_CARBON_COPY: Shape = Shape::Object(&[
    required("recipientId", Shape::Text),
    required("name", Shape::Text),
    required("email", Shape::Text),
    optional("routingOrder", Shape::Text),
    optional("roleName", Shape::Text),
    optional("note", Shape::Text),
]);

/// The recipients of a new envelope, or more recipients.
pub(super) const NEW_RECIPIENTS: &[Member] =
    &[optional("signers", Shape::List(&NEW_SIGNER)), optional("carbonCopies", Shape::List(&NEW_CARBON_COPY))];

const CHANGED_RECIPIENT: Shape = Shape::Object(&[
    required("recipientId", Shape::Text),
    optional("name", Shape::Text),
    optional("email", Shape::Text),
    optional("routingOrder", Shape::Text),
    optional("clientUserId", Shape::Text),
    optional("note", Shape::Text),
]);

/// Changes of recipients.
pub(super) const CHANGED_RECIPIENTS: &[Member] =
    &[optional("signers", Shape::List(&CHANGED_RECIPIENT)), optional("carbonCopies", Shape::List(&CHANGED_RECIPIENT))];

const CUSTOM_FIELD: Shape = Shape::Object(&[
    optional("fieldId", Shape::Text),
    optional("name", Shape::Text),
    optional("value", Shape::Text),
    optional("show", BOOLEAN),
    optional("required", BOOLEAN),
]);

/// Custom fields of an envelope.
pub(super) const CUSTOM_FIELDS: &[Member] = &[optional("textCustomFields", Shape::List(&CUSTOM_FIELD))];

const DOCUMENT: Shape = Shape::Object(&[
    required("documentId", Shape::Text),
    required("name", Shape::Text),
    required("documentBase64", Shape::Text),
    optional("fileExtension", Shape::Text),
    optional("order", Shape::Text),
]);

const TEMPLATE_ROLE: Shape = Shape::Object(&[
    required("roleName", Shape::Text),
    required("name", Shape::Text),
    required("email", Shape::Text),
    optional("clientUserId", Shape::Text),
    optional("routingOrder", Shape::Text),
    optional("tabs", Shape::Object(TABS)),
]);

/// A new envelope.
pub(super) const ENVELOPE: &[Member] = &[
    optional("status", Shape::Choice(&["created", "sent"])),
    optional("emailSubject", Shape::Text),
    optional("emailBlurb", Shape::Text),
    optional("documents", Shape::List(&DOCUMENT)),
    optional("recipients", Shape::Object(NEW_RECIPIENTS)),
    optional("templateId", Shape::Text),
    optional("templateRoles", Shape::List(&TEMPLATE_ROLE)),
    optional("customFields", Shape::Object(CUSTOM_FIELDS)),
];

/// Changes of an envelope.
pub(super) const ENVELOPE_CHANGES: &[Member] = &[
    optional("status", Shape::Choice(&["sent", "voided"])),
    optional("voidedReason", Shape::Text),
    optional("emailSubject", Shape::Text),
    optional("emailBlurb", Shape::Text),
];

/// Envelopes to move.
pub(super) const MOVED_ENVELOPES: &[Member] =
    &[required("envelopeIds", Shape::List(&Shape::Text)), optional("fromFolderId", Shape::Text)];

/// A view for sending.
pub(super) const SENDER_VIEW: &[Member] = &[required("returnUrl", Shape::Text)];

/// A view for corrections.
pub(super) const CORRECT_VIEW: &[Member] =
    &[optional("returnUrl", Shape::Text), optional("suppressNavigation", BOOLEAN)];

/// A view for signing.
pub(super) const RECIPIENT_VIEW: &[Member] = &[
    required(
        "authenticationMethod",
        Shape::Choice(&[
            "Biometric",
            "Email",
            "HTTPBasicAuth",
            "Kerberos",
            "KnowledgeBasedAuth",
            "None",
            "PaperDocuments",
            "Password",
            "RSASecureID",
            "SingleSignOn_CASiteminder",
            "SingleSignOn_InfoCard",
            "SingleSignOn_MicrosoftActiveDirectory",
            "SingleSignOn_Other",
            "SingleSignOn_Passport",
            "SingleSignOn_SAML",
            "Smartcard",
            "SSLMutualAuth",
            "X509Certificate",
        ]),
    ),
    required("returnUrl", Shape::Text),
    required("userName", Shape::Text),
    required("email", Shape::Text),
    optional("clientUserId", Shape::Text),
    optional("recipientId", Shape::Text),
];
