//! Rules for texts in the designer.

use serde_json::Value;

/// Words that keep their capitals inside a sentence.
const PROPER: [&str; 2] = ["PDF", "CLM"];

/// Summary and description of an operation.
pub fn of_operation(operation: &Value, place: &str) -> Vec<String> {
    let summary = operation["summary"].as_str().unwrap_or_default();
    let mut problems = pair(summary, &operation["description"], place);
    let tail = summary.split(' ').skip(1).filter(|word| !PROPER.contains(word));
    let first = summary.chars().next().is_some_and(char::is_uppercase);
    if !first || tail.into_iter().any(|word| word.contains(char::is_uppercase)) {
        problems.push(format!("{place}: the summary is not in sentence case"));
    }
    problems
}

/// `x-ms-summary` and description of a parameter or property.
pub fn of_value(value: &Value, place: &str) -> Vec<String> {
    match value["x-ms-summary"].as_str() {
        None => vec![format!("{place}: no x-ms-summary")],
        Some(summary) => pair(summary, &value["description"], place),
    }
}

fn pair(summary: &str, description: &Value, place: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let plain = |c: char| c.is_ascii_alphanumeric() || " -".contains(c);
    if summary.is_empty() || summary.len() > 80 || !summary.chars().all(plain) || summary.trim() != summary {
        problems.push(format!("{place}: the summary must have 1 to 80 plain characters and no period"));
    }
    let description = description.as_str().unwrap_or_default();
    if !description.ends_with('.') || description.trim_end_matches('.') == summary || description.len() > 1000 {
        problems.push(format!("{place}: the description must end with a period and differ from the summary"));
    }
    problems
}
