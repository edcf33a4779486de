//! SharePoint, as its connector shows it: one site with two libraries and a list.
//!
//! Stricter than the real one where that is not documented: an existing name and an unknown column are refused, and a missing
//! folder is created without a word, as the connector does.

mod answers;
mod filter;
mod operations;
mod site;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::flows::Connection;
use crate::server::Server;
use crate::site::Site;
use site::{Content, File, Item, List};

pub use operations::operations;

/// The address of the site.
pub const SITE: &str = "https://contoso.sharepoint.com/sites/contracts";

/// The simulated SharePoint.
#[derive(Debug)]
pub struct SharePoint {
    /// Its address.
    pub site: Site,
    /// Whether the connection's user may only read.
    pub read_only: AtomicBool,
    content: Mutex<Content>,
}

impl SharePoint {
    /// Starts it.
    pub async fn start() -> (Arc<Self>, Server) {
        let list = |title, path, columns| List { title, path, columns, items: Vec::new() };
        let content = Content {
            lists: vec![
                list(
                    "Documents",
                    Some("/Shared Documents"),
                    &["ClmDocumentId", "ClmEventId", "ClmPath", "ClmLink", "ClmMetadata", "EnvelopeId"],
                ),
                list("Incoming", Some("/Incoming"), &["ClmDocumentId", "ClmLink"]),
                list("Signals", None, &["Title", "ClmWorkflowId", "ClmSignal", "ClmSignalStatus"]),
            ],
            folders: ["/Shared Documents/Archive", "/Shared Documents/Envelopes", "/Incoming/New"]
                .map(ToOwned::to_owned)
                .into(),
            changes: 0,
        };
        let this =
            Arc::new(Self { site: Site::default(), read_only: AtomicBool::new(false), content: Mutex::new(content) });
        let answering = Arc::clone(&this);
        let server = Server::start(0, move |request| Arc::clone(&answering).answer(request)).await;
        this.site.listens_at(server.url());
        (this, server)
    }

    /// A flow's connection to it.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection { base: self.site.url(), credential: None, operations: operations(), policies: Vec::new() }
    }

    /// The files below a folder: path, content and columns.
    #[must_use]
    pub fn files(&self, folder: &str) -> Vec<(String, Bytes, Map<String, Value>)> {
        let content = self.content();
        let items = content.lists.iter().flat_map(|list| &list.items);
        let files = items.filter_map(|item| Some((item.file.as_ref()?, &item.columns)));
        let below = files.filter(|(file, _)| file.folder.starts_with(folder));
        below.map(|(file, columns)| (file.path(), file.content.clone(), columns.clone())).collect()
    }

    /// A person adds a file. Returns its number in the library.
    pub fn add_file(&self, folder: &str, name: &str, bytes: impl Into<Bytes>) -> u64 {
        self.content().create_file(folder, name, bytes.into()).expect("a new name in a library").id
    }

    /// A person adds an item to a list, or changes one.
    pub fn write_item(&self, list: &str, id: Option<u64>, columns: &[(&str, &str)]) -> u64 {
        let columns = columns.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        self.content().write_item(list, id, &columns).expect("known columns")
    }

    /// The columns of an item.
    #[must_use]
    pub fn item(&self, list: &str, id: u64) -> Map<String, Value> {
        let mut content = self.content();
        let items = content.list(list).map(|list| &list.items).expect("a list");
        items.iter().find(|item| item.id == id).map(|item| item.columns.clone()).unwrap_or_default()
    }

    /// A person moves a folder.
    pub fn move_folder(&self, from: &str, to: &str) {
        self.content().move_folder(from, to);
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().expect("no panic while held")
    }
}

impl Content {
    /// Adds a file, and its folder if it is missing.
    fn create_file(&mut self, folder: &str, name: &str, content: Bytes) -> Result<&Item, (u16, String)> {
        let folder = folder.trim_end_matches('/').to_owned();
        if self.file(&format!("{folder}/{name}")).is_some() {
            return Err((400, format!("A file with the name {folder}/{name} already exists.")));
        }
        if name.is_empty() || name.contains(['"', '*', ':', '<', '>', '?', '/', '\\', '|']) || name.trim() != name {
            return Err((400, format!("The file name {name} is not valid.")));
        }
        if !self.has_folder(&folder) && self.library(&folder).is_some() {
            self.folders.insert(folder.clone());
        }
        let change = self.next_change();
        let library = self.library(&folder).ok_or((404, "Library not found".to_owned()))?;
        let file = File { folder, name: name.to_owned(), content, versions: 1 };
        library.items.push(Item { file: Some(file), ..Item::new(library.next_id(), change) });
        library.items.last().ok_or((500, String::new()))
    }

    /// Adds an item, or writes columns of one.
    fn write_item(&mut self, list: &str, id: Option<u64>, columns: &Map<String, Value>) -> Result<u64, (u16, String)> {
        let change = self.next_change();
        let list = self.list(list).ok_or((404, "List not found".to_owned()))?;
        if let Some(unknown) = columns.keys().find(|name| !list.columns.contains(&name.as_str())) {
            return Err((400, format!("Column '{unknown}' does not exist.")));
        }
        let id = id.unwrap_or_else(|| {
            list.items.push(Item::new(list.next_id(), change));
            list.items.len() as u64
        });
        let item = list.items.iter_mut().find(|item| item.id == id).ok_or((404, "Item not found".to_owned()))?;
        item.columns.extend(columns.clone());
        item.changed = change;
        Ok(id)
    }
}

impl List {
    const fn next_id(&self) -> u64 {
        self.items.len() as u64 + 1
    }
}

impl Item {
    fn new(id: u64, change: u64) -> Self {
        Self { id, columns: Map::new(), file: None, created: change, changed: change }
    }
}
