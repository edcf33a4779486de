//! As much of a shell as it takes to find the commands of a documented script, those inside `$(…)` included. It runs none.
//!
//! Variables and placeholders become words that such a thing could be, because the Azure CLI looks at some values.

use std::iter::Peekable;
use std::str::Chars;

const KEY: &str = "https://example.vault.azure.net/keys/example/0123456789abcdef0123456789abcdef";
const RESOURCE: &str = "/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/example";

/// What may stand before a command without being it.
const PREFIXES: [&str; 15] =
    ["!", "{", "}", "command", "do", "elif", "else", "env", "exec", "if", "sudo", "then", "time", "until", "while"];

/// A value for a variable or placeholder of this name.
pub fn placeholder(name: &str) -> String {
    let name = name.to_lowercase().replace(['-', ' ', '.'], "_");
    let value = match name.as_str() {
        name if name.contains("kid") || name.contains("key_id") => KEY,
        name if name.contains("url") || name.contains("uri") => "https://example.com",
        name if name == "id" || name.ends_with("_id") || name.contains("scope") => RESOURCE,
        name if name.split('_').any(|word| ["count", "days", "seconds", "minutes"].contains(&word)) => "1",
        _ => "placeholder",
    };
    value.to_owned()
}

/// `<name>` as people write it becomes a word, which a shell would take for redirections.
pub fn without_angles(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        let name = after.split_once('>').map_or("", |(name, _)| name);
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_ ".contains(c));
        out.push_str(before);
        if named {
            out.push_str(&placeholder(name));
            rest = &after[name.len() + 1..];
        } else {
            out.push('<');
            rest = after;
        }
    }
    out + rest
}

/// The words of every `az` command in a script.
pub fn az_commands(script: &str) -> Vec<Vec<String>> {
    let script = without_angles(script);
    let mut shell = Shell { chars: script.chars().peekable(), commands: Vec::new() };
    shell.list(None);
    shell.commands.into_iter().filter_map(az).collect()
}

/// The command without assignments and keywords before it, if it is one of `az`.
fn az(words: Vec<String>) -> Option<Vec<String>> {
    let before = |word: &String| PREFIXES.contains(&word.as_str()) || is_assignment(word);
    let words: Vec<String> = words.into_iter().skip_while(before).collect();
    (words.first()? == "az").then_some(words)
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

struct Shell<'a> {
    chars: Peekable<Chars<'a>>,
    commands: Vec<Vec<String>>,
}

/// The command being read.
#[derive(Default)]
struct Current {
    words: Vec<String>,
    word: Option<String>,
    /// The word is the target of a redirection, or stands for an unknown number of words.
    drop: bool,
}

impl Current {
    fn push(&mut self, text: &str) {
        self.word.get_or_insert_default().push_str(text);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        if !std::mem::take(&mut self.drop) {
            self.words.push(word);
        }
    }
}

