//! The documentation, parsed with pulldown-cmark.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use url::Url;

use crate::files::{entries, files, is_a, read, root};

/// The parts of a page that tests use.
#[derive(Default)]
pub struct Page {
    /// Its path from the root.
    pub name: String,
    /// The targets of links and images.
    pub links: Vec<String>,
    /// The anchors of its headings.
    pub anchors: Vec<String>,
    /// Code blocks: language and text.
    pub blocks: Vec<(String, String)>,
    /// Code spans.
    pub spans: Vec<String>,
    /// Tables.
    pub tables: Vec<Table>,
}

/// A table; the first row is its header.
#[derive(Default)]
pub struct Table {
    /// The anchor of the heading above it.
    pub section: String,
    /// Its rows, by cells.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a table.
#[derive(Default)]
pub struct Cell {
    /// Its text, including code.
    pub text: String,
    /// Its code spans.
    pub spans: Vec<String>,
    /// The targets of its links.
    pub links: Vec<String>,
}

/// Where a link leads.
#[derive(Debug)]
pub struct Target {
    /// The path from the root.
    pub file: String,
    /// The anchor inside the file.
    pub anchor: Option<String>,
}

impl Target {
    /// Where a link in `page` leads; `None` for other sites.
    #[must_use]
    pub fn of(page: &str, link: &str) -> Option<Self> {
        let url = Url::parse(&format!("file:///{page}")).unwrap().join(link).unwrap();
        let anchor = url.fragment().map(ToOwned::to_owned);
        (url.scheme() == "file").then(|| Self { file: url.path()[1..].to_owned(), anchor })
    }

    /// Whether the file exists and has the anchor.
    #[must_use]
    pub fn exists(&self) -> bool {
        let has = |anchor| Page::read(&self.file).anchors.contains(anchor);
        root().join(&self.file).exists() && self.anchor.as_ref().is_none_or(has)
    }
}

/// Every page of the repository.
#[must_use]
pub fn pages() -> Vec<Page> {
    let names = [entries(""), files("docs"), files("connectors")].concat();
    names.iter().filter(|name| is_a("md", name)).map(|name| Page::read(name)).collect()
}

impl Page {
    /// Reads a page of the repository.
    #[must_use]
    pub fn read(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::parse(&read(name)) }
    }

    /// Reads the text of a page.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (mut page, mut cell, mut in_block) = (Self::default(), Cell::default(), false);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.to_string());
                    cell.links.push(dest_url.to_string());
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    in_block = true;
                    let language = if let CodeBlockKind::Fenced(language) = kind { language } else { "".into() };
                    page.blocks.push((language.to_string(), String::new()));
                }
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::Start(Tag::Table(_)) => {
                    let section = page.anchors.last().cloned().unwrap_or_default();
                    page.tables.push(Table { section, rows: Vec::new() });
                }
                Event::Start(Tag::TableHead | Tag::TableRow) => page.last_table().rows.push(Vec::new()),
                Event::Start(Tag::Heading { .. } | Tag::TableCell) => cell = Cell::default(),
                Event::End(TagEnd::Heading(_)) => page.add_anchor(&cell.text),
                Event::End(TagEnd::TableCell) => {
                    page.last_table().rows.last_mut().expect("a row").push(std::mem::take(&mut cell));
                }
                Event::Text(text) if in_block => page.blocks.last_mut().expect("a block").1.push_str(&text),
                Event::Text(text) => cell.text.push_str(&text),
                Event::Code(code) => {
                    cell.text.push_str(&code);
                    cell.spans.push(code.to_string());
                    page.spans.push(code.to_string());
                }
                _ => {}
            }
        }
        page
    }

    fn last_table(&mut self) -> &mut Table {
        self.tables.last_mut().expect("a table")
    }

    /// Adds GitHub's anchor for a heading: lower case, no punctuation, hyphens for spaces, and a number if it is repeated.
    fn add_anchor(&mut self, heading: &str) {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect();
        let numbered = |number: u32| if number == 0 { anchor.clone() } else { format!("{anchor}-{number}") };
        let free = (0..=u32::MAX).map(numbered).find(|name| !self.anchors.contains(name));
        self.anchors.extend(free);
    }

    /// Where its links to files of the repository lead.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        self.links.iter().filter_map(|link| Target::of(&self.name, link))
    }

    /// The code blocks in one of these languages.
    #[must_use]
    pub fn blocks_in<'a>(&'a self, languages: &[&str]) -> Vec<&'a str> {
        let expected = self.blocks.iter().filter(|(language, _)| languages.contains(&language.as_str()));
        expected.map(|(_, text)| text.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_and_tables_match_github() {
        let page = Page::parse(
            "# A b's `c_d`, e-f!\n## A\n## A\n```sh\n# no\n[no](x)\n```\n`[no](y)` [a](b#c) ![d](e.png \"t\") [f]\n\n\
             [f]: g\n#no\n## [x](y) z\n\n| a | b |\n| --- | --- |\n| `c \\| d` e | f |\n",
        );
        assert_eq!(page.anchors, ["a-bs-c_d-e-f", "a", "a-1", "x-z"]);
        assert_eq!(page.links, ["b#c", "e.png", "g", "y"]);
        assert_eq!(page.blocks_in(&["sh"]), ["# no\n[no](x)\n"]);
        let table = &page.tables[0];
        assert_eq!((table.section.as_str(), table.rows[1][0].text.as_str()), ("x-z", "c | d e"));
        assert_eq!(table.rows[1][0].spans, ["c | d"]);
    }
}
