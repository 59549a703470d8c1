//! What hostile programs may print: each reader must answer, within its bounds.

use fuzz::{fuzz, mutated};
use harness::{self, Frame, Harness};
use proptest::prelude::*;
use worker_fn::judge::failure;

#[test]
fn frames_are_read_only_for_the_cases_that_were_asked_for() {
    let output = "noise\n\x1eN1 0 =[1,{\"a\":null}]\n\x1eN1 1 ?\"NaN\"\n\x1eN1 2 !{\"kind\":\"error\",\"text\":\"x\"}\n\x1eN1 load !{\"kind\":\"syntax\",\"text\":\"x\"}\n";
    fuzz(&mutated(&[output]), |output| {
        let frames = harness::read("N1", &String::from_utf8_lossy(&output), &[0, 2]);
        prop_assert!(frames.cases.keys().all(|case| [0, 2].contains(case)));
        for frame in frames.cases.values() {
            if let Frame::NotJson(text) = frame {
                prop_assert!(text.len() <= 2_048);
            }
        }
        Ok(())
    });
}

#[test]
fn standard_error_is_read_by_language() {
    let stderr = "/box/main.ts:3\nlet x: = 1;\n\nSyntaxError: Unexpected token\n    at x\nstd::bad_alloc\nJavaScript heap out of memory /piston/jobs/7f/file0.code";
    fuzz(&mutated(&[stderr]), |stderr| {
        let stderr = String::from_utf8_lossy(&stderr);
        for harness in [Harness::JavaScript, Harness::TypeScript, Harness::Cpp] {
            if let Some(error) = harness.error_in_stderr(&stderr) {
                prop_assert!(error.text.len() <= 2_048);
            }
        }
        let trimmed = failure::trim_paths(&stderr);
        prop_assert!(trimmed.len() <= stderr.len());
        prop_assert!(!trimmed.contains("/piston/jobs/"), "{trimmed}");
        Ok(())
    });
}
