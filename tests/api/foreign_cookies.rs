//! Cookies of other applications on the same host may have any bytes, any number and even our name. A sign-in works
//! nevertheless.

use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::Full;
use sandbox::INTEGRATION_USER;
use sandbox::browser::Browser;
use sandbox::client::Answer;

use crate::local::*;

/// Cookie headers around `own`, which is `name=value`.
fn cookie_headers(own: &str) -> Vec<Vec<Vec<u8>>> {
    let name = own.split('=').next().unwrap();
    let many = (0..300).map(|number| format!("other-{number}=x")).collect::<Vec<_>>().join("; ");
    let others: Vec<Vec<u8>> = vec![
        b"city=M\xc3\xbcnchen".to_vec(),
        b"city=M\xfcnchen".to_vec(),
        b"\xff\xfe".to_vec(),
        b"=".to_vec(),
        b"=nameless".to_vec(),
        b"valueless".to_vec(),
        b"a=\"open".to_vec(),
        b"a=\"b;c\"".to_vec(),
        b"a=1, b=2".to_vec(),
        b";;; ;".to_vec(),
        b"a=%zz%".to_vec(),
        b"{\"json\": [1]}=x".to_vec(),
        many.into_bytes(),
        format!("{name}=stale").into_bytes(),
        format!("{name}=").into_bytes(),
        format!("{name}=M\u{fc}nchen").into_bytes(),
        format!("{name}x=other; x{name}=other; {}=other", name.to_uppercase()).into_bytes(),
    ];
    let own = own.as_bytes();
    let mut headers = Vec::new();
    for other in others {
        headers.push(vec![[own, b"; ", &other].concat()]);
        headers.push(vec![[&other, &b"; "[..], own].concat()]);
        headers.push(vec![other.clone(), own.to_vec()]);
        headers.push(vec![own.to_vec(), other]);
    }
    headers
}

async fn get(app: &LocalApp, url: &str, cookies: &[Vec<u8>]) -> Answer {
    let mut request = Request::get(url);
    for line in cookies {
        request = request.header("cookie", HeaderValue::from_bytes(line).unwrap());
    }
    app.http.send(request.body(Full::new(Bytes::new())).unwrap()).await.unwrap()
}

/// The cookie `name=value` that an answer sets first.
fn set_cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

/// Signs in at DocuSign, and returns the address of the callback.
async fn callback(app: &LocalApp, sign_in: &Answer) -> String {
    let mut browser = Browser::stopping_at(&format!("{}/consent/callback", app.issuer));
    browser.sign_in(sign_in.header("location"), INTEGRATION_USER, "allow").await.url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_works_next_to_any_cookies() {
    let app = LocalApp::start().await;
    let url = app.authorize_url("web", &[]);
    let count = cookie_headers("x=y").len();
    for number in 0..count {
        let sign_in = get(&app, &url, &cookie_headers("x=y")[number]).await;
        assert_eq!(sign_in.status, 302);
        let cookies = &cookie_headers(&set_cookie(&sign_in))[number];
        let answer = get(&app, &callback(&app, &sign_in).await, cookies).await;
        let what: Vec<_> = cookies.iter().map(|line| String::from_utf8_lossy(line)).collect();
        assert!(answer.header("location").contains("code="), "{what:?}: {} {}", answer.status, answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_session_works_next_to_any_cookies() {
    let app = LocalApp::start().await;
    let url = format!("{}/workfront/v1/open?client=workfront&id=d:1", app.issuer);
    let sign_in = get(&app, &url, &[b"city=M\xfcnchen".to_vec()]).await;
    let answer = get(&app, &callback(&app, &sign_in).await, &[set_cookie(&sign_in).into_bytes()]).await;
    let session = set_cookie(&answer);
    assert!(session.starts_with("evergrant-session="), "{session}");
    for cookies in cookie_headers(&session) {
        let answer = get(&app, &url, &cookies).await;
        let what: Vec<_> = cookies.iter().map(|line| String::from_utf8_lossy(line)).collect();
        assert_ne!(answer.status, 302, "a new sign-in although there is a session: {what:?}");
    }
    assert_eq!(get(&app, &url, &[b"evergrant-session=stale".to_vec()]).await.status, 302);
}
