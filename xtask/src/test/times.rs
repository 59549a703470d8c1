//! How long single tests took, from the reports of the programs that ran them.

use serde_json::Value;

/// A test and its time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TestTime {
    pub(super) name: String,
    pub(super) seconds: f64,
}

/// From nextest's `--message-format libtest-json`: an object per line, with
/// `exec_time` when a test has ended.
pub(super) fn from_nextest(lines: &str) -> Vec<TestTime> {
    lines
        .lines()
        .filter_map(|line| {
            let event: Value = serde_json::from_str(line).ok()?;
            Some(TestTime {
                // "crate::program$module::test"
                name: event["name"].as_str()?.replace('$', " "),
                seconds: event["exec_time"].as_f64()?,
            })
        })
        .collect()
}

/// From the file that an end-to-end program writes: `time SECONDS NAME` per
/// line.
pub(super) fn from_program(program: &str, lines: &str) -> Vec<TestTime> {
    lines
        .lines()
        .filter_map(|line| {
            let (seconds, name) = line.strip_prefix("time ")?.split_once(' ')?;
            Some(TestTime {
                name: format!("{program} {name}"),
                seconds: seconds.parse().ok()?,
            })
        })
        .collect()
}

/// At most `count` of them, the slowest first.
pub(super) fn slowest(mut times: Vec<TestTime>, count: usize) -> Vec<TestTime> {
    times.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    times.truncate(count);
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(name: &str, seconds: f64) -> TestTime {
        TestTime {
            name: name.to_owned(),
            seconds,
        }
    }

    #[test]
    fn nextest_reports_a_time_when_a_test_has_ended() {
        let lines = r#"{"type":"suite","event":"started","test_count":2}
{"type":"test","event":"started","name":"xtask::xtask$tidy::circles"}
{"type":"test","event":"ok","name":"xtask::xtask$tidy::circles","exec_time":0.25}
{"type":"test","event":"failed","name":"runner::wire$slow","exec_time":3.5,"stdout":"x"}
{"type":"suite","event":"failed","passed":1,"failed":1,"exec_time":4.0}"#;
        assert_eq!(
            from_nextest(lines),
            [
                time("xtask::xtask tidy::circles", 0.25),
                time("runner::wire slow", 3.5)
            ]
        );
    }

    #[test]
    fn a_program_reports_a_line_per_test() {
        let lines = "time 1.5 a burst\nsomething else\ntime soon x\ntime 12 quiet\n";
        assert_eq!(
            from_program("e2e", lines),
            [time("e2e a burst", 1.5), time("e2e quiet", 12.0)]
        );
    }

    #[test]
    fn the_slowest_come_first() {
        let times = vec![time("a", 1.0), time("b", 3.0), time("c", 2.0)];
        assert_eq!(slowest(times, 2), [time("b", 3.0), time("c", 2.0)]);
    }
}
