//! `/members/current`.

use http::{Method, Response};
use serde_json::json;

use crate::clm::page::page;
use crate::clm::request::Call;
use crate::clm::{Clm, no_such_route, wrong_method};
use crate::server::{Body, json as json_reply};

impl Clm {
    pub(super) fn members(&self, call: &Call, path: &[&str]) -> Response<Body> {
        let href = self.href(&format!("members/{}", call.user.sub));
        match path {
            ["current"] if call.method == Method::GET => {
                let (first, last) = call.user.name.split_once(' ').unwrap_or((&call.user.name, ""));
                let member = json!({
                    "Email": call.user.email, "FirstName": first, "LastName": last, "UserName": call.user.name,
                    "Role": "FullSubscriber", "WorkItems": {"Href": format!("{href}/workitems")}, "Href": href,
                });
                json_reply(200, &member)
            }
            ["current", "workflowqueues"] if call.method == Method::GET => self.queue_list(call),
            [_, "workitems"] if call.method == Method::GET => {
                json_reply(200, &page(call, &format!("{href}/workitems"), &[]))
            }
            ["current"] => wrong_method(call),
            _ => no_such_route(),
        }
    }
}
