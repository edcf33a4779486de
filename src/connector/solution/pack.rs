//! The archive's files, made from the unpacked layout as `pac solution pack` does. Pure.

use crate::connector::ConnectorFile;

const CONTENT_TYPES: &str = include_str!("../../../connectors/solution/[Content_Types].xml");

/// Only a document may start with this.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
/// Already on the element around.
const NAMESPACE: &str = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

/// The files of the archive, in the order of their names.
pub fn pack(unpacked: &[ConnectorFile]) -> Vec<ConnectorFile> {
    let mut packed = vec![ConnectorFile { name: "[Content_Types].xml".into(), content: CONTENT_TYPES.into() }];
    for file in unpacked {
        let (name, content) = match file.name.as_ref() {
            "Other/Solution.xml" => ("solution.xml".to_owned(), file.content.clone()),
            "Other/Customizations.xml" => ("customizations.xml".to_owned(), customizations(file, unpacked)),
            name if is_workflow(name) || is_connector(name) => continue,
            name => (name.replacen("Connectors/", "Connector/", 1), file.content.clone()),
        };
        packed.push(ConnectorFile { name: name.into(), content });
    }
    packed.sort_by(|left, right| left.name.cmp(&right.name));
    packed
}

fn is_workflow(name: &str) -> bool {
    name.ends_with(".data.xml")
}

fn is_connector(name: &str) -> bool {
    name.starts_with("Connectors/") && name.rsplit_once('.').is_some_and(|(_, extension)| extension == "xml")
}

/// The customizations with the elements that have files of their own in the unpacked layout.
fn customizations(file: &ConnectorFile, unpacked: &[ConnectorFile]) -> Vec<u8> {
    let text = String::from_utf8_lossy(&file.content);
    let text = text.replace("<Workflows />", &element("Workflows", unpacked, is_workflow));
    text.replace("<Connectors />", &element("Connectors", unpacked, is_connector)).into_bytes()
}

fn element(name: &str, unpacked: &[ConnectorFile], is_part: fn(&str) -> bool) -> String {
    let parts: String = unpacked
        .iter()
        .filter(|file| is_part(&file.name))
        .map(|file| String::from_utf8_lossy(&file.content).replacen(DECLARATION, "", 1).replacen(NAMESPACE, "", 1))
        .collect();
    if parts.is_empty() { format!("<{name} />") } else { format!("<{name}>\n{parts}</{name}>") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &'static str, text: &str) -> ConnectorFile {
        ConnectorFile { name: name.into(), content: text.into() }
    }

    #[test]
    fn elements_with_their_own_files_are_put_into_the_customizations() {
        let packed = pack(&[
            file("Connectors/a.xml", "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Connector>a</Connector>\n"),
            file("Connectors/a_openapidefinition.json", "{}"),
            file("Other/Customizations.xml", "<Root>\n<Workflows />\n<Connectors />\n</Root>\n"),
            file("Other/Solution.xml", "<Solution />"),
            file("Workflows/F-1.json", "{}"),
        ]);
        let names: Vec<&str> = packed.iter().map(|file| file.name.as_ref()).collect();
        assert_eq!(
            names,
            [
                "Connector/a_openapidefinition.json",
                "Workflows/F-1.json",
                "[Content_Types].xml",
                "customizations.xml",
                "solution.xml"
            ]
        );
        let customizations = String::from_utf8_lossy(&packed[3].content);
        assert_eq!(
            customizations,
            "<Root>\n<Workflows />\n<Connectors>\n<Connector>a</Connector>\n</Connectors>\n</Root>\n"
        );
    }
}
