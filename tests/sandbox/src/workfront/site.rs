//! Workfront's pages: connecting, and the buttons.

use std::sync::Arc;

use http::{Method, Request, Response};
use hyper::body::Incoming;

use super::{Documents, Ids, Workfront};
use crate::html::{escape, page};
use crate::registry::OTHER_EMAIL;
use crate::server::{self, Body, Reply, reply};
use crate::wire::{digest, parameter, random};

/// The end of every page title.
pub(super) const TITLE: &str = "Documents (simulated Workfront)";

/// A form with one button and more fields.
pub(super) fn form(action: &str, fields: &str, button: &str) -> String {
    format!("<form method=post action='{action}'>{fields}<button>{button}</button></form>")
}

/// A hidden field.
pub(super) fn hidden(name: &str, value: &str) -> String {
    format!("<input type=hidden name={name} value='{}'>", escape(value))
}

impl Workfront {
    pub(super) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        let query = head.uri.query().unwrap_or_default().to_owned();
        let id = parameter(&query, "id").unwrap_or_default();
        Ok(match (&head.method, head.uri.path()) {
            (&Method::GET, "/") => self.home("No document service yet."),
            (&Method::GET, "/connect") => self.connect(),
            (&Method::GET, "/internal/oauth2/code") => self.redirected(&query).await,
            (&Method::GET, "/folder") => self.folder_page(&id, "").await,
            (&Method::GET, "/document") => self.document_page(&id, "").await,
            (&Method::GET, "/search") => self.search_page(&parameter(&query, "query").unwrap_or_default()).await,
            (&Method::GET, "/thumbnail") => Self::passed_on(self.current().thumbnail(&id, Some(200)).await),
            (&Method::GET, "/download") => Self::passed_on(self.current().download(&id).await),
            (&Method::POST, path) => {
                let form = String::from_utf8_lossy(&server::read(body).await).into_owned();
                self.pressed(path, &form).await
            }
            _ => reply(404, "text/plain", "not found\n"),
        })
    }

    async fn pressed(self: &Arc<Self>, path: &str, form: &str) -> Response<Body> {
        let value = |name: &str| parameter(form, name).unwrap_or_default();
        match path {
            "/invalidate" => {
                self.invalidate_access_token();
                self.home("The access token was invalidated.")
            }
            "/browse" => self.folder_page("/", "").await,
            "/connect-with-key" => self.connect_with_key(&value("key"), &value("username")).await,
            "/upload" => self.send(&value("parentId"), &value("filename"), &value("content")).await,
            "/create-folder" => {
                let made = self.current().create_folder(&value("parentId"), &value("name")).await;
                self.folder_page(&value("parentId"), &format!("createFolder: {} {}", made.status, made.text())).await
            }
            _ => reply(404, "text/plain", "not found\n"),
        }
    }

    /// The documents of the connected user.
    pub(super) fn current(self: &Arc<Self>) -> Documents {
        match self.key.lock().unwrap().clone() {
            Some((key, username)) => self.with_api_key(&key, &username),
            None => self.as_oauth(),
        }
    }

    pub(super) fn home(&self, news: &str) -> Response<Body> {
        let fields = format!(
            "<p><input name=key aria-label='API key' placeholder='API key'> \
             <input name=username aria-label='User name' value='{OTHER_EMAIL}'> "
        );
        let ways = format!(
            "<p><a href='/connect'>Add service: DocuSign CLM</a>{}",
            form("/connect-with-key", &fields, "Connect with an API key instead")
        );
        let use_it = if self.is_connected() {
            let browse = form("/browse", "", "Browse documents");
            format!("{browse}{}{}", form("/invalidate", "", "Invalidate the access token"), self.refreshed())
        } else {
            String::new()
        };
        page(200, TITLE, &format!("<p id=news>{}{use_it}{ways}", escape(news)))
    }

    pub(super) fn refreshed(&self) -> String {
        format!("<p>Refreshed {} times.", self.refreshes())
    }

    /// Connects if the key opens the root folder.
    async fn connect_with_key(self: &Arc<Self>, key: &str, username: &str) -> Response<Body> {
        let answer = self.with_api_key(key, username).metadata("/").await;
        if answer.status != 200 {
            let message = format!("<p>{} {}<p><a href='/'>Back</a>", answer.status, escape(&answer.text()));
            return page(400, "Not added (simulated Workfront)", &message);
        }
        *self.key.lock().unwrap() = Some((key.to_owned(), username.to_owned()));
        self.home(&format!("Service added for {username}."))
    }

    /// Sends a document; an existing name adds a version.
    async fn send(self: &Arc<Self>, parent: &str, name: &str, content: &str) -> Response<Body> {
        let document = digest(&format!("{parent}/{name}"));
        let ids = Ids { document: &document[..32], version: &random() };
        let answer = self.current().upload(parent, name, ids, content.to_owned()).await;
        self.folder_page(parent, &format!("upload: {} {}", answer.status, answer.text())).await
    }
}
