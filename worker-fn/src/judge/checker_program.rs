//! Answers that wait for a checker program, what it is given, and what its end means.
//!
//! Pure, as all of the judge: a [`super::session`] keeps the answers that only the
//! program can decide about, says that it is to be run for them, and takes its
//! reports in. The program is the setter's. So however it fails, that is never the
//! solver's verdict, and what it prints is shown to nobody: it read the expected
//! answer.

use std::rc::Rc;

use shared::domain::answer::{CaseAnswer, Usage};
use shared::domain::problem::checker_crash::crash_words;
use shared::domain::problem::checker_program::Meaning;
use shared::domain::problem::{Case, CheckerProgram, ExitCodes, Kind, Problem};
use shared::domain::share::Share;
use shared::domain::stage::{Stage, Termination};
use shared::domain::verdict::Verdict;
use shared::json::Json;

use crate::executor::{Checks, Given, StageReport};

/// The longest answer that a checker is given, in bytes.
pub(super) const MAX_OUTPUT_BYTES: usize = 1024 * 1024;

/// The most bytes of answers that wait, and the most that one call to an endpoint is
/// about, with their inputs and expected answers.
const MAX_WAITING_BYTES: usize = 1024 * 1024;

/// What `_pc(n)` of testlib prints first: with these the exit code is `n`, or that and
/// the base that testlib has for contest systems. By the code alone `_pc(0)` is right.
const PARTIALLY: &str = "partially correct (";
const PARTIAL_BASES: [i64; 2] = [0, 50];

/// What `quitp` of testlib prints before the points.
const POINTS: &str = "points ";
/// The longest number of points, in bytes.
const MAX_NUMBER_BYTES: usize = 32;

/// An answer that only the checker can decide about.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Whose answer it is.
    pub case: usize,
    pub answer: CaseAnswer,
    pub usage: Usage,
    /// Its process, if that had no hidden input.
    pub stage: Option<Rc<Stage>>,
    /// Whether it is a run for evidence only.
    pub for_evidence: bool,
}

/// What the checker says about one answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// All of the case's weight where it is right, nothing where it is wrong, and
    /// something between where the checker gives points.
    Earned(Share),
    /// It failed; how, as the end of a sentence about the checker.
    Fault(String),
}

impl Waiting {
    fn text(&self) -> &str {
        match &self.answer {
            CaseAnswer::Text(text) => text,
            CaseAnswer::Value(value) => value.as_str(),
            CaseAnswer::NotJson(_) | CaseAnswer::Failed(_) => "",
        }
    }

    /// The bytes of its answer.
    pub(super) fn bytes(&self) -> usize {
        self.text().len()
    }
}

/// Whether there is room for one more answer of so many bytes.
pub(super) fn has_room(waiting: &[Waiting], bytes: usize) -> bool {
    let held: usize = waiting.iter().map(Waiting::bytes).sum();
    waiting.is_empty() || held + bytes <= MAX_WAITING_BYTES
}

/// How many of the first `most` answers one call is about: at least one.
pub(super) fn count_for_a_call(problem: &Problem, waiting: &[Waiting], most: usize) -> usize {
    let mut bytes = 0;
    let fits = |one: &&Waiting| {
        let case = &problem.cases[one.case];
        bytes += one.bytes() + case.input.as_str().len() + case.expected.as_str().len();
        bytes <= MAX_WAITING_BYTES
    };
    let first = waiting.iter().take(most);
    first.take_while(fits).count().max(1)
}

/// What the checker is given to decide about these answers, and its standard inputs.
pub(super) fn given(
    problem: &Problem,
    program: &CheckerProgram,
    waiting: &[Waiting],
) -> (Checks, Vec<String>) {
    let given: Vec<Given> = waiting
        .iter()
        .map(|one| {
            let case = &problem.cases[one.case];
            let (input, answer) = texts(problem, case);
            Given {
                input,
                answer,
                output: match &one.answer {
                    CaseAnswer::Value(value) => value.json().compact(),
                    _ => one.text().to_owned(),
                },
            }
        })
        .collect();
    let (args, stdins): (&[&str], _) = match program.exit_codes {
        ExitCodes::Icpc => (
            &["input.txt", "answer.txt", "feedback_dir/"],
            given.iter().map(|one| one.output.clone()).collect(),
        ),
        ExitCodes::Testlib => (
            &["input.txt", "output.txt", "answer.txt"],
            vec![String::new(); given.len()],
        ),
    };
    (Checks { args, given }, stdins)
}

