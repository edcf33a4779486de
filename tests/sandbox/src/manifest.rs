//! Reads `host.json` and the `function.json` files as the Functions host does.

use std::path::{Path, PathBuf};

use http::Method;
use serde_json::Value;

/// `authLevel` of an HTTP trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthLevel {
    /// Anyone.
    Anonymous,
    /// Callers with the function's key or the master key.
    Function,
    /// Callers with the master key.
    Admin,
}

/// One function folder.
#[derive(Clone, Debug)]
pub struct Function {
    /// The folder's name.
    pub name: String,
    /// The route without the prefix.
    pub route: String,
    /// The methods of the trigger; an empty list means all.
    pub methods: Vec<Method>,
    /// Who may call.
    pub auth_level: AuthLevel,
    /// Exactly one `httpTrigger` and one `http` output: only then the mode flags apply.
    pub http_in_and_out: bool,
}

/// An app, read from its files.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The folder of `host.json`.
    pub root: PathBuf,
    /// `extensions.http.routePrefix`, `api` if it is not set.
    pub route_prefix: String,
    /// `customHandler.description.defaultExecutablePath`.
    pub executable: String,
    /// `customHandler.enableProxyingHttpRequest`.
    pub proxying: bool,
    /// `customHandler.enableForwardingHttpRequest`.
    pub forwarding: bool,
    /// The function folders.
    pub functions: Vec<Function>,
}

impl Manifest {
    /// Reads the app in `root`.
    ///
    /// # Errors
    /// The error that the host would report.
    pub fn read(root: &Path) -> Result<Self, String> {
        let host = read_json(&root.join("host.json"))?;
        if host["version"] != "2.0" {
            return Err("host.json: version must be \"2.0\"".to_owned());
        }
        let handler = &host["customHandler"];
        let executable = handler["description"]["defaultExecutablePath"].as_str();
        let mut functions = Vec::new();
        let entries = std::fs::read_dir(root).map_err(|error| error.to_string())?;
        for entry in entries.filter_map(Result::ok) {
            let file = entry.path().join("function.json");
            if file.is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                functions.push(Function::read(name, &read_json(&file)?)?);
            }
        }
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self {
            root: root.to_owned(),
            route_prefix: host["extensions"]["http"]["routePrefix"].as_str().unwrap_or("api").to_owned(),
            executable: executable.ok_or("WorkerConfig for runtime: custom not found")?.to_owned(),
            proxying: handler["enableProxyingHttpRequest"] == true,
            forwarding: handler["enableForwardingHttpRequest"] == true,
            functions,
        })
    }

    /// The function of a decoded path and a method. Of several, the one whose route is the most exact from the left.
    #[must_use]
    pub fn find(&self, path: &str, method: &str) -> Option<&Function> {
        let takes = |function: &&Function| {
            function.methods.is_empty() || function.methods.iter().any(|known| known.as_str() == method)
        };
        let ranked = self.functions.iter().filter(takes).filter_map(|function| {
            let route = format!("{}/{}", self.route_prefix, function.route);
            Some((rank(route.trim_matches('/'), path)?, function))
        });
        ranked.min_by_key(|(rank, _)| rank.clone()).map(|(_, function)| function)
    }
}

impl Function {
    fn read(name: String, json: &Value) -> Result<Self, String> {
        let bindings = json["bindings"].as_array().ok_or(format!("{name}: no bindings"))?;
        let trigger = bindings.iter().find(|binding| binding["type"] == "httpTrigger" && binding["direction"] == "in");
        let trigger = trigger.ok_or(format!("{name}: no httpTrigger"))?;
        let outputs = bindings.iter().filter(|binding| binding["direction"] == "out");
        let http_outputs = outputs.clone().filter(|binding| binding["type"] == "http").count();
        let auth_level = match trigger["authLevel"].as_str() {
            Some("anonymous") => AuthLevel::Anonymous,
            Some("function") | None => AuthLevel::Function,
            Some("admin") => AuthLevel::Admin,
            Some(other) => return Err(format!("{name}: authLevel {other}")),
        };
        let methods = trigger["methods"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Ok(Self {
            route: trigger["route"].as_str().unwrap_or(&name).to_owned(),
            methods: methods.filter_map(|method| method.to_uppercase().parse().ok()).collect(),
            auth_level,
            http_in_and_out: bindings.len() == 2 && outputs.count() == 1 && http_outputs == 1,
            name,
        })
    }
}

/// Matches the ASP.NET route templates that are used: literals, `{name}`, `{name?}`, `{*name}`, in any letter case and with a
/// slash at the end. The rank has one number for each segment: 0 for a literal, 1 for a parameter, 2 for the rest.
fn rank(route: &str, path: &str) -> Option<Vec<u8>> {
    let path = path.strip_prefix('/')?;
    let mut segments = path.split('/').peekable();
    let mut rank = Vec::new();
    for template in route.split('/').filter(|template| !template.is_empty()) {
        // The empty segment after a slash at the end counts as none.
        let segment = segments.next();
        let segment = segment.filter(|segment| !segment.is_empty() || segments.peek().is_some());
        if template.starts_with("{*") {
            // An empty segment matches nothing, but is let through once the rest has begun.
            rank.push(2);
            return (segment != Some("")).then_some(rank);
        }
        match segment {
            None if template.ends_with("?}") => rank.push(1),
            Some(segment) if template.starts_with('{') && !segment.is_empty() => rank.push(1),
            Some(segment) if segment.eq_ignore_ascii_case(template) => rank.push(0),
            _ => return None,
        }
    }
    (matches!(segments.next(), None | Some("")) && segments.next().is_none()).then_some(rank)
}

fn read_json(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn routes_match_as_in_asp_net() {
        for (route, path, expected) in [
            ("oauth/token", "/oauth/token", Some(vec![0, 0])),
            ("oauth/token", "/OAuth/Token/", Some(vec![0, 0])),
            ("oauth/token", "/oauth", None),
            ("oauth/token", "/oauth/token/more", None),
            ("oauth/token", "/oauth/token//", None),
            ("oauth/token", "//oauth/token", None),
            ("oauth/token", "/oauth%2Ftoken", None),
            ("oauth/authorize/{client_id?}", "/oauth/authorize", Some(vec![0, 0, 1])),
            ("oauth/authorize/{client_id?}", "/oauth/authorize/", Some(vec![0, 0, 1])),
            ("oauth/authorize/{client_id?}", "/oauth/authorize//", None),
            ("oauth/authorize/{client_id?}", "/oauth/authorize/wf", Some(vec![0, 0, 1])),
            ("oauth/authorize/{client_id?}", "/oauth/authorize/wf/", Some(vec![0, 0, 1])),
            ("gateway/{*path}", "/gateway", Some(vec![0, 2])),
            ("gateway/{*path}", "/gateway/a//b", Some(vec![0, 2])),
            ("gateway/{*path}", "/gateway//b", None),
            ("", "/", Some(vec![])),
            ("", "//", None),
            ("", "/a", None),
        ] {
            assert_eq!(rank(route, path), expected, "{route} {path}");
        }
    }
}
