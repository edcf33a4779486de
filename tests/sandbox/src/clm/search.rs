//! Searches for documents and folders.

use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use crate::clm::error::ClmRefusal;
use crate::clm::page::page;
use crate::clm::request::{Call, text};
use crate::clm::state::{Document, State, Task};
use crate::clm::{Answer, Clm};
use crate::server::json as json_reply;

/// The allowed search criteria.
const CRITERIA: [&str; 11] = [
    "Title",
    "Content",
    "Extensions",
    "AllWords",
    "AnyWords",
    "WithoutWords",
    "Phrase",
    "Description",
    "IncludeSubFolders",
    "InFolder",
    "AttributeFields",
];
/// Criteria that are not text.
const NOT_TEXT: [&str; 3] = ["IncludeSubFolders", "InFolder", "AttributeFields"];
/// The number of polls for a slow search.
const SLOW_POLLS: u32 = 2;
/// Criteria for documents only.
const OF_DOCUMENTS: [&str; 2] = ["Content", "Extensions"];

impl Clm {
    pub(super) fn search(&self, call: &Call, kind: &str) -> Answer {
        let of_folders = kind == "foldersearchtasks";
        let allowed: Vec<_> = CRITERIA.into_iter().filter(|name| !of_folders || !OF_DOCUMENTS.contains(name)).collect();
        let criteria = call.object(&allowed)?;
        if criteria.keys().all(|name| name == "IncludeSubFolders") {
            return Err(ClmRefusal::new(422, 1024));
        }
        for name in criteria.keys().filter(|name| !NOT_TEXT.contains(&name.as_str())) {
            text(&criteria, name)?;
        }
        let (state, user) = (self.state(), call.user.sub.as_str());
        let scope = self.scope(&state, &criteria, user)?;
        let found = |id: &str| state.sees(user, id) && !state.is_in_trash(id);
        let found: Vec<Value> = if of_folders {
            let folders = state.folders.iter().filter(|folder| folder.parent.is_some() && found(&folder.id));
            let lies_in =
                folders.filter(|folder| scope.as_ref().is_none_or(|scope| in_scope(scope, folder.parent.as_ref())));
            let titled = lies_in.filter(|folder| contains(&criteria, "Title", &folder.name));
            titled.map(|folder| self.folder_json(&state, folder, user)).collect()
        } else {
            let documents = state.documents.iter().filter(|document| found(&document.id) && fits(&criteria, document));
            let lies_in =
                documents.filter(|document| scope.as_ref().is_none_or(|scope| scope.contains(&document.folder)));
            lies_in.map(|document| self.found(&state, document, call)).collect()
        };
        drop(state);
        let polls_left = if self.slow_searches.load(Ordering::SeqCst) { SLOW_POLLS } else { 0 };
        let task = Task { polls_left, found: Some(found), ..Task::new(kind, call, json!({})) };
        Ok(self.begin(call, task))
    }

    fn found(&self, state: &State, document: &Document, call: &Call) -> Value {
        let mut json = self.document_json(state, document, &call.user.sub);
        if call.expands("AttributeGroups") {
            json["AttributeGroups"] = json!(document.groups);
        }
        json
    }

    /// Further pages of the results.
    pub(super) fn results(&self, call: &Call, kind: &str, id: &str) -> Answer {
        let state = self.state();
        let task = state.tasks.get(id).filter(|task| task.is(kind, call) && task.polls_left == 0);
        let found = task.and_then(|task| task.found.as_ref()).ok_or(ClmRefusal::not_found())?;
        Ok(json_reply(200, &page(call, &self.href(&format!("{kind}/{id}/Result")), found)))
    }

    /// The folders to search in; `None` for all.
    fn scope(
        &self,
        state: &State,
        criteria: &Map<String, Value>,
        user: &str,
    ) -> Result<Option<Vec<String>>, ClmRefusal> {
        let Some(folder) = self.folder_in(state, criteria, "InFolder", user)? else { return Ok(None) };
        let mut scope = vec![folder];
        if criteria.get("IncludeSubFolders") == Some(&json!(true)) {
            let mut next = 0;
            while next < scope.len() {
                let below: Vec<_> = state.folders_in(&scope[next], user).map(|folder| folder.id.clone()).collect();
                scope.extend(below);
                next += 1;
            }
        }
        Ok(Some(scope))
    }
}

fn in_scope(scope: &[String], folder: Option<&String>) -> bool {
    folder.is_some_and(|folder| scope.contains(folder))
}

fn fits(criteria: &Map<String, Value>, document: &Document) -> bool {
    let newest = document.versions.last().map(|version| version.stored.text());
    let words = format!("{} {}", document.name, newest.unwrap_or_default()).to_lowercase();
    let list = |name: &str| text(criteria, name).ok().flatten().unwrap_or_default().to_lowercase();
    let has = |name: &str| list(name).split(',').map(|word| words.contains(word.trim())).collect::<Vec<_>>();
    let given = |name: &str| !list(name).is_empty();
    let extension = document.name.rsplit('.').next().unwrap_or_default().to_lowercase();
    contains(criteria, "Title", &document.name)
        && contains(criteria, "Content", &words)
        && contains(criteria, "Phrase", &words)
        && contains(criteria, "Description", &document.description)
        && (!given("Extensions") || list("Extensions").split(',').any(|requested| requested.trim() == extension))
        && (!given("AllWords") || has("AllWords").into_iter().all(|has| has))
        && (!given("AnyWords") || has("AnyWords").into_iter().any(|has| has))
        && (!given("WithoutWords") || !has("WithoutWords").into_iter().any(|has| has))
        && fields(criteria).iter().all(|field| has_field(document, field))
}

fn fields(criteria: &Map<String, Value>) -> Vec<Value> {
    criteria.get("AttributeFields").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn has_field(document: &Document, requested: &Value) -> bool {
    let name = |member: &str| requested[member].as_str().unwrap_or_default().to_owned();
    let attribute = document.groups.get(&name("Group")).and_then(|group| group.get(name("Field")));
    attribute.is_some_and(|attribute| attribute["Value"] == requested["Value"])
}

/// Whether a text contains the criterion; true if it is not given.
fn contains(criteria: &Map<String, Value>, name: &str, text_of: &str) -> bool {
    let requested = text(criteria, name).ok().flatten().unwrap_or_default();
    text_of.to_lowercase().contains(&requested.to_lowercase())
}
