//! Each operation of Workfront's protocol: its method, its path in other letters, and each malformed parameter.

use http::Method;
use serde_json::json;

use crate::support::assert_error;
use crate::workfront::stage::{Documents, titles};

/// Every operation with its method.
const OPERATIONS: [(&str, &str); 13] = [
    ("files", "GET"),
    ("metadata", "GET"),
    ("search", "GET"),
    ("download", "GET"),
    ("thumbnail", "GET"),
    ("uploadInit", "POST"),
    ("upload", "PUT"),
    ("createFolder", "POST"),
    ("delete", "PUT"),
    ("rename", "PUT"),
    ("serviceInfo", "GET"),
    ("customAction", "GET"),
    ("open", "GET"),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_has_one_method_and_one_spelling() {
    let documents = Documents::start().await;
    for (operation, right) in OPERATIONS {
        for method in ["GET", "POST", "PUT"].into_iter().filter(|method| *method != right) {
            let answer = documents.call(method.parse().unwrap(), operation, &[]).await;
            assert_error(&answer, 405, "another method");
            assert_eq!(answer.header("allow"), right, "{method} {operation}");
        }
        let method: Method = right.parse().unwrap();
        for spelling in [operation.to_uppercase(), operation[..1].to_uppercase() + &operation[1..]] {
            let answer = documents.call(method.clone(), &spelling, &[]).await;
            assert_error(&answer, 404, &format!("the right path is /workfront/v1/{operation}"));
        }
        for other in [format!("{operation}s"), format!("x{operation}"), format!("{operation}/x")] {
            assert_error(&documents.call(method.clone(), &other, &[]).await, 404, "no such operation");
        }
    }
    assert!(documents.0.clm.calls().is_empty() && documents.0.app.docusign.exchanges() == 0, "nothing was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_base_url_may_end_with_a_slash_and_needs_its_letters() {
    let documents = Documents::start().await;
    for path in ["/workfront/v1/serviceInfo", "/workfront/v1//serviceInfo", "/workfront/v1///serviceInfo/"] {
        let answer = documents.0.get_with(path, &[]).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let offered = answer.json()["availableEndpoints"].clone();
        let names: Vec<&str> = offered.as_array().unwrap().iter().filter_map(|name| name.as_str()).collect();
        assert_eq!(names, OPERATIONS.map(|(name, _)| name)[..11], "Adobe's operations, and none of ours");
        assert_eq!(answer.json()["customActions"], json!([]));
    }
    for path in ["/workfront/V1/serviceInfo", "/workfront/serviceInfo", "/workfront/v2/serviceInfo", "/workfront/v1/"] {
        assert_eq!(documents.0.get_with(path, &[]).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_none_is_missing_and_never_reaches_clm() {
    let documents = Documents::start().await;
    let guid = "5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
    let wrong = [
        "",
        " ",
        "//",
        "/x",
        guid,
        "f:",
        "d:x",
        "x:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722",
        "F:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722",
        "d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722/../../folders",
        "d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722?x",
        "d:5e1d7a908c344f7ba2d690b1c3e5f722",
        "d:{5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722}",
        "u:short",
        "u:AAAAAAAAAAAAAAAAAAAA/A",
        "\u{0}",
        "\u{e4}",
    ];
    let operations = [
        ("GET", "metadata", "id"),
        ("GET", "download", "id"),
        ("GET", "thumbnail", "id"),
        ("PUT", "delete", "id"),
        ("PUT", "rename", "id"),
        ("PUT", "upload", "id"),
        ("PUT", "delete", "folderId"),
        ("PUT", "delete", "documentId"),
    ];
    for (method, operation, name) in operations {
        for id in wrong {
            let answer = documents.call(method.parse().unwrap(), operation, &[(name, id), ("name", "x")]).await;
            assert_error(&answer, 404, "no item with this id");
        }
    }
    for id in wrong.iter().skip(1).chain(&["d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722", "u:AAAAAAAAAAAAAAAAAAAAAA"]) {
        for (method, operation) in [("GET", "files"), ("POST", "createFolder"), ("POST", "uploadInit")] {
            let parameters = [("parentId", *id), ("name", "x"), ("filename", "x")];
            let answer = documents.call(method.parse().unwrap(), operation, &parameters).await;
            assert_error(&answer, 404, "no folder with this id");
        }
    }
    assert!(documents.0.clm.calls().is_empty(), "{:?}", documents.0.clm.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_parent_the_root_folder_is_meant() {
    let documents = Documents::start().await;
    for (parameters, status) in [(&[][..], 200), (&[("parentId", "")], 500)] {
        let expected = titles(&documents.get("files", &[("parentId", "/")]).await);
        assert_eq!(titles(&documents.get("files", parameters).await), expected);
        let named = [parameters, &[("name", "At root")]].concat();
        let made = documents.call(Method::POST, "createFolder", &named).await;
        assert_eq!(made.status, status, "the name is taken the second time: {}", made.text());
    }
    assert!(documents.0.clm.folder_at("/At root").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_read_from_the_query_a_form_or_json() {
    let documents = Documents::start().await;
    let (form, json) = ("application/x-www-form-urlencoded", "application/json; charset=utf-8");
    for (number, (query, kind, body)) in [
        ("parentId=%2F&name=NAME", form, ""),
        ("", form, "parentId=%2F&name=NAME"),
        ("parentId=%2F", form, "name=NAME"),
        ("", json, r#"{"parentId":"/","name":"NAME"}"#),
        ("name=NAME", json, r#"{"parentId":"/","name":"NAME","other":[1]}"#),
        ("name=NAME", json, r#"{"parentId":null}"#),
        ("", "", "name=NAME"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("Made {number}");
        let fill =
            |text: &str| text.replace("NAME", &if text.contains('{') { name.clone() } else { name.replace(' ', "+") });
        let answer = documents
            .send(Method::POST, &format!("createFolder?{}", fill(query)), &[("content-type", kind)], &fill(body))
            .await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["title"]),
            (200, &json!(name)),
            "{query} {body}: {}",
            answer.text()
        );
    }
    let numbers = documents.send(Method::GET, "files", &[("content-type", json)], r#"{"max":1,"offset":0}"#).await;
    assert_eq!(titles(&numbers).len(), 1, "numbers may be numbers");
    for body in ["[", "[]", "5", "\"x\"", "{\"id\":", "null"] {
        let answer = documents.send(Method::GET, "metadata?id=/", &[("content-type", json)], body).await;
        assert_error(&answer, 400, "not a JSON object");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_parameters_that_is_too_large_is_refused() {
    let documents = Documents::start().await;
    let body = format!("name={}", "x".repeat(300 * 1024));
    let answer = documents
        .send(Method::POST, "createFolder", &[("content-type", "application/x-www-form-urlencoded")], &body)
        .await;
    assert_error(&answer, 500, "too large");
    assert!(documents.0.clm.calls().is_empty());
}
