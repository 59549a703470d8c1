//! The sample problems of the repository: their solutions and their starter code, in every
//! language. Both tests keep all processors busy for more than a minute.

use serde_json::Value;
use xtask::problems;

use crate::judging::publish_samples;
use crate::stacks::Stacks;

support::tests![
    sample_solutions_get_the_verdict_of_their_file_name,
    starter_code_runs_unchanged,
];

fn sample_solutions_get_the_verdict_of_their_file_name(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let samples = publish_samples(&submit_fn);
    assert!(samples.len() >= 8);
    for (id, problem) in &samples {
        let in_sql = problem
            .solutions
            .iter()
            .all(|one| one.language == "sqlite3");
        let languages: &[&str] = if in_sql {
            &["sqlite3"]
        } else {
            &["python", "javascript"]
        };
        for language in languages {
            for accepted in [true, false] {
                let is_it = |one: &&problems::Solution| {
                    one.language == *language && one.is_accepted() == accepted
                };
                assert!(
                    problem.solutions.iter().find(is_it).is_some(),
                    "{id}: {language}"
                );
            }
        }
        // One problem's at a time: so many compilers take longer than a result is waited for.
        let submit = |one: &problems::Solution| submit_fn.submit(id, one.language, &one.code);
        let submitted: Vec<_> = problem.solutions.iter().map(submit).collect();
        for (solution, stored) in problem.solutions.iter().zip(submitted) {
            let result = submit_fn.finished_result(&stored);
            assert_eq!(
                result["verdict"],
                solution.verdict.name(),
                "{id} {}: {}",
                solution.file,
                result["output"]
            );
            let judgement = &result["judgement"];
            assert_eq!(
                judgement["score"] == 100.0,
                solution.is_accepted(),
                "{judgement}"
            );
        }
    }
}

/// Its answers are wrong, or it says that it is not written yet; but it compiles, and its
/// function or class is found.
fn starter_code_runs_unchanged(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let mut count = 0;
    for id in publish_samples(&submit_fn).keys() {
        let problem = submit_fn.get(&format!("/problems/{id}")).json();
        let starters = problem["starter"].as_object().unwrap().iter();
        let submit = |(language, code): (&String, &Value)| {
            let code = code.as_str().unwrap();
            let stored = submit_fn.submit(id, language, code);
            (format!("{id} in {language}:\n{code}"), stored)
        };
        let submitted: Vec<_> = starters.map(submit).collect();
        for (what, stored) in submitted {
            let result = submit_fn.finished_result(&stored);
            let output = result["output"].as_str().unwrap();
            let is_unwritten =
                result["verdict"] == "Runtime Error" && output.contains("not yet implemented");
            assert!(
                result["verdict"] == "Wrong Answer" || is_unwritten,
                "{what}: {}: {output}",
                result["verdict"]
            );
            count += 1;
        }
    }
    assert!(count >= 100, "{count}");
}
