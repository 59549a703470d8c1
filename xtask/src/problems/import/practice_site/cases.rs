//! The cases of a practice site: their input as lines of JSON, and their answers.
//!
//! A function's case has a line for each argument. A class's has two lists: the names
//! that are called, and the arguments of each call.

use anyhow::{Context, Result, anyhow, bail};
use shared::domain::problem::{MAX_CASES, Type};
use shared::json::{Json, Kind};

use super::super::super::files::member;
use super::super::imported::json_string;
use super::called::{Called, Param};

/// Where cases stand, in the order in which they are looked for.
const CASES: [&str; 3] = ["cases", "testcases", "exampleTestcaseList"];

/// The input and the answer of every case, as JSON of our form.
pub(super) fn read(question: Json<'_>, called: &Called) -> Result<Vec<(String, String)>> {
    let found = CASES.iter().find_map(|name| {
        let value = member(question, name).filter(|value| !value.is_null())?;
        Some((*name, value))
    });
    let (name, cases) = found.context("cases is required: the list of the cases")?;
    let cases: Vec<Json<'_>> = cases
        .items()
        .with_context(|| format!("{name} must be a list of cases"))?
        .collect();
    let expected = member(question, "expected")
        .and_then(Json::items)
        .context("expected is required: the list of the answers, one for each case")?;
    let expected: Vec<Json<'_>> = expected.collect();
    if cases.len() != expected.len() {
        bail!(
            "{name} has {} cases, and expected has {} answers",
            cases.len(),
            expected.len()
        );
    }
    if cases.len() > MAX_CASES {
        bail!(
            "{name} has {} cases, and a problem may have {MAX_CASES}",
            cases.len()
        );
    }
    let read = |(index, (case, expected)): (usize, (&Json<'_>, &Json<'_>))| {
        let place = format!("{name}[{index}]");
        let input = match called {
            Called::Function { function, .. } => arguments(*case, &function.params, &place)?,
            Called::Class { .. } => calls(*case, &place)?,
        };
        let place = format!("expected[{index}]");
        let expected = match called.answer() {
            Some(ty) => value(*expected, ty, &place)?,
            None => list(*expected, &place)?,
        };
        Ok((input, expected))
    };
    cases.iter().zip(&expected).enumerate().map(read).collect()
}

/// The lines of a case: those of a text, or the items of a list.
fn lines(case: Json<'_>, place: &str) -> Result<Vec<String>> {
    if let Some(text) = case.text() {
        let lines = text.trim_end().lines().map(json_string);
        return Ok(lines.collect());
    }
    let items = case
        .items()
        .with_context(|| format!("{place} must be a text of lines, or a list of texts"))?;
    Ok(items.map(|item| item.as_str().to_owned()).collect())
}

fn arguments(case: Json<'_>, params: &[Param], place: &str) -> Result<String> {
    let lines = lines(case, place)?;
    if lines.len() != params.len() {
        let names: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
        bail!(
            "{place} has {} lines, and there must be one for each of the {} arguments ({})",
            lines.len(),
            params.len(),
            names.join(", ")
        );
    }
    let read = |(index, (line, param)): (usize, (&String, &Param))| {
        let line = Json::parse(line.as_bytes()).map_err(anyhow::Error::msg)?;
        value(line, &param.ty, &format!("{place}, line {index}"))
    };
    let values = lines.iter().zip(params).enumerate().map(read);
    let values: Vec<String> = values.collect::<Result<_>>()?;
    Ok(format!("[{}]", values.join(",")))
}

/// From two lists to a list of calls `[name, argument, …]`.
fn calls(case: Json<'_>, place: &str) -> Result<String> {
    let lines = lines(case, place)?;
    let [names, arguments] = lines.as_slice() else {
        bail!("{place} must have two lines: the list of names, and the list of their arguments");
    };
    let (names, arguments) = (items(names, place)?, items(arguments, place)?);
    if names.len() != arguments.len() {
        bail!(
            "{place} has {} names and {} lists of arguments",
            names.len(),
            arguments.len()
        );
    }
    let call = |(name, arguments): (&String, &String)| {
        let inner = arguments
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let inner = inner.with_context(|| format!("{place}: arguments must be a list of lists"))?;
        let comma = if inner.is_empty() { "" } else { "," };
        Ok(format!("[{name}{comma}{inner}]"))
    };
    let calls = names.iter().zip(&arguments).map(call);
    let calls: Vec<String> = calls.collect::<Result<_>>()?;
    Ok(format!("[{}]", calls.join(",")))
}

/// The items of a list, or of a text that holds one, without space in them.
fn items(text: &str, place: &str) -> Result<Vec<String>> {
    let list = list(
        Json::parse(text.as_bytes()).map_err(anyhow::Error::msg)?,
        place,
    )?;
    let list = Json::parse(list.as_bytes()).map_err(anyhow::Error::msg)?;
    let items = list.items().into_iter().flatten();
    Ok(items.map(|item| item.as_str().to_owned()).collect())
}

/// A list, or a text that holds one.
fn list(value: Json<'_>, place: &str) -> Result<String> {
    let text = value.text();
    let list = match &text {
        Some(text) => Json::parse(text.as_bytes())
            .map_err(|error| anyhow!("{place} is not valid JSON: {error}"))?,
        None => value,
    };
    if list.kind() != Kind::Array {
        bail!("{place} must be a list, or a text that holds one");
    }
    Ok(list.compact())
}

/// A value of the type, or a text that holds one. A text that holds none is itself a
/// value of the type `string`.
fn value(given: Json<'_>, ty: &Type, place: &str) -> Result<String> {
    let text = given.text();
    let inner = text
        .as_ref()
        .map(|text| Json::parse(text.trim().as_bytes()));
    let said = match inner {
        Some(Ok(inner)) => match ty.mismatch(inner, place) {
            None => return Ok(inner.compact()),
            said => said,
        },
        Some(Err(error)) => Some(format!("{place} is not valid JSON: {error}")),
        None => None,
    };
    match ty.mismatch(given, place) {
        None => Ok(given.compact()),
        given => Err(anyhow!(said.or(given).unwrap_or_default())),
    }
}
