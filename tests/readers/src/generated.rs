//! Files and parts of pages that tests write on request and compare otherwise.

use crate::files::{read, root};

/// Compares a file of the repository with what it should be. `command` is how to write it: the variable in front of it asks
/// for that.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a switch for who runs the tests, not a setting")]
pub fn assert_written(name: &str, expected: &str, command: &str) {
    let variable = command.split('=').next().unwrap();
    if std::env::var_os(variable).is_some() {
        std::fs::write(root().join(name), expected).unwrap();
    }
    let found = std::fs::read_to_string(root().join(name)).unwrap_or_default();
    let difference = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "{name} is out of date; review what changes, and write it with {command}: {difference:#?}"
    );
}

/// Compares the part of a page between two lines, like [`assert_written`].
#[track_caller]
pub fn assert_part_written(name: &str, [begin, end]: [&str; 2], expected: &str, command: &str) {
    let page = read(name);
    let (before, rest) = page.split_once(begin).unwrap_or_else(|| panic!("{name} has no line {begin}"));
    let (_, after) = rest.split_once(end).unwrap_or_else(|| panic!("{name} has no line {end}"));
    assert_written(name, &[before, begin, expected, end, after].concat(), command);
}
