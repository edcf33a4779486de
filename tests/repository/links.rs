//! Every relative link in the documentation works, and every page and picture is linked.

use std::collections::BTreeSet;

use readers::files::{entries, is_a, read, root};
use readers::markdown::{Page, pages};
use url::Url;

/// The file that a link in `page` leads to, relative to the root, and its anchor if it has one. None for other sites.
fn target(page: &str, link: &str) -> Option<(String, Option<String>)> {
    let url = Url::parse(&format!("file:///{page}")).unwrap().join(link).unwrap();
    (url.scheme() == "file").then(|| (url.path()[1..].to_owned(), url.fragment().map(ToOwned::to_owned)))
}

fn targets<'a>(pages: impl Iterator<Item = &'a Page>) -> Vec<(String, Option<String>)> {
    pages.flat_map(|page| page.links.iter().filter_map(|link| target(&page.name, link))).collect()
}

fn exists(target: &(String, Option<String>)) -> bool {
    let (file, anchor) = target;
    root().join(file).exists() && anchor.as_ref().is_none_or(|anchor| Page::read(file).anchors.contains(anchor))
}

#[test]
fn every_relative_link_leads_somewhere() {
    for page in pages() {
        let lost: Vec<_> = targets([&page].into_iter()).into_iter().filter(|target| !exists(target)).collect();
        assert!(lost.is_empty(), "{}: {lost:?}", page.name);
    }
    assert!(["none.md", "#none"].iter().all(|lost| !exists(&target("README.md", lost).unwrap())));
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let pages = pages();
    // Nothing has to link to the changelog.
    let mut reached = BTreeSet::from(["README.md", "CHANGELOG.md"].map(ToOwned::to_owned));
    for _ in &pages {
        let next = targets(pages.iter().filter(|page| reached.contains(&page.name)));
        reached.extend(next.into_iter().map(|(file, _)| file));
    }
    let lost: Vec<_> = pages.iter().map(|page| &page.name).filter(|name| !reached.contains(*name)).collect();
    assert!(lost.is_empty(), "no link leads to {lost:?}");
}

#[test]
fn every_picture_is_shown_and_every_screenshot_is_taken_by_the_walk() {
    let shown = targets(pages().iter());
    let walk = ["walk", "flows", "sandbox"].map(|name| read(&format!("tests/tools/{name}.mjs"))).concat();
    for picture in entries("docs/images") {
        assert!(shown.iter().any(|(file, _)| *file == picture), "no page shows {picture}");
        // Diagrams are drawn by hand.
        let Some(name) = picture.trim_start_matches("docs/images/").strip_suffix(".png") else { continue };
        assert!(walk.contains(&format!("'{name}'")), "nothing takes {picture}");
    }
}

#[test]
fn diagrams_are_readable_on_light_and_dark() {
    let diagrams: Vec<_> = entries("docs/images").into_iter().filter(|name| is_a("svg", name)).collect();
    assert!(!diagrams.is_empty());
    for diagram in diagrams {
        let text = read(&diagram);
        for needed in ["@media (prefers-color-scheme: dark)", "<title", "<desc"] {
            assert!(text.contains(needed), "{diagram} has no {needed}");
        }
    }
}
