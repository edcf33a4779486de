//! Workfront's client for document webhooks, built only from Adobe's documentation.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::{Method, Request};

use super::Workfront;
use crate::bulk::Source;
use crate::client::{Answer, Download};

/// The authentication of a registration.
#[derive(Clone, Debug)]
enum Authentication {
    /// A user's access token, which is refreshed after a 403.
    OAuth2,
    /// A key for all users, and the name of the acting user.
    ApiKey { key: String, username: String },
    /// None.
    Nothing,
}

/// The document service, called as one Workfront user.
#[derive(Clone, Debug)]
pub struct Documents {
    workfront: Arc<Workfront>,
    authentication: Authentication,
}

/// Workfront's ids of a document and of its version.
#[derive(Clone, Copy, Debug)]
pub struct Ids<'a> {
    /// `documentId`.
    pub document: &'a str,
    /// `documentVersionId`.
    pub version: &'a str,
}

impl Workfront {
    /// The documents of the user who added the service with OAuth 2.
    #[must_use]
    pub fn as_oauth(self: &Arc<Self>) -> Documents {
        Documents { workfront: Arc::clone(self), authentication: Authentication::OAuth2 }
    }

    /// The documents of `username` by an API key.
    #[must_use]
    pub fn with_api_key(self: &Arc<Self>, key: &str, username: &str) -> Documents {
        let authentication = Authentication::ApiKey { key: key.to_owned(), username: username.to_owned() };
        Documents { workfront: Arc::clone(self), authentication }
    }

    /// Calls without authentication.
    #[must_use]
    pub fn unauthenticated(self: &Arc<Self>) -> Documents {
        Documents { workfront: Arc::clone(self), authentication: Authentication::Nothing }
    }
}

impl Documents {
    /// `GET /metadata`.
    pub async fn metadata(&self, id: &str) -> Answer {
        self.call(Method::GET, "metadata", &[("id", id)]).await
    }

    /// `GET /files`.
    pub async fn files(&self, parent: &str, max: Option<u32>, offset: Option<u32>) -> Answer {
        let (max, offset) = (max.map(|max| max.to_string()), offset.map(|offset| offset.to_string()));
        let mut query = vec![("parentId", parent)];
        query.extend(max.as_deref().map(|max| ("max", max)));
        query.extend(offset.as_deref().map(|offset| ("offset", offset)));
        self.call(Method::GET, "files", &query).await
    }

    /// `GET /search`.
    pub async fn search(&self, query: &str) -> Answer {
        self.call(Method::GET, "search", &[("query", query)]).await
    }

    /// `GET /download`; a large content is streamed.
    pub async fn download(&self, id: &str) -> Download {
        self.exchange(Method::GET, "download", &[("id", id)], None).await
    }

    /// `GET /thumbnail`, `size` pixels wide.
    pub async fn thumbnail(&self, id: &str, size: Option<u32>) -> Download {
        let size = size.map(|size| size.to_string());
        let mut query = vec![("id", id)];
        query.extend(size.as_deref().map(|size| ("size", size)));
        self.exchange(Method::GET, "thumbnail", &query, None).await
    }

    /// `POST /uploadInit`, then `PUT /upload` with the returned ID. Returns the first response if it is an error, otherwise the
    /// second.
    pub async fn upload(&self, parent: &str, name: &str, ids: Ids<'_>, content: impl Into<Source>) -> Answer {
        let begun = self.upload_init(parent, name, ids).await;
        match begun.json()["id"].as_str() {
            Some(id) if begun.status.is_success() => self.put_content(id, content).await,
            _ => begun,
        }
    }

    /// `POST /uploadInit`.
    pub async fn upload_init(&self, parent: &str, name: &str, ids: Ids<'_>) -> Answer {
        let (document, version) = (("documentId", ids.document), ("documentVersionId", ids.version));
        self.call(Method::POST, "uploadInit", &[("parentId", parent), ("filename", name), document, version]).await
    }

    /// `PUT /upload`. An interrupted source returns status 599.
    pub async fn put_content(&self, id: &str, content: impl Into<Source>) -> Answer {
        self.exchange(Method::PUT, "upload", &[("id", id)], Some(content.into())).await.answer
    }

