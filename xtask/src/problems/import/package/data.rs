//! The test cases of a package: `data/sample` and `data/secret` with all that is below
//! them, in the order of their names.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde_json::Value;
use shared::domain::problem::{MAX_BYTES, MAX_CASES};

use super::constants::Constants;
use super::files::{Entry, Kind, Package};
use super::yaml;

/// The deepest that groups may be nested.
const MAX_GROUP_DEPTH: usize = 16;
/// The most groups: links within a package can make more of them than it has.
const MAX_GROUPS: usize = 2_000;
/// Names of a group's configuration, the newer one last.
const CONFIGURATIONS: [&str; 2] = ["testdata.yaml", "test_group.yaml"];
/// Keys of a configuration that are about scores.
const SCORES: [&str; 9] = [
    "accept_score",
    "grader_flags",
    "max_score",
    "range",
    "reject_score",
    "require_pass",
    "score_aggregation",
    "scoring",
    "static_validation_score",
];
/// How many cases an error names that are the largest.
const NAMED: usize = 3;

/// All cases.
#[derive(Debug, Default)]
pub(super) struct Data {
    /// Samples first.
    pub(super) cases: Vec<DataCase>,
    /// Whether a group says how it is scored.
    pub(super) has_scores: bool,
}

/// One case.
#[derive(Debug)]
pub(super) struct DataCase {
    /// Such as `secret/01-small`.
    pub(super) name: String,
    /// The text of its `.in`.
    pub(super) input: String,
    /// The text of its `.ans`.
    pub(super) answer: String,
    /// Whether it is no sample.
    pub(super) is_secret: bool,
    /// What the output validator is given for it.
    arguments: Vec<String>,
}

/// A case whose files have not been read.
struct Found {
    /// Its place without an ending.
    base: String,
    bytes: u64,
    is_secret: bool,
    arguments: Vec<String>,
}

struct Reader<'a> {
    package: &'a Package,
    constants: &'a Constants,
    found: Vec<Found>,
    groups: usize,
    /// How many files of each other ending there are.
    others: BTreeMap<String, usize>,
    has_scores: bool,
}

/// Reads all cases. Errors: a case has no answer, or they are too many or too large.
pub(super) fn read(
    package: &Package,
    constants: &Constants,
    notes: &mut Vec<String>,
) -> Result<Data> {
    let mut reader = Reader {
        package,
        constants,
        found: Vec::new(),
        groups: 0,
        others: BTreeMap::new(),
        has_scores: false,
    };
    let root = reader.configured(&package.entries("data")?, "data", &[])?;
    for (group, is_secret) in [("sample", false), ("secret", true)] {
        reader.group(&format!("data/{group}"), &root, is_secret, 0)?;
    }
    let Reader {
        found,
        others,
        has_scores,
        ..
    } = reader;
    check_size(&found)?;
    for entry in package.entries("data")? {
        if entry.is_folder() && !["sample", "secret"].contains(&entry.name.as_str()) {
            notes.push(format!("Not taken: {}.", entry.place));
        }
    }
    if !others.is_empty() {
        let others = others
            .iter()
            .map(|(ending, count)| format!("{count} {ending}"));
        let others: Vec<String> = others.collect();
        notes.push(format!(
            "Files in data that are not taken: {}.",
            others.join(", ")
        ));
    }
    let read = |one: Found| {
        let text = |ending: &str| package.required(&format!("{}{ending}", one.base), MAX_BYTES);
        Ok(DataCase {
            input: text(".in")?,
            answer: text(".ans")?,
            name: one.base.trim_start_matches("data/").to_owned(),
            is_secret: one.is_secret,
            arguments: one.arguments,
        })
    };
    let cases: Vec<DataCase> = found.into_iter().map(read).collect::<Result<_>>()?;
    let empty = cases.iter().filter(|case| case.input.is_empty()).count();
    if empty > 0 {
        notes.push(format!(
            "Inputs that are empty get a line break here: {empty}."
        ));
    }
    Ok(Data { cases, has_scores })
}

fn check_size(found: &[Found]) -> Result<()> {
    if found.is_empty() {
        bail!("there is no case in data/sample and data/secret");
    }
    if found.len() > MAX_CASES {
        bail!(
            "the package has {} cases, and a problem may have {MAX_CASES}",
            found.len()
        );
    }
    let bytes: u64 = found.iter().map(|one| one.bytes).sum();
    if bytes > MAX_BYTES as u64 {
        let mut largest: Vec<&Found> = found.iter().collect();
        largest.sort_by_key(|one| std::cmp::Reverse(one.bytes));
        let largest: Vec<String> = largest
            .iter()
            .take(NAMED)
            .map(|one| format!("{} with {}", one.base, one.bytes))
            .collect();
        bail!(
            "the cases have {bytes} bytes, and a problem may have {MAX_BYTES}. The largest are {}: \
             leave some out",
            largest.join(", ")
        );
    }
    Ok(())
}

