//! What `wrangler.toml` must say for a deployment: the Workers' names, the bindings
//! by which they find each other, and no secrets.
//!
//! Wrangler would find most of this at the upload of the second Worker, when the
//! first one is deployed already.

use std::collections::BTreeSet;

use shared::plan::Plan;
use toml::Value;

use super::secrets::SECRETS;
use crate::project::Worker;

/// The longest name of a Worker that has an address at workers.dev: it is a label of
/// a host name.
const MAX_NAME_CHARS: usize = 63;

/// What a deployment takes from `wrangler.toml`.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The names under which the Workers are deployed: submit-fn's, worker-fn's.
    names: [String; 2],
    /// Their variables that are no secrets.
    variables: [BTreeSet<String>; 2],
    /// Whether both are open to everybody (`AUTH=off`).
    pub(super) is_open: bool,
    /// Whether an account is chosen.
    pub(super) has_account: bool,
}

impl Settings {
    /// The name under which `worker` is deployed.
    pub(super) fn name(&self, worker: Worker) -> &str {
        &self.names[worker as usize]
    }

    /// The variables of `worker` that stand in the file.
    pub(super) fn variables(&self, worker: Worker) -> &BTreeSet<String> {
        &self.variables[worker as usize]
    }
}

/// Reads the text of `wrangler.toml`. Errors: every rule that it breaks.
pub(super) fn read(text: &str) -> Result<Settings, Vec<String>> {
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return Err(vec![format!("wrangler.toml cannot be read: {error}")]),
    };
    let file = Value::Table(table);
    let mut broken = Vec::new();
    let names = [Worker::SubmitFn, Worker::WorkerFn].map(|worker| name(&file, worker, &mut broken));
    if broken.is_empty() && names[0] == names[1] {
        broken.push(format!("both Workers have the name {}", names[0]));
    }
    let service = &names[1];
    for (worker, binding) in [(Worker::SubmitFn, "WORKER"), (Worker::WorkerFn, "SELF")] {
        let environment = worker.environment();
        match bound(&file, environment, binding) {
            Some(bound) if bound == service => {}
            Some(bound) => broken.push(format!(
                "[[env.{environment}.services]] binds {binding} to {bound}, and worker-fn is \
                 deployed as {service}"
            )),
            None => broken.push(format!(
                "[[env.{environment}.services]] has no binding {binding}"
            )),
        }
    }
    let crons = &at(&file, &["env", "worker", "triggers", "crons"]);
    if crons.and_then(Value::as_array).is_none_or(Vec::is_empty) {
        broken.push("[env.worker.triggers] has no cron: retries would wait for ever".into());
    }
    let variables = [Worker::SubmitFn, Worker::WorkerFn].map(|worker| variables(&file, worker));
    for (worker, variables) in [Worker::SubmitFn, Worker::WorkerFn].iter().zip(&variables) {
        let written = SECRETS.iter().filter(|secret| secret.is_confidential);
        for secret in written.filter(|secret| variables.contains(secret.name)) {
            broken.push(format!(
                "[env.{}.vars] holds {}, a secret: take it out of the file",
                worker.environment(),
                secret.name
            ));
        }
    }
    if let Some(trouble) = plan(&file) {
        broken.push(trouble);
    }
    if !broken.is_empty() {
        return Err(broken);
    }
    let is_off = |worker: &Worker| {
        let auth = at(&file, &["env", worker.environment(), "vars", "AUTH"]);
        auth.and_then(Value::as_str) == Some("off")
    };
    Ok(Settings {
        names,
        variables,
        is_open: Worker::all().iter().all(is_off),
        has_account: file.get("account_id").is_some(),
    })
}

/// What is wrong with `PLAN`: submit-fn wakes worker-fn as often as the plan's drains need
/// it, so both must know the same.
fn plan(file: &Value) -> Option<String> {
    let plans = [Worker::SubmitFn, Worker::WorkerFn].map(|worker| {
        let given = at(file, &["env", worker.environment(), "vars", "PLAN"]);
        let given = given.map(|value| value.as_str().unwrap_or("?").to_owned());
        Plan::from_lookup(&|_| given.clone())
    });
    match plans {
        [Ok(submit), Ok(worker)] if submit == worker => None,
        [Ok(_), Ok(_)] => Some("[env.submit.vars] and [env.worker.vars] differ in PLAN".into()),
        [Err(error), _] | [_, Err(error)] => Some(error.to_string()),
    }
}

