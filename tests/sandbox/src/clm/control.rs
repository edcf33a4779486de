//! What tests arrange in the account, and what they look at.

use std::sync::atomic::Ordering;

use bytes::Bytes;

use crate::bulk::Summary;
use crate::clm::Clm;
use crate::clm::state::Document;
use crate::clm::stored::Stored;

/// What a document holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Length and digest of the newest version.
    pub newest: Summary,
    /// How many versions there are.
    pub versions: usize,
}

impl Clm {
    /// The ID of the folder at a path from the root, without the account's name.
    #[must_use]
    pub fn folder_at(&self, path: &str) -> Option<String> {
        self.state().folder_at(path, "").ok().map(|folder| folder.id.clone())
    }

    /// The IDs of the documents at a path; of one name there may be several.
    #[must_use]
    pub fn documents_at(&self, path: &str) -> Vec<String> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(folder) = self.folder_at(folder) else { return Vec::new() };
        let state = self.state();
        let named = state.documents_in(&folder, "").filter(|document| document.name == name);
        named.map(|document| document.id.clone()).collect()
    }

    /// Makes a folder in a folder, and gives its ID.
    pub fn add_folder(&self, name: &str, parent: &str) -> String {
        self.state().add_folder(name, "", Some(parent))
    }

    /// Makes a document in a folder, and gives its ID.
    pub fn add_document(&self, name: &str, folder: &str, bytes: impl Into<Bytes>) -> String {
        self.state().add_document(name, folder, Stored::from(bytes))
    }

    /// Makes a document of `length` bytes that nobody holds: its content is [`Source::pattern`](crate::bulk::Source::pattern).
    pub fn add_synthetic_document(&self, name: &str, folder: &str, length: u64) -> String {
        let stored = Stored::pattern(length);
        self.state().add_document(name, folder, stored)
    }

    /// What a document holds; `None` if there is no such document.
    #[must_use]
    pub fn content(&self, id: &str) -> Option<Content> {
        let state = self.state();
        let document = state.document(id, "").ok()?;
        let newest = document.versions.last()?.stored.summary.clone();
        Some(Content { newest, versions: document.versions.len() })
    }

    /// How many documents there are in the account, those in the trash too.
    #[must_use]
    pub fn documents_in_all(&self) -> usize {
        self.state().documents.len()
    }

    /// Does a folder or document lie in the trash? `None` if it is gone for good.
    #[must_use]
    pub fn is_in_trash(&self, id: &str) -> Option<bool> {
        let state = self.state();
        let is_there = state.document(id, "").is_ok() || state.folder(id, "").is_ok();
        is_there.then(|| state.is_in_trash(id))
    }

    /// Hides a folder or document, and what is below, from a user.
    pub fn hide(&self, id: &str, user: &str) {
        self.state().hidden.insert((id.to_owned(), user.to_owned()));
    }

    /// Lets a user only read a folder or document, and what is below.
    pub fn make_read_only(&self, id: &str, user: &str) {
        self.state().read_only.insert((id.to_owned(), user.to_owned()));
    }

    /// Gives a user every right to a folder or document again.
    pub fn restore_rights(&self, id: &str, user: &str) {
        let pair = (id.to_owned(), user.to_owned());
        let mut state = self.state();
        state.hidden.remove(&pair);
        state.read_only.remove(&pair);
    }

    /// No rendition of a document will ever be there: it is answered as not yet available, again and again.
    pub fn never_render(&self, id: &str) {
        self.each_document(id, |document| document.never_rendered = true);
    }

    /// The renditions of a document are there from the first time on.
    pub fn render(&self, id: &str) {
        self.each_document(id, |document| (document.renditions_asked, document.never_rendered) = (1, false));
    }

    /// The next download breaks off after this many bytes.
    pub fn cut_download_after(&self, bytes: u64) {
        *self.traffic.cut_download.lock().unwrap() = Some(bytes);
    }

    /// CLM closes the connection of the next upload when it has read this many bytes.
    pub fn cut_upload_after(&self, bytes: u64) {
        *self.traffic.cut_upload.lock().unwrap() = Some(bytes);
    }

    /// How many uploads are being read right now.
    #[must_use]
    pub fn open_uploads(&self) -> usize {
        self.traffic.uploads.load(Ordering::SeqCst)
    }

    /// How many downloads are being sent right now.
    #[must_use]
    pub fn open_downloads(&self) -> usize {
        self.traffic.downloads.load(Ordering::SeqCst)
    }

    fn each_document(&self, id: &str, change: impl FnMut(&mut Document)) {
        self.state().documents.iter_mut().filter(|document| document.id == id).for_each(change);
    }
}
