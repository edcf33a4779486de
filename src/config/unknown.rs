//! Variables that are named like our settings, but are none: most are misspelled.

use std::collections::BTreeSet;
use std::fmt;

use crate::config::values::nearest;

/// The prefixes of our settings' names.
const PREFIXES: [&str; 2] = ["EVERGRANT_", "DOCUSIGN_"];

/// A variable that has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSetting {
    /// Its name.
    pub name: String,
    /// The setting with the most similar name.
    pub nearest: Option<String>,
}

impl fmt::Display for UnknownSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.nearest {
            Some(nearest) => write!(f, "{} is unknown: did you mean {nearest}?", self.name),
            None => write!(f, "{} is unknown and has no effect", self.name),
        }
    }
}

/// Whether `name` begins like one of our settings, ignoring case.
pub fn is_ours(name: &str) -> bool {
    suffix(&name.to_ascii_uppercase()).is_some()
}

/// Those of `names` that look like settings, but are not among the `known` ones.
pub fn find(names: impl IntoIterator<Item = String>, known: &BTreeSet<String>) -> Vec<UnknownSetting> {
    let unknown = names.into_iter().filter(|name| is_ours(name) && !known.contains(name));
    let mut unknown: Vec<_> =
        unknown.map(|name| UnknownSetting { nearest: nearest_setting(&name, known), name }).collect();
    unknown.sort_by(|one, other| one.name.cmp(&other.name));
    unknown
}

/// Compares what follows the prefix, so that a wrong prefix is found too.
fn nearest_setting(name: &str, known: &BTreeSet<String>) -> Option<String> {
    let name = name.to_ascii_uppercase();
    if known.contains(&name) {
        return Some(name);
    }
    let suffixes: Vec<&str> = known.iter().filter_map(|known| suffix(known)).collect();
    let found = nearest(suffix(&name)?, &suffixes)?;
    known.iter().find(|known| suffix(known) == Some(found)).cloned()
}

fn suffix(name: &str) -> Option<&str> {
    PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_settings_are_found_with_the_nearest_name() {
        let known =
            ["EVERGRANT_STORE", "EVERGRANT_PUBLIC_URL", "EVERGRANT_LOG", "EVERGRANT_CLIENTS", "DOCUSIGN_USER_ID"];
        let known = known.map(ToOwned::to_owned).into();
        for (name, nearest) in [
            ("EVERGRANT_STOR", "EVERGRANT_STORE"),
            ("EVERGRANT_PUBLICURL", "EVERGRANT_PUBLIC_URL"),
            ("EVERGRANT_LOG_LEVEL", "EVERGRANT_LOG"),
            ("EVERGRANT_CLIENT", "EVERGRANT_CLIENTS"),
            ("EVERGRANT_USER_ID", "DOCUSIGN_USER_ID"),
            ("DOCUSIGN_USER", "DOCUSIGN_USER_ID"),
            ("evergrant_store", "EVERGRANT_STORE"),
        ] {
            let found = find([name.to_owned()], &known);
            assert_eq!(found[0].to_string(), format!("{name} is unknown: did you mean {nearest}?"));
        }
        let found = find(["EVERGRANT_XYZ", "EVERGRANT_LOG", "PATH"].map(ToOwned::to_owned), &known);
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["EVERGRANT_XYZ is unknown and has no effect"]
        );
    }
}
