//! How long judging a submission can take at the most.

use super::{Kind, Problem};

/// What a checker that is a program takes for one answer, in milliseconds: an
/// estimate, and far less than it may. Most of it is starting an interpreter.
const CHECK_MS: u64 = 100;

impl Problem {
    /// How often a submission is run: once a case, or once for all cases of a
    /// function or a class.
    pub fn runs(&self) -> u64 {
        match self.kind {
            Kind::Program => self.cases.len() as u64,
            Kind::Function(_) | Kind::Class(_) => 1,
        }
    }

    /// The longest time of one run in any language, in milliseconds; `None` where the
    /// problem sets none.
    pub fn longest_run_ms(&self) -> Option<u64> {
        let plain_ms = self.limits.time_ms?;
        let factors = self.limits.factors.iter();
        let in_languages = factors.filter_map(|(name, _)| self.limits.time_ms_for(name));
        Some(in_languages.fold(plain_ms, u64::max))
    }

    /// A sentence where all runs together can take longer than `most_ms`, the time
    /// of one submission at the execution endpoint.
    pub fn too_long_for(&self, most_ms: u64) -> Option<String> {
        let (runs, run_ms) = (self.runs(), self.longest_run_ms()?);
        let checks = match self.checker_program {
            Some(_) => self.cases.len() as u64,
            None => 0,
        };
        let all_ms = runs.saturating_mul(run_ms) + checks * CHECK_MS;
        (all_ms > most_ms).then(|| {
            let checker = match checks {
                0 => String::new(),
                _ => format!(" and {checks} of the checker, {CHECK_MS} ms or more each,"),
            };
            format!(
                "{runs} {} of {run_ms} ms{checker} can take {all_ms} ms together, and one submission has \
                 {most_ms} ms at a time at the execution endpoint (EXECUTOR_TIMEOUT_MS): slow \
                 code is judged in several turns, and people wait for it. Give fewer cases or \
                 less time.",
                if runs == 1 { "run" } else { "runs" }
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ProblemId;
    use serde_json::{Value, json};

    fn problem(kind: Value, input: Value, limits: Value) -> Problem {
        let case = json!({ "input": input, "expected": "x" });
        let mut value = json!({ "title": "T", "limits": limits, "cases": vec![case; 8] });
        for (name, member) in kind.as_object().unwrap() {
            value[name] = member.clone();
        }
        Problem::from_value(&ProblemId::parse("t", "id").unwrap(), &value).unwrap()
    }

    #[test]
    fn programs_run_once_a_case_and_functions_once() {
        let limits = || json!({ "timeMs": 2_000, "factors": { "python": 2, "c++": 0.5 } });
        let program = problem(json!({ "kind": "program" }), json!("a"), limits());
        assert_eq!((program.runs(), program.longest_run_ms()), (8, Some(4_000)));
        assert_eq!(program.too_long_for(32_000), None);
        let warning = program.too_long_for(31_999).unwrap();
        assert!(warning.starts_with("8 runs of 4000 ms can take 32000 ms"));
        let signature = json!({ "name": "f", "params": [], "returns": "string" });
        let kind = json!({ "kind": "function", "signature": signature });
        let function = problem(kind, json!([]), limits());
        assert_eq!(function.too_long_for(4_000), None);
        assert!(
            function
                .too_long_for(3_999)
                .unwrap()
                .starts_with("1 run of")
        );
        let checker = json!({ "kind": "program", "language": "c", "code": "x" });
        let checked = json!({ "kind": "program", "checker": checker });
        let checked = problem(checked, json!("a"), limits());
        assert_eq!(checked.too_long_for(32_800), None);
        let warning = checked.too_long_for(32_799).unwrap();
        assert!(warning.starts_with("8 runs of 4000 ms and 8 of the checker"));
        let free = problem(json!({ "kind": "program" }), json!("a"), json!({}));
        assert_eq!(free.too_long_for(1), None);
    }
}
