//! Shell scripts, parsed with tree-sitter's grammar for bash. Nothing is run.

use std::sync::LazyLock;

use regex::Regex;
use tree_sitter::{Node, Parser};

/// Replaces variables, substitutions and `<names>`.
pub const PLACEHOLDER: &str = "placeholder";

/// A command, `VARIABLE=… words`, and the file it is in.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The file.
    pub place: String,
    /// The names of the variables.
    pub variables: Vec<String>,
    /// The words, with placeholders.
    pub words: Vec<String>,
}

impl Command {
    /// The arguments, if it is the command `name`.
    #[must_use]
    pub fn words_of(&self, name: &str) -> Option<&[String]> {
        self.words.split_first().filter(|(first, _)| *first == name).map(|(_, words)| words)
    }
}

/// Every command in a script, including those inside `$(…)`.
#[must_use]
pub fn commands(place: &str, script: &str) -> Vec<Command> {
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new("<[A-Za-z][A-Za-z0-9 _-]*>").unwrap());
    let script = NAME.replace_all(script, PLACEHOLDER);
    nodes(&script, "command", |node| command(place, node, &script))
}

/// The source of every node of a kind, such as `string` or `case_item`.
#[must_use]
pub fn sources<'a>(script: &'a str, kind: &str) -> Vec<&'a str> {
    nodes(script, kind, |node| &script[node.byte_range()])
}

fn nodes<T>(script: &str, kind: &str, read: impl Fn(Node<'_>) -> T) -> Vec<T> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).unwrap();
    let tree = parser.parse(script, None).unwrap();
    let (mut rest, mut found) = (vec![tree.root_node()], Vec::new());
    while let Some(node) = rest.pop() {
        found.extend((node.kind() == kind).then(|| read(node)));
        rest.extend(node.children(&mut node.walk()).collect::<Vec<_>>().into_iter().rev());
    }
    found
}

fn command(place: &str, node: Node<'_>, script: &str) -> Command {
    let mut command = Command { place: place.to_owned(), ..Command::default() };
    for part in node.children(&mut node.walk()) {
        if part.kind() == "variable_assignment" {
            command.variables.extend(script[part.byte_range()].split('=').next().map(ToOwned::to_owned));
        } else if let Some(word) = filled(part, script) {
            command.words.extend(shlex::split(&word).unwrap_or_default());
        }
    }
    command
}

/// A word of a command with placeholders for its expansions; `None` if it expands to any number of words.
fn filled(node: Node<'_>, script: &str) -> Option<String> {
    let source = &script[node.byte_range()];
    match node.kind() {
        "file_redirect" | "heredoc_redirect" | "process_substitution" => return None,
        "simple_expansion" | "expansion" if source.ends_with(['@', '*']) || source.ends_with("[@]}") => return None,
        "simple_expansion" | "expansion" | "command_substitution" => return Some(PLACEHOLDER.to_owned()),
        _ => {}
    }
    let (mut word, mut end) = (String::new(), node.start_byte());
    for child in node.named_children(&mut node.walk()) {
        word += &script[end..child.start_byte()];
        word += &filled(child, script)?;
        end = child.end_byte();
    }
    Some(word + &script[end..node.end_byte()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_everywhere_in_a_script() {
        for (script, expected) in [
            ("az a \\\n  --b c # comment az no", "az a --b c"),
            ("id=$(az a --query id) && az b --id \"$id\"", "az a --query id; az b --id placeholder"),
            ("if ! X=1 az a 2>&1 | jq . > out.json; then az b; fi", "az a; jq .; az b"),
            ("az a --b \"x y $(az c)\"", "az a --b x y placeholder; az c"),
            ("az a --b <vault> --json '{\"k\": \"$v\"}' < in", "az a --b placeholder --json {\"k\": \"$v\"}"),
            ("cat <<'EOF' | az a --b @-\naz no\nEOF\naz c", "cat; az a --b @-; az c"),
            ("for x in 1 2; do az a \"$x\" \"$@\" \"${y[@]}\"; done", "az a placeholder"),
            ("diff <(az a) <(az b)", "diff; az a; az b"),
        ] {
            let found =
                commands("", script).iter().map(|command| command.words.join(" ")).collect::<Vec<_>>().join("; ");
            assert_eq!(found, expected, "{script}");
        }
    }
}
