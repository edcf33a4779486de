//! Every relative link in the documentation works, and every page and picture is linked.

use std::collections::BTreeSet;

use readers::files::{entries, is_a, read};
use readers::markdown::{Page, Target, pages};

#[test]
fn every_relative_link_leads_somewhere() {
    for page in pages() {
        let lost: Vec<_> = page.targets().filter(|target| !target.exists()).collect();
        assert!(lost.is_empty(), "{}: {lost:?}", page.name);
    }
    assert!(["none.md", "#none"].iter().all(|lost| !Target::of("README.md", lost).unwrap().exists()));
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let pages = pages();
    // Nothing has to link to the changelog.
    let mut reached = BTreeSet::from(["README.md", "CHANGELOG.md"].map(ToOwned::to_owned));
    for _ in &pages {
        let next = pages.iter().filter(|page| reached.contains(&page.name)).flat_map(Page::targets);
        reached.extend(next.map(|target| target.file).collect::<Vec<_>>());
    }
    let lost: Vec<_> = pages.iter().map(|page| &page.name).filter(|name| !reached.contains(*name)).collect();
    assert!(lost.is_empty(), "no link leads to {lost:?}");
}

#[test]
fn every_picture_is_shown_and_every_screenshot_is_taken_by_the_walk() {
    let shown: BTreeSet<_> = pages().iter().flat_map(Page::targets).map(|target| target.file).collect();
    let walk = ["walk", "flows", "sandbox"].map(|name| read(&format!("tests/tools/{name}.mjs"))).concat();
    for picture in entries("docs/images") {
        assert!(shown.contains(&picture), "no page shows {picture}");
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
