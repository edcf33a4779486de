//! Work queues and their work items.

use http::{Method, Response};
use serde_json::{Value, json};

use crate::clm::error::ClmRefusal;
use crate::clm::page::page;
use crate::clm::request::Call;
use crate::clm::state::{Queue, WorkItem};
use crate::clm::time::date;
use crate::clm::{Answer, Clm, no_such_route, wrong_method};
use crate::server::{Body, json as json_reply};

/// How long a work item may take, in milliseconds.
const DUE_AFTER: u64 = 7 * 86_400_000;

impl Clm {
    pub(super) fn queues(&self, call: &Call, path: &[&str]) -> Answer {
        let state = self.state();
        let queue = |id: &str| state.queues.iter().find(|queue| queue.id == id).ok_or(ClmRefusal::not_found());
        match (&call.method, path) {
            (&Method::GET, ["workflowqueues", id]) => Ok(json_reply(200, &self.queue_json(queue(id)?))),
            (&Method::GET, ["workflowqueues", id, "workitems"]) => {
                let id = &queue(id)?.id;
                let items = state.work_items.iter().filter(|item| item.queue == *id);
                let items: Vec<Value> = items.map(|item| self.work_item_json(item)).collect();
                Ok(json_reply(200, &page(call, &self.href(&format!("workflowqueues/{id}/workitems")), &items)))
            }
            (&Method::GET, ["workitems", id]) => {
                let item = state.work_items.iter().find(|item| item.id == *id).ok_or(ClmRefusal::not_found())?;
                Ok(json_reply(200, &self.work_item_json(item)))
            }
            (_, ["workflowqueues" | "workitems", _]) => Ok(wrong_method(call)),
            _ => Ok(no_such_route()),
        }
    }

    pub(super) fn queue_list(&self, call: &Call) -> Response<Body> {
        let items: Vec<Value> = self.state().queues.iter().map(|queue| self.queue_json(queue)).collect();
        json_reply(200, &page(call, &self.href("members/current/workflowqueues"), &items))
    }

    fn queue_json(&self, queue: &Queue) -> Value {
        let href = self.href(&format!("workflowqueues/{}", queue.id));
        json!({"Name": queue.name, "Description": "", "CreatedDate": date(queue.created), "UpdatedDate": date(queue.created),
               "WorkItems": {"Href": format!("{href}/workitems")}, "Href": href})
    }

    fn work_item_json(&self, item: &WorkItem) -> Value {
        let href = self.href(&format!("workitems/{}", item.id));
        json!({"Name": item.name, "Type": "Approve Documents", "AssignDate": date(item.assigned),
               "DueDate": date(item.assigned + DUE_AFTER), "CreatedDate": date(item.created),
               "WorkItemUrl": self.web(&format!("workitems?id={}", item.id)),
               "Documents": {"Href": format!("{href}/documents")}, "Href": href})
    }
}
