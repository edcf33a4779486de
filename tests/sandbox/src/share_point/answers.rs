//! The connector's answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::filter::fits;
use super::{Content, SITE, SharePoint};
use crate::html::{escape, page};
use crate::server::{Body, Reply, json as json_reply, read, reply};
use crate::wire::parameter;

/// Status and message of a refusal.
type ShareRefusal = (u16, String);

/// A call, with its path decoded once.
struct Call {
    method: Method,
    path: Vec<String>,
    query: String,
    content_type: String,
    body: Bytes,
    /// The address without its query.
    address: String,
}

impl Call {
    fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.query, name).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &str) -> Result<String, ShareRefusal> {
        self.parameter(name).ok_or_else(|| (400, format!("The parameter {name} is missing.")))
    }

    /// Refuses parameters that the operation does not have.
    fn check_parameters(&self, known: &[&str]) -> Result<(), ShareRefusal> {
        let mut names = url::form_urlencoded::parse(self.query.as_bytes());
        match names.find(|(name, _)| !known.contains(&name.as_ref())) {
            Some((name, _)) => Err((400, format!("There is no parameter {name}."))),
            None => Ok(()),
        }
    }
}

impl SharePoint {
    pub(super) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        if request.uri().path() == "/" {
            return Ok(self.home());
        }
        let (head, body) = request.into_parts();
        let base = self.site.url();
        let call = Call {
            path: head.uri.path().split('/').skip(1).map(decoded).collect(),
            address: format!("{base}{}", head.uri.path()),
            query: head.uri.query().unwrap_or_default().to_owned(),
            content_type: head.headers.get("content-type").map_or("", |value| value.to_str().unwrap_or("")).to_owned(),
            method: head.method,
            body: read(body).await,
        };
        Ok(self.route(&call).unwrap_or_else(refused))
    }

    fn route(&self, call: &Call) -> Result<Response<Body>, ShareRefusal> {
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        let ["datasets", dataset, rest @ ..] = path.as_slice() else { return Err(not_found()) };
        if decoded(dataset) != SITE {
            return Err((404, "Site not found".to_owned()));
        }
        if call.method != Method::GET && self.read_only.load(Ordering::SeqCst) {
            return Err((403, "Access denied".to_owned()));
        }
        let mut content = self.content();
        match rest {
            ["files" | "GetFolderByPath", ..] => files(&mut content, call, rest),
            ["tables", table, rest @ ..] => tables(&mut content, call, &decoded(table), rest),
            _ => Err(not_found()),
        }
    }

    /// What a person sees.
    fn home(&self) -> Response<Body> {
        let content = self.content();
        let mut rows = String::new();
        for item in content.lists.iter().flat_map(|list| &list.items) {
            let path = item.file.as_ref().map(super::File::path).unwrap_or_default();
            let columns = Value::Object(item.columns.clone()).to_string();
            rows = format!("{rows}<tr><td>{}<td>{}", escape(&path), escape(&columns));
        }
        let table = format!("<table><tr><th>File<th>Columns{rows}</table>");
        page(200, "Contracts (simulated SharePoint)", if rows.is_empty() { "<p>No files yet." } else { &table })
    }
}

fn files(content: &mut Content, call: &Call, path: &[&str]) -> Result<Response<Body>, ShareRefusal> {
    match (&call.method, path) {
        (&Method::GET, ["GetFolderByPath"]) => {
            call.check_parameters(&["path", "queryParametersSingleEncoded"])?;
            let path = call.required("path")?;
            if !content.has_folder(path.trim_end_matches('/')) {
                return Err(not_found());
            }
            Ok(json_reply(200, &json!({"Path": path, "IsFolder": true})))
        }
        (&Method::POST, ["files"]) => {
            call.check_parameters(&["folderPath", "name", "queryParametersSingleEncoded"])?;
            let (folder, name) = (call.required("folderPath")?, call.required("name")?);
            let item = content.create_file(&folder, &name, call.body.clone())?;
            Ok(json_reply(200, &item.metadata().unwrap_or_default()))
        }
        (method, ["files", id, rest @ ..]) => {
            // Encoded twice by the connector, and twice as an identifier.
            let path = decoded(decoded(decoded(id)).replace('+', " "));
            let change = content.next_change();
            let item = content.file(&path).ok_or_else(not_found)?;
            match (method, rest) {
                (&Method::GET, []) => {}
                (&Method::GET, ["content"]) => {
                    call.check_parameters(&["inferContentType"])?;
                    let file = item.file.as_ref().ok_or_else(not_found)?;
                    return Ok(reply(200, "application/octet-stream", file.content.clone()));
                }
                (&Method::PUT, []) => {
                    let file = item.file.as_mut().ok_or_else(not_found)?;
                    (file.content, file.versions) = (call.body.clone(), file.versions + 1);
                    item.changed = change;
                }
                _ => return Err(not_found()),
            }
            Ok(json_reply(200, &item.metadata().unwrap_or_default()))
        }
        _ => Err(not_found()),
    }
}

