//! Every relative link of the documentation leads somewhere: to a file, and to a heading in it by GitHub's rules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::root;

/// README.md, ARCHITECTURE.md and everything under docs.
pub fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("ARCHITECTURE.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// The lines of a page outside of code blocks.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    page.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// `line` without its code spans, which hold no links.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

/// Where the links of a page lead: `[…](here)`, `![…](here)` and `[…]: here`.
fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(page) {
        let line = without_code(line);
        let ends = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        found.extend(ends.map(ToOwned::to_owned));
        let definition = line.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
        found.extend(definition.map(|(_, end)| end.trim().to_owned()));
    }
    found
}

/// The anchors of a page's headings.
fn anchors(page: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut anchors = Vec::new();
    for line in prose(page) {
        let text = line.trim_start_matches('#');
        if line.len() == text.len() || line.len() - text.len() > 6 || !text.starts_with(' ') {
            continue;
        }
        let anchor = anchor(text.trim());
        let times = seen.entry(anchor.clone()).or_default();
        anchors.push(if *times == 0 { anchor } else { format!("{anchor}-{times}") });
        *times += 1;
    }
    anchors
}

/// The anchor of a heading: in small letters, without punctuation, with hyphens for spaces. Of a link its text counts.
fn anchor(heading: &str) -> String {
    let mut text = String::new();
    for (at, part) in heading.split("](").enumerate() {
        text.push_str(if at == 0 { part } else { part.split_once(')').map_or(part, |(_, after)| after) });
    }
    let kept = text.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
}

/// What is wrong with a link of the page at `path`; links to elsewhere are not asked.
fn fault(path: &Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, wanted) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() { path.to_owned() } else { path.parent().unwrap().join(file) };
    if !target.exists() {
        return Some(format!("there is no {file}"));
    }
    let wanted = wanted?;
    let page = std::fs::read_to_string(&target).ok().filter(|_| target.extension().is_some_and(|kind| kind == "md"));
    let Some(page) = page else { return Some(format!("{file} has no headings")) };
    (!anchors(&page).iter().any(|anchor| anchor == wanted)).then(|| format!("no heading is #{wanted}"))
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut faults = Vec::new();
    let mut links_seen = 0;
    for path in pages() {
        for link in links(&std::fs::read_to_string(&path).unwrap()) {
            links_seen += 1;
            let place = path.strip_prefix(root()).unwrap().display();
            faults.extend(fault(&path, &link).map(|fault| format!("{place}: {link}: {fault}")));
        }
    }
    assert!(links_seen > 50, "only {links_seen} links were found");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let mut reached = vec![root().join("README.md")];
    let mut next = 0;
    while let Some(path) = reached.get(next).cloned() {
        next += 1;
        for link in links(&std::fs::read_to_string(&path).unwrap()) {
            let file = path.parent().unwrap().join(link.split('#').next().unwrap_or_default());
            let Ok(file) = file.canonicalize() else { continue };
            let page = file.extension().is_some_and(|extension| extension == "md");
            if page && !reached.iter().any(|known| known.canonicalize().is_ok_and(|known| known == file)) {
                reached.push(file);
            }
        }
    }
    for page in pages() {
        let found = reached.iter().any(|path| path.canonicalize().ok() == page.canonicalize().ok());
        assert!(found, "no link leads to {}", page.display());
    }
}

#[test]
fn links_and_anchors_are_read_as_github_does() {
    let page = "# A b's `c_d`, e-f!\n## A\n## A\n```sh\n# no\n[no](x)\n```\n`[no](y)` [a](b#c) ![d](e.png \"t\")\n\n[f]: g\n#no\n## [x](y) z\n";
    assert_eq!(anchors(page), ["a-bs-c_d-e-f", "a", "a-1", "x-z"]);
    assert_eq!(links(page), ["b#c", "e.png", "g", "y"]);
    let here = root().join("README.md");
    assert_eq!(fault(&here, "#settings"), None);
    assert_eq!(fault(&here, "docs/deploy.md#the-setup-page"), None);
    assert_eq!(fault(&here, "infra"), None);
    assert!(fault(&here, "docs/none.md").is_some() && fault(&here, "#no-such").is_some());
}
