//! Workflows. The simulated ones wait for a signal at the first poll and complete after it.

use http::{Method, Response};
use serde_json::{Value, json};

use crate::clm::error::{ClmRefusal, guid};
use crate::clm::page::page;
use crate::clm::request::{Call, text};
use crate::clm::state::Workflow;
use crate::clm::tasks::references;
use crate::clm::time::date;
use crate::clm::{Answer, Clm, no_such_route, wrong_method};
use crate::server::{Body, json as json_reply};

const DEFINITIONS: [&str; 2] = ["Supplier onboarding", "Renewal"];

impl Clm {
    pub(super) fn workflows(&self, call: &Call, path: &[&str]) -> Answer {
        match (&call.method, path) {
            (&Method::GET, ["workflowdefinitions"]) => Ok(self.definitions(call)),
            (&Method::POST, ["workflows"]) => self.start_workflow(call),
            (&Method::GET, ["workflows", id]) => self.show_workflow(id),
            (&Method::DELETE, ["workflows", id]) => self.abort_workflow(id),
            (&Method::GET, ["workflows", id, "documents"]) => self.workflow_documents(call, id),
            (&Method::POST, ["workflows", id, "signal"]) => self.signal(call, id),
            (_, ["workflowdefinitions" | "workflows"] | ["workflows", _] | ["workflows", _, "signal"]) => {
                Ok(wrong_method(call))
            }
            _ => Ok(no_such_route()),
        }
    }

    fn definitions(&self, call: &Call) -> Response<Body> {
        let href = self.href("workflowdefinitions");
        let definition = |(number, name): (usize, &str)| {
            json!({"Name": name, "CreatedDate": "2030-05-01T10:00:00Z", "UpdatedDate": "2030-06-01T10:00:00.25Z",
                   "Href": format!("{href}/d3f1000{number}-0000-4000-8000-7a6b5c4d3e2f")})
        };
        let items: Vec<Value> = DEFINITIONS.into_iter().enumerate().map(definition).collect();
        json_reply(200, &page(call, &href, &items))
    }

    /// Returns 201, as in CLM's general rules. The page for this operation says 200.
    fn start_workflow(&self, call: &Call) -> Answer {
        let object = call.object(&["Name", "Params", "WorkflowDocuments"])?;
        let name = text(&object, "Name")?.ok_or(ClmRefusal::new(422, 134))?;
        if !DEFINITIONS.contains(&name.as_str()) {
            return Err(ClmRefusal::new(404, 126));
        }
        let params = text(&object, "Params")?.unwrap_or_default();
        if !params.is_empty() && !params.trim_start().starts_with('<') {
            return Err(ClmRefusal::invalid("Params", 1004));
        }
        let empty = json!({"Items": []});
        let items = object.get("WorkflowDocuments").unwrap_or(&empty).as_object().ok_or(ClmRefusal::new(400, 100))?;
        let mut state = self.state();
        let references = references(items, "Items")?;
        let documents = references.iter().map(|reference| {
            let id =
                self.id_of(reference, "documents").ok_or_else(|| ClmRefusal::invalid("WorkflowDocuments", 1011))?;
            state.document(&id, &call.user.sub).map(|document| document.id.clone())
        });
        let documents = documents.collect::<Result<Vec<_>, _>>()?;
        let (status, started) = ("Executing", state.clock.now());
        let workflow = Workflow { name, params, documents, status, started, ended: None, info: String::new() };
        let id = guid();
        let body = self.workflow_json(&id, &workflow);
        state.workflows.insert(id, workflow);
        Ok(json_reply(201, &body))
    }

    fn show_workflow(&self, id: &str) -> Answer {
        let mut state = self.state();
        let now = state.clock.now();
        let workflow = state.workflows.get_mut(id).ok_or(ClmRefusal::new(404, 126))?;
        match (workflow.status, workflow.info.is_empty()) {
            ("Executing", true) => workflow.status = "Waiting",
            ("Executing", false) => (workflow.status, workflow.ended) = ("Completed", Some(now)),
            _ => {}
        }
        let workflow = workflow.clone();
        Ok(json_reply(200, &self.workflow_json(id, &workflow)))
    }

    /// Stops a workflow. The status of the answer is not documented.
    fn abort_workflow(&self, id: &str) -> Answer {
        let mut state = self.state();
        let now = state.clock.now();
        let workflow = state.workflows.get_mut(id).ok_or(ClmRefusal::new(404, 126))?;
        if workflow.ended.is_some() {
            return Err(ClmRefusal::new(422, 131));
        }
        (workflow.status, workflow.ended) = ("Aborted", Some(now));
        let workflow = workflow.clone();
        Ok(json_reply(200, &self.workflow_json(id, &workflow)))
    }

    fn workflow_documents(&self, call: &Call, id: &str) -> Answer {
        let state = self.state();
        let workflow = state.workflows.get(id).ok_or(ClmRefusal::new(404, 126))?;
        let documents = workflow.documents.iter().filter_map(|id| state.document(id, &call.user.sub).ok());
        let items: Vec<_> = documents.map(|document| self.document_json(&state, document, &call.user.sub)).collect();
        Ok(json_reply(200, &page(call, &self.href(&format!("workflows/{id}/documents")), &items)))
    }

    fn signal(&self, call: &Call, id: &str) -> Answer {
        let object = call.object(&["Data"])?;
        let data = text(&object, "Data")?.unwrap_or_default();
        let mut state = self.state();
        let workflow = state.workflows.get_mut(id).ok_or(ClmRefusal::new(404, 126))?;
        match workflow.status {
            "Waiting" => {}
            "Completed" => return Err(ClmRefusal::new(422, 132)),
            _ => return Err(ClmRefusal::new(422, 138)),
        }
        workflow.status = "Executing";
        workflow.info = format!("signalled: {data}");
        let workflow = workflow.clone();
        Ok(json_reply(200, &self.workflow_json(id, &workflow)))
    }

    fn workflow_json(&self, id: &str, workflow: &Workflow) -> Value {
        let href = self.href(&format!("workflows/{id}"));
        let mut json = json!({
            "Name": workflow.name, "StartDate": date(workflow.started), "Status": workflow.status,
            "Info": workflow.info, "Params": workflow.params,
            "WorkflowDocuments": {"Href": format!("{href}/documents")}, "Href": href,
        });
        if let Some(ended) = workflow.ended {
            json["EndDate"] = json!(date(ended));
        }
        json
    }
}
