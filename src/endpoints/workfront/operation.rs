//! What Workfront can ask for. Pure.

use http::Method;

use crate::endpoints::workfront::error::WorkfrontError;

/// Where the operations are; the Base API URL of the registration ends with it.
const BASE: &str = "/workfront/v1/";

/// One endpoint of Workfront's document webhooks; `Open` is ours, for browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Metadata,
    Files,
    Search,
    Download,
    Thumbnail,
    UploadInit,
    Upload,
    CreateFolder,
    ServiceInfo,
    Delete,
    Rename,
    CustomAction,
    Open,
}

const OPERATIONS: [(Method, Operation); 13] = [
    (Method::GET, Operation::Metadata),
    (Method::GET, Operation::Files),
    (Method::GET, Operation::Search),
    (Method::GET, Operation::Download),
    (Method::GET, Operation::Thumbnail),
    (Method::POST, Operation::UploadInit),
    (Method::PUT, Operation::Upload),
    (Method::POST, Operation::CreateFolder),
    (Method::GET, Operation::ServiceInfo),
    (Method::PUT, Operation::Delete),
    (Method::PUT, Operation::Rename),
    (Method::GET, Operation::CustomAction),
    (Method::GET, Operation::Open),
];

impl Operation {
    /// The operation at a path. Slashes that double where a Base API URL ends with one are forgiven.
    ///
    /// # Errors
    /// [`WorkfrontError`] for a path or a method that is none.
    pub fn find(method: &Method, path: &str) -> Result<Self, WorkfrontError> {
        let name = path.strip_prefix(BASE).map(|name| name.trim_matches('/')).ok_or(WorkfrontError::NoSuchOperation)?;
        let known = OPERATIONS.iter().find(|(_, operation)| operation.as_str() == name);
        let (wanted, operation) = known.ok_or(WorkfrontError::NoSuchOperation)?;
        if wanted == method { Ok(*operation) } else { Err(WorkfrontError::WrongMethod(wanted.clone())) }
    }

    /// Its name, the last segment of its path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Files => "files",
            Self::Search => "search",
            Self::Download => "download",
            Self::Thumbnail => "thumbnail",
            Self::UploadInit => "uploadInit",
            Self::Upload => "upload",
            Self::CreateFolder => "createFolder",
            Self::ServiceInfo => "serviceInfo",
            Self::Delete => "delete",
            Self::Rename => "rename",
            Self::CustomAction => "customAction",
            Self::Open => "open",
        }
    }
}
