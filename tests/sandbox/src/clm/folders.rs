//! `/folders` on the object host.

use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::clm::error::ClmRefusal;
use crate::clm::page::page;
use crate::clm::request::{Call, text};
use crate::clm::state::{Folder, State};
use crate::clm::{Answer, Clm, no_such_route, wrong_method};
use crate::server::{Body, body, json as json_reply};

/// The longest name of a folder.
const MAX_FOLDER_NAME_CHARS: usize = 100;

impl Clm {
    pub(super) fn folders(&self, call: &Call, path: &[&str]) -> Answer {
        let (state, user) = (self.state(), call.user.sub.as_str());
        let show = |folder: Result<&Folder, ClmRefusal>| {
            let mut json = self.folder_json(&state, folder.clone()?, user);
            if call.expands("Path") {
                json["Path"] = json!(state.path(folder?));
            }
            Ok(json_reply(200, &json))
        };
        match (&call.method, path) {
            (&Method::GET, ["path"]) => {
                show(state.folder_at(&call.parameter("path").ok_or(ClmRefusal::not_found())?, user))
            }
            (&Method::GET, ["type"]) => {
                show(system_folder(&state, &call.parameter("systemFolder").unwrap_or_default(), user))
            }
            (&Method::GET, [id]) => show(state.folder(id, user)),
            (&Method::GET, [id, "folders"]) => {
                let id = &state.folder(id, user)?.id;
                let items: Vec<_> =
                    state.folders_in(id, user).map(|child| self.folder_json(&state, child, user)).collect();
                Ok(json_reply(200, &page(call, &self.href(&format!("folders/{id}/folders")), &items)))
            }
            (&Method::GET, [id, "documents"]) => {
                let id = &state.folder(id, user)?.id;
                let items: Vec<_> =
                    state.documents_in(id, user).map(|child| self.document_json(&state, child, user)).collect();
                Ok(json_reply(200, &page(call, &self.href(&format!("folders/{id}/documents")), &items)))
            }
            (&Method::GET, [id, "sharelinks"]) => {
                state.folder(id, user)?;
                Ok(json_reply(200, &page(call, &self.href(&format!("folders/{id}/sharelinks")), &[])))
            }
            _ => {
                drop(state);
                self.change_folders(call, path)
            }
        }
    }

    fn change_folders(&self, call: &Call, path: &[&str]) -> Answer {
        let (mut state, user) = (self.state(), call.user.sub.as_str());
        match (&call.method, path) {
            (&Method::POST, []) => {
                let id = self.create_folder(&mut state, call)?;
                Ok(json_reply(201, &self.folder_json(&state, state.folder(&id, user)?, user)))
            }
            (&Method::PATCH | &Method::PUT, [id]) => {
                let id = state.folder(id, user)?.id.clone();
                state.check_write(user, &id)?;
                self.update_folder(&mut state, call, &id)?;
                Ok(json_reply(200, &self.folder_json(&state, state.folder(&id, user)?, user)))
            }
            (&Method::DELETE, [id]) => {
                let folder = state.folder(id, user)?.clone();
                state.check_write(user, &folder.id)?;
                if folder.in_trash {
                    state.remove_folder(&folder.id);
                    return Ok(no_content());
                }
                state.folders.iter_mut().filter(|known| known.id == folder.id).for_each(|known| known.in_trash = true);
                Ok(json_reply(200, &self.folder_json(&state, state.folder(&folder.id, user)?, user)))
            }
            (_, [] | [_]) => Ok(wrong_method(call)),
            _ => Ok(no_such_route()),
        }
    }

    fn create_folder(&self, state: &mut State, call: &Call) -> Result<String, ClmRefusal> {
        let object = call.object(&["Name", "Description", "ParentFolder"])?;
        let name = text(&object, "Name")?.unwrap_or_default();
        check_name(&name, MAX_FOLDER_NAME_CHARS)?;
        let parent =
            self.target_folder(state, &object, "ParentFolder", &call.user.sub)?.ok_or(ClmRefusal::new(422, 113))?;
        // The status for a name in use is not documented. Folders that the user cannot see also count.
        let mut children =
            state.folders.iter().filter(|child| child.parent.as_ref() == Some(&parent) && !child.in_trash);
        if children.any(|child| child.name.eq_ignore_ascii_case(&name)) {
            return Err(ClmRefusal::new(422, 106));
        }
        let description = text(&object, "Description")?.unwrap_or_default();
        Ok(state.add_folder(&name, &description, Some(&parent)))
    }

    fn update_folder(&self, state: &mut State, call: &Call, id: &str) -> Result<(), ClmRefusal> {
        let object = call.object(&["Name", "Description", "ParentFolder"])?;
        let (name, description) = (text(&object, "Name")?, text(&object, "Description")?);
        name.as_deref().map_or(Ok(()), |name| check_name(name, MAX_FOLDER_NAME_CHARS))?;
        let parent = self.target_folder(state, &object, "ParentFolder", &call.user.sub)?;
        let now = state.clock.now();
        for folder in state.folders.iter_mut().filter(|folder| folder.id == id) {
            folder.name = name.clone().unwrap_or(folder.name.clone());
            folder.description = description.clone().unwrap_or(folder.description.clone());
            folder.parent = parent.clone().or(folder.parent.clone());
            folder.updated = now;
        }
        Ok(())
    }

    /// The folder that a member of the body refers to by `Href`.
    pub(super) fn folder_in(
        &self,
        state: &State,
        object: &Map<String, Value>,
        name: &str,
        user: &str,
    ) -> Result<Option<String>, ClmRefusal> {
        let Some(reference) = object.get(name) else { return Ok(None) };
        let id = self.id_of(reference, "folders").ok_or(ClmRefusal::new(422, 114))?;
        state.folder(&id, user).map(|folder| Some(folder.id.clone()))
    }

    /// Like `folder_in`, if the user may add items to the folder.
    pub(super) fn target_folder(
        &self,
        state: &State,
        object: &Map<String, Value>,
        name: &str,
        user: &str,
    ) -> Result<Option<String>, ClmRefusal> {
        let folder = self.folder_in(state, object, name, user)?;
        folder.as_ref().map_or(Ok(()), |id| state.check_write(user, id))?;
        Ok(folder)
    }

    /// The ID in a reference to an object of `kind`; `None` for other references.
    pub(super) fn id_of(&self, reference: &Value, kind: &str) -> Option<String> {
        let id = reference["Href"].as_str()?.strip_prefix(&self.href(&format!("{kind}/")))?;
        (!id.contains('/')).then(|| id.to_owned())
    }
}

fn system_folder<'s>(state: &'s State, kind: &str, user: &str) -> Result<&'s Folder, ClmRefusal> {
    match kind {
        "root" => state.folder_at("/", user),
        "home" => state.folder_at("/Home", user),
        // The account has no connected sources.
        "other sources" | "salesforce" => Err(ClmRefusal::new(404, 109)),
        _ => Err(ClmRefusal::new(422, 108)),
    }
}

/// Checks the name of a folder or document.
pub fn check_name(name: &str, longest: usize) -> Result<(), ClmRefusal> {
    let clean = !name.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|']);
    let neat = name.trim_matches(' ') == name && !name.ends_with('.');
    let fits = !name.is_empty() && name.chars().count() <= longest;
    if clean && neat && fits { Ok(()) } else { Err(ClmRefusal::invalid("Name", 1001)) }
}

/// The response to a permanent deletion.
pub fn no_content() -> Response<Body> {
    let mut response = Response::new(body(""));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
