//! String literals in Rust source, each with the code before it.

/// A string literal.
#[derive(Debug, PartialEq)]
pub struct Literal<'a> {
    /// The code before it, without white space at its end.
    pub before: &'a str,
    /// What it says.
    pub text: String,
}

/// Every string literal of `code`; comments have none.
pub fn literals(code: &str) -> Vec<Literal<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(step) = code[at..].find(['/', '"', '\'']) {
        let (before, from) = code.split_at(at + step);
        let length = if from.starts_with("//") {
            from.lines().next().unwrap_or_default().len()
        } else if from.starts_with('"') {
            let bare = before.trim_end_matches('#');
            let raw = bare.ends_with('r').then(|| before.len() - bare.len());
            let (text, length) = raw.map_or_else(|| escaped(from), |hashes| verbatim(from, hashes));
            let before = raw.map_or(before, |_| bare.trim_end_matches('r')).trim_end();
            found.push(Literal { before, text });
            length
        } else {
            // A quote that is a character or begins a lifetime, and a slash that begins no comment.
            ["'\"'", "'\\\"'", "'\\''", "'/'"]
                .iter()
                .find(|quote| from.starts_with(**quote))
                .map_or(1, |quote| quote.len())
        };
        at += step + length;
    }
    found
}

fn verbatim(from: &str, hashes: usize) -> (String, usize) {
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = from[1..].find(&end).expect("a raw literal ends");
    (from[1..=inside].to_owned(), 1 + inside + end.len())
}

fn escaped(from: &str) -> (String, usize) {
    let mut text = String::new();
    let mut chars = from.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, at + 1),
            '\\' => match chars.next() {
                Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some((_, 'n')) => text.push('\n'),
                Some((_, c)) => text.push(c),
                None => {}
            },
            _ => text.push(c),
        }
    }
    panic!("a literal does not end: {text}")
}

#[test]
fn literals_are_found_with_what_stands_before() {
    let code =
        "/// \"no\"\nsay( \"a \\\n    b\\\"\"); let c = '\"'; let d: &'static str = r#\"e \"f\" g\"#; // \"no\"\n\"h\"";
    let found: Vec<_> = literals(code).into_iter().map(|l| (l.before.rsplit(' ').next().unwrap(), l.text)).collect();
    let wanted = [("\"no\"\nsay(", "a b\""), ("=", "e \"f\" g"), ("\"no\"", "h")];
    assert_eq!(found, wanted.map(|(before, text)| (before, text.to_owned())));
}