impl Reader<'_> {
    /// Finds the cases of the group at `place`. `inherited` are the arguments of the
    /// group that it is in.
    fn group(
        &mut self,
        place: &str,
        inherited: &[String],
        is_secret: bool,
        depth: usize,
    ) -> Result<()> {
        if depth > MAX_GROUP_DEPTH {
            bail!("{place} is nested deeper than {MAX_GROUP_DEPTH}");
        }
        self.groups += 1;
        if self.groups > MAX_GROUPS {
            bail!("data has more than {MAX_GROUPS} groups");
        }
        let entries = self.package.entries(place)?;
        let arguments = self.configured(&entries, place, inherited)?;
        let names: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        // A case and a group are in order of the names without endings.
        let mut parts: Vec<(&str, &Entry)> = Vec::new();
        for entry in &entries {
            if entry.is_folder() {
                if entry.name.ends_with(".files") {
                    bail!(
                        "{} has files for the programs of a case: a case has standard input only \
                         here",
                        entry.place
                    );
                }
                parts.push((&entry.name, entry));
            } else if let Some(stem) = entry.stem(".in") {
                parts.push((stem, entry));
            } else {
                let belongs = |ending| {
                    let stem = entry.stem(ending);
                    stem.is_some_and(|stem| names.contains(format!("{stem}.in").as_str()))
                };
                let is_read = belongs(".ans")
                    || belongs(".yaml")
                    || CONFIGURATIONS.contains(&entry.name.as_str());
                if !is_read {
                    let ending = entry.name.rfind('.').map_or("", |at| &entry.name[at..]);
                    *self.others.entry(ending.to_owned()).or_default() += 1;
                }
            }
        }
        parts.sort_by_key(|(base, _)| *base);
        for (stem, entry) in parts {
            match entry.kind {
                Kind::Folder => self.group(&entry.place, &arguments, is_secret, depth + 1)?,
                Kind::File(bytes) => {
                    let base = format!("{place}/{stem}");
                    let Some(Kind::File(answer)) = self.package.kind(&format!("{base}.ans"))?
                    else {
                        bail!("{base}.in has no {stem}.ans beside it");
                    };
                    let own = format!("{base}.yaml");
                    let arguments = self.configuration(&own)?.map_or_else(
                        || Ok(arguments.clone()),
                        |own_value| self.of_configuration(&own_value, &own, &arguments),
                    )?;
                    self.found.push(Found {
                        base,
                        bytes: bytes.saturating_add(answer),
                        is_secret,
                        arguments,
                    });
                }
            }
        }
        Ok(())
    }

    /// The arguments of the output validator for a group.
    fn configured(
        &mut self,
        entries: &[Entry],
        place: &str,
        inherited: &[String],
    ) -> Result<Vec<String>> {
        let mut arguments = inherited.to_vec();
        for name in CONFIGURATIONS {
            if entries.iter().any(|entry| entry.name == name) {
                let place = format!("{place}/{name}");
                if let Some(value) = self.configuration(&place)? {
                    self.has_scores |= SCORES.iter().any(|key| !value[key].is_null())
                        || value["grading"] == "custom";
                    arguments = self.of_configuration(&value, &place, &arguments)?;
                }
            }
        }
        Ok(arguments)
    }

    fn configuration(&self, place: &str) -> Result<Option<Value>> {
        let text = self.package.text(place, yaml::MAX_BYTES)?;
        let text = text.map(|text| self.constants.put_into(text));
        text.map(|text| yaml::read(&text, place)).transpose()
    }

    /// The arguments in a configuration; without any, those that are inherited.
    fn of_configuration(
        &self,
        value: &Value,
        place: &str,
        inherited: &[String],
    ) -> Result<Vec<String>> {
        if !yaml::words(&value["args"], &format!("{place}: args"))?.is_empty() {
            bail!("{place} gives programs arguments: a case has standard input only here");
        }
        // The newer name goes before the older one.
        for name in ["output_validator_args", "output_validator_flags"] {
            let given = &value[name];
            if !given.is_null() {
                let given = if given.is_object() {
                    &given["flags"]
                } else {
                    given
                };
                return yaml::words(given, &format!("{place}: {name}"));
            }
        }
        Ok(inherited.to_vec())
    }
}

impl Data {
    /// The arguments of the output validator, of which there is one list for all cases
    /// here: that of the secret ones, after `flags`. Errors: they are not the same.
    pub(super) fn arguments(
        &self,
        flags: &[String],
        notes: &mut Vec<String>,
    ) -> Result<Vec<String>> {
        let secret = self.cases.iter().find(|case| case.is_secret);
        let Some(first) = secret.or_else(|| self.cases.first()) else {
            return Ok(flags.to_vec());
        };
        let differs = |is_secret: bool| {
            let mut cases = self.cases.iter();
            let is_other =
                |one: &&DataCase| one.is_secret == is_secret && one.arguments != first.arguments;
            let other = cases.find(is_other)?;
            Some(format!(
                "{} has the arguments {:?} for the output validator, and {} has {:?}",
                first.name,
                first.arguments.join(" "),
                other.name,
                other.arguments.join(" "),
            ))
        };
        if let Some(said) = differs(first.is_secret) {
            bail!("{said}: here one checker judges all cases");
        }
        if let Some(said) = differs(false) {
            notes.push(format!("{said}: the former are taken for all cases."));
        }
        Ok([flags, &first.arguments].concat())
    }
}
