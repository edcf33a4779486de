//! Reads requests for triggers. Pure.

use http::Uri;

use crate::docusign::moment::Moment;
use crate::endpoints::triggers::error::TriggerError;
use crate::endpoints::triggers::pattern::MAX_PATTERN_BYTES;
use crate::oauth::query::{Parameter, append};

/// The longest id.
const MAX_ID_BYTES: usize = 64;
/// The longest list of states.
const MAX_STATUS_BYTES: usize = 200;
/// The longest `since`.
const MAX_SINCE_BYTES: usize = 40;

/// What is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Documents of a folder.
    Documents,
    /// Work items of a queue.
    WorkItems,
    /// The end of a workflow.
    Workflow,
    /// Envelopes.
    Envelopes,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Documents, Self::WorkItems, Self::Workflow, Self::Envelopes];

    /// Its path below `/triggers/`.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Documents => "clm/documents",
            Self::WorkItems => "clm/workitems",
            Self::Workflow => "clm/workflow",
            Self::Envelopes => "esignature/envelopes",
        }
    }

    /// Its parameters besides `cursor`.
    const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Documents => &["folder", "subfolders", "name", "since"],
            Self::WorkItems => &["queue", "since"],
            Self::Workflow => &["id"],
            Self::Envelopes => &["status", "since"],
        }
    }

    /// The parameter that names what to look at.
    const fn required(self) -> Option<&'static str> {
        match self {
            Self::Documents => Some("folder"),
            Self::WorkItems => Some("queue"),
            Self::Workflow => Some("id"),
            Self::Envelopes => None,
        }
    }
}

/// What a path below `/triggers/` leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum TriggerRoute<'a> {
    /// A trigger.
    Trigger(Trigger),
    /// A task that is waited for, with its sealed name.
    Task(&'a str),
}

impl<'a> TriggerRoute<'a> {
    /// Reads the path.
    ///
    /// # Errors
    /// [`TriggerError::NoSuchTrigger`].
    pub fn read(uri: &'a Uri) -> Result<Self, TriggerError> {
        let path = uri.path().strip_prefix("/triggers/").ok_or(TriggerError::NoSuchTrigger)?;
        if let Some(sealed) = path.strip_prefix("clm/tasks/").filter(|sealed| !sealed.contains('/')) {
            return Ok(Self::Task(sealed));
        }
        let trigger = Trigger::ALL.into_iter().find(|trigger| trigger.path() == path);
        trigger.map(Self::Trigger).ok_or(TriggerError::NoSuchTrigger)
    }
}

impl TriggerRoute<'_> {
    /// Its name in the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Trigger(trigger) => trigger.path(),
            Self::Task(_) => "clm/tasks",
        }
    }
}

/// The parameters of a trigger, without the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriggerParameters(Vec<(&'static str, String)>);

impl TriggerParameters {
    /// Reads the query of a request.
    ///
    /// # Errors
    /// [`TriggerError::Invalid`].
    pub fn read(trigger: Trigger, query: &str) -> Result<Self, TriggerError> {
        let mut read = Vec::new();
        for name in trigger.parameters() {
            let value = Parameter::find(query, name).value_or(TriggerError::Invalid(REPEATED))?;
            if let Some(value) = value.map(|value| normal(name, value)) {
                check(name, &value)?;
                read.push((*name, value));
            }
        }
        Ok(Self(read))
    }

    /// Checks that what the trigger requires is there.
    ///
    /// # Errors
    /// [`TriggerError::Invalid`].
    pub fn check_complete(&self, trigger: Trigger) -> Result<(), TriggerError> {
        match trigger.required().filter(|name| self.get(name).is_none()) {
            None => Ok(()),
            Some("folder") => Err(TriggerError::Invalid("folder is missing: send the id of a CLM folder")),
            Some("queue") => Err(TriggerError::Invalid("queue is missing: send the id of a CLM work queue")),
            Some(_) => Err(TriggerError::Invalid("id is missing: send the id of a CLM workflow")),
        }
    }

    /// Whether every one of these parameters also is in `other`, with the same value or by default.
    #[must_use]
    pub fn are_in(&self, other: &Self) -> bool {
        let is_default = |(name, value): &(&str, String)| {
            (*name, value.as_str()) == ("subfolders", "false") && other.get(name).is_none()
        };
        self.0.iter().all(|parameter| other.0.contains(parameter) || is_default(parameter))
    }

    /// A parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    }

    /// The time from which on changes count, if it was given.
    #[must_use]
    pub fn since(&self) -> Option<Moment> {
        self.get("since").and_then(Moment::parse_strict)
    }

    /// The parameters as a query.
    #[must_use]
    pub fn to_query(&self) -> String {
        let pairs: Vec<(&str, &str)> = self.0.iter().map(|(name, value)| (*name, value.as_str())).collect();
        append("", &pairs).trim_start_matches('?').to_owned()
    }
}

const REPEATED: &str = "a parameter was sent twice, or is not UTF-8";
const CONTROL_CHARACTERS: &str = "a parameter has control characters or is too long";

/// The id at the end of an `Href`, which is what the dropdowns of a connector offer, and a Boolean as JSON writes it; Power
/// Platform writes `True`. Other values as they are.
fn normal(name: &str, value: String) -> String {
    if name == "subfolders" {
        return value.to_ascii_lowercase();
    }
    let is_address = value.starts_with("https://") || value.starts_with("http://");
    match value.rsplit_once('/') {
        Some((_, id)) if is_address && ["folder", "queue", "id"].contains(&name) => id.to_owned(),
        _ => value,
    }
}

fn check(name: &str, value: &str) -> Result<(), TriggerError> {
    let is_id = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let (max, error) = match name {
        "folder" | "queue" | "id" if !is_id(value) => (0, "an id of CLM has letters, digits and hyphens only"),
        "subfolders" if !["true", "false"].contains(&value) => (0, "subfolders must be true or false"),
        "since" if Moment::parse_strict(value).is_none() => (0, "since must be a time such as 2031-02-03T08:00:00Z"),
        "since" => (MAX_SINCE_BYTES, CONTROL_CHARACTERS),
        "name" => (MAX_PATTERN_BYTES, CONTROL_CHARACTERS),
        "status" => (MAX_STATUS_BYTES, CONTROL_CHARACTERS),
        _ => (MAX_ID_BYTES, CONTROL_CHARACTERS),
    };
    if value.len() > max || value.chars().any(char::is_control) {
        return Err(TriggerError::Invalid(error));
    }
    Ok(())
}

/// The cursor in a query.
///
/// # Errors
/// [`TriggerError::BadCursor`] for an empty one, [`TriggerError::Invalid`] for two.
pub fn cursor(query: &str) -> Result<Option<String>, TriggerError> {
    let is_there = url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "cursor");
    match Parameter::find(query, "cursor").value_or(TriggerError::Invalid(REPEATED))? {
        None if is_there => Err(TriggerError::BadCursor),
        cursor => Ok(cursor),
    }
}
