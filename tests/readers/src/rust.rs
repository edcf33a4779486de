//! The product's source, split into tokens, without its unit tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use regex::{Captures, Regex};
use syn::Lit;

use crate::files::{files, is_a, read};

/// A file below `src/`.
#[derive(Default)]
pub struct Source {
    /// Its path below `src/`.
    pub name: String,
    /// Its code without comments, and with spaces only between words.
    pub code: String,
    /// Its string literals, including rustdoc comments.
    pub texts: Vec<String>,
    /// Its paths that start with `crate::`, without that prefix.
    pub paths: BTreeSet<String>,
}

/// Every file below `src/`.
pub static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let names = files("src").into_iter().filter(|name| is_a("rs", name) && !name.ends_with("/tests.rs"));
    names.map(|name| Source::parse(&name["src/".len()..], &read(&name))).collect()
});

/// The names of all settings.
#[must_use]
pub fn settings() -> BTreeSet<String> {
    let name = Regex::new("^(EVERGRANT|DOCUSIGN)_[A-Z_]*[A-Z]$").unwrap();
    let config = SOURCES.iter().filter(|source| source.name.starts_with("config/"));
    config.flat_map(|source| &source.texts).filter(|text| name.is_match(text)).cloned().collect()
}

/// The files that define each type, by its name.
#[must_use]
pub fn definitions() -> BTreeMap<&'static str, Vec<&'static str>> {
    let definition = Regex::new(r"\b(?:struct|enum|union|trait) (\w+)").unwrap();
    let mut places = BTreeMap::<_, Vec<_>>::new();
    for source in SOURCES.iter() {
        for found in definition.captures_iter(&source.code).filter_map(|found| found.get(1)) {
            places.entry(found.as_str()).or_default().push(source.name.as_str());
        }
    }
    places
}

/// The tasks that are spawned: file and code.
pub fn spawned() -> impl Iterator<Item = (&'static str, &'static str)> {
    static SPAWN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\btokio::spawn\([^;]*").unwrap());
    SOURCES.iter().flat_map(|source| SPAWN.find_iter(&source.code).map(|found| (source.name.as_str(), found.as_str())))
}

/// The constants that count something, by file and name, with every way to write them.
#[must_use]
pub fn numbers() -> BTreeMap<(&'static str, String), BTreeSet<String>> {
    let constant = r"const (\w+):(?:Duration|Lifetime|u16|u32|u64|usize)=(?:\w+::(\w+)\()?([\w*]+)\)?;";
    let (constant, mut numbers) = (Regex::new(constant).unwrap(), BTreeMap::new());
    for source in SOURCES.iter() {
        for found in constant.captures_iter(&source.code) {
            let factors = found[3].split('*').map(|factor| factor.replace('_', "").parse().unwrap_or(f64::NAN));
            let spellings = spellings(factors.product(), found.get(2).map(|unit| unit.as_str()));
            numbers.insert((source.name.as_str(), found[1].to_owned()), spellings);
        }
    }
    numbers
}

/// A number that is not given as a time may count seconds, bytes or anything else.
fn spellings(number: f64, unit: Option<&str>) -> BTreeSet<String> {
    let millis = if unit == Some("from_millis") { number } else { number * 1e3 };
    let times = [(" ms", 1.0), (" s", 1e3), (" min", 6e4), (" h", 36e5), (" day", 864e5), (" days", 864e5)];
    let sizes = [("", 1.0), (" KiB", 1024.0), (" MiB", 1_048_576.0)];
    let sizes = sizes.into_iter().filter(|_| unit.is_none()).map(|(unit, size)| format!("{}{unit}", number / size));
    times.into_iter().map(|(unit, time)| format!("{}{unit}", millis / time)).chain(sizes).collect()
}

/// Rustdoc comments, punctuation with spaces, groups of `use`, and paths from the crate root.
static PATTERNS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    let comment = r#"# ?!? ?\[doc = "(?:[^"\\]|\\.)*"\]"#;
    let patterns = [comment, r"\s*([^\w\s])\s*", r"((?:\w+::)+)\{([^{}]*)\}", r"\bcrate::(\w+(?:::\w+)*)"];
    patterns.map(|pattern| Regex::new(pattern).unwrap())
});

impl Source {
    /// Reads the text of the file `name`.
    #[must_use]
    pub fn parse(name: &str, text: &str) -> Self {
        let [comment, spaced, group, path] = &*PATTERNS;
        let mut source = Self { name: name.to_owned(), ..Self::default() };
        let code = source.read(text.parse().unwrap()).to_string();
        source.code = spaced.replace_all(&comment.replace_all(&code, ""), "$1").into_owned();
        let mut flat = source.code.clone();
        while group.is_match(&flat) {
            let names = |found: &Captures<'_>| {
                found[2].split(',').map(|name| found[1].to_owned() + name + ",").collect::<String>()
            };
            flat = group.replace_all(&flat, names).into_owned();
        }
        source.paths = path.captures_iter(&flat).map(|found| found[1].to_owned()).collect();
        source
    }

    /// Collects the string literals, and returns the tokens without code for tests.
    fn read(&mut self, stream: TokenStream) -> TokenStream {
        let (mut tokens, mut kept) = (stream.into_iter().peekable(), Vec::new());
        while let Some(token) = tokens.next() {
            let is_hash = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#');
            if is_hash && tokens.peek().is_some_and(|next| next.to_string().replace(' ', "") == "[cfg(test)]") {
                tokens.find(|token| match token {
                    TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                    other => other.to_string() == ";",
                });
                continue;
            }
            if let TokenTree::Literal(literal) = &token
                && let Lit::Str(text) = Lit::new(literal.clone())
            {
                self.texts.push(text.value());
            }
            kept.push(match token {
                TokenTree::Group(group) => Group::new(group.delimiter(), self.read(group.stream())).into(),
                other => other,
            });
        }
        kept.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_is_parsed_without_its_tests() {
        let text = "//! `az \\\"a`\nuse crate::{a::b, c::{self, D}};\nfn f() -> crate::k::E { crate::g::h!(\"i\\n\") } // no\n\
                    #[cfg(test)]\nmod tests { use crate::no; }\npub(crate) struct J;";
        let source = Source::parse("k/l.rs", text);
        assert_eq!(
            source.paths.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
            "a::b c::D c::self g::h k::E"
        );
        assert_eq!(source.texts, [" `az \\\"a`", "i\n"]);
        assert!(source.code.ends_with(")}pub(crate)struct J;"), "{}", source.code);
    }
}
