//! Tasks: started by a POST and polled until they are done.

use http::{Method, Response};
use serde_json::{Map, Value, json};

use crate::clm::error::{ClmRefusal, guid};
use crate::clm::page::page;
use crate::clm::request::{Call, text};
use crate::clm::state::{State, Task};
use crate::clm::{Answer, Clm, no_such_route, wrong_method};
use crate::server::{Body, json as json_reply};

/// A task is done at the second poll.
const POLLS: u32 = 2;

impl Clm {
    pub(super) fn tasks(&self, call: &Call, kind: &str, path: &[&str]) -> Answer {
        match (&call.method, kind, path) {
            (&Method::POST, "copytasks", []) => {
                let outcome = self.copy(&mut self.state(), call)?;
                Ok(self.begin(call, Task::new(kind, call, outcome)))
            }
            (&Method::POST, "doclaunchertasks", []) => {
                let outcome = self.launch(call)?;
                Ok(self.begin(call, Task::new(kind, call, outcome)))
            }
            (&Method::POST, "documentsearchtasks" | "foldersearchtasks", []) => self.search(call, kind),
            (&Method::GET, "documentsearchtasks" | "foldersearchtasks", [id, "result"]) => self.results(call, kind, id),
            (&Method::GET, "copytasks" | "doclaunchertasks" | "documentsearchtasks" | "foldersearchtasks", [id]) => {
                self.poll(call, kind, id)
            }
            (_, "copytasks" | "doclaunchertasks" | "documentsearchtasks" | "foldersearchtasks", _) => {
                Ok(wrong_method(call))
            }
            _ => Ok(no_such_route()),
        }
    }

    /// Stores a task and returns the response to the POST: 202, or 200 if it is already done.
    pub(super) fn begin(&self, call: &Call, task: Task) -> Response<Body> {
        let id = guid();
        let body = self.task_json(call, &id, &task);
        let status = if task.polls_left == 0 { 200 } else { 202 };
        self.state().tasks.insert(id, task);
        json_reply(status, &body)
    }

    fn poll(&self, call: &Call, kind: &str, id: &str) -> Answer {
        let mut state = self.state();
        let task = state.tasks.get_mut(id).filter(|task| task.is(kind, call)).ok_or(ClmRefusal::not_found())?;
        task.polls_left = task.polls_left.saturating_sub(1);
        Ok(json_reply(200, &self.task_json(call, id, task)))
    }

    fn task_json(&self, call: &Call, id: &str, task: &Task) -> Value {
        let href = self.href(&format!("{}/{id}", task.kind));
        if task.polls_left > 0 {
            return json!({"Status": "Processing", "Href": href});
        }
        let mut body = task.outcome.clone();
        body["Status"] = json!("Success");
        if let Some(found) = &task.found {
            body["Result"] = page(call, &format!("{href}/Result"), found);
        }
        body["Href"] = json!(href);
        body
    }

    /// Copies immediately, but reports it as done later.
    fn copy(&self, state: &mut State, call: &Call) -> Result<Value, ClmRefusal> {
        let members = ["DocumentsToCopy", "FoldersToCopy", "DestinationFolder", "DestinationDocumentName"];
        let object = call.object(&members)?;
        let target = self
            .target_folder(state, &object, "DestinationFolder", &call.user.sub)?
            .ok_or(ClmRefusal::new(422, 140))?;
        let name = text(&object, "DestinationDocumentName")?;
        let (documents, folders) = (references(&object, "DocumentsToCopy")?, references(&object, "FoldersToCopy")?);
        if documents.is_empty() && folders.is_empty() {
            return Err(ClmRefusal::new(422, 141));
        }
        let name = name.filter(|_| documents.len() == 1);
        let copied = sort(&documents, |reference| {
            let original = state.document(&self.id_of(reference, "documents")?, &call.user.sub).ok()?.clone();
            let bytes = original.versions.last()?.stored.clone();
            let id = state.add_document(name.as_deref().unwrap_or(&original.name), &target, bytes);
            Some(json!({"Href": self.href(&format!("documents/{id}"))}))
        });
        let copied_folders = sort(&folders, |reference| {
            let original = state.folder(&self.id_of(reference, "folders")?, &call.user.sub).ok()?.clone();
            let id = state.add_folder(&original.name, &original.description, Some(&target));
            Some(json!({"Href": self.href(&format!("folders/{id}"))}))
        });
        Ok(json!({"DocumentResults": copied.0, "FailedDocuments": copied.1, "FolderResults": copied_folders.0,
                  "FailedFolders": copied_folders.1}))
    }
}

impl Task {
    /// A task of the caller, which is done at the second poll.
    pub fn new(kind: &str, call: &Call, outcome: Value) -> Self {
        let user = call.user.sub.clone();
        Self { kind: kind.to_owned(), user, polls_left: POLLS, outcome, found: None }
    }

    /// Whether it has this kind and belongs to the caller.
    pub fn is(&self, kind: &str, call: &Call) -> bool {
        self.kind == kind && self.user == call.user.sub
    }
}

/// Separates the copied objects from the failed ones.
fn sort(references: &[Value], copy: impl FnMut(&Value) -> Option<Value>) -> (Vec<Value>, Vec<Value>) {
    let outcomes: Vec<_> = references.iter().map(copy).collect();
    let failed = references.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_none());
    let failed = failed.map(|(source, _)| json!({"Source": source, "Reason": "Not found"})).collect();
    (outcomes.into_iter().flatten().collect(), failed)
}

/// A list of references.
pub fn references(object: &Map<String, Value>, name: &str) -> Result<Vec<Value>, ClmRefusal> {
    match object.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) if items.iter().all(|item| item["Href"].is_string()) => Ok(items.clone()),
        Some(_) => Err(ClmRefusal::new(400, 100)),
    }
}
