//! What is to be put where, from what is there and what the operator gives.
//!
//! Cloudflare tells the names of the secrets that a Worker has, and no values. So a
//! secret that both Workers share is put into both when one lacks it: that is the
//! only way to know that they agree.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use shared::config::Secret;
use shared::text::hex;

use super::fits;
use super::secrets::{Kind, KnownSecret, SECRETS};
use super::values::Values;
use crate::project::Worker;

const GENERATED_BYTES: usize = 32;
/// Endpoints as a list.
const EXECUTORS: &str = "EXECUTORS";
/// Variables of one endpoint, of which worker-fn takes none beside the list
/// (`worker-fn/src/config/executors.rs`).
const ONE_ENDPOINT: [&str; 5] = [
    "EXECUTOR_URL",
    "EXECUTOR_KIND",
    "EXECUTOR_NAME",
    "EXECUTOR_TOKEN",
    "EXECUTOR_TOKEN_HEADER",
];

/// What the Workers have, and what is wanted.
#[derive(Debug)]
pub(super) struct Situation<'a> {
    /// Names of the secrets and variables that each Worker has.
    pub(super) present: &'a BTreeMap<Worker, BTreeSet<String>>,
    /// What the operator gives.
    pub(super) values: &'a Values,
    /// What is put although it is there.
    pub(super) replace: &'a [String],
    /// Whether the Workers are open to everybody, so that no key is needed.
    pub(super) is_open: bool,
}

/// What is to be done about secrets.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What each Worker gets.
    pub(super) put: BTreeMap<Worker, BTreeMap<&'static str, Secret>>,
    /// Those that were made up.
    pub(super) generated: Vec<&'static str>,
    /// A line about each secret.
    pub(super) lines: Vec<String>,
    /// What stands in the way.
    pub(super) missing: Vec<String>,
}

impl Plan {
    /// The value that `name` will have, if it is known.
    pub(super) fn value(&self, name: &str) -> Option<&Secret> {
        self.put.values().find_map(|secrets| secrets.get(name))
    }
}

/// Works out what to do. Errors: a name to replace is unknown, a value does not fit,
/// or there are no random bytes.
pub(super) fn plan(situation: &Situation<'_>) -> Result<Plan> {
    let unknown = |name: &&String| SECRETS.iter().all(|secret| secret.name != name.as_str());
    if let Some(name) = situation.replace.iter().find(unknown) {
        bail!("--replace {name}: there is no such secret");
    }
    fits::check(situation.values)?;
    let mut plan = Plan::default();
    for secret in &SECRETS {
        one(secret, situation, &mut plan)?;
    }
    plan.missing.extend(two_ways(situation));
    Ok(plan)
}

/// What is wrong where worker-fn would have its endpoints in both ways. A deployment takes
/// no secret away.
fn two_ways(situation: &Situation<'_>) -> Option<String> {
    let others = ONE_ENDPOINT.into_iter();
    let others: Vec<&str> = others.filter(|name| situation.is_known(name)).collect();
    if !situation.is_known(EXECUTORS) || others.is_empty() {
        return None;
    }
    Some(format!(
        "EXECUTORS takes the place of {}, and worker-fn answers 500 where both are set: give one \
         way only, and take away what worker-fn has of the other (`npx wrangler secret delete NAME \
         --env worker`, or the line in wrangler.toml)",
        others.join(", ")
    ))
}

