//! Runs the examples of docs/uploads.md: each must send its body chunked.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use readers::files::{root, skipped};
use readers::markdown::Page;

const PYTHON: &str = "import os, requests\nurl, key = os.environ['url'], os.environ['key']\n";
const NODE: &str = "import { createReadStream } from 'node:fs';\nimport { Readable } from 'node:stream';\n\
                    const { url, key } = process.env;\n";

/// Starts an example in a folder that has its document.
fn start(program: &Path, option: &str, script: &str, url: &str, folder: &Path) -> Child {
    let mut command = Command::new(program);
    command.args([option, script]).current_dir(folder).env("url", url).env("key", "secret").stdout(Stdio::null());
    command.spawn().unwrap()
}

/// Everything of a request up to the end of its chunked body.
fn request(mut stream: TcpStream) -> String {
    let mut found = Vec::new();
    let mut buffer = vec![0; 65536];
    while !found.ends_with(b"\r\n0\r\n\r\n") {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&found));
        found.extend_from_slice(&buffer[..read]);
    }
    stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}").unwrap();
    String::from_utf8_lossy(&found).into_owned()
}

#[test]
fn every_example_that_can_run_here_sends_chunked() {
    let python = root().join("tests/tools/.venv/bin/python");
    if !python.exists() {
        return skipped("the test tools are not installed, so examples of uploads did not run; ./test installs them");
    }
    let page = Page::read("docs/uploads.md");
    let block = |language: &str| page.blocks_in(&[language])[0].to_owned();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("contract.pdf"), vec![b'x'; 300_000]).unwrap();
    let examples = [
        (Path::new("bash"), "-c", block("sh")),
        (&python, "-c", format!("{PYTHON}{}", block("python"))),
        (Path::new("node"), "--input-type=module", format!("--eval={NODE}{}", block("js"))),
    ];
    for (program, option, script) in examples {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "http://{}/gateway/clm-upload/folders/1/documents?name=contract.pdf",
            listener.local_addr().unwrap()
        );
        let mut child = start(program, option, &script, &url, folder.path());
        let request = request(listener.accept().unwrap().0).to_lowercase();
        assert!(child.wait().unwrap().success(), "{script}");
        let (head, _) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("post /gateway/clm-upload/folders/1/documents?name=contract.pdf "), "{head}");
        for (line, is_there) in [
            ("transfer-encoding: chunked", true),
            ("x-api-key: secret", true),
            ("content-type: application/pdf", true),
            ("content-length", false),
        ] {
            assert_eq!(head.contains(line), is_there, "{line}: {head}");
        }
    }
}
