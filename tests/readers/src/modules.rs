//! The uses between modules, as a graph.

use std::collections::{BTreeMap, BTreeSet};

use crate::rust::SOURCES;

/// Modules, each with those that it uses.
pub type Graph = BTreeMap<String, BTreeSet<String>>;

/// The first name in a path, without its extension.
fn first(path: &str) -> &str {
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// The uses between the modules of a folder below `src/`. Its `mod.rs` is left out, because it combines the others.
#[must_use]
pub fn uses_inside(folder: &str) -> Graph {
    let mut graph = Graph::new();
    for source in SOURCES.iter() {
        let Some(name) = source.name.strip_prefix(folder).filter(|name| *name != "mod.rs") else { continue };
        assert!(!source.code.contains("super::"), "{}: paths must start with crate", source.name);
        let paths = source.paths.iter().map(|path| path.replace("::", "/"));
        let used = paths.filter_map(|path| Some(first(path.strip_prefix(folder)?).to_owned()));
        graph.entry(first(name).to_owned()).or_default().extend(used.filter(|used| used != first(name)));
    }
    graph
}

/// The part of a graph with cycles.
#[must_use]
pub fn cycles(mut graph: Graph) -> Graph {
    let mut before = usize::MAX;
    while graph.len() < before {
        before = graph.len();
        let known: BTreeSet<String> = graph.keys().cloned().collect();
        graph.retain(|_, to| {
            to.retain(|name| known.contains(name));
            !to.is_empty()
        });
    }
    graph
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_are_found() {
        let set = |to: &str| BTreeSet::from([to.to_owned()]);
        let graph =
            |edges: &[&str]| edges.iter().map(|edge| (edge[..1].to_owned(), set(&edge[1..]))).collect::<Graph>();
        assert_eq!(cycles(graph(&["ab", "bc", "cd"])), Graph::new());
        assert_eq!(cycles(graph(&["bc", "cb", "de"])), graph(&["bc", "cb"]));
    }
}
