//! The content of one site: lists, and libraries with folders and files.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::{Map, Value, json};

/// A list or a library.
#[derive(Debug)]
pub struct List {
    /// Its title, which flows use as its name.
    pub title: &'static str,
    /// The start of its paths, if it is a library.
    pub path: Option<&'static str>,
    /// The columns that its owner added.
    pub columns: &'static [&'static str],
    /// Its items and files.
    pub items: Vec<Item>,
}

/// An item of a list, or a file with its columns.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its number in the list.
    pub id: u64,
    /// The values of its columns.
    pub columns: Map<String, Value>,
    /// The file of a library's item.
    pub file: Option<File>,
    /// The site's change number when it was created.
    pub created: u64,
    /// The site's change number when it was changed last.
    pub changed: u64,
}

/// A file.
#[derive(Clone, Debug)]
pub struct File {
    /// The folder, such as `/Shared Documents/Archive`.
    pub folder: String,
    /// The name with its extension.
    pub name: String,
    /// The content.
    pub content: Bytes,
    /// How many contents it has had.
    pub versions: u32,
}

/// All lists of a site.
#[derive(Debug, Default)]
pub struct Content {
    /// The lists.
    pub lists: Vec<List>,
    /// The paths of all folders, without the libraries themselves.
    pub folders: BTreeSet<String>,
    /// Counts changes, like SharePoint's change tokens.
    pub changes: u64,
}

impl File {
    /// Its path.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.folder, self.name)
    }
}

impl Content {
    pub(super) fn list(&mut self, title: &str) -> Option<&mut List> {
        self.lists.iter_mut().find(|list| list.title.eq_ignore_ascii_case(title))
    }

    /// The library of a path.
    pub(super) fn library(&mut self, path: &str) -> Option<&mut List> {
        self.lists.iter_mut().find(|list| list.path.is_some_and(|root| is_below(path, root)))
    }

    /// Whether a path is a library or a folder.
    #[must_use]
    pub fn has_folder(&self, path: &str) -> bool {
        self.folders.contains(path) || self.lists.iter().any(|list| list.path == Some(path))
    }

    /// The item whose file has this path.
    pub(super) fn file(&mut self, path: &str) -> Option<&mut Item> {
        let items = self.lists.iter_mut().flat_map(|list| &mut list.items);
        items.into_iter().find(|item| item.file.as_ref().is_some_and(|file| file.path().eq_ignore_ascii_case(path)))
    }

    pub(super) fn next_change(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    /// Moves a folder with everything in it.
    pub(super) fn move_folder(&mut self, from: &str, to: &str) {
        let renamed = |path: &str| is_below(path, from).then(|| format!("{to}{}", &path[from.len()..]));
        self.folders = self.folders.iter().map(|path| renamed(path).unwrap_or_else(|| path.clone())).collect();
        for file in self.lists.iter_mut().flat_map(|list| &mut list.items).filter_map(|item| item.file.as_mut()) {
            if let Some(path) = renamed(&file.folder) {
                file.folder = path;
            }
        }
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

impl Item {
    /// What an operation on the list returns.
    pub(super) fn properties(&self) -> Map<String, Value> {
        let mut properties = self.columns.clone();
        properties.insert("ID".to_owned(), json!(self.id));
        if let Some(file) = &self.file {
            let path = file.path();
            properties.insert("FileLeafRef".to_owned(), json!(file.name));
            let stem = file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem);
            for (name, value) in [
                ("{Identifier}", json!(identifier(&path))),
                ("{IsFolder}", json!(false)),
                ("{Name}", json!(stem)),
                ("{FilenameWithExtension}", json!(file.name)),
                ("{Path}", json!(format!("{}/", file.folder.trim_start_matches('/')))),
                ("{FullPath}", json!(path.trim_start_matches('/'))),
                ("{VersionNumber}", json!(format!("{}.0", file.versions))),
            ] {
                properties.insert(name.to_owned(), value);
            }
        }
        properties
    }

    /// What an operation on a file returns.
    pub(super) fn metadata(&self) -> Option<Value> {
        let file = self.file.as_ref()?;
        Some(json!({
            "ItemId": self.id, "Id": identifier(&file.path()), "Name": file.name, "DisplayName": file.name,
            "Path": file.path(), "Size": file.content.len(), "IsFolder": false,
            "ETag": format!("\"{},{}\"", self.id, file.versions),
        }))
    }
}

/// A file's identifier is its path, encoded twice. It changes when the file is moved.
#[must_use]
pub fn identifier(path: &str) -> String {
    let once: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    once.replace('%', "%25").replace('+', "%2b")
}