impl Shell<'_> {
    /// Reads commands up to the end of the text or of a substitution.
    fn list(&mut self, end: Option<char>) {
        let mut current = Current::default();
        while let Some(c) = self.chars.next() {
            if Some(c) == end {
                break;
            }
            match c {
                ' ' | '\t' => current.end_word(),
                '\n' | ';' | '|' | '&' | '(' | ')' => self.end_command(&mut current),
                '#' if current.word.is_none() => self.comment(),
                '<' | '>' => self.redirection(c, &mut current),
                _ => self.part_of_word(c, &mut current),
            }
        }
        self.end_command(&mut current);
    }

    fn end_command(&mut self, current: &mut Current) {
        current.end_word();
        current.drop = false;
        self.commands.push(std::mem::take(&mut current.words));
    }

    fn comment(&mut self) {
        while self.chars.next_if(|c| *c != '\n').is_some() {}
    }

    fn part_of_word(&mut self, c: char, current: &mut Current) {
        match c {
            '\\' => match self.chars.next() {
                Some('\n') | None => {}
                Some(escaped) => current.push(&escaped.to_string()),
            },
            '\'' => current.push(&self.until('\'')),
            '"' => self.double_quoted(current),
            '$' => self.dollar(current),
            '`' => self.substitution('`', current),
            _ => current.push(&c.to_string()),
        }
    }

    fn until(&mut self, end: char) -> String {
        self.chars.by_ref().take_while(|c| *c != end).collect()
    }

    fn double_quoted(&mut self, current: &mut Current) {
        current.push("");
        while let Some(c) = self.chars.next() {
            match c {
                '"' => return,
                '$' | '`' => self.part_of_word(c, current),
                '\\' => match self.chars.next() {
                    Some(escaped @ ('"' | '$' | '`' | '\\')) => current.push(&escaped.to_string()),
                    Some('\n') | None => {}
                    Some(other) => current.push(&format!("\\{other}")),
                },
                _ => current.push(&c.to_string()),
            }
        }
    }

    fn dollar(&mut self, current: &mut Current) {
        match self.chars.peek() {
            Some('(') => {
                self.chars.next();
                self.substitution(')', current);
            }
            Some('{') => {
                self.chars.next();
                let name = self.until('}');
                current.drop |= name.ends_with("[@]") || name.ends_with("[*]");
                current.push(&placeholder(&name));
            }
            Some('\'') => {}
            Some('@' | '*') => {
                self.chars.next();
                current.drop = true;
                current.push("");
            }
            _ => {
                let mut name = String::new();
                while let Some(c) = self.chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                current.push(&placeholder(&name));
            }
        }
    }

    /// The commands inside count too. What they would print is guessed from their `--query`.
    fn substitution(&mut self, end: char, current: &mut Current) {
        let before = self.commands.len();
        self.list(Some(end));
        let words = self.commands[before..].concat();
        let query = words.iter().skip_while(|word| *word != "--query").nth(1);
        current.push(&placeholder(query.map_or("", |query| query)));
    }

    fn redirection(&mut self, c: char, current: &mut Current) {
        if current.word.as_ref().is_some_and(|word| word.chars().all(|c| c.is_ascii_digit())) {
            current.word = None;
        }
        current.end_word();
        if self.chars.next_if_eq(&'(').is_some() {
            return self.list(Some(')'));
        }
        let doubled = self.chars.next_if_eq(&c).is_some();
        while self.chars.next_if(|c| matches!(c, '&' | ' ' | '-')).is_some() {}
        if doubled && c == '<' {
            return self.here_document(current);
        }
        current.drop = true;
    }

    /// Skips the lines up to the delimiter, but not the rest of the line that names it.
    fn here_document(&mut self, current: &mut Current) {
        let word = |c: &char| !c.is_whitespace() && *c != ')';
        let mut delimiter = String::new();
        while let Some(c) = self.chars.next_if(word) {
            delimiter.push(c);
        }
        let delimiter = delimiter.trim_matches(['\'', '"', '\\']).to_owned();
        let rest = self.until('\n');
        while self.chars.peek().is_some() && self.until('\n').trim() != delimiter {}
        let mut shell = Shell { chars: rest.chars().peekable(), commands: Vec::new() };
        shell.list(None);
        current.words.extend(shell.commands.first().cloned().unwrap_or_default());
        self.commands.extend(shell.commands.into_iter().skip(1));
        self.end_command(current);
    }
}

#[test]
fn finds_commands_wherever_a_shell_would() {
    let found =
        |script: &str| az_commands(script).iter().map(|words| words[1..].join(" ")).collect::<Vec<_>>().join("; ");
    let cases = [
        ("az a \\\n  --b c # comment az no", "a --b c"),
        ("id=$(az a --query id -o tsv) && az b --id \"$id\"", &format!("a --query id -o tsv; b --id {RESOURCE}")),
        ("X=1 sudo az a | jq . > out.json; echo az no", "a"),
        ("if ! az a; then az b 2>&1; fi", "a; b"),
        ("az a --b \"x y $(az c --query key.kid)\"", &format!("c --query key.kid; a --b x y {KEY}")),
        ("az a --json '{\"k\": \"$v\"}'", "a --json {\"k\": \"$v\"}"),
        ("az a --vault-name <vault> --file out.pem < in", "a --vault-name placeholder --file out.pem"),
        ("cat <<'EOF' | az a --b @-\naz no\nEOF\naz c", "a --b @-; c"),
        ("for x in 1 2; do az a \"$x\" \"$@\"; done", "a placeholder"),
        ("diff <(az a) <(az b)", "a; b"),
        ("echo `az a` $((1 + 2)) ${#x}", "a"),
    ];
    for (script, wanted) in cases {
        assert_eq!(found(script), wanted, "{script}");
    }
}
