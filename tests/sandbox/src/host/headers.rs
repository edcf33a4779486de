//! The headers of a request, in the spelling and order of the client.

/// Names and values.
#[derive(Clone, Debug, Default)]
pub(super) struct Headers(pub(super) Vec<(String, String)>);

impl Headers {
    /// The first value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of_name = move |(known, value): &'a (String, String)| known.eq_ignore_ascii_case(name).then_some(&**value);
        self.0.iter().filter_map(of_name)
    }

    pub(super) fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Replaces all values of a name.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.push(name, value);
    }

    /// Whether an element of a list header is this word.
    pub(super) fn lists(&self, name: &str, word: &str) -> bool {
        self.all(name).flat_map(|value| value.split(',')).any(|element| element.trim().eq_ignore_ascii_case(word))
    }

    /// Every name once, in its first spelling. .NET joins cookies by semicolons and products of the user agent by spaces.
    pub(super) fn joined(&self) -> Self {
        let mut joined: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.0 {
            let separator = match name.to_ascii_lowercase().as_str() {
                "cookie" => "; ",
                "user-agent" => " ",
                _ => ", ",
            };
            match joined.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((_, values)) => *values = format!("{values}{separator}{value}"),
                None => joined.push((name.clone(), value.clone())),
            }
        }
        Self(joined)
    }

    pub(super) fn is_ascii(&self) -> bool {
        self.0.iter().all(|(_, value)| value.is_ascii())
    }
}

/// Whether .NET keeps a header with the content of a request.
pub(super) fn is_content_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("content-") || matches!(name.as_str(), "allow" | "expires" | "last-modified")
}

/// .NET sends `Content-Length: 0` with every method but these.
pub(super) fn may_lack_a_body(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "DELETE" | "OPTIONS" | "CONNECT")
}
