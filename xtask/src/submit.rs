//! `cargo xtask submit`: from a file to a verdict.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::api::Api;
use crate::endings;
use crate::progress::{say, shown};

/// How long a result is waited for.
const WITHIN: Duration = Duration::from_secs(600);
/// The exit code of a submission that was not accepted.
const NOT_ACCEPTED: u8 = 1;
/// The exit code where there is no verdict on the code.
pub const EXIT_NO_VERDICT: u8 = 2;

/// Submits the file at `path`, waits for its result and prints it. The exit code is
/// 0 for Accepted, 1 for another verdict on the code, 2 for an Internal Error and a
/// dead letter. Errors: there is no result.
pub fn submit(api: &Api, problem: &str, path: &Path, language: Option<&str>) -> Result<ExitCode> {
    let file = shown(path);
    let code = fs::read_to_string(path).with_context(|| format!("cannot read {file}"))?;
    let languages = api.get("/languages")?;
    let language = match language {
        Some(name) => name.to_owned(),
        None => endings::offered(path, &languages).with_context(|| {
            format!(
                "the ending of {file} is that of no language on offer; say it with --language: {}",
                names(&languages)
            )
        })?,
    };
    let stored = api.submit(problem, &language, &code)?;
    let Some(id) = stored["id"].as_str() else {
        bail!("no id in the answer of {}", api.base());
    };
    let before = match stored["position"].as_u64() {
        Some(position @ 2..) => format!(", {} wait before it", position - 1),
        _ => String::new(),
    };
    say(format!(
        "{problem} in {language}{before}: {}/result/{id}",
        api.base()
    ));
    if stored["problem"] == "unknown" {
        say(format!(
            "warning: there is no problem {problem}: the code is only run"
        ));
    }
    let result = api.wait(id, WITHIN, |waited| {
        say(format!("… {} s", waited.as_secs()));
    })?;
    for line in report(&result) {
        println!("{line}");
    }
    Ok(exit_code(&result))
}

fn names(languages: &Value) -> String {
    let all = languages["languages"].as_array();
    let names = all.into_iter().flatten();
    let names: Vec<&str> = names.filter_map(|one| one["language"].as_str()).collect();
    names.join(", ")
}

fn exit_code(result: &Value) -> ExitCode {
    match result["verdict"].as_str() {
        Some("Accepted") => ExitCode::SUCCESS,
        None | Some("Internal Error") => EXIT_NO_VERDICT.into(),
        Some(_) => NOT_ACCEPTED.into(),
    }
}

/// What is printed of a result: the verdict with the first failing case, and what
/// was measured.
fn report(result: &Value) -> Vec<String> {
    let Some(verdict) = result["verdict"].as_str() else {
        let reason = result["reason"].as_str().unwrap_or_default();
        return vec![format!("Given up: {reason}")];
    };
    let output = result["output"].as_str().unwrap_or_default();
    let mut lines = Vec::new();
    if !output.starts_with(verdict) {
        lines.push(verdict.to_owned());
    }
    let output = output.trim_end_matches(['\n', '\r']);
    lines.extend((!output.is_empty()).then(|| output.to_owned()));
    let judgement = &result["judgement"];
    let mut measured = Vec::new();
    if let (Some(passed), Some(total)) = (judgement["passed"].as_u64(), judgement["total"].as_u64())
    {
        measured.push(format!("{passed} of {total} cases"));
    }
    let of = |name: &str| {
        let run = &result["run"][name];
        judgement[name].as_u64().or_else(|| run.as_u64())
    };
    measured.extend(of("cpuTimeMs").map(|ms| format!("{ms} ms")));
    measured.extend(of("memoryBytes").map(|bytes| format!("{} KiB", bytes / 1024)));
    if !measured.is_empty() {
        lines.push(format!("  {}", measured.join(", ")));
    }
    lines.extend(checker_words(result));
    lines
}

/// What the problem's checker program said, where the key may read it and there is
/// something to say.
pub(crate) fn checker_words(result: &Value) -> Vec<String> {
    let checker = &result["checker"];
    let (stage, what) = match (&checker["compile"], &checker["run"]) {
        (Value::Null, Value::Null) => return Vec::new(),
        (Value::Null, run) => (run, format!("On case {} the checker", checker["case"])),
        (compile, _) => (compile, "The checker's compiler".to_owned()),
    };
    let end = match (&stage["code"], stage["signal"].as_str()) {
        (Value::Null, Some(signal)) => format!("was ended by {signal}"),
        (Value::Null, None) => "did not end by itself".to_owned(),
        (code, _) => format!("ended with exit code {code}"),
    };
    let texts = ["stderr", "stdout"].map(|name| stage[name].as_str().unwrap_or_default().trim());
    let said = if texts == ["", ""] {
        " and said nothing."
    } else {
        " and said:"
    };
    let mut lines = vec![format!("  {what} {end}{said}")];
    let said = texts.iter().flat_map(|text| text.lines());
    lines.extend(said.map(|line| format!("    {line}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_has_the_verdict_once_and_what_was_measured() {
        let wrong = json!({
            "status": "done",
            "verdict": "Wrong Answer",
            "output": "Wrong Answer on case 2 of 3.\nInput: 1\nExpected: 2\nGot: 3\n",
            "judgement": { "passed": 1, "total": 3, "cpuTimeMs": 12, "memoryBytes": 2_097_152 },
        });
        assert_eq!(
            report(&wrong),
            [
                "Wrong Answer on case 2 of 3.\nInput: 1\nExpected: 2\nGot: 3",
                "  1 of 3 cases, 12 ms, 2048 KiB",
            ]
        );
        let broken = json!({ "verdict": "Compilation Error", "output": "main.c:1: error" });
        assert_eq!(report(&broken), ["Compilation Error", "main.c:1: error"]);
        let mut failed = json!({
            "verdict": "Internal Error", "output": "Internal Error on case 1 of 1.",
            "checker": { "case": 1, "run": { "code": 3, "stderr": "FAIL no\n", "stdout": "x" } },
        });
        assert_eq!(
            report(&failed)[1..],
            [
                "  On case 1 the checker ended with exit code 3 and said:",
                "    FAIL no",
                "    x",
            ]
        );
        failed["checker"] = json!({ "compile": { "code": null, "signal": "SIGKILL" } });
        assert_eq!(
            report(&failed)[1..],
            ["  The checker's compiler was ended by SIGKILL and said nothing."]
        );
        let run = json!({ "verdict": "Executed", "output": "", "run": { "cpuTimeMs": 3 } });
        assert_eq!(report(&run), ["Executed", "  3 ms"]);
        let dead = json!({ "status": "dead", "reason": "Given up after 3 attempts." });
        assert_eq!(report(&dead), ["Given up: Given up after 3 attempts."]);
    }

    #[test]
    fn the_exit_code_tells_accepted_from_other_verdicts_and_from_trouble() {
        for (result, code) in [
            (json!({ "verdict": "Accepted" }), 0),
            (json!({ "verdict": "Wrong Answer" }), 1),
            (json!({ "verdict": "Executed" }), 1),
            (json!({ "verdict": "Internal Error" }), 2),
            (json!({ "status": "dead" }), 2),
        ] {
            assert_eq!(exit_code(&result), ExitCode::from(code), "{result}");
        }
    }
}