    /// `POST /createFolder` with the parameters in the query, as in Adobe's table.
    pub async fn create_folder(&self, parent: &str, name: &str) -> Answer {
        self.call(Method::POST, "createFolder", &[("parentId", parent), ("name", name)]).await
    }

    /// `POST /createFolder` with the parameters in the body, as in Adobe's example.
    pub async fn create_folder_by_form(&self, parent: &str, name: &str) -> Answer {
        let form = [("parentId", parent), ("name", name)];
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.exchange(Method::POST, "createFolder", &[], Some(Source::from(form))).await.answer
    }

    /// `GET /serviceInfo`, without authentication.
    pub async fn service_info(&self) -> Answer {
        self.workfront.unauthenticated().call(Method::GET, "serviceInfo", &[]).await
    }

    /// `PUT /delete`. The parameter is `documentId` or `folderId` in Adobe's table, and `id` in the example.
    pub async fn delete(&self, parameter: &str, id: &str) -> Answer {
        self.call(Method::PUT, "delete", &[(parameter, id)]).await
    }

    /// `PUT /rename`.
    pub async fn rename(&self, id: &str, name: &str) -> Answer {
        self.call(Method::PUT, "rename", &[("id", id), ("name", name)]).await
    }

    /// `GET /customAction`.
    pub async fn custom_action(&self, name: &str, ids: Ids<'_>) -> Answer {
        let (document, version) = (("documentId", ids.document), ("documentVersionId", ids.version));
        self.call(Method::GET, "customAction", &[("name", name), document, version]).await
    }

    /// Any call without a body. A small response is kept completely.
    pub async fn call(&self, method: Method, endpoint: &str, query: &[(&str, &str)]) -> Answer {
        self.exchange(method, endpoint, query, None).await.answer
    }

    /// Sends a request. With OAuth 2, a 403 causes one refresh and one retry.
    async fn exchange(&self, method: Method, endpoint: &str, query: &[(&str, &str)], body: Option<Source>) -> Download {
        let url = self.workfront.endpoint(endpoint, query);
        let first = self.once(&method, &url, body.clone()).await;
        if first.answer.status != 403 || !matches!(self.authentication, Authentication::OAuth2) {
            return first;
        }
        match self.workfront.refresh().await {
            Ok(()) => self.once(&method, &url, body).await,
            Err(message) => Download { answer: *message, ..first },
        }
    }

    async fn once(&self, method: &Method, url: &str, body: Option<Source>) -> Download {
        let mut request = Request::builder().method(method.clone()).uri(url);
        for (name, value) in self.credentials() {
            request = request.header(name, value);
        }
        if endpoint_takes_form(url) && body.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let body = body.unwrap_or_else(|| Source::from(""));
        // Adobe does not document whether Workfront sends `Content-Length`.
        if let Some(length) = body.known_length().filter(|_| *method != Method::GET) {
            request = request.header("content-length", length);
        }
        let sent = match request.body(body.body(())) {
            Ok(request) => self.workfront.http.stream(request).await,
            Err(_) => None,
        };
        sent.unwrap_or_else(|| Download::missing(url))
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        match &self.authentication {
            Authentication::OAuth2 => {
                let access_token = self.workfront.provisioned().unwrap_or_default().access_token;
                vec![("authorization", format!("Bearer {access_token}"))]
            }
            Authentication::ApiKey { key, username } => vec![("apiKey", key.clone()), ("username", username.clone())],
            Authentication::Nothing => Vec::new(),
        }
    }
}

impl Workfront {
    /// The address of an endpoint, with its parameters and the fixed request parameters of the registration.
    fn endpoint(&self, endpoint: &str, query: &[(&str, &str)]) -> String {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(query).extend_pairs(&*self.request_parameters.lock().unwrap());
        let query = pairs.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}/{endpoint}{mark}{query}", self.base_url())
    }
}

fn endpoint_takes_form(url: &str) -> bool {
    url.split('?').next().unwrap_or_default().ends_with("/createFolder")
}
