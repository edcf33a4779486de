//! The messages of the product, its pages and its scripts.

use std::sync::LazyLock;

use regex::Regex;

use crate::commands::deployment_scripts;
use crate::files::{files, read};
use crate::rust::SOURCES;
use crate::shell;

/// Every message, in parts between its placeholders.
static MESSAGES: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let placeholder = Regex::new(r#"\$?\{[^}]*\}|\$\w+|[`"]"#).unwrap();
    let parts = |message: &str| placeholder.split(message).map(|part| part.trim().to_owned()).collect();
    let of_product = SOURCES.iter().flat_map(|source| source.texts.clone());
    let of_scripts = deployment_scripts().into_iter().flat_map(|script| {
        let texts = shell::sources(&script, "string");
        texts.into_iter().map(ToOwned::to_owned).collect::<Vec<_>>()
    });
    let of_pages = files("templates").into_iter().map(|name| read(&name));
    of_product.chain(of_scripts).chain(of_pages).map(|message| parts(&message)).collect()
});

/// Whether one message has all parts of a quotation, which are separated by `…`, or the quotation has all parts of one message.
#[must_use]
pub fn is_of_a_message(quotation: &str) -> bool {
    let quoted: Vec<&str> = quotation.split('…').map(str::trim).collect();
    let has_all = |message: &[String]| quoted.iter().all(|part| message.iter().any(|own| own.contains(part)));
    let is_inside =
        |message: &[String]| message.concat().len() > 24 && message.iter().all(|part| quotation.contains(part));
    MESSAGES.iter().any(|message| has_all(message) || is_inside(message))
}