fn at<'a>(file: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(file, |value, name| value.get(name))
}

fn name(file: &Value, worker: Worker, broken: &mut Vec<String>) -> String {
    let environment = worker.environment();
    let name = at(file, &["env", environment, "name"]).and_then(Value::as_str);
    let name = name.unwrap_or_default();
    let is_fit = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '-');
    if name.is_empty() || name.len() > MAX_NAME_CHARS || !name.chars().all(is_fit) {
        broken.push(format!(
            "[env.{environment}] name must have 1 to {MAX_NAME_CHARS} of a-z, 0-9 and -"
        ));
    }
    name.to_owned()
}

/// The service that `binding` leads to.
fn bound<'a>(file: &'a Value, environment: &str, binding: &str) -> Option<&'a str> {
    let services = at(file, &["env", environment, "services"])?.as_array()?;
    let named = |service: &&Value| service.get("binding").and_then(Value::as_str) == Some(binding);
    services.iter().find(named)?.get("service")?.as_str()
}

fn variables(file: &Value, worker: Worker) -> BTreeSet<String> {
    let variables = at(file, &["env", worker.environment(), "vars"]);
    let variables = variables.and_then(Value::as_table);
    variables
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project;

    const GOOD: &str = r#"
[env.submit]
name = "s"
services = [{ binding = "WORKER", service = "w" }]
[env.worker]
name = "w"
services = [{ binding = "SELF", service = "w" }]
triggers = { crons = ["* * * * *"] }
vars = { EXECUTOR_URL = "https://x" }
"#;

    #[test]
    fn the_projects_own_file_is_fit() {
        let text = std::fs::read_to_string(project::root().join("wrangler.toml")).unwrap();
        let settings = read(&text).unwrap();
        assert_eq!(settings.name(Worker::SubmitFn), "edgejudge-submit");
        assert_eq!(settings.name(Worker::WorkerFn), "edgejudge-worker");
        assert!(!settings.is_open);
    }

    #[test]
    fn what_does_not_agree_is_named() {
        assert!(
            read(GOOD)
                .unwrap()
                .variables(Worker::WorkerFn)
                .contains("EXECUTOR_URL")
        );
        for (from, to, said) in [
            (
                "name = \"w\"",
                "name = \"v\"",
                "binds WORKER to w, and worker-fn is deployed as v",
            ),
            (
                "name = \"w\"",
                "name = \"s\"",
                "both Workers have the name s",
            ),
            ("name = \"s\"", "name = \"S\"", "a-z, 0-9"),
            ("name = \"s\"", "", "[env.submit] name"),
            ("\"SELF\"", "\"ME\"", "no binding SELF"),
            ("[\"* * * * *\"]", "[]", "no cron"),
            (
                "EXECUTOR_URL",
                "TICKET_SECRET",
                "[env.worker.vars] holds TICKET_SECRET",
            ),
            (
                "EXECUTOR_URL = \"https://x\"",
                "PLAN = \"paid\"",
                "[env.submit.vars] and [env.worker.vars] differ in PLAN",
            ),
            (
                "EXECUTOR_URL = \"https://x\"",
                "PLAN = \"gold\"",
                "The variable PLAN is not usable: it must be free or paid.",
            ),
            ("[env.worker]", "[env.worker", "cannot be read"),
        ] {
            let broken = read(&GOOD.replace(from, to)).unwrap_err().join("\n");
            assert!(broken.contains(said), "{to}: {broken}");
        }
    }

    #[test]
    fn the_workers_are_open_only_where_both_are() {
        let one = GOOD.replace("EXECUTOR_URL = \"https://x\"", "AUTH = \"off\"");
        assert!(!read(&one).unwrap().is_open);
        let both = one.replace("name = \"s\"", "name = \"s\"\nvars = { AUTH = \"off\" }");
        assert!(read(&both).unwrap().is_open);
    }
}
