//! The SharePoint connector's operations that the flows use: IDs, parameters and paths as Microsoft documents them.

use crate::flows::{Operation, Parameter, Place};

/// Name, method, path, and parameters: `*` is required, `?` in the query, `=` the body.
const OPERATIONS: [(&str, &str, &str, &str); 12] = [
    ("CreateFile", "POST", "/datasets/{dataset}/files", "?folderPath* ?name* =body*"),
    ("UpdateFile", "PUT", "/datasets/{dataset}/files/{id}", "=body*"),
    ("GetFileMetadata", "GET", "/datasets/{dataset}/files/{id}", ""),
    ("GetFileContent", "GET", "/datasets/{dataset}/files/{id}/content", "?inferContentType"),
    ("GetFolderMetadataByPath", "GET", "/datasets/{dataset}/GetFolderByPath", "?path*"),
    (
        "GetFileItems",
        "GET",
        "/datasets/{dataset}/tables/{table}/getfileitems",
        "?$filter ?$orderby ?$top ?folderPath ?viewScopeOption ?view",
    ),
    ("GetFileItem", "GET", "/datasets/{dataset}/tables/{table}/items/{id}/getfileitem", "?view"),
    ("PatchFileItem", "PATCH", "/datasets/{dataset}/tables/{table}/items/{id}/patchfileitem", "=item* ?view"),
    ("GetItem", "GET", "/datasets/{dataset}/tables/{table}/items/{id}", "?view"),
    ("PatchItem", "PATCH", "/datasets/{dataset}/tables/{table}/items/{id}", "=item* ?view"),
    ("GetOnNewFileItems", "GET", "/datasets/{dataset}/tables/{table}/onnewfileitems", "?folderPath ?view"),
    ("GetOnUpdatedItems", "GET", "/datasets/{dataset}/tables/{table}/onupdateditems", "?view"),
];

/// All of them.
#[must_use]
pub fn operations() -> Vec<Operation> {
    OPERATIONS
        .iter()
        .map(|(id, method, path, others)| Operation {
            id: (*id).to_owned(),
            method: (*method).to_owned(),
            path: (*path).to_owned(),
            parameters: in_path(path).chain(others.split_whitespace().map(described)).collect(),
        })
        .collect()
}

/// The connector encodes texts in paths twice.
fn in_path(path: &str) -> impl Iterator<Item = Parameter> {
    let is_text = |name: &str| name != "id" || path.contains("/files/");
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(move |name| Parameter {
        name: name.to_owned(),
        place: Place::Path(if is_text(name) { 2 } else { 1 }),
        required: true,
        default: None,
    })
}

fn described(text: &str) -> Parameter {
    let (place, name) = text.split_at(1);
    Parameter {
        name: name.trim_end_matches('*').to_owned(),
        place: if place == "=" { Place::Body } else { Place::Query },
        required: name.ends_with('*'),
        default: None,
    }
}
