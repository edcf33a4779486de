//! The document launcher.

use http::{Method, Response};
use serde_json::{Value, json};

use crate::clm::error::ClmRefusal;
use crate::clm::page::page;
use crate::clm::request::{Call, text};
use crate::clm::{Clm, no_such_route};
use crate::server::{Body, json as json_reply};

/// The account's one configuration.
const CONFIGURATION: (&str, &str) = ("Supply Agreement", "a55b0000-0000-4000-8000-1c2d3e4f5a6b");

impl Clm {
    pub(super) fn launcher_configurations(&self, call: &Call, path: &[&str]) -> Response<Body> {
        if call.method != Method::GET || !path.is_empty() {
            return no_such_route();
        }
        let href = self.href("doclauncherconfigurations");
        let item = json!({"Name": CONFIGURATION.0, "Href": format!("{href}/{}", CONFIGURATION.1)});
        json_reply(200, &page(call, &href, &[item]))
    }

    /// The outcome of a task that launches a document.
    pub(super) fn launch(&self, call: &Call) -> Result<Value, ClmRefusal> {
        let members = ["Data", "DataType", "DocLauncherConfiguration", "DestinationFolder", "UrlExpirationDate"];
        let object = call.object(&members)?;
        let required = |name: &str| text(&object, name)?.ok_or(ClmRefusal::new(422, 134));
        let (data, data_type) = (required("Data")?, required("DataType")?);
        let good = match data_type.to_lowercase().as_str() {
            "xml" => data.trim_start().starts_with('<'),
            "json" => serde_json::from_str::<Value>(&data).is_ok(),
            _ => false,
        };
        let configuration = object.get("DocLauncherConfiguration").ok_or(ClmRefusal::new(422, 134))?;
        if self.id_of(configuration, "doclauncherconfigurations").as_deref() != Some(CONFIGURATION.1) {
            return Err(ClmRefusal::not_found());
        }
        self.target_folder(&self.state(), &object, "DestinationFolder", &call.user.sub)?;
        if !good {
            return Err(ClmRefusal::invalid("Data", 1004));
        }
        Ok(json!({"DocLauncherResultUrl": "https://uatna11.springcm.com/atlas/doclauncher/example"}))
    }
}
