//! Checks what the Azure templates deploy, as the Bicep compiler computes it, and how they are written.

mod deployed;
mod recipe;
mod templates;

use serde_json::Value;

/// The lines of `infra/promises.txt` that start with `kind`.
fn promises(kind: &str) -> impl Iterator<Item = &'static str> + use<> {
    let start = format!("{kind}: ");
    include_str!("infra/promises.txt").lines().filter_map(move |line| line.strip_prefix(&start))
}

/// Whether a resource has a property with this JSON value.
fn has(what: &Value, promise: &str) -> bool {
    let (property, value) = promise.split_once(' ').unwrap();
    let found = ["/properties/", "/"].iter().find_map(|start| what.pointer(&format!("{start}{property}")));
    found.unwrap_or(&Value::Null) == &serde_json::from_str::<Value>(value).unwrap()
}

fn sorted(names: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    let mut names: Vec<_> = names.into_iter().map(|name| name.to_string()).collect();
    names.sort();
    names
}