fn tables(content: &mut Content, call: &Call, table: &str, path: &[&str]) -> Result<Response<Body>, ShareRefusal> {
    match (&call.method, path) {
        (&Method::GET, ["getfileitems"]) => found(content, call, table),
        (&Method::GET, ["onnewfileitems" | "onupdateditems"]) => poll(content, call, table),
        (method, ["items", id, rest @ ..]) => {
            let id: u64 = id.parse().map_err(|_| (400, "The ID is not a number.".to_owned()))?;
            if *method == Method::PATCH && matches!(rest, [] | ["patchfileitem"]) {
                if !call.content_type.starts_with("application/json") {
                    return Err((415, "JSON is expected.".to_owned()));
                }
                let columns: Map<String, Value> =
                    serde_json::from_slice(&call.body).map_err(|_| (400, "An object is expected.".to_owned()))?;
                content.write_item(table, Some(id), &columns)?;
            }
            let list = content.list(table).ok_or_else(not_found)?;
            let item = list.items.iter().find(|item| item.id == id).ok_or_else(not_found)?;
            Ok(json_reply(200, &Value::Object(item.properties())))
        }
        _ => Err(not_found()),
    }
}

fn found(content: &mut Content, call: &Call, table: &str) -> Result<Response<Body>, ShareRefusal> {
    call.check_parameters(&["$filter", "$orderby", "$top", "folderPath", "viewScopeOption", "view"])?;
    let list = content.list(table).ok_or_else(not_found)?;
    let columns = [list.columns, &["FileLeafRef"]].concat();
    let top = call.parameter("$top").map_or(Ok(usize::MAX), |top| top.parse()).map_err(|_| not_found())?;
    let folder = call.parameter("folderPath").unwrap_or_default();
    let mut items = Vec::new();
    for item in &list.items {
        let properties = item.properties();
        let fits = call.parameter("$filter").map_or(Ok(true), |filter| fits(&filter, &columns, &properties));
        let in_folder = item.file.as_ref().is_some_and(|file| file.folder.starts_with(&folder));
        if fits.map_err(|message| (400, message))? && in_folder {
            items.push(Value::Object(properties));
        }
    }
    items.truncate(top);
    Ok(json_reply(200, &json!({"value": items})))
}

/// A poll of a trigger: the first delivers nothing.
fn poll(content: &mut Content, call: &Call, table: &str) -> Result<Response<Body>, ShareRefusal> {
    call.check_parameters(&["folderPath", "view", "triggerstate"])?;
    let (now, folder) = (content.changes, call.parameter("folderPath").unwrap_or_default());
    let since = call.parameter("triggerstate").map_or(Ok(now), |state| state.parse()).map_err(|_| not_found())?;
    let created = call.path.last().is_some_and(|last| last == "onnewfileitems");
    let list = content.list(table).ok_or_else(not_found)?;
    let new = list.items.iter().filter(|item| if created { item.created > since } else { item.changed > since });
    let inside = new.filter(|item| item.file.as_ref().is_none_or(|file| file.folder.starts_with(&folder)));
    let items: Vec<Value> = inside.map(|item| Value::Object(item.properties())).collect();
    let mut response =
        if items.is_empty() { reply(202, "application/json", "") } else { json_reply(200, &json!({"value": items})) };
    let mut next = url::form_urlencoded::Serializer::new(String::new());
    next.append_pair("triggerstate", &now.to_string());
    if !folder.is_empty() {
        next.append_pair("folderPath", &folder);
    }
    let next = format!("{}?{}", call.address, next.finish());
    response.headers_mut().insert("location", next.parse().expect("an address"));
    Ok(response)
}

fn decoded(text: impl AsRef<str>) -> String {
    percent_decode_str(text.as_ref()).decode_utf8_lossy().into_owned()
}

fn not_found() -> ShareRefusal {
    (404, "Not found".to_owned())
}

fn refused((status, message): ShareRefusal) -> Response<Body> {
    json_reply(status, &json!({"status": status, "message": message, "source": "contoso.sharepoint.com"}))
}
