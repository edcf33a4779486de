//! The pictures of the flows in the guides, drawn from the definitions so that they cannot go stale.
//!
//! `EVERGRANT_PICTURES=docs/images cargo test --test api flows::pictures` writes them.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::bench::Written;
use crate::support::root;

/// The flows and their pictures.
const PICTURES: [(&str, &str); 4] = [
    ("ArchiveCompletedDocuments", "flow-archive.svg"),
    ("BringSharePointFilesIntoClm", "flow-incoming.svg"),
    ("SignalWaitingWorkflow", "flow-signal.svg"),
    ("FileCompletedEnvelopes", "flow-envelopes.svg"),
];

const CARD: (usize, usize) = (180, 38);
const GAP: usize = 20;
const PAD: usize = 10;
const HEAD: usize = 30;
/// Wider parts are below each other.
const WIDE: usize = 700;
/// The most characters in a line of a card.
const LINE: usize = 24;

const STYLE: &str = "text{fill:#1b1f24}.page,.card{fill:#fff}.card{stroke:#c8ced6}.box{fill:#f3f5f7;stroke:#8c959f}
.yes{fill:#e9f6ec}.no{fill:#fdecee}.loop{fill:#eaf1fb}.head{font-weight:600}.label{fill:#57606a}
.next{stroke:#57606a;fill:none}.failed{stroke:#c4314b;stroke-dasharray:4 3;fill:none}
@media (prefers-color-scheme: dark){text{fill:#e8ecf2}.page{fill:#0f141b}.card{fill:#252e3b;stroke:#6f7c8f}
.box{fill:#1a212c;stroke:#4a5566}.yes{fill:#173a26}.no{fill:#452027}.loop{fill:#1b2d49}.label{fill:#b0bac8}
.next{stroke:#a6b1c0}.failed{stroke:#ff7b85}}
";

/// A part of a picture.
struct Block {
    /// Where an arrow from above ends.
    middle: usize,
    width: usize,
    height: usize,
    svg: String,
}

impl Block {
    fn at(&self, x: usize, y: usize) -> String {
        format!("<g transform=\"translate({x},{y})\">{}</g>", self.svg)
    }
}

/// The color of a connector or kind of action.
fn color(action: &Value) -> &'static str {
    let connection = action["inputs"]["host"]["connectionName"].as_str().unwrap_or_default();
    match action["type"].as_str().unwrap() {
        _ if connection.contains("sharepoint") => "#036c70",
        _ if connection.contains("docusign") => "#4c00ff",
        "Terminate" if action["inputs"]["runStatus"] == "Failed" => "#c4314b",
        "Terminate" => "#237b4b",
        "InitializeVariable" | "SetVariable" | "Compose" => "#8661c5",
        _ => "#5c6670",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A name in at most two lines.
fn lines(name: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in name.split('_') {
        let last = lines.last_mut().unwrap();
        if !last.is_empty() && last.len() + 1 + word.len() > LINE {
            lines.push(word.to_owned());
        } else {
            format!("{last} {word}").trim().clone_into(last);
        }
    }
    lines
}

fn card(name: &str, color: &str) -> Block {
    let (width, height) = CARD;
    let lines = lines(name);
    let first = if lines.len() == 1 { 23 } else { 16 };
    let mut texts = String::new();
    for (number, line) in lines.iter().enumerate() {
        let _ = write!(texts, "<text x=\"14\" y=\"{}\">{}</text>", first + 14 * number, escaped(line));
    }
    let svg = format!(
        "<rect class=\"card\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>\
         <rect width=\"6\" height=\"{height}\" rx=\"3\" fill=\"{color}\"/>{texts}\n"
    );
    Block { middle: width / 2, width, height, svg }
}

/// A box with a head, and labeled parts: next to each other, or below each other if they are wide.
fn container(name: &str, parts: &[(&str, Block)]) -> Block {
    let label = if parts.iter().any(|(label, _)| !label.is_empty()) { 18 } else { 0 };
    let side_by_side: usize = parts.iter().map(|(_, part)| part.width + 3 * PAD).sum::<usize>() - PAD;
    let is_stacked = side_by_side > WIDE && parts.len() > 1;
    let widest = parts.iter().map(|(_, part)| part.width + 2 * PAD).max().unwrap();
    let tallest = parts.iter().map(|(_, part)| part.height).max().unwrap();
    let inner = if is_stacked { widest } else { side_by_side };
    let width = (inner + 2 * PAD).max(name.len() * 7 + 2 * PAD);
    let (mut x, mut y, mut svg) = (PAD + (width - inner - 2 * PAD) / 2, HEAD, String::new());
    for (title, part) in parts {
        let class = match *title {
            "True" => "yes",
            "False" => "no",
            _ => "loop",
        };
        let part_width = if is_stacked { widest } else { part.width + 2 * PAD };
        let part_height = label + 2 * PAD + if is_stacked { part.height } else { tallest };
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{part_width}\" height=\"{part_height}\" rx=\"4\"/>\
             <text class=\"label\" x=\"{}\" y=\"{}\">{title}</text>{}",
            x + PAD,
            y + 15,
            part.at(x + PAD, y + label + PAD)
        );
        if is_stacked {
            y += part_height + PAD;
        } else {
            x += part_width + PAD;
        }
    }
    let height = if is_stacked { y } else { y + label + tallest + 3 * PAD };
    let head = format!(
        "<rect class=\"box\" width=\"{width}\" height=\"{height}\" rx=\"6\"/><text class=\"head\" x=\"{PAD}\" y=\"20\">{}</text>",
        escaped(&name.replace('_', " "))
    );
    Block { middle: width / 2, width, height, svg: format!("{head}{svg}\n") }
}

fn block(name: &str, action: &Value) -> Block {
    let inside = |branch: &Value| branch.as_object().map(sequence);
    match action["type"].as_str().unwrap() {
        "If" => {
            let branches = [("True", inside(&action["actions"])), ("False", inside(&action["else"]["actions"]))];
            let parts: Vec<_> = branches.into_iter().filter_map(|(label, part)| Some((label, part?))).collect();
            container(name, &parts)
        }
        "Until" => container(name, &[("", inside(&action["actions"]).unwrap())]),
        _ => card(name, color(action)),
    }
}

/// Whether an action runs only after a failure.
fn is_handler(action: &Value) -> bool {
    let mut statuses = action["runAfter"].as_object().unwrap().values();
    let never_succeeded = |statuses: &Value| !statuses.as_array().unwrap().iter().any(|status| status == "Succeeded");
    statuses.any(never_succeeded)
}

/// The actions of a container below each other, in their order; what runs after a failure is to the right.
fn sequence(actions: &Map<String, Value>) -> Block {
    let mut order: Vec<(&String, &Value)> = Vec::new();
    while order.len() < actions.len() {
        let is_next = |(name, action): &(&String, &Value)| {
            let before = action["runAfter"].as_object().unwrap();
            !order.iter().any(|(known, _)| known == name)
                && before.keys().all(|name| order.iter().any(|(known, _)| *known == name))
        };
        let next = actions.iter().find(is_next).unwrap();
        order.push(next);
    }
    let rows: Vec<(Block, Vec<Block>)> = order
        .iter()
        .filter(|(_, action)| !is_handler(action))
        .map(|(name, action)| {
            let follows = |other: &Value| is_handler(other) && other["runAfter"].get(name.as_str()).is_some();
            let handlers =
                order.iter().filter(|(_, other)| follows(other)).map(|(name, other)| block(name, other)).collect();
            (block(name, action), handlers)
        })
        .collect();
    let column = rows.iter().map(|(main, _)| main.width).max().unwrap();
    let (mut svg, mut y, mut width, mut above, mut first) = (String::new(), 0, column, None, None);
    for (main, handlers) in &rows {
        let whole = main.width + handlers.iter().map(|handler| GAP + handler.width).sum::<usize>();
        let x = ((column - main.width) / 2).min(column.saturating_sub(whole));
        let middle = x + main.width / 2;
        first.get_or_insert(middle);
        if let Some((from, bottom)) = above {
            let _ = write!(svg, "<path class=\"next\" d=\"M{from} {bottom}V{}H{middle}V{y}\"/>", y - GAP / 2);
        }
        svg.push_str(&main.at(x, y));
        above = Some((middle, y + main.height));
        let (mut end, mut lowest) = (x + main.width, main.height);
        for handler in handlers {
            let right = end + GAP;
            let _ = write!(svg, "<path class=\"failed\" d=\"M{end} {}H{right}\"/>{}", y + 19, handler.at(right, y));
            end = right + handler.width;
            lowest = lowest.max(handler.height);
        }
        width = width.max(end);
        y += lowest + GAP;
    }
    Block { middle: first.unwrap(), width, height: y - GAP, svg }
}

fn picture(title: &str, definition: &Value) -> String {
    let (trigger, event) = definition["triggers"].as_object().unwrap().iter().next().unwrap();
    let (start, body) = (card(trigger, color(event)), sequence(definition["actions"].as_object().unwrap()));
    let (width, height) = (body.width + 2 * PAD, start.height + GAP + body.height + 2 * PAD);
    let middle = PAD + body.middle;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" role=\"img\" \
         font-family=\"Segoe UI, Helvetica, Arial, sans-serif\" font-size=\"12\">\n\
         <title>{}</title>\n<desc>The steps from top to bottom. A dashed line leads to what runs after a failure.</desc>\n\
         <style>\n{STYLE}</style>\n<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n\
         {}<path class=\"next\" d=\"M{middle} {}v{GAP}\"/>{}</svg>\n",
        escaped(title),
        start.at(middle - start.width / 2, PAD),
        PAD + start.height,
        body.at(PAD, PAD + start.height + GAP),
    )
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting of the app")]
async fn the_pictures_show_the_flows_as_they_are() {
    let written = Written::new("https://contoso-evergrant.azurewebsites.net").await;
    for (flow, file) in PICTURES {
        let drawn = picture(flow, &written.solutions.workflow(flow)["properties"]["definition"]);
        if let Some(folder) = std::env::var_os("EVERGRANT_PICTURES") {
            std::fs::write(root().join(folder).join(file), &drawn).unwrap();
        }
        let kept = std::fs::read_to_string(root().join("docs/images").join(file)).unwrap_or_default();
        let how = "write it with EVERGRANT_PICTURES=docs/images cargo test --test api flows::pictures";
        assert!(kept == drawn, "docs/images/{file} is not the flow's picture: {how}");
    }
}
