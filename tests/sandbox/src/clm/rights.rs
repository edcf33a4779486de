//! Read and write permissions. They are inherited: everything below a hidden folder is also hidden.

use serde_json::{Value, json};

use crate::clm::error::ClmRefusal;
use crate::clm::state::{Document, Folder, State};

impl State {
    /// The folder with this ID, if `user` may see it.
    pub fn folder(&self, id: &str, user: &str) -> Result<&Folder, ClmRefusal> {
        let found = self.folders.iter().find(|folder| folder.id.eq_ignore_ascii_case(id));
        found.filter(|folder| self.sees(user, &folder.id)).ok_or(ClmRefusal::new(404, 109))
    }

    /// The document with this ID, if `user` may see it.
    pub fn document(&self, id: &str, user: &str) -> Result<&Document, ClmRefusal> {
        let found = self.documents.iter().find(|document| document.id.eq_ignore_ascii_case(id));
        found.filter(|document| self.sees(user, &document.id)).ok_or(ClmRefusal::new(404, 117))
    }

    /// The document with this ID, if `user` may change it.
    pub fn document_mut(&mut self, id: &str, user: &str) -> Result<&mut Document, ClmRefusal> {
        let id = self.document(id, user)?.id.clone();
        self.documents.iter_mut().find(|document| document.id == id).ok_or(ClmRefusal::new(404, 117))
    }

    /// The documents directly in a folder that `user` may see.
    pub fn documents_in(&self, folder: &str, user: &str) -> impl Iterator<Item = &Document> {
        let children = self.documents.iter().filter(move |document| document.folder == folder && !document.in_trash);
        children.filter(move |document| self.sees(user, &document.id))
    }

    /// The folders directly in a folder that `user` may see.
    pub fn folders_in(&self, folder: &str, user: &str) -> impl Iterator<Item = &Folder> {
        let children = self.folders.iter().filter(move |child| child.parent.as_deref() == Some(folder));
        children.filter(move |child| !child.in_trash && self.sees(user, &child.id))
    }

    /// The path of a folder, starting with the account's name. Deleted folders are below the trash.
    pub fn path(&self, folder: &Folder) -> String {
        let root = self.folders.iter().find(|known| known.parent.is_none());
        if let Some(root) = root.filter(|_| folder.in_trash) {
            return format!("/{}/Trash/{}", root.name, folder.name);
        }
        let above = folder.parent.as_ref().and_then(|parent| self.folders.iter().find(|known| known.id == *parent));
        format!("{}/{}", above.map(|above| self.path(above)).unwrap_or_default(), folder.name)
    }

    /// The folder at a path from the root, without the account's name.
    pub fn folder_at(&self, path: &str, user: &str) -> Result<&Folder, ClmRefusal> {
        let root = self.folders.iter().find(|folder| folder.parent.is_none() && self.sees(user, &folder.id));
        let root = root.ok_or(ClmRefusal::not_found())?;
        path.split('/').filter(|name| !name.is_empty()).try_fold(root, |above, name| {
            let mut children = self.folders_in(&above.id, user);
            children.find(|child| child.name.eq_ignore_ascii_case(name)).ok_or(ClmRefusal::new(404, 109))
        })
    }

    /// Whether `user` may see this folder or document.
    pub fn sees(&self, user: &str, id: &str) -> bool {
        !self.chain(id).any(|id| self.hidden.contains(&(id.to_owned(), user.to_owned())))
    }

    /// Rejects a user who may only read this folder or document.
    pub fn check_write(&self, user: &str, id: &str) -> Result<(), ClmRefusal> {
        if self.may_write(user, id) { Ok(()) } else { Err(ClmRefusal::new(403, 103)) }
    }

    /// `AccessLevel` of a folder or document. Here, one permission covers writing, moving and creating.
    pub fn access_level(&self, user: &str, id: &str) -> Value {
        let (sees, writes) = (self.sees(user, id), self.may_write(user, id));
        json!({"See": sees, "Read": sees, "Write": writes, "Move": writes, "Create": writes, "SetAccess": false})
    }

    /// Whether it or a folder above it is in the trash.
    pub fn is_in_trash(&self, id: &str) -> bool {
        let folder = |id: &str| self.folders.iter().any(|folder| folder.id == id && folder.in_trash);
        let document = |id: &str| self.documents.iter().any(|document| document.id == id && document.in_trash);
        self.chain(id).any(|id| folder(id) || document(id))
    }

    /// Permanently deletes a folder and everything below it.
    pub fn remove_folder(&mut self, id: &str) {
        let below = |state: &Self, other: &str| state.chain(other).any(|above| above == id);
        let folders: Vec<_> = self.folders.iter().filter(|known| !below(self, &known.id)).cloned().collect();
        let documents: Vec<_> = self.documents.iter().filter(|known| !below(self, &known.id)).cloned().collect();
        (self.folders, self.documents) = (folders, documents);
    }

    fn may_write(&self, user: &str, id: &str) -> bool {
        self.sees(user, id) && !self.chain(id).any(|id| self.read_only.contains(&(id.to_owned(), user.to_owned())))
    }

    /// A folder or document and every folder above it.
    fn chain<'s>(&'s self, id: &'s str) -> impl Iterator<Item = &'s str> {
        std::iter::successors(Some(id), |id| {
            let folder = self.folders.iter().find(|folder| folder.id == *id);
            let document = || self.documents.iter().find(|document| document.id == *id);
            folder.map_or_else(|| document().map(|found| found.folder.as_str()), |found| found.parent.as_deref())
        })
    }
}
