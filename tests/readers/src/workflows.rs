//! The steps of workflows for hosted runners.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The shell scripts of the steps in a workflow or a job.
#[must_use]
pub fn scripts(part: &Value) -> String {
    match part {
        Value::Object(parts) => parts
            .iter()
            .map(|(key, part)| match part.as_str() {
                Some(script) if key == "run" => format!("{script}\n"),
                _ => scripts(part),
            })
            .collect(),
        Value::Array(parts) => parts.iter().map(scripts).collect(),
        _ => String::new(),
    }
}

/// The steps of a job, and the positions of those that contain `words`.
pub fn steps<'a>(workflow: &'a Value, job: &str) -> (&'a [Value], impl Fn(&str) -> Vec<usize> + 'a) {
    let steps = workflow["jobs"][job]["steps"].as_array().unwrap();
    (steps, |words| (0..steps.len()).filter(|at| steps[*at].to_string().contains(words)).collect())
}

/// Runs the script of a step like the hosted runner, after `before`. Returns its output and exit code.
#[must_use]
pub fn run(before: &str, step: &Value, folder: &Path, tag: &str) -> (String, Option<i32>) {
    let mut bash = Command::new("bash");
    bash.args(["-e", "-c", &format!("{before}\n{}", step["run"].as_str().unwrap())]).current_dir(folder);
    let output = bash.env("GITHUB_REF_NAME", tag).env("RUNNER_TEMP", folder).output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
}
