//! The part of CLM's web application that links lead to: sign in, view a folder or a document, download it.

use http::header::{CONTENT_DISPOSITION, COOKIE, SET_COOKIE};
use http::{HeaderMap, Method, Request, Response};
use hyper::body::Incoming;

use crate::clm::error::ClmRefusal;
use crate::clm::{Answer, Clm};
use crate::html::{escape, page, redirect};
use crate::server::{self, Body};
use crate::wire::parameter;

const SESSION: &str = "clm_session";

impl Clm {
    /// Any page below `/web`.
    pub(super) async fn page(&self, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        if (&head.method, head.uri.path()) == (&Method::POST, "/web/sign-in") {
            return self.sign_in(&String::from_utf8_lossy(&server::read(body).await));
        }
        let Some(user) = self.session(&head.headers) else {
            return self.sign_in_page(head.uri.path_and_query().map_or("/web", |back| back.as_str()));
        };
        let id = parameter(head.uri.query().unwrap_or_default(), "id").unwrap_or_default();
        let shown = match head.uri.path() {
            "/web" => Ok(page(200, "Home (simulated CLM)", &format!("<p>You are {}.", escape(&user)))),
            "/web/folders" => self.folder_page(&id, &user),
            "/web/documents/preview" => self.document_page(&id, &user),
            "/web/documents/download" => self.attachment(&id, &user),
            _ => Err(ClmRefusal::not_found()),
        };
        shown.unwrap_or_else(|_| page(404, "Not found (simulated CLM)", "<p>It does not exist, or you may not see it."))
    }

    fn sign_in_page(&self, back: &str) -> Response<Body> {
        let button = |user: &crate::docusign::User| {
            format!("<p><button name=user value='{}'>{}</button>", user.sub, escape(&user.name))
        };
        let users: String = self.docusign.users().iter().filter(|user| user.active).map(button).collect();
        let form = format!(
            "<form method=post action='/web/sign-in'><input type=hidden name=back value='{}'>{users}</form>",
            escape(back)
        );
        page(200, "Sign in (simulated CLM)", &form)
    }

    /// Redirects back to the requested page of this site.
    fn sign_in(&self, form: &str) -> Response<Body> {
        let user = parameter(form, "user").and_then(|user| self.docusign.user(&user)).filter(|user| user.active);
        let back = parameter(form, "back").filter(|back| back.starts_with("/web"));
        let (Some(user), Some(back)) = (user, back) else {
            return page(400, "Not signed in (simulated CLM)", "<p>There is no such user or page.");
        };
        let mut response = redirect(&back);
        let cookie = format!("{SESSION}={}; Path=/; HttpOnly; SameSite=Lax", user.sub);
        response.headers_mut().insert(SET_COOKIE, cookie.parse().expect("a cookie"));
        response
    }

    fn session(&self, headers: &HeaderMap) -> Option<String> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let user = pairs.find(|(name, _)| *name == SESSION)?.1;
        self.docusign.user(user).filter(|user| user.active).map(|user| user.sub)
    }

    fn folder_page(&self, id: &str, user: &str) -> Answer {
        let state = self.state();
        let folder = state.folder(id, user)?;
        let link = |url: String, name: &str| format!("<li><a href='{url}'>{}</a>", escape(name));
        let folders =
            state.folders_in(&folder.id, user).map(|child| link(format!("/web/folders?id={}", child.id), &child.name));
        let documents = state.documents_in(&folder.id, user);
        let documents = documents.map(|child| link(format!("/web/documents/preview?id={}", child.id), &child.name));
        let list: String = folders.chain(documents).collect();
        Ok(page(200, &escape(&folder.name), &format!("<p>A folder in the simulated CLM.<ul>{list}</ul>")))
    }

    fn document_page(&self, id: &str, user: &str) -> Answer {
        let state = self.state();
        let document = state.document(id, user)?;
        let length = document.versions.last().map_or(0, |version| version.stored.summary.length);
        let body = format!(
            "<p>A document in the simulated CLM, {length} bytes in version {}.\
             <p><a href='/web/documents/download?id={}'>Download</a>",
            document.versions.len(),
            document.id
        );
        Ok(page(200, &escape(&document.name), &body))
    }

    fn attachment(&self, id: &str, user: &str) -> Answer {
        let mut response = self.native(id, user)?;
        let name: String = self.state().document(id, user)?.name.chars().filter(char::is_ascii).collect();
        let disposition = format!("attachment; filename=\"{}\"", name.replace('"', ""));
        response.headers_mut().extend(disposition.parse().map(|value| (CONTENT_DISPOSITION, value)));
        Ok(response)
    }
}
