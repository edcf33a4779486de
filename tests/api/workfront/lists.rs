//! Lists of folders: every window of `offset` and `max`, names with odd characters, and items that cannot be read.

use http::Method;
use sandbox::fault::Fault;
use serde_json::{Value, json};

use crate::workfront::stage::{Documents, titles};

#[tokio::test(flavor = "multi_thread")]
async fn every_window_of_a_folder_is_the_same_part_of_the_whole() {
    let documents = Documents::start().await;
    let clm = &documents.0.clm;
    for (folders, files) in [(0, 2), (2, 0), (2, 3)] {
        let folder = documents.0.folder(&format!("{folders} and {files}"));
        (0..folders).for_each(|number| drop(clm.add_folder(&format!("Folder {number}"), &folder)));
        (0..files).for_each(|number| drop(clm.add_document(&format!("File {number}"), &folder, "x")));
        let parent = format!("f:{folder}");
        let all = titles(&documents.get("files", &[("parentId", &parent)]).await);
        assert_eq!(all.len(), folders + files);
        for offset in 0..=all.len() + 1 {
            for max in 0..=all.len() + 1 {
                let (first, most) = (offset.to_string(), max.to_string());
                let page = documents.get("files", &[("parentId", &parent), ("offset", &first), ("max", &most)]).await;
                let start = offset.min(all.len());
                assert_eq!(titles(&page), all[start..(start + max).min(all.len())], "offset {offset}, max {max}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_are_none_count_as_absent() {
    let documents = Documents::start().await;
    let folder = documents.0.folder("Three");
    (0..3).for_each(|number| drop(documents.0.clm.add_document(&format!("File {number}"), &folder, "x")));
    let parent = format!("f:{folder}");
    for odd in ["", "-1", "x", "1.5", "2147483648", "18446744073709551616", " 1", "0x1", "1e1"] {
        for name in ["offset", "max"] {
            let page = documents.get("files", &[("parentId", &parent), (name, odd)]).await;
            assert_eq!(titles(&page).len(), 3, "{name}={odd}");
        }
    }
    for beyond in ["3", "4", "100000", "100001", "2147483647"] {
        let page = documents.get("files", &[("parentId", &parent), ("offset", beyond)]).await;
        assert!(titles(&page).is_empty(), "offset {beyond}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_comes_back_as_it_was_sent_and_its_id_finds_it() {
    let documents = Documents::start().await;
    let folder = format!("f:{}", documents.0.folder("Names"));
    let names = [
        "a b",
        "a+b",
        "100%",
        "%41",
        "a&b=c",
        "a;b",
        "a,b",
        "(a) [b] {c}'",
        "#1@~^`$!",
        ".a..b",
        "\u{e4}\u{df}",
        "\u{4f60}",
        "\u{1f4c4} a",
        "e\u{301}",
        "\u{200b}a",
        "null",
    ];
    for name in names {
        let made = documents.call(Method::POST, "createFolder", &[("parentId", &folder), ("name", name)]).await;
        assert_eq!((made.status.as_u16(), &made.json()["title"]), (200, &json!(name)), "{name}: {}", made.text());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(documents.get("metadata", &[("id", &id)]).await.json(), made.json(), "{name}");
        let file = format!("{name}.txt");
        let upload = documents.announce(&folder, &file, name).await;
        assert_eq!(documents.put(&upload, name).await.json(), json!({"result": "success"}), "{name}");
        let metadata = documents.get("metadata", &[("id", &upload)]).await.json();
        assert_eq!((&metadata["title"], &metadata["mimeType"]), (&json!(file), &json!("text/plain")), "{name}");
        assert_eq!(documents.get("download", &[("id", &upload)]).await.text(), name);
        let again = documents.call(Method::POST, "uploadInit", &[("parentId", &folder), ("filename", &file)]).await;
        assert_eq!(again.status, 500, "the name is taken: {file}");
    }
    let listed = titles(&documents.get("files", &[("parentId", &folder)]).await);
    assert_eq!(listed.len(), 2 * names.len());
    assert!(names.iter().all(|name| listed.contains(&(*name).to_owned()) && listed.contains(&format!("{name}.txt"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_clm_does_not_accept_is_refused_before_it_is_asked() {
    let documents = Documents::start().await;
    let folder = format!("f:{}", documents.0.folder("Names"));
    let file = documents.announce(&folder, "file.txt", "1").await;
    documents.put(&file, "x").await;
    let long = ["x".repeat(256), "x".repeat(101), "\u{1f4c4}".repeat(256)];
    let calls = |documents: &Documents| documents.0.clm.calls().iter().filter(|call| !call.starts_with("GET")).count();
    let before = calls(&documents);
    for name in [
        "", " ", " a", "a ", "a.", ".", "..", "a/b", "a\\b", "a:b", "a*", "a?", "a\"", "<a", "a>", "a|b", "a\nb",
        "a\u{0}", "\u{a0}a", &long[0], &long[2],
    ] {
        for (method, operation, parameters) in [
            (Method::POST, "createFolder", [("parentId", folder.as_str()), ("name", name)]),
            (Method::POST, "uploadInit", [("parentId", &folder), ("filename", name)]),
            (Method::PUT, "rename", [("id", &file), ("name", name)]),
            (Method::PUT, "rename", [("id", &folder), ("name", name)]),
        ] {
            let answer = documents.call(method, operation, &parameters).await;
            assert!(answer.text().contains("does not accept this name"), "{operation} {name}: {}", answer.text());
        }
    }
    let folder_name = documents.call(Method::POST, "createFolder", &[("parentId", &folder), ("name", &long[1])]).await;
    assert_eq!(folder_name.status, 500, "a folder's name has at most 100 characters");
    assert_eq!(calls(&documents), before, "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_without_an_id_is_left_out_and_an_answer_that_is_no_list_is_an_error() {
    let documents = Documents::start().await;
    let folder = documents.0.folder("Odd");
    let parent = format!("f:{folder}");
    assert_eq!(documents.get("files", &[("parentId", &parent)]).await.json(), json!([]));
    let item = |href: &str| json!({"Name": "x", "Href": href});
    let guid = "https://h/v2/a/folders/5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
    for (body, expected) in [
        (json!({"Items": [item(guid)], "Total": 1}), Some(1)),
        (json!({"Items": [item("x"), item(guid)], "Total": 2}), Some(1)),
        (json!({"Items": [item("")], "Total": 1}), Some(0)),
        (json!({"Items": null}), Some(0)),
        (json!({}), Some(0)),
        (json!({"Items": [{"Name": "x"}]}), None),
        (json!({"Items": [null]}), None),
        (json!({"Items": {}}), None),
        (json!(null), None),
        (json!("<html>"), None),
    ] {
        documents.0.clm.faults.once(Fault::Body(body.to_string()));
        let answer = documents.get("files", &[("parentId", &parent)]).await;
        let found = (answer.status == 200).then(|| titles(&answer).len());
        assert_eq!(found, expected, "{body}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_ends_badly_is_an_error_and_one_without_words_is_empty() {
    let documents = Documents::start().await;
    assert_eq!(documents.get("metadata", &[("id", "/")]).await.status, 200);
    let before = documents.0.clm.calls().len();
    for query in [None, Some(""), Some(" "), Some("\t\n")] {
        let parameters: Vec<(&str, &str)> = query.map(|query| ("query", query)).into_iter().collect();
        assert_eq!(documents.get("search", &parameters).await.json(), json!([]), "{query:?}");
    }
    assert_eq!(documents.0.clm.calls().len(), before, "CLM was not asked");
    let task = |status: Value, href: &str| json!({"Status": status, "Href": href}).to_string();
    let href = "https://h/v2/a/documentsearchtasks/5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
    for (body, message) in [
        (task(json!("Failure"), href), "the search failed"),
        (task(json!("failure"), href), "the search failed"),
        (task(json!("Success"), "https://h/1"), "could not be read"),
        (task(json!("Success"), ""), "could not be read"),
        (json!({"Status": "Success"}).to_string(), "could not be read"),
        ("<html>".to_owned(), "could not be read"),
    ] {
        documents.0.clm.faults.set(Some(Fault::Body(body.clone())));
        let answer = documents.get("search", &[("query", "x")]).await;
        assert!(answer.text().contains(message), "{body}: {} {}", answer.status, answer.text());
    }
    // The results of searches that CLM has forgotten.
    documents.0.clm.faults.set(None);
    documents.0.clm.faults.once(Fault::Body(task(json!("Success"), href)));
    documents.0.clm.faults.once(Fault::Body(task(json!("Success"), href)));
    assert_eq!(documents.get("search", &[("query", "x")]).await.status, 404);
}
