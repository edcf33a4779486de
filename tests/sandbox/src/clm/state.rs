//! The state of the account.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::clm::error::guid;
use crate::clm::stored::Stored;
use crate::clm::time::ClmClock;
use crate::registry::OTHER_USER;

/// A folder.
#[derive(Clone, Debug)]
pub struct Folder {
    pub id: String,
    pub name: String,
    pub description: String,
    /// `None` for the root.
    pub parent: Option<String>,
    pub created: u64,
    pub updated: u64,
    pub in_trash: bool,
}

/// A document with all its versions, the newest last.
#[derive(Clone, Debug)]
pub struct Document {
    pub id: String,
    pub name: String,
    pub description: String,
    pub folder: String,
    pub created: u64,
    pub updated: u64,
    pub versions: Vec<Version>,
    /// Attribute group, then attribute, then its value object.
    pub groups: Map<String, Value>,
    /// The user who has checked it out.
    pub locked_by: Option<String>,
    pub in_trash: bool,
    /// The number of rendition requests. The rendition is available from the second one on.
    pub renditions_asked: u32,
    /// Whether its renditions are never available.
    pub never_rendered: bool,
}

/// A version of a document.
#[derive(Clone, Debug)]
pub struct Version {
    pub id: String,
    pub stored: Stored,
    pub created: u64,
}

/// A task and its result.
#[derive(Clone, Debug)]
pub struct Task {
    pub kind: String,
    /// The user of the task.
    pub user: String,
    /// The number of polls until it is done.
    pub polls_left: u32,
    /// Its members when it is done.
    pub outcome: Value,
    /// The results of a search.
    pub found: Option<Vec<Value>>,
}

/// A running workflow.
#[derive(Clone, Debug)]
pub struct Workflow {
    pub name: String,
    pub params: String,
    pub documents: Vec<String>,
    pub status: &'static str,
    pub started: u64,
    pub ended: Option<u64>,
    pub info: String,
}

/// A queue of work items.
#[derive(Clone, Debug)]
pub struct Queue {
    pub id: String,
    pub name: String,
    pub created: u64,
}

/// A work item in a queue.
#[derive(Clone, Debug)]
pub struct WorkItem {
    pub id: String,
    pub name: String,
    pub queue: String,
    pub created: u64,
    pub assigned: u64,
}

/// The complete state. All times are in milliseconds since 1970.
#[derive(Debug, Default)]
pub struct State {
    pub folders: Vec<Folder>,
    pub documents: Vec<Document>,
    pub tasks: HashMap<String, Task>,
    pub workflows: HashMap<String, Workflow>,
    pub queues: Vec<Queue>,
    pub work_items: Vec<WorkItem>,
    pub clock: ClmClock,
    /// (folder or document, user) pairs: the user may not see it or anything below it.
    pub hidden: HashSet<(String, String)>,
    /// (folder or document, user) pairs: the user may only read it and everything below it.
    pub read_only: HashSet<(String, String)>,
}

impl State {
    /// A root, a home folder, and a folder of contracts with more than one page of documents. It contains a folder that
    /// [`OTHER_USER`] may not see, and one that this user may only read.
    pub fn seeded() -> Self {
        let mut state = Self::default();
        let root = state.add_folder("Example Ltd", "", None);
        state.add_folder("Home", "", Some(&root));
        let contracts = state.add_folder("Contracts", "Signed and unsigned", Some(&root));
        for number in 1..=23 {
            let bytes = Stored::from(format!("agreement number {number}"));
            state.add_document(&format!("Agreement {number:02}.txt"), &contracts, bytes);
        }
        let board = state.add_folder("Board only", "", Some(&contracts));
        state.add_document("Minutes.txt", &board, Stored::from("what the board said"));
        state.hidden.insert((board, OTHER_USER.to_owned()));
        let archive = state.add_folder("Archive", "Closed", Some(&contracts));
        state.add_document("Charter.txt", &archive, Stored::from("how it began"));
        state.read_only.insert((archive, OTHER_USER.to_owned()));
        state.add_queue("Legal");
        state
    }

    /// Adds a queue and returns its ID.
    pub fn add_queue(&mut self, name: &str) -> String {
        let queue = Queue { id: guid(), name: name.to_owned(), created: self.clock.now() };
        self.queues.push(queue.clone());
        queue.id
    }

    /// Adds a folder and returns its ID.
    pub fn add_folder(&mut self, name: &str, description: &str, parent: Option<&str>) -> String {
        let (id, now) = (guid(), self.clock.now());
        self.folders.push(Folder {
            id: id.clone(),
            name: name.to_owned(),
            description: description.to_owned(),
            parent: parent.map(ToOwned::to_owned),
            created: now,
            updated: now,
            in_trash: false,
        });
        id
    }

    /// Adds a document and returns its ID.
    pub fn add_document(&mut self, name: &str, folder: &str, stored: Stored) -> String {
        let (id, now) = (guid(), self.clock.now());
        self.documents.push(Document {
            id: id.clone(),
            name: name.to_owned(),
            description: String::new(),
            folder: folder.to_owned(),
            created: now,
            updated: now,
            versions: vec![Version { id: id.clone(), stored, created: now }],
            groups: Map::new(),
            locked_by: None,
            in_trash: false,
            renditions_asked: 0,
            never_rendered: false,
        });
        id
    }
}
