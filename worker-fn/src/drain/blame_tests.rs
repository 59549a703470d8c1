//! The table "Whose fault it was" of ARCHITECTURE.md, row by row.

use super::blame::{Course, Decision, EndpointHealth, Failure, Fallback, Fate, decide};

const FALLBACKS: [Fallback; 3] = [
    Fallback::SameLanguage,
    Fallback::OtherLanguages,
    Fallback::NoneUsable,
];

/// A row: what happened, whether the job was isolated, the other endpoints (`None`
/// for either: it does not matter), and what follows.
type Row = (Failure, Option<bool>, Option<Fallback>, Decision);

const fn decision(fate: Fate, eject: bool, course: Course) -> Decision {
    Decision {
        fate,
        eject,
        course,
    }
}

#[rustfmt::skip]
const TABLE: [Row; 21] = {
    use Course::{BudgetSpent, EndpointDown, GoOn};
    use Failure::{BudgetExhausted, NoEndpoint, NoResponse, Unavailable};
    use Fallback::{OtherLanguages, SameLanguage};
    use Fate::{Fail, Isolate, Release, Snooze};
    use EndpointHealth::{AnsweredBeforeRun, Answers, Silent, Unknown};
    const FITS: Failure = BudgetExhausted { fits_beside_others: true };
    const TOO_MANY: Failure = BudgetExhausted { fits_beside_others: false };
    const SAME: Option<Fallback> = Some(SameLanguage);
    const OTHER: Option<Fallback> = Some(OtherLanguages);
    const NONE: Option<Fallback> = Some(Fallback::NoneUsable);
    [
        (FITS, None, None, decision(Release, false, BudgetSpent)),
        (TOO_MANY, Some(false), None, decision(Isolate, false, BudgetSpent)),
        (TOO_MANY, Some(true), None, decision(Release, false, BudgetSpent)),
        (NoEndpoint, None, SAME, decision(Snooze, false, GoOn)),
        (NoEndpoint, None, OTHER, decision(Snooze, false, GoOn)),
        (NoEndpoint, None, NONE, decision(Release, false, EndpointDown)),
        (Unavailable, None, SAME, decision(Release, true, GoOn)),
        (Unavailable, None, OTHER, decision(Snooze, true, GoOn)),
        (Unavailable, None, NONE, decision(Release, true, EndpointDown)),
        (NoResponse(Silent), None, SAME, decision(Release, true, GoOn)),
        (NoResponse(Silent), None, OTHER, decision(Snooze, true, GoOn)),
        (NoResponse(Silent), None, NONE, decision(Release, true, EndpointDown)),
        (NoResponse(Unknown), None, None, decision(Release, false, BudgetSpent)),
        (NoResponse(Answers), Some(false), None, decision(Isolate, false, GoOn)),
        (NoResponse(Answers), Some(true), None, decision(Fail, false, GoOn)),
        (NoResponse(AnsweredBeforeRun), Some(false), SAME, decision(Isolate, true, GoOn)),
        (NoResponse(AnsweredBeforeRun), Some(false), OTHER, decision(Isolate, true, GoOn)),
        (NoResponse(AnsweredBeforeRun), Some(false), NONE, decision(Isolate, true, EndpointDown)),
        (NoResponse(AnsweredBeforeRun), Some(true), SAME, decision(Fail, true, GoOn)),
        (NoResponse(AnsweredBeforeRun), Some(true), OTHER, decision(Fail, true, GoOn)),
        (NoResponse(AnsweredBeforeRun), Some(true), NONE, decision(Fail, true, EndpointDown)),
    ]
};

#[test]
fn every_row_is_what_the_code_decides() {
    for (failure, isolated, fallback, expected) in TABLE {
        for is_isolated in [false, true] {
            for other in FALLBACKS {
                let fits = isolated.is_none_or(|isolated| isolated == is_isolated)
                    && fallback.is_none_or(|fallback| fallback == other);
                if fits {
                    let got = decide(failure, is_isolated, other);
                    assert_eq!(got, expected, "{failure:?} {is_isolated} {other:?}");
                }
            }
        }
    }
}

#[test]
fn the_document_has_these_rows_and_no_others() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (_, section) = document.split_once("### Whose fault it was").unwrap();
    let rows = section
        .lines()
        .skip_while(|line| !line.starts_with("| ---"));
    let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
    assert_eq!(rows.collect::<Vec<_>>(), TABLE.map(text));
}

/// A row as ARCHITECTURE.md has it.
fn text((failure, isolated, fallback, decision): Row) -> String {
    let failure = match failure {
        Failure::BudgetExhausted {
            fits_beside_others: true,
        } => "the job needs more calls than this invocation has left",
        Failure::BudgetExhausted {
            fits_beside_others: false,
        } => "the same, and more than it can have beside other jobs",
        Failure::NoEndpoint => "no endpoint that supports the language can be used",
        Failure::Unavailable => "the endpoint answers 429 or 503",
        Failure::NoResponse(EndpointHealth::Silent) => "no response, and none to a probe",
        Failure::NoResponse(EndpointHealth::Unknown) => "no response, and no call left for a probe",
        Failure::NoResponse(EndpointHealth::Answers) => "no response, but one to a probe",
        Failure::NoResponse(EndpointHealth::AnsweredBeforeRun) => {
            "no response, but one to the probe before the run"
        }
    };
    let isolated = match isolated {
        None => "",
        Some(true) => "yes",
        Some(false) => "no",
    };
    let fallback = match fallback {
        None => "",
        Some(Fallback::SameLanguage) => "for the language",
        Some(Fallback::OtherLanguages) => "for others",
        Some(Fallback::NoneUsable) => "none",
    };
    let fate = match decision.fate {
        Fate::Release => "released",
        Fate::Isolate => "isolated",
        Fate::Snooze => "snoozed for 30 s",
        Fate::Fail => "**the attempt counts**",
    };
    let eject = if decision.eject { "ejected" } else { "" };
    let course = match decision.course {
        Course::GoOn => "goes on",
        Course::EndpointDown => "backs off",
        Course::BudgetSpent => "hands over",
    };
    format!("| {failure} | {isolated} | {fallback} | {fate} | {eject} | {course} |")
}
