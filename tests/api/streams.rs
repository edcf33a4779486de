//! Connections and streams at the handler itself: many at once, `100 Continue`, and downloads that are not read.

use std::process::Command;
use std::time::Duration;

use futures_util::future::join_all;
use sandbox::clm::ACCOUNT_ID;
use sandbox::fault::Fault;
use sandbox::host::Phase;
use sandbox::{API_KEY, CLIENT_SECRET, GATEWAY_API_KEY, OTHER_EMAIL, Sandbox, digest};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{TestApp, skipped, until};

fn address(app: &TestApp) -> String {
    let Phase::Ready(port) = app.host.phase() else { panic!("not ready") };
    format!("127.0.0.1:{port}")
}

/// Sends a request and reads the beginning of the answer.
async fn begin(address: &str, request: &str) -> (TcpStream, String) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 512];
    let read = timeout(Duration::from_secs(20), socket.read(&mut answer)).await.expect("an answer").unwrap();
    (socket, String::from_utf8_lossy(&answer[..read]).into_owned())
}

fn signal(app: &TestApp, signal: &str) {
    let sent = Command::new("kill").args([signal, &app.host.handler_pid().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_connections_is_taken_at_once() {
    const BURST: usize = 600;
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap_or_default();
    if allowed.trim().parse::<usize>().is_ok_and(|allowed| allowed < BURST) || allowed.is_empty() {
        skipped("the kernel does not allow a long queue of connections, so no burst of them was tried");
        return;
    }
    let app = TestApp::start().await;
    let address = address(&app);
    // Nothing is accepted meanwhile, so what is connected is in the queue.
    signal(&app, "-STOP");
    let connecting = join_all((0..BURST).map(|_| TcpStream::connect(&address)));
    let connected = timeout(Duration::from_secs(10), connecting).await;
    signal(&app, "-CONT");
    let connected = connected.expect("the queue takes them all").into_iter().flatten().count();
    assert_eq!(connected, BURST);
    assert_eq!(app.token(&[]).await.status, 200);
}

/// The memory of the handler in MiB now.
fn memory(app: &TestApp) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", app.host.handler_pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_downloads_do_not_fill_the_memory() {
    const DOWNLOADS: usize = 250;
    let app = TestApp::start().await;
    let clm = &app.sandbox.clm;
    let id = clm.add_synthetic_document("long.bin", &clm.folder_at("/Contracts").unwrap(), 256 << 20);
    let download = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {GATEWAY_API_KEY}\r\n\r\n");
    let unread = download(&format!("/gateway/clm-download/documents/{id}"));
    let address = address(&app);
    let begun = join_all((0..DOWNLOADS).map(|_| begin(&address, &unread))).await;
    let (streaming, refused): (Vec<_>, Vec<_>) =
        begun.into_iter().partition(|(_, answer)| answer.starts_with("HTTP/1.1 200"));
    assert!((32..=64).contains(&streaming.len()), "{}", streaming.len());
    for (_, answer) in &refused {
        let answer = answer.to_lowercase();
        assert!(answer.starts_with("http/1.1 503") && answer.contains("retry-after: "), "{answer}");
        assert!(answer.contains("too many uploads and downloads"), "{answer}");
    }
    let used = memory(&app);
    assert!(used < 180, "{used} MiB");
    // Uploads and Workfront's routes share the bound, and tokens do not.
    let upload = format!(
        "POST /gateway/clm/folders HTTP/1.1\r\nhost: x\r\nx-api-key: {GATEWAY_API_KEY}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    let workfront = format!(
        "GET /workfront/v1/download?id=d:{id} HTTP/1.1\r\nhost: x\r\napikey: {API_KEY}\r\nusername: robot@example.org\r\n\r\n"
    );
    for request in [upload, workfront] {
        let (_, answer) = begin(&address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{request}{answer}");
    }
    assert_eq!(app.token(&[]).await.status, 200);
    // The places are free again as soon as the connections are gone.
    drop(streaming);
    until(|| clm.open_downloads() == 0).await;
    let (_, answer) = begin(&address, &download("/gateway/clm/members/current")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_preceded_by_100_continue() {
    let sandbox = Sandbox::start().await;
    let mut clients = sandbox.clients();
    clients.as_array_mut().unwrap().push(json!({
        "client_id": "narrow", "client_secret_sha256": [], "grant_types": [], "scope": "spring_read spring_write",
        "subject": "signed_in_user", "api_key_sha256": [digest("narrow")],
        "gateway_allow": ["POST /clm/folders", "POST /clm/v2/", "POST /esign/"],
    }));
    let app = TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let address = address(&app);
    let narrow = format!("x-api-key: narrow\r\nusername: {OTHER_EMAIL}");
    let workfront = format!("apikey: {API_KEY}\r\nusername: {OTHER_EMAIL}");
    let gateway = format!("x-api-key: {GATEWAY_API_KEY}");
    let twice = format!("{gateway}\r\ncontent-type: a/b\r\ncontent-type: c/d");
    let upload = "PUT /workfront/v1/upload?id=u:AAAAAAAAAAAAAAAAAAAAAA";
    for (request, headers, length, status) in [
        ("POST /gateway/clm/folders", "x-api-key: wrong", 5, 401),
        ("POST /gateway/clm/folders", "x-y: z", 5, 401),
        ("POST /gateway/clm/folders", "x-api-key: narrow", 5, 401),
        ("POST /gateway/clm/members", &narrow, 5, 403),
        ("POST /gateway/clm//x", &narrow, 5, 400),
        ("POST /gateway/other/x", &narrow, 5, 404),
        ("POST /gateway/clm/v2/11111111-6b1a-4c57-9a83-0d5e7b21c4aa/folders", &narrow, 5, 403),
        ("POST /gateway/esign/v2.1/accounts/87654321/envelopes", &narrow, 5, 403),
        ("POST /gateway/clm/folders", &twice, 5, 400),
        // The user has not consented, so there is no access token.
        ("POST /gateway/clm/folders", &narrow, 300_000, 503),
        ("POST /gateway/clm/folders", &narrow, 5, 503),
        ("PUT /workfront/v1/delete?id=d:x", "apikey: wrong\r\nusername: x", 5, 403),
        ("PUT /workfront/v1/delete?id=d:x", &gateway, 5, 403),
        ("PUT /workfront/v1/delete?id=d:x&id=d:y", &workfront, 5, 400),
        ("POST /workfront/v1/delete", &workfront, 5, 405),
        ("POST /workfront/v1/nothing", &workfront, 5, 404),
        (upload, &workfront, 5, 404),
        ("POST /nothing", "x-y: z", 5, 404),
        ("POST /setup", "x-y: z", 5, 405),
        ("POST /oauth/token", "x-y: z", 70_000, 413),
    ] {
        let head = format!("{request} HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        for (expect, length) in [
            ("100-continue", format!("content-length: {length}")),
            ("100-Continue", format!("content-length: {length}")),
            ("100-continue", "transfer-encoding: chunked".to_owned()),
        ] {
            if length.starts_with('t') && status == 413 {
                continue;
            }
            let (_, answer) = begin(&address, &format!("{head}expect: {expect}\r\n{length}\r\n\r\n")).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}{length}\n{answer}");
        }
    }
    // What is not refused is asked for.
    let echo = format!("POST /gateway/esign/v2.1/accounts/{ACCOUNT_ID}/x HTTP/1.1\r\nhost: x\r\n{gateway}\r\n");
    let (mut socket, answer) =
        begin(&address, &format!("{echo}expect: 100-continue\r\ncontent-length: 2\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 100 "), "{answer}");
    socket.write_all(b"{}").await.unwrap();
    let mut rest = vec![0; 512];
    let read = socket.read(&mut rest).await.unwrap();
    assert!(rest[..read].starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&rest[..read]));
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_not_utf_8_break_no_request() {
    let app = TestApp::start().await;
    let address = address(&app);
    let form = format!("grant_type=client_credentials&client_id=sandbox-client&client_secret={CLIENT_SECRET}");
    let form = form.replace(' ', "+");
    let key = format!("x-api-key: {GATEWAY_API_KEY}");
    let workfront = format!("apikey: {API_KEY}\r\nusername: robot@example.org");
    for (request, headers, body) in [
        ("GET /gateway/clm/members/current", key.as_str(), ""),
        ("GET /workfront/v1/metadata?id=/", &workfront, ""),
        ("GET /healthz", "x-y: z", ""),
        ("GET /oauth/authorize", "x-y: z", ""),
        ("GET /consent/callback", "x-y: z", ""),
        ("GET /workfront/v1/open?client=workfront&id=d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722", "x-y: z", ""),
        ("POST /oauth/token", "content-type: application/x-www-form-urlencoded", form.as_str()),
    ] {
        let mut statuses = Vec::new();
        let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        for name in ["", "cookie: a", "user-agent", "referer", "accept-language", "traceparent", "x-forwarded-for"] {
            let mut bytes = format!("{request} HTTP/1.1\r\nhost: x\r\n{headers}\r\n{length}").into_bytes();
            if !name.is_empty() {
                let joint = if name.starts_with("cookie") { "=" } else { ": " };
                bytes.extend([name.as_bytes(), joint.as_bytes(), b"M\xfcnchen-M\xc3\xbcnchen\r\n"].concat());
            }
            bytes.extend(format!("\r\n{body}").into_bytes());
            let mut socket = TcpStream::connect(&address).await.unwrap();
            socket.write_all(&bytes).await.unwrap();
            let mut answer = vec![0; 64];
            let read = timeout(Duration::from_secs(20), socket.read(&mut answer)).await.unwrap().unwrap();
            let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
            statuses.push(answer.get(..12).unwrap_or_default().to_owned());
        }
        assert!(statuses.iter().all(|status| *status == statuses[0]), "{request} {statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clm_that_hangs_is_answered_in_time_also_under_load() {
    let sandbox = Sandbox::start().await;
    let app = TestApp::over(sandbox, &[]).await;
    let documents = app.sandbox.workfront.with_api_key(API_KEY, "robot@example.org");
    assert_eq!(documents.metadata("/").await.status, 200);
    // This one has not found CLM's hosts yet.
    let cold = crate::support::start_host(&app.sandbox, 0, &[]).await;
    app.sandbox.clm.faults.set(Some(Fault::Hang));
    let id = "d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
    let requests = [
        ("GET", "metadata?id=/".to_owned()),
        ("GET", "files?parentId=/".to_owned()),
        ("GET", "search?query=x".to_owned()),
        ("GET", format!("download?id={id}")),
        ("GET", format!("thumbnail?id={id}")),
        ("POST", "uploadInit?parentId=/&filename=x.txt".to_owned()),
        ("POST", "createFolder?parentId=/&name=x".to_owned()),
        ("PUT", format!("delete?id={id}")),
        ("PUT", format!("rename?id={id}&name=x")),
    ];
    let ask = async |host: String, number: usize| {
        // Callers that give up must not make the others wait longer.
        let patience = Duration::from_secs(if number.is_multiple_of(4) { number as u64 / 8 } else { 18 });
        let (method, path) = &requests[number % requests.len()];
        let url = format!("{host}/workfront/v1/{path}");
        let headers = [("apikey", API_KEY), ("username", "robot@example.org")];
        let call = app.http.call(method.parse().unwrap(), &url, &headers, "");
        (number, timeout(patience, call).await.map(|answer| answer.status.as_u16()))
    };
    let hosts = [app.host.url(), cold.url()];
    let answers = join_all((0..200).map(|number| ask(hosts[number / 100].clone(), number % 100))).await;
    for (number, answer) in answers.into_iter().filter(|(number, _)| !number.is_multiple_of(4)) {
        assert_eq!(answer.ok(), Some(500), "{number}: {:?}", requests[number % requests.len()]);
    }
    app.sandbox.clm.faults.set(None);
    let metadata = format!("{}/workfront/v1/metadata?id=/", app.host.url());
    let headers = [("apikey", API_KEY), ("username", "robot@example.org")];
    assert_eq!(app.http.call(http::Method::GET, &metadata, &headers, "").await.status, 200);
}