/// A case's input and expected answer: text of a program, JSON of a function.
fn texts(problem: &Problem, case: &Case) -> (String, String) {
    match problem.kind {
        Kind::Program => {
            let text = |value: &shared::json::JsonText| {
                value.json().text().map(String::from).unwrap_or_default()
            };
            (text(&case.input), text(&case.expected))
        }
        Kind::Function(_) | Kind::Class(_) => {
            (case.input.json().compact(), case.expected.json().compact())
        }
    }
}

/// What the end of the checker's process means.
pub(super) fn ruling(program: &CheckerProgram, report: &StageReport) -> Ruling {
    let stage = &report.stage;
    let by_itself = match stage.termination {
        Termination::Success => Some(0),
        Termination::NonZeroExit => stage.code,
        // Some endpoints draw this from what was printed, and a checker may print
        // what it read. No other end has the codes of the ICPC format.
        Termination::MemoryLimit if program.exit_codes == ExitCodes::Icpc => stage.code,
        _ => None,
    };
    let meaning = by_itself.map(|code| match program.exit_codes {
        ExitCodes::Testlib if partial(code, &stage.stderr).is_some() => (code, Meaning::Points),
        convention => (code, convention.meaning(code)),
    });
    match meaning {
        Some((_, Meaning::Right)) => Ruling::Earned(Share::FULL),
        Some((_, Meaning::Wrong)) if !is_uncaught(program, &stage.stderr) => {
            Ruling::Earned(Share::NONE)
        }
        Some((_, Meaning::Wrong)) => Ruling::Fault("ended with an uncaught exception".into()),
        Some((_, Meaning::JuryFault)) => {
            Ruling::Fault("says that the jury's data is wrong (exit code 3)".into())
        }
        Some((code, Meaning::Points)) => by_points(program, code, &stage.stderr),
        Some((code, Meaning::Unknown)) => Ruling::Fault(format!(
            "ended with exit code {code}, which means nothing by the convention {}",
            program.exit_codes.name()
        )),
        None => Ruling::Fault(end(stage)),
    }
}

/// What the points are worth that a checker gives.
fn by_points(program: &CheckerProgram, code: i64, stderr: &str) -> Ruling {
    let Some(full) = program.points else {
        return Ruling::Fault(format!(
            "gives points (exit code {code}), and the member points of checker does not say how \
             many are a full case"
        ));
    };
    let Some(points) = partial(code, stderr).or_else(|| number(stderr.strip_prefix(POINTS)?))
    else {
        return Ruling::Fault(format!(
            "gives points (exit code {code}), but its error output does not begin with the word \
             points and a number"
        ));
    };
    Share::of_points(points, full).map_or_else(
        || Ruling::Fault("gives more points than its member points says of a full case".into()),
        Ruling::Earned,
    )
}

/// The points of `_pc`, if that ended the checker.
fn partial(code: i64, stderr: &str) -> Option<f64> {
    let (points, _) = stderr.strip_prefix(PARTIALLY)?.split_once(')')?;
    let points: u8 = points.parse().ok()?;
    let ended_so = |base| code == base + i64::from(points);
    PARTIAL_BASES
        .into_iter()
        .any(ended_so)
        .then_some(points.into())
}

/// The number that a text begins with: digits, and a point among them. Read as JSON,
/// whose reader is there anyway.
fn number(text: &str) -> Option<f64> {
    let word = text.split_ascii_whitespace().next()?;
    let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if word.len() > MAX_NUMBER_BYTES || !word.bytes().all(is_plain) {
        return None;
    }
    Json::parse(word.as_bytes()).ok()?.f64()
}

fn is_uncaught(program: &CheckerProgram, stderr: &str) -> bool {
    let words = crash_words(&program.language).unwrap_or_default();
    program.exit_codes == ExitCodes::Testlib && words.iter().any(|words| stderr.contains(words))
}

fn end(stage: &Stage) -> String {
    match stage.termination {
        Termination::TimeLimit => "ran for longer than it may".into(),
        Termination::MemoryLimit => "needed more memory than it may have".into(),
        Termination::OutputLimit | Termination::StderrLimit => "printed more than it may".into(),
        _ => match &stage.signal {
            Some(signal) => format!("crashed ({signal})"),
            None => "crashed".into(),
        },
    }
}

/// The verdict of a ruling, where it is one on the answer.
pub(super) fn verdict(ruling: &Ruling) -> Verdict {
    match ruling {
        Ruling::Earned(Share::FULL) => Verdict::Accepted,
        Ruling::Earned(_) => Verdict::WrongAnswer,
        Ruling::Fault(_) => Verdict::InternalError,
    }
}