fn one(secret: &KnownSecret, situation: &Situation<'_>, plan: &mut Plan) -> Result<()> {
    let name = secret.name;
    let given = situation.values.get(name);
    let have = |worker: &&Worker| situation.has(**worker, name);
    let count = secret.workers.iter().filter(have).count();
    if situation.replace.iter().any(|replaced| replaced == name) {
        match given {
            Some(value) => plan.put(secret, value, "replaced by the value given"),
            None if secret.is_ours() => plan.generate(secret)?,
            None => plan
                .missing
                .push(format!("--replace {name}: give its new value")),
        }
    } else if count == secret.workers.len() {
        let hint = match given {
            Some(_) => format!("kept; the value given is used with --replace {name} only"),
            None => "kept".to_owned(),
        };
        plan.lines.push(format!("{name}: {hint}"));
    } else if let Some(value) = given {
        plan.put(secret, value, "set to the value given");
    } else if count > 0 {
        plan.missing.push(format!(
            "{name} is in one Worker and not in the other, and cannot be read back: give its \
             value{}, or a new one with --replace {name}",
            if secret.is_ours() {
                " in --secrets FILE"
            } else {
                ""
            }
        ));
    } else {
        match secret.kind {
            Kind::Ours => plan.generate(secret)?,
            Kind::OursUnlessKeys if situation.is_open => {
                plan.lines
                    .push(format!("{name}: none; AUTH=off opens both Workers"));
            }
            Kind::OursUnlessKeys if situation.is_known("API_KEYS") => {
                plan.lines
                    .push(format!("{name}: none; API_KEYS has the keys"));
            }
            Kind::OursUnlessKeys => plan.generate(secret)?,
            Kind::Required => plan
                .missing
                .push(format!("{name} is missing: give its value")),
            Kind::Endpoint => {
                let other = if name == "EXECUTORS" {
                    "EXECUTOR_URL"
                } else {
                    "EXECUTORS"
                };
                if name == "EXECUTOR_URL" && !situation.is_known(other) {
                    let text = "EXECUTOR_URL is missing, and EXECUTORS too: give one of them";
                    plan.missing.push(text.to_owned());
                }
            }
            Kind::Optional => plan.lines.push(format!("{name}: none, which is allowed")),
        }
    }
    Ok(())
}

impl Situation<'_> {
    fn has(&self, worker: Worker, name: &str) -> bool {
        let present = self.present.get(&worker);
        present.is_some_and(|names| names.contains(name))
    }

    fn is_known(&self, name: &str) -> bool {
        self.values.get(name).is_some() || self.has(Worker::WorkerFn, name)
    }
}

impl Plan {
    fn put(&mut self, secret: &KnownSecret, value: &Secret, what: &str) {
        let names: Vec<&str> = secret.workers.iter().map(|worker| worker.name()).collect();
        self.lines.push(format!(
            "{}: {what}, in {}",
            secret.name,
            names.join(" and ")
        ));
        for &worker in secret.workers {
            self.put
                .entry(worker)
                .or_default()
                .insert(secret.name, value.clone());
        }
    }

    fn generate(&mut self, secret: &KnownSecret) -> Result<()> {
        let mut bytes = [0u8; GENERATED_BYTES];
        getrandom::fill(&mut bytes).context("random bytes for a secret")?;
        self.put(secret, &Secret::new(hex(&bytes)), "set to a random value");
        self.generated.push(secret.name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: (&str, &str) = ("EXECUTORS", r#"[{"url":"https://hunter2.example"}]"#);
    const ONE: (&str, &str) = ("EXECUTOR_URL", "https://hunter2.example");

    /// What stands in the way of a deployment about endpoints, where the operator gives
    /// these values and worker-fn has these secrets and variables.
    fn in_the_way(given: &[(&str, &str)], has: &[&str]) -> Vec<String> {
        let values = Values::read(None, |name| {
            let found = given.iter().find(|(given, _)| *given == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        let has = has.iter().map(|name| (*name).to_owned()).collect();
        let planned = plan(&Situation {
            present: &BTreeMap::from([(Worker::WorkerFn, has)]),
            values: &values.unwrap(),
            replace: &[],
            is_open: true,
        });
        let missing = planned.unwrap().missing;
        let about = missing.into_iter().filter(|line| line.contains("EXECUTOR"));
        about.collect()
    }

    #[test]
    fn endpoints_are_given_in_one_way() {
        for (given, has, other) in [
            (&[LIST, ONE][..], &[][..], "EXECUTOR_URL"),
            // Where the other way was deployed before, or one of its variables stands in
            // wrangler.toml.
            (
                &[LIST],
                &["EXECUTOR_URL", "EXECUTOR_TOKEN"],
                "EXECUTOR_URL, EXECUTOR_TOKEN",
            ),
            (&[ONE], &["EXECUTORS"], "EXECUTOR_URL"),
            (&[LIST], &["EXECUTOR_NAME"], "EXECUTOR_NAME"),
        ] {
            let lines = in_the_way(given, has);
            let [line] = lines.as_slice() else {
                panic!("{lines:?}");
            };
            let place = format!("EXECUTORS takes the place of {other},");
            assert!(line.contains(&place) && !line.contains("hunter2"), "{line}");
        }
        for (given, has) in [
            (LIST, &[][..]),
            (ONE, &[]),
            (LIST, &["EXECUTORS"]),
            (ONE, &["EXECUTOR_URL", "EXECUTOR_TOKEN", "EXECUTOR_NAME"]),
        ] {
            assert_eq!(in_the_way(&[given], has), [""; 0], "{given:?} {has:?}");
        }
    }
}
