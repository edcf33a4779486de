//! Pages with folders, documents and search results.

use std::sync::Arc;

use http::Response;
use serde_json::Value;

use super::Workfront;
use super::site::{TITLE, form, hidden};
use crate::client::{Answer, Download};
use crate::html::{escape, page};
use crate::server::{Body, reply};

const SEARCH: &str =
    "<form action='/search'><input name=query aria-label='Words to find'> <button>Search</button></form>";

impl Workfront {
    pub(super) async fn folder_page(self: &Arc<Self>, id: &str, news: &str) -> Response<Body> {
        let documents = self.current();
        let metadata = documents.metadata(id).await;
        let files = documents.files(id, None, None).await;
        let upload = format!(
            "{}<p><input name=filename aria-label=Name value='Note.txt'> <input name=content aria-label=Content value='some words'> ",
            hidden("parentId", id)
        );
        let folder = format!("{}<p><input name=name aria-label=Name value='New folder'> ", hidden("parentId", id));
        let body = format!(
            "<p id=news>{}<h2>{}</h2>{}{SEARCH}{}{}{}<p><a href='/folder?id=/'>Top</a> <a href='/'>Service</a>",
            escape(news),
            heading(&metadata),
            list(&files),
            form("/upload", &upload, "Send here (a taken name: a new version)"),
            form("/create-folder", &folder, "Create a folder"),
            self.refreshed(),
        );
        page(200, TITLE, &body)
    }

    pub(super) async fn document_page(self: &Arc<Self>, id: &str, news: &str) -> Response<Body> {
        let metadata = self.current().metadata(id).await;
        let json = metadata.json();
        let link = |name: &str| escape(json[name].as_str().unwrap_or_default());
        let at = encoded(id);
        let body = format!(
            "<p id=news>{}<h2>{}</h2><p><img alt='' src='/thumbnail?id={at}'>\
             <ul><li><a href='{}'>Open (viewLink)</a><li><a href='{}'>Download (downloadLink)</a>\
             <li><a href='/download?id={at}'>Send to Workfront (/download)</a></ul><pre>{}</pre>{}",
            escape(news),
            heading(&metadata),
            link("viewLink"),
            link("downloadLink"),
            escape(&serde_json::to_string_pretty(&json).unwrap_or_default()),
            self.refreshed(),
        );
        page(200, TITLE, &body)
    }

    pub(super) async fn search_page(self: &Arc<Self>, query: &str) -> Response<Body> {
        let found = self.current().search(query).await;
        page(200, TITLE, &format!("{SEARCH}<h2>Found for {}</h2>{}{}", escape(query), list(&found), self.refreshed()))
    }

    /// The result of a download, or a summary if it was too large to keep.
    pub(super) fn passed_on(download: Download) -> Response<Body> {
        let Download { answer, content, complete } = download;
        if answer.body.len() as u64 == content.length {
            let media_type = answer.header("content-type").to_owned();
            return reply(answer.status.as_u16(), &media_type, answer.body);
        }
        let message = format!("{} bytes, complete: {complete}, SHA-256 {}\n", content.length, content.sha256);
        reply(answer.status.as_u16(), "text/plain", message)
    }
}

/// The title, or the error.
fn heading(metadata: &Answer) -> String {
    let title = metadata.json()["title"].as_str().map(escape);
    title.filter(|_| metadata.status == 200).unwrap_or_else(|| message(metadata))
}

fn list(files: &Answer) -> String {
    match files.json().as_array() {
        Some(items) if files.status == 200 => format!("<ul>{}</ul>", items.iter().map(item).collect::<String>()),
        _ => format!("<p>{}", message(files)),
    }
}

fn item(metadata: &Value) -> String {
    let text = |name: &str| metadata[name].as_str().unwrap_or_default();
    let page = if text("kind") == "folder" { "folder" } else { "document" };
    format!("<li>{page} <a href='/{page}?id={}'>{}</a>", encoded(text("id")), escape(text("title")))
}

fn message(answer: &Answer) -> String {
    format!("{} {}", answer.status, escape(&answer.text()))
}

fn encoded(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}
