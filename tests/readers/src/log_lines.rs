//! The events and fields of the product's log lines.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use regex::{Captures, Regex};

use crate::files::{files, is_a, read};
use crate::rust::SOURCES;

type Names = BTreeSet<String>;

/// The events of log lines, by the places that name one.
#[must_use]
pub fn events() -> Names {
    let code: String = SOURCES.iter().map(|source| source.code.as_str()).collect();
    let place = Regex::new(r#"(?:\bevent=|\bevent:Some\(|AnswerRecord::of\(|\\"event\\":\\)([^;,]*)"#).unwrap();
    let name = Regex::new(r#""(\w+)\\?"|\b([A-Z]+_[A-Z_]+)\b"#).unwrap();
    let text_of = |constant: &str| {
        let definition = Regex::new(&format!(r#"const {constant}:&str="(\w+)""#)).unwrap();
        definition.captures(&code).unwrap_or_else(|| panic!("{constant} is no text"))[1].to_owned()
    };
    let named = |found: Captures<'_>| found.get(1).map_or_else(|| text_of(&found[2]), |text| text.as_str().to_owned());
    let names_in = |place: &str| name.captures_iter(place).map(named).collect::<Names>();
    // A variable gets its name elsewhere.
    let places = place.captures_iter(&code).filter(|found| !found[1].starts_with("event)"));
    let events: Vec<Names> = places.map(|found| names_in(&found[1])).collect();
    assert!(events.iter().all(|names| !names.is_empty()), "a place names no event");
    events.into_iter().flatten().collect()
}

/// The fields of log lines.
#[must_use]
pub fn fields() -> Names {
    let mut fields = own_fields();
    for name in files("src").iter().filter(|name| is_a("rs", name)) {
        add_fields(read(name).parse().unwrap(), &mut fields);
    }
    assert!(fields.remove("trace_flags"), "a field of a span that no line has");
    fields
}

/// The fields that telemetry writes itself.
fn own_fields() -> Names {
    let field = Regex::new(r#"\\"(\w+)\\":|\b(?:push_key\([^,]*,|add\()"(\w+)""#).unwrap();
    let telemetry = SOURCES.iter().filter(|source| source.name.starts_with("telemetry/"));
    let fields = telemetry.flat_map(|source| field.captures_iter(&source.code));
    fields.filter_map(|found| Some(found.get(1).or(found.get(2))?.as_str().to_owned())).collect()
}

/// Adds the fields of every log line and span in `stream`: what the macros of `tracing` are given.
fn add_fields(stream: TokenStream, fields: &mut Names) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        if let [.., TokenTree::Ident(place), _, _, TokenTree::Ident(_), TokenTree::Punct(_)] = &tokens[..at]
            && place == "tracing"
        {
            let inside: Vec<String> = group.stream().into_iter().map(|token| token.to_string()).collect();
            fields.extend(inside.split(|token| token == ",").filter_map(field));
        }
        add_fields(group.stream(), fields);
    }
}

/// The field that an argument of a macro of `tracing` adds; none for the target, the level and the enclosing span.
fn field(argument: &[String]) -> Option<String> {
    let argument = argument.strip_prefix(&["%".to_owned()]).unwrap_or(argument);
    let is_text = argument.first()?.starts_with('"');
    let is_none = argument[0] == "$" || argument.get(1).is_some_and(|token| token == ":");
    let name = argument.iter().take_while(|token| *token != "=").map(String::as_str).collect();
    if is_none { None } else { Some(if is_text { "message".to_owned() } else { name }) }
}
