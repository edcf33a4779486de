//! DocuSign's values: from options, from the environment, or typed on a terminal.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};

use thiserror::Error;

use crate::cli::init::Init;
use crate::cli::terminal::{CommandError, explain, failed, usage};
use crate::config::Environment;
use crate::config::docusign::DocusignEnvironment;
use crate::config::values::{Reason, guid};
use crate::types::Guid;

/// All of them.
pub struct Answers {
    pub environment: DocusignEnvironment,
    pub integration_key: Guid,
    pub user_id: Guid,
}

/// A value to ask for.
struct Question<T> {
    setting: &'static str,
    /// What it is and where it is found.
    prompt: &'static str,
    /// What an empty line means.
    default: Option<&'static str>,
    parse: fn(&str) -> Result<T, Reason>,
}

const ENVIRONMENT: Question<DocusignEnvironment> = Question {
    setting: "DOCUSIGN_ENVIRONMENT",
    prompt: "DocuSign environment, demo or production",
    default: Some("demo"),
    parse: DocusignEnvironment::parse,
};

const INTEGRATION_KEY: Question<Guid> = Question {
    setting: "DOCUSIGN_INTEGRATION_KEY",
    prompt: "Integration key (in DocuSign: Settings, Apps and Keys)",
    default: None,
    parse: guid,
};

const USER_ID: Question<Guid> = Question {
    setting: "DOCUSIGN_USER_ID",
    prompt: "Integration user's User ID (on its page in DocuSign: API Username)",
    default: None,
    parse: guid,
};

#[derive(Debug, Error)]
enum AnswerError {
    #[error("missing: {0}. Without a terminal, nothing can be asked for")]
    Missing(String),
    #[error("the value of {setting} in the environment is invalid: {reason}")]
    Invalid { setting: &'static str, reason: Reason },
    #[error("the input ended before all questions were answered; nothing was written")]
    Ended,
}

/// Collects all values; on a terminal it asks for missing ones.
pub fn collect(options: Init, env: &dyn Environment) -> Result<Answers, CommandError> {
    let environment = ENVIRONMENT.given(options.environment, env)?;
    let integration_key = INTEGRATION_KEY.given(options.integration_key, env)?;
    let user_id = USER_ID.given(options.user_id, env)?;
    let is_terminal = stdin().is_terminal();
    let environment = environment.or_else(|| (!is_terminal).then_some(DocusignEnvironment::Demo));
    let missing = [integration_key.is_none().then_some("--integration-key"), user_id.is_none().then_some("--user-id")];
    let missing: Vec<&str> = missing.into_iter().flatten().collect();
    if !missing.is_empty() && !is_terminal {
        return Err(usage(AnswerError::Missing(missing.join(", "))));
    }
    let answers = Answers {
        environment: environment.map_or_else(|| ENVIRONMENT.ask(), Ok)?,
        integration_key: integration_key.map_or_else(|| INTEGRATION_KEY.ask(), Ok)?,
        user_id: user_id.map_or_else(|| USER_ID.ask(), Ok)?,
    };
    Ok(answers)
}

impl<T> Question<T> {
    /// The option, or else the setting in the environment.
    fn given(&self, option: Option<T>, env: &dyn Environment) -> Result<Option<T>, CommandError> {
        let set = env.var(self.setting).filter(|value| option.is_none() && !value.trim().is_empty());
        let parsed = set.map(|value| (self.parse)(value.trim())).transpose();
        let parsed = parsed.map_err(|reason| usage(AnswerError::Invalid { setting: self.setting, reason }))?;
        Ok(option.or(parsed))
    }

    /// Asks until the answer is valid.
    fn ask(&self) -> Result<T, CommandError> {
        loop {
            let default = self.default.map(|default| format!(" [{default}]")).unwrap_or_default();
            // A closed terminal also ends the input.
            let _ = write!(stderr(), "{}{default}: ", self.prompt).and_then(|()| stderr().flush());
            let mut line = String::new();
            if stdin().read_line(&mut line).map_err(failed)? == 0 {
                return Err(usage(AnswerError::Ended));
            }
            let answer = if line.trim().is_empty() { self.default.unwrap_or_default() } else { line.trim() };
            match (self.parse)(answer) {
                Ok(value) => return Ok(value),
                Err(_) if answer.is_empty() => explain("  A value is required."),
                Err(reason) => explain(format_args!("  That is not valid: {reason}.")),
            }
        }
    }
}