/// The sentence that a solver sees of a checker that failed.
pub(super) fn fault(how: &str) -> String {
    format!(
        "The problem's checker {how}. Nothing is known about this answer; whoever set the problem \
         must correct the checker."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(termination: Termination, code: Option<i64>, stderr: &str) -> StageReport {
        StageReport {
            stage: Stage {
                termination,
                code,
                signal: code.is_none().then(|| "SIGSEGV".into()),
                stderr: stderr.into(),
                ..Stage::default()
            },
            ..StageReport::default()
        }
    }

    fn program(language: &str, exit_codes: ExitCodes) -> CheckerProgram {
        CheckerProgram {
            language: language.into(),
            code: "x".into(),
            exit_codes,
            points: None,
        }
    }

    #[test]
    fn only_the_declared_codes_are_verdicts() {
        use ExitCodes::{Icpc, Testlib};
        use Termination::{MemoryLimit, NonZeroExit, OutputLimit, Signal, Success, TimeLimit};
        let traceback = "x\nTraceback (most recent call last):\n  File";
        for (exit_codes, termination, code, stderr, expected) in [
            (Icpc, NonZeroExit, Some(42), "", "Accepted"),
            (Icpc, NonZeroExit, Some(43), "", "Wrong Answer"),
            (Icpc, NonZeroExit, Some(43), traceback, "Wrong Answer"),
            (Icpc, MemoryLimit, Some(43), "MemoryError", "Wrong Answer"),
            (Icpc, Success, Some(0), "", "exit code 0, which"),
            (Icpc, NonZeroExit, Some(1), "", "exit code 1, which"),
            (Icpc, Signal, None, "", "crashed (SIGSEGV)"),
            (Icpc, TimeLimit, Some(42), "", "longer than it may"),
            (Icpc, OutputLimit, None, "", "printed more"),
            (Icpc, MemoryLimit, None, "", "memory"),
            (Testlib, Success, Some(0), "", "Accepted"),
            (Testlib, NonZeroExit, Some(1), "", "Wrong Answer"),
            (Testlib, NonZeroExit, Some(2), "", "Wrong Answer"),
            (Testlib, NonZeroExit, Some(1), traceback, "uncaught"),
            (Testlib, MemoryLimit, Some(1), "", "memory"),
            (Testlib, NonZeroExit, Some(3), "", "jury"),
            (Testlib, NonZeroExit, Some(7), "points 0.5", "member points"),
            (Testlib, NonZeroExit, Some(42), "", "exit code 42, which"),
            (Testlib, NonZeroExit, Some(4), "", "exit code 4, which"),
        ] {
            let program = program("py", exit_codes);
            let ruling = ruling(&program, &report(termination, code, stderr));
            let said = match &ruling {
                Ruling::Fault(how) => how.as_str(),
                ruling => verdict(ruling).name(),
            };
            assert!(said.contains(expected), "{code:?} {stderr}: {said}");
        }
        let c = program("c++", Testlib);
        let wrong = report(NonZeroExit, Some(1), traceback);
        let is_wrong = Ruling::Earned(Share::NONE);
        assert_eq!(ruling(&c, &wrong), is_wrong, "a text that was read");
    }

    /// As real checkers ended that could not read a file or otherwise crashed.
    #[test]
    fn a_crash_with_testlibs_codes_is_the_checkers_fault() {
        use ExitCodes::Testlib;
        for (language, code, stderr) in [
            (
                "python",
                1,
                "Traceback (most recent call last):\n  File \"main.py\", line 1",
            ),
            (
                "python",
                1,
                "  File \"main.py\", line 1\n    x = = 1\nSyntaxError: invalid",
            ),
            (
                "js",
                1,
                "Error: ENOENT: no such file\n    at Object.openSync (fs.js:462:3)\n",
            ),
            (
                "js",
                1,
                "main.js:1\nthrow 5\n^\n5\n(Use `node --trace-uncaught ...` to\n\nNode.js v20",
            ),
            (
                "ruby",
                1,
                "main.rb:1:in `read': No such file @ rb_sysopen - x (Errno::ENOENT)\n",
            ),
            ("ruby", 1, "main.rb:1:in 'Object#f': Foo (Foo)\n"),
            ("ruby", 1, "main.rb:1:in `<main>': unhandled exception\n"),
            (
                "ruby",
                1,
                "main.rb:1: syntax error, unexpected end-of-input\n",
            ),
            (
                "csharp",
                1,
                "\nUnhandled Exception:\nSystem.IO.FileNotFoundException: Could not",
            ),
            (
                "pascal",
                2,
                "Runtime error 2 at $00000000004010C9\n  $00000000004010C9\n",
            ),
            (
                "rust",
                1,
                "Error: Os { code: 2, kind: NotFound, message: \"No such file\" }\n",
            ),
            (
                "go",
                2,
                "panic: runtime error: index out of range [3]\n\ngoroutine 1 [running]:",
            ),
            (
                "java",
                1,
                "Exception in thread \"main\" java.nio.file.NoSuchFileException: x\n",
            ),
            (
                "java",
                1,
                "Error: Main method not found in class Main, please define",
            ),
            ("lua", 1, "lua: (error object is a table value)\n"),
            ("lua", 1, "lua: main.lua:1: unexpected symbol near '='\n"),
            ("lua", 1, "lua: main.lua:2: <name> expected near <eof>\n"),
        ] {
            let program = program(language, Testlib);
            let crashed = ruling(
                &program,
                &report(Termination::NonZeroExit, Some(code), stderr),
            );
            let Ruling::Fault(how) = crashed else {
                panic!("{language} {stderr}: {crashed:?}");
            };
            assert!(how.contains("uncaught"), "{how}");
            let said = report(
                Termination::NonZeroExit,
                Some(code),
                "wrong answer 3 of 4\n",
            );
            assert_eq!(ruling(&program, &said), Ruling::Earned(Share::NONE));
        }
    }

    /// As testlib's `quitp` and `_pc` end.
    #[test]
    fn points_are_a_share_of_what_the_problem_declares() {
        let of = |points, code, stderr: &str| {
            let program = CheckerProgram {
                points,
                ..program("c++", ExitCodes::Testlib)
            };
            let termination = match code {
                0 => Termination::Success,
                _ => Termination::NonZeroExit,
            };
            ruling(&program, &report(termination, Some(code), stderr))
        };
        for (full, code, stderr, millionths) in [
            (1.0, 7, "points 0.40 close\n", 400_000),
            (1.0, 7, "points 0.40\n", 400_000),
            (100.0, 7, "points 33 a third\n", 330_000),
            (100.0, 7, "points 100\n", 1_000_000),
            (100.0, 7, "points 0.0 none\n", 0),
            (1_000_000.0, 7, "points 1000000.0", 1_000_000),
            (200.0, 0, "partially correct (0) none\n", 0),
            (200.0, 1, "partially correct (1) little\n", 5_000),
            (200.0, 3, "partially correct (3) little\n", 15_000),
            (200.0, 7, "partially correct (7) little\n", 35_000),
            (200.0, 50, "partially correct (50) some\n", 250_000),
            (200.0, 150, "partially correct (100) half\n", 500_000),
            (200.0, 200, "partially correct (200) all\n", 1_000_000),
            (200.0, 0, "ok all\n", 1_000_000),
            (200.0, 1, "wrong answer 1 is not partially correct (1)\n", 0),
        ] {
            let share = Share::of_millionths(millionths).unwrap();
            assert_eq!(
                of(Some(full), code, stderr),
                Ruling::Earned(share),
                "{stderr}"
            );
            if stderr.starts_with('p') {
                let Ruling::Fault(how) = of(None, code, stderr) else {
                    panic!("{stderr} without a declaration");
                };
                assert!(how.contains("member points of checker"), "{how}");
            }
        }
        for (code, stderr, how) in [
            (7, "", "does not begin"),
            (7, "points", "does not begin"),
            (7, "points ", "does not begin"),
            (7, "points nan", "does not begin"),
            (7, "points inf", "does not begin"),
            (7, "points -0.5", "does not begin"),
            (7, "points 1e1", "does not begin"),
            (7, "points .", "does not begin"),
            (7, "points_info=x", "does not begin"),
            (7, "points points_info=x", "does not begin"),
            (
                7,
                "points 0.00000000000000000000000000000000001",
                "does not begin",
            ),
            (7, "so many\npoints 1", "does not begin"),
            (7, "points 101", "gives more points"),
            (150, "partially correct (150)", "gives more points"),
            (51, "partially correct (2)", "exit code 51, which"),
            (2, "partially correct (256)", "Wrong"),
            (16, "points 16", "exit code 16, which"),
        ] {
            match of(Some(100.0), code, stderr) {
                Ruling::Fault(said) => assert!(said.contains(how), "{stderr}: {said}"),
                ruling => assert_eq!((how, ruling), ("Wrong", Ruling::Earned(Share::NONE))),
            }
        }
    }
}
