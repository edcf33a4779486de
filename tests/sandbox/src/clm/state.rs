//! What the account holds.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::clm::error::{Refusal, guid};
use crate::docusign::unix_now;

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
    /// Who has checked it out.
    pub locked_by: Option<String>,
    pub in_trash: bool,
    /// How often a rendition was asked for: it is there from the second time on.
    pub renditions_asked: u32,
}

/// The bytes of a document at some time.
#[derive(Clone, Debug)]
pub struct Version {
    pub id: String,
    pub bytes: Bytes,
    pub created: u64,
}

/// A task and how it ends.
#[derive(Clone, Debug)]
pub struct Task {
    pub kind: String,
    /// How often it has to be asked for until it is done.
    pub polls_left: u32,
    /// The members it has once it is done.
    pub outcome: Value,
    /// What a search found.
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

/// Everything.
#[derive(Debug, Default)]
pub struct State {
    pub folders: Vec<Folder>,
    pub documents: Vec<Document>,
    pub tasks: HashMap<String, Task>,
    pub workflows: HashMap<String, Workflow>,
}

impl State {
    /// A root, a home folder, and a folder of contracts with more documents than a page holds.
    pub fn seeded() -> Self {
        let mut state = Self::default();
        let root = state.add_folder("Example Ltd", "", None);
        state.add_folder("Home", "", Some(&root));
        let contracts = state.add_folder("Contracts", "Signed and unsigned", Some(&root));
        for number in 1..=23 {
            let bytes = Bytes::from(format!("agreement number {number}"));
            state.add_document(&format!("Agreement {number:02}.txt"), &contracts, bytes);
        }
        state
    }

    /// Adds a folder and gives its ID.
    pub fn add_folder(&mut self, name: &str, description: &str, parent: Option<&str>) -> String {
        let (id, now) = (guid(), unix_now());
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

    /// Adds a document and gives its ID.
    pub fn add_document(&mut self, name: &str, folder: &str, bytes: Bytes) -> String {
        let (id, now) = (guid(), unix_now());
        self.documents.push(Document {
            id: id.clone(),
            name: name.to_owned(),
            description: String::new(),
            folder: folder.to_owned(),
            created: now,
            updated: now,
            versions: vec![Version { id: id.clone(), bytes, created: now }],
            groups: Map::new(),
            locked_by: None,
            in_trash: false,
            renditions_asked: 0,
        });
        id
    }

    /// The folder with this ID.
    pub fn folder(&self, id: &str) -> Result<&Folder, Refusal> {
        self.folders.iter().find(|folder| folder.id.eq_ignore_ascii_case(id)).ok_or(Refusal::new(404, 109))
    }

    /// The document with this ID.
    pub fn document(&self, id: &str) -> Result<&Document, Refusal> {
        self.documents.iter().find(|document| document.id.eq_ignore_ascii_case(id)).ok_or(Refusal::new(404, 117))
    }

    /// The document with this ID, to be changed.
    pub fn document_mut(&mut self, id: &str) -> Result<&mut Document, Refusal> {
        self.documents.iter_mut().find(|document| document.id.eq_ignore_ascii_case(id)).ok_or(Refusal::new(404, 117))
    }

    /// The documents that lie directly in a folder.
    pub fn documents_in(&self, folder: &str) -> impl Iterator<Item = &Document> {
        self.documents.iter().filter(move |document| document.folder == folder && !document.in_trash)
    }

    /// The folders that lie directly in a folder.
    pub fn folders_in(&self, folder: &str) -> impl Iterator<Item = &Folder> {
        self.folders.iter().filter(move |child| child.parent.as_deref() == Some(folder) && !child.in_trash)
    }

    /// The path of a folder, the account's name first.
    pub fn path(&self, folder: &Folder) -> String {
        let above = folder.parent.as_ref().and_then(|parent| self.folder(parent).ok());
        format!("{}/{}", above.map(|above| self.path(above)).unwrap_or_default(), folder.name)
    }

    /// The folder at a path from the root, without the account's name.
    pub fn folder_at(&self, path: &str) -> Result<&Folder, Refusal> {
        let root = self.folders.iter().find(|folder| folder.parent.is_none()).ok_or(Refusal::not_found())?;
        path.split('/').filter(|name| !name.is_empty()).try_fold(root, |above, name| {
            let mut children = self.folders_in(&above.id);
            children.find(|child| child.name.eq_ignore_ascii_case(name)).ok_or(Refusal::new(404, 109))
        })
    }
}
