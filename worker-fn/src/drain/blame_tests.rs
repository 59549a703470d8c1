//! The table "Whose fault it was" of ARCHITECTURE.md, row by row.

use super::blame::{Course, Decision, Failure, Fallback, Fate, Probed, decide};

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
const TABLE: [Row; 32] = {
    use Course::{BudgetSpent, EndpointDown, GoOn, StoreDown};
    use Failure::{BudgetExhausted, Busy, JobsFail, LanguageFails, NoEndpoint, NotProbed, ProbeFails};
    use Failure::{CompilerStarved, NoResponse, ProblemRefused, RunFailed, StoreAway, Unavailable};
    use Fallback::{OtherLanguages, SameLanguage};
    use Fate::{Fail, Isolate, Release, Snooze};
    use Probed::{After, Before};
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
        (Busy, None, None, decision(Release, false, GoOn)),
        (Unavailable, None, SAME, decision(Release, true, GoOn)),
        (Unavailable, None, OTHER, decision(Snooze, true, GoOn)),
        (Unavailable, None, NONE, decision(Release, true, EndpointDown)),
        (ProbeFails, None, SAME, decision(Release, true, GoOn)),
        (ProbeFails, None, OTHER, decision(Snooze, true, GoOn)),
        (ProbeFails, None, NONE, decision(Release, true, EndpointDown)),
        (LanguageFails, None, SAME, decision(Release, true, GoOn)),
        (LanguageFails, None, OTHER, decision(Snooze, false, GoOn)),
        (LanguageFails, None, NONE, decision(Snooze, false, GoOn)),
        (JobsFail, None, SAME, decision(Release, true, GoOn)),
        (JobsFail, None, OTHER, decision(Snooze, true, GoOn)),
        (JobsFail, None, NONE, decision(Snooze, true, EndpointDown)),
        (NotProbed, None, None, decision(Release, false, BudgetSpent)),
        (RunFailed, None, None, decision(Fail, false, GoOn)),
        (CompilerStarved, None, None, decision(Fail, false, GoOn)),
        (NoResponse(After), Some(false), None, decision(Isolate, false, GoOn)),
        (NoResponse(After), Some(true), None, decision(Fail, false, GoOn)),
        (NoResponse(Before), Some(false), SAME, decision(Isolate, true, GoOn)),
        (NoResponse(Before), Some(false), OTHER, decision(Isolate, true, GoOn)),
        (NoResponse(Before), Some(false), NONE, decision(Isolate, true, EndpointDown)),
        (NoResponse(Before), Some(true), SAME, decision(Fail, true, GoOn)),
        (NoResponse(Before), Some(true), OTHER, decision(Fail, true, GoOn)),
        (NoResponse(Before), Some(true), NONE, decision(Fail, true, EndpointDown)),
        (StoreAway, None, None, decision(Release, false, StoreDown)),
        (ProblemRefused, None, None, decision(Snooze, false, GoOn)),
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
        Failure::Busy => "the endpoint is too busy (429) for as long as the job can wait",
        Failure::Unavailable => "the endpoint answers 503",
        Failure::ProbeFails => "the run fails, and so does a probe",
        Failure::LanguageFails => "the same, but other languages work there",
        Failure::JobsFail => "the run fails, as two other jobs' before it, but a probe runs",
        Failure::NotProbed => "the run fails, and no call is left for a probe",
        Failure::RunFailed => "the endpoint answers 500 or status XX, but a probe runs",
        Failure::CompilerStarved => "the wall clock stops a compiler that mostly waited",
        Failure::NoResponse(Probed::After) => "no response, but a probe runs",
        Failure::NoResponse(Probed::Before) => "no response, but a probe ran before it",
        Failure::StoreAway => "Redis does not give the job's problem",
        Failure::ProblemRefused => "Redis refuses to give the job's problem",
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
        Course::StoreDown => "claims no more",
    };
    format!("| {failure} | {isolated} | {fallback} | {fate} | {eject} | {course} |")
}
