//! The score: what the weights of cases make of their verdicts.

use shared::domain::problem::{MAX_CASES, MAX_WEIGHT};

use super::session_tests::{ended, judge, program, ran};

#[test]
fn the_score_is_exact_with_the_most_cases_of_the_most_weight() {
    for (wrong, score) in [(0, 100.0), (1, 99.9), (MAX_CASES, 0.0)] {
        let mut problem = program(&["a"; MAX_CASES], false);
        for case in &mut problem.cases {
            case.weight = MAX_WEIGHT;
        }
        let (_, assessment) = judge(&problem, "ruby", |step| {
            let printed = |case: &usize| if *case < wrong { "x" } else { "a" };
            ran(step
                .cases
                .iter()
                .map(|case| ended(printed(case), 0))
                .collect())
        });
        assert_eq!(assessment.judgement.score, score);
    }
}

#[test]
fn weights_make_the_score() {
    let mut problem = program(&["a", "b", "c"], false);
    problem.cases[0].weight = 1;
    problem.cases[1].weight = 0;
    problem.cases[2].weight = 2;
    let (_, assessment) = judge(&problem, "ruby", |_| {
        ran(vec![ended("x", 0), ended("x", 0), ended("c", 0)])
    });
    assert_eq!(assessment.judgement.score, 66.66);
    assert_eq!(
        (assessment.judgement.passed, assessment.judgement.total),
        (1, 3)
    );
}
