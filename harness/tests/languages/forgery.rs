//! What every forgery is held against: cases whose answers only the test knows.

use harness::{Frame, Harness};
use serde_json::{Value, json};

use crate::every::Programs;
use crate::run::{Ran, run};
use crate::{
    forgery_argument, forgery_class, forgery_cpp, forgery_csharp, forgery_go, forgery_java,
    forgery_javascript, forgery_python, php, ruby,
};

const SIGNATURE: &str = "secret(int) -> int";
/// Inputs and what is expected of them; no rule leads from one to the other.
const CASES: [(i64, i64); 3] = [(3, 982_451_653), (5, 275_604_541), (8, 67_867_967)];

/// What the judge would call accepted: every case has one frame with its value.
fn passes(ran: &Ran) -> bool {
    CASES.iter().enumerate().all(|(index, (_, expected))| {
        ran.frames.cases.get(&index) == Some(&Frame::Returned(json!(expected).into()))
    })
}

/// The document that says how many ways are tried.
#[test]
fn the_document_has_the_number_of_ways() {
    let each = Harness::ALL.map(|harness| Programs::of(harness).forgeries.len());
    let apart = [
        forgery_python::PROGRAMS.len(),
        forgery_javascript::PROGRAMS.len(),
        forgery_cpp::PROGRAMS.len(),
        forgery_java::programs().len(),
        forgery_go::programs().len(),
        forgery_csharp::programs().len(),
        ruby::forgeries().len(),
        php::forgeries().len(),
        forgery_class::count(),
        forgery_argument::count(),
    ];
    let count = each.iter().chain(&apart).sum::<usize>();
    let said = format!("tries {count} ways to cheat");
    let document = include_str!("../../../docs/judging.md");
    assert!(document.contains(&said), "docs/judging.md: {said}");
}

/// Runs each program; none may pass. `honest` does, so that a test which
/// nothing could pass is noticed.
pub(crate) fn none_passes(harness: Harness, honest: &str, programs: &[(&str, String)]) {
    let inputs: Vec<Value> = CASES.iter().map(|(input, _)| json!([input])).collect();
    let table: Vec<String> = CASES.iter().map(|(i, e)| format!("{i}: {e}")).collect();
    let honest = honest.replace("TABLE", &format!("{{{}}}", table.join(", ")));
    let ran = run(harness, SIGNATURE, &honest, &inputs);
    assert!(passes(&ran), "{ran:?}");
    for (name, program) in programs {
        let ran = run(harness, SIGNATURE, program, &inputs);
        assert!(!passes(&ran), "{name} passed: {ran:?}");
        assert!(
            ran.frames.cases.keys().all(|index| *index < CASES.len()),
            "{name}: {ran:?}"
        );
        // A program that never got to what it is here for proves nothing.
        assert!(
            ran.stderr.contains("REACHED"),
            "{name} did not run: {ran:?}"
        );
    }
}
