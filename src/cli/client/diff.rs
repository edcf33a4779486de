//! What a change does to a registry, as lines. Pure.

/// Lines around a change that show where it is.
const CONTEXT: usize = 3;

/// The lines that differ, with `-` and `+`, and some around them with a space. A change touches one entry, so the lines before
/// and after it are the same.
pub fn lines(before: &str, after: &str) -> Vec<(char, String)> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let shorter = before.len().min(after.len());
    let head = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let same = before.iter().rev().zip(after.iter().rev()).take_while(|(one, other)| one == other).count();
    let tail = same.min(shorter - head);
    let (gone, new) = (&before[head..before.len() - tail], &after[head..after.len() - tail]);
    let around = |lines: &[&str]| lines.iter().map(|line| (' ', (*line).to_owned())).collect::<Vec<_>>();
    let marked = |mark: char, lines: &[&str]| lines.iter().map(|line| (mark, (*line).to_owned())).collect::<Vec<_>>();
    let end = (after.len() - tail + CONTEXT).min(after.len());
    [
        around(&after[head.saturating_sub(CONTEXT)..head]),
        marked('-', gone),
        marked('+', new),
        around(&after[after.len() - tail..end]),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_marked() {
        let cases = [
            ("a\nb\nc", "a\nx\nc", " a-b+x c"),
            ("a\nb\nc", "a\nc", " a-b c"),
            ("a\nc", "a\nb\nc", " a+b c"),
            ("a\na", "a\na\na", " a a+a"),
            ("1\n2\n3\n4\n5\n6\n7\n8\n9", "1\n2\n3\n4\nx\n6\n7\n8\n9", " 2 3 4-5+x 6 7 8"),
            ("a", "a", " a"),
            ("", "a", "+a"),
        ];
        for (before, after, expected) in cases {
            let found: Vec<_> = lines(before, after).iter().map(|(mark, line)| format!("{mark}{line}")).collect();
            assert_eq!(found.concat(), expected, "{before:?} {after:?}");
        }
    }
}
