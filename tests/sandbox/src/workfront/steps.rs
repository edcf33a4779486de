//! The steps of the test run and their results.

use serde_json::Value;
use url::Url;

use super::{Documents, Ids};
use crate::browser::{Browser, Visit};
use crate::bulk::{Source, Summary};
use crate::client::Answer;
use crate::registry::{OTHER_EMAIL, OTHER_USER};
use crate::servers::Sandbox;
use crate::walk::Step;
use crate::wire::random;

/// The folder of the documents.
const FOLDER: &str = "Contracts";
/// A folder inside it that the user may not see.
const HIDDEN: &str = "Board only";
/// The document to link.
const DOCUMENT: &str = "Agreement 01.txt";
/// The size of a document that must be streamed.
const LARGE_DOCUMENT_BYTES: u64 = 8 << 20;

/// The user who runs the tests.
pub(super) struct Walker<'s> {
    pub(super) sandbox: &'s Sandbox,
    pub(super) documents: Documents,
}

impl Walker<'_> {
    /// Browses from the root to a document and returns its metadata.
    pub(super) async fn browse(&self) -> (Step, Value) {
        let root = self.documents.files("/", None, None).await;
        let folder = titled(&root, FOLDER);
        let files = self.documents.files(id(&folder), None, None).await;
        let metadata = self.documents.metadata(id(&titled(&files, DOCUMENT))).await;
        let (json, count) = (metadata.json(), files.json().as_array().map_or(0, Vec::len));
        let complete = folder["kind"] == "folder" && json["kind"] == "file" && json["title"] == DOCUMENT;
        let hides = titled(&files, HIDDEN).is_null();
        let good = complete && hides && json["size"].is_u64() && json["dateModified"].is_string();
        let seen = if good {
            format!(
                "/ has {FOLDER}, which has {count} entries, but not \"{HIDDEN}\"; linked {DOCUMENT}, {} bytes",
                json["size"]
            )
        } else {
            format!("files {}; files {}; metadata {}", short(&root), short(&files), short(&metadata))
        };
        (Step { what: "Browse and link a document", seen, good }, json)
    }

    pub(super) async fn view(&self, browser: &mut Browser, linked: &Value, what: &'static str) -> Step {
        let (page, asked) = self.visit(browser, linked["viewLink"].as_str().unwrap_or_default()).await;
        let good = page.answer.status == 200 && page.answer.text().contains(DOCUMENT);
        let before = if asked { "after a sign-in, " } else { "" };
        let seen = if good { format!("{before}{} shows {DOCUMENT}", host(&page.url)) } else { short(&page.answer) };
        Step { what, seen, good }
    }

    /// CLM has no download address for browsers, so CLM's page with a download button is also accepted.
    pub(super) async fn download_link(&self, browser: &mut Browser, linked: &Value) -> Step {
        let (mut page, _) = self.visit(browser, linked["downloadLink"].as_str().unwrap_or_default()).await;
        let offered = offered_download(&page);
        if let Some(offered) = &offered {
            page = browser.open(offered).await;
        }
        let good = page.answer.status == 200 && self.in_clm(DOCUMENT) == [Summary::of(&page.answer.body)];
        let how = if offered.is_some() { "by one more click in CLM" } else { "at once" };
        let seen = if good {
            format!("{} bytes {how} from {}, the same as in CLM", page.answer.body.len(), host(&page.url))
        } else {
            short(&page.answer)
        };
        Step { what: "Download it by its downloadLink", seen, good }
    }

    pub(super) async fn search(&self) -> Step {
        let found = self.documents.search("agreement").await;
        let titles: Vec<String> = items(&found).iter().map(|item| title(item).to_owned()).collect();
        let fits = titles.iter().all(|title| title.to_lowercase().contains("agreement"));
        let good = found.status == 200 && fits && titles.iter().any(|title| title == DOCUMENT);
        let seen = if good { format!("\"agreement\" finds {} documents", titles.len()) } else { short(&found) };
        Step { what: "Search", seen, good }
    }

    /// Uploads a new document, a new version of it, and a large document.
    pub(super) async fn send(&self) -> Step {
        let root = self.documents.files("/", None, None).await;
        let folder = titled(&root, FOLDER);
        let (name, document) = (format!("From Workfront {}.txt", &random()[..6]), random());
        let mut answers = Vec::new();
        for words in ["the first words", "the second words"] {
            let ids = Ids { document: &document, version: &random() };
            answers.push(self.documents.upload(id(&folder), &name, ids, words).await);
        }
        let ids = Ids { document: &random(), version: &random() };
        let large = format!("Large {name}");
        answers.push(self.documents.upload(id(&folder), &large, ids, Source::pattern(LARGE_DOCUMENT_BYTES)).await);
        let files = self.documents.files(id(&folder), None, None).await;
        let listed = [&name, &large].iter().all(|name| !titled(&files, name).is_null());
        let contents = [(&name, Summary::of(b"the second words")), (&large, Summary::of_pattern(LARGE_DOCUMENT_BYTES))];
        let arrived = contents.iter().all(|(name, content)| self.in_clm(name).contains(content));
        let good = listed && arrived && answers.iter().all(|answer| answer.json()["result"] == "success");
        let seen = if good {
            let (documents, versions) = (self.in_clm(&name).len(), self.versions(&name));
            format!(
                "{name} twice, which is {documents} document of {versions} versions in CLM; then {LARGE_DOCUMENT_BYTES} bytes"
            )
        } else {
            let answers = answers.iter().map(short).collect::<Vec<_>>().join("; ");
            format!("listed: {listed}, arrived: {arrived}; {answers}")
        };
        Step { what: "Send documents to the store", seen, good }
    }

    pub(super) async fn thumbnail(&self, linked: &Value) -> Step {
        let picture = self.documents.thumbnail(id(linked), Some(200)).await.answer;
        let media_type = picture.header("content-type").to_owned();
        let good = picture.status == 200 && media_type.starts_with("image/") && picture.body.starts_with(b"\x89PNG");
        let seen = if good { format!("{media_type}, {} bytes", picture.body.len()) } else { short(&picture) };
        Step { what: "See a thumbnail", seen, good }
    }

    /// Downloads a small document and a large one.
    pub(super) async fn content(&self, linked: &Value) -> Step {
        let small = self.documents.download(id(linked)).await;
        let name = format!("Scan {}.pdf", &random()[..6]);
        if let Some(folder) = self.sandbox.clm.folder_at(&format!("/{FOLDER}")) {
            self.sandbox.clm.add_synthetic_document(&name, &folder, LARGE_DOCUMENT_BYTES);
        }
        let found = self.documents.search(&name).await;
        let large = self.documents.download(id(&titled(&found, &name))).await;
        let same = |content: &Summary, name: &str| self.in_clm(name).contains(content);
        let good = same(&small.content, DOCUMENT) && same(&large.content, &name) && large.complete;
        let seen = if good {
            format!("{} and {} bytes, with the same digests as in CLM", small.content.length, large.content.length)
        } else {
            format!("{}; {}, {} bytes", short(&small.answer), short(&large.answer), large.content.length)
        };
        Step { what: "Get the content", seen, good }
    }

    pub(super) async fn silent_refresh(&self, linked: &Value) -> Step {
        let before = self.sandbox.workfront.refreshes();
        self.sandbox.workfront.invalidate_access_token();
        let answer = self.documents.metadata(id(linked)).await;
        let refreshes = self.sandbox.workfront.refreshes() - before;
        let good = answer.status == 200 && refreshes == 1;
        let seen = if good { "linked after one silent refresh".to_owned() } else { short(&answer) };
        Step { what: "Invalidate the access token, then link a document", seen, good }
    }

    pub(super) async fn wrong_key(&self, linked: &Value) -> Step {
        let documents = self.sandbox.workfront.with_api_key("another key", OTHER_EMAIL);
        let answer = documents.metadata(id(linked)).await;
        let good = answer.status == 403 && answer.json()["status"] == "error";
        Step { what: "Use a wrong API key", seen: short(&answer), good }
    }

    /// Opens a link and signs in if asked. Returns whether CLM asked.
    pub(super) async fn visit(&self, browser: &mut Browser, link: &str) -> (Visit, bool) {
        let page = browser.sign_in(link, OTHER_USER, "allow").await;
        let (Ok(url), true) = (Url::parse(&page.url), page.answer.text().contains("action='/web/sign-in'")) else {
            return (page, false);
        };
        let back = url[url::Position::BeforePath..].to_owned();
        let action = url.join("/web/sign-in").map(String::from).unwrap_or_default();
        (browser.submit(&action, &[("back", &back), ("user", OTHER_USER)]).await, true)
    }

    /// The newest versions of the documents in CLM with this name.
    fn in_clm(&self, name: &str) -> Vec<Summary> {
        let clm = &self.sandbox.clm;
        let found = clm.documents_at(&format!("/{FOLDER}/{name}"));
        found.iter().filter_map(|id| clm.content(id)).map(|content| content.newest).collect()
    }

    fn versions(&self, name: &str) -> usize {
        let clm = &self.sandbox.clm;
        let found = clm.documents_at(&format!("/{FOLDER}/{name}"));
        found.iter().filter_map(|id| clm.content(id)).map(|content| content.versions).sum()
    }
}

/// The download address in CLM's page for a document.
fn offered_download(page: &Visit) -> Option<String> {
    let html = page.answer.text();
    let (_, rest) = html.split_once("href='/web/documents/download")?;
    let (query, _) = rest.split_once('\'')?;
    let url = Url::parse(&page.url).ok()?.join(&format!("/web/documents/download{query}")).ok()?;
    Some(url.into())
}

fn items(answer: &Answer) -> Vec<Value> {
    answer.json().as_array().cloned().unwrap_or_default()
}

/// The entry of a list with this title; `null` if there is none.
fn titled(answer: &Answer, expected: &str) -> Value {
    items(answer).into_iter().find(|item| title(item) == expected).unwrap_or_default()
}

fn title(metadata: &Value) -> &str {
    metadata["title"].as_str().unwrap_or_default()
}

fn id(metadata: &Value) -> &str {
    metadata["id"].as_str().unwrap_or_default()
}

fn host(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// A short form of a response.
pub(super) fn short(answer: &Answer) -> String {
    format!("{} {}", answer.status.as_u16(), answer.text().chars().take(200).collect::<String>())
}
