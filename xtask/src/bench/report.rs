//! What every bench returns: a table for people, JSON for programs.
//!
//! A ratio is taken between two measurements that follow each other; its median
//! and its middle half are over the pairs. A row may state a goal. A goal that was
//! not reached fails the command, after everything was printed.

use std::fmt::{self, Display, Formatter};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::spread::{Spread, number};

/// All that one bench measured.
#[derive(Debug)]
pub(super) struct Report {
    /// As in `cargo xtask bench NAME`.
    pub(super) name: &'static str,
    /// What was measured, how often.
    pub(super) title: String,
    /// What the figures depend on besides the code.
    pub(super) machine: String,
    /// The heading of [`Row::ours`].
    pub(super) ours: &'static str,
    /// The heading of [`Row::other`].
    pub(super) other: &'static str,
    pub(super) rows: Vec<Row>,
    /// What is the same for both, what is not, what was not measured; a paragraph
    /// each.
    pub(super) notes: Vec<String>,
}

/// One measure.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) measure: String,
    pub(super) unit: &'static str,
    pub(super) ours: Spread,
    /// What it is compared with, if with anything.
    pub(super) other: Option<Spread>,
    pub(super) ratio: Option<Ratio>,
    /// Ours less the other, in `unit`.
    pub(super) difference: Option<Spread>,
    pub(super) goal: Option<Goal>,
}

/// Which of two sides is divided by which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// ours / other: for rates, above 1 is better than the other.
    OursToOther,
    /// other / ours: for times, above 1 is better than the other.
    OtherToOurs,
}

/// A quotient of both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ratio {
    pub(super) direction: Direction,
    pub(super) spread: Spread,
}

/// A bound for a median.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Goal {
    /// [`Row::ratio`] is this or more.
    RatioAtLeast(f64),
    /// [`Row::ratio`] is this or less.
    RatioAtMost(f64),
    /// [`Row::difference`] is this or less.
    DifferenceAtMost(f64),
    /// [`Row::ours`] is this or less.
    AtMost(f64),
}

impl Row {
    /// A measure that is compared with nothing.
    pub(super) fn alone(measure: impl Into<String>, unit: &'static str, ours: Spread) -> Self {
        Self {
            measure: measure.into(),
            unit,
            ours,
            other: None,
            ratio: None,
            difference: None,
            goal: None,
        }
    }

    /// A measure of both sides: each pair was taken one after the other, ours
    /// first in the pair.
    pub(super) fn paired(
        measure: impl Into<String>,
        unit: &'static str,
        pairs: &[(f64, f64)],
        direction: Direction,
    ) -> Self {
        let divided = |ours: f64, other: f64| match direction {
            Direction::OursToOther => ours / other,
            Direction::OtherToOurs => other / ours,
        };
        Self {
            other: Some(Spread::of_pairs(pairs, |_, other| other)),
            ratio: Some(Ratio {
                direction,
                spread: Spread::of_pairs(pairs, divided),
            }),
            difference: Some(Spread::of_pairs(pairs, |ours, other| ours - other)),
            ..Self::alone(measure, unit, Spread::of_pairs(pairs, |ours, _| ours))
        }
    }

    /// The same with a goal.
    pub(super) fn goal(self, goal: Goal) -> Self {
        Self {
            goal: Some(goal),
            ..self
        }
    }

    /// What a goal speaks of, by name and value. NaN if the row has no such value.
    fn measured(&self, goal: Goal) -> (&'static str, f64) {
        let median = |spread: Option<Spread>| spread.map_or(f64::NAN, |spread| spread.median);
        match goal {
            Goal::RatioAtLeast(_) | Goal::RatioAtMost(_) => {
                ("ratio", median(self.ratio.map(|ratio| ratio.spread)))
            }
            Goal::DifferenceAtMost(_) => ("difference", median(self.difference)),
            Goal::AtMost(_) => ("ours", self.ours.median),
        }
    }

    /// Whether the goal was reached; `None` if there is none. What could not be
    /// measured reached nothing.
    pub(super) fn is_met(&self) -> Option<bool> {
        let goal = self.goal?;
        let (_, value) = self.measured(goal);
        Some(match goal {
            Goal::RatioAtLeast(bound) => value >= bound,
            Goal::RatioAtMost(bound) | Goal::DifferenceAtMost(bound) | Goal::AtMost(bound) => {
                value <= bound
            }
        })
    }

    fn goal_shown(&self) -> String {
        let (Some(goal), Some(is_met)) = (self.goal, self.is_met()) else {
            return String::new();
        };
        let bound = match goal {
            Goal::RatioAtLeast(bound) => format!("≥ {bound:.2}"),
            Goal::RatioAtMost(bound) => format!("≤ {bound:.2}"),
            Goal::DifferenceAtMost(bound) => {
                let (_, more) = self.measured(goal);
                format!("{} ≤ {} {} more", number(more), number(bound), self.unit)
            }
            Goal::AtMost(bound) => format!("≤ {}", number(bound)),
        };
        format!("{bound}: {}", if is_met { "met" } else { "MISSED" })
    }

    fn cells(&self) -> [String; 7] {
        let shown = |spread: Option<&Spread>| spread.map(Spread::shown).unwrap_or_default();
        [
            self.measure.clone(),
            self.unit.to_owned(),
            self.ours.shown(),
            shown(self.other.as_ref()),
            self.ratio
                .map(|ratio| ratio.spread.shown())
                .unwrap_or_default(),
            self.goal_shown(),
            self.ours.samples.to_string(),
        ]
    }

    fn json(&self) -> Value {
        let ratio = self.ratio.map(|ratio| {
            let mut value = ratio.spread.json();
            value["of"] = match ratio.direction {
                Direction::OursToOther => "ours / other",
                Direction::OtherToOurs => "other / ours",
            }
            .into();
            value
        });
        let goal = self.goal.map(|goal| {
            let (on, value) = self.measured(goal);
            let (bound, limit) = match goal {
                Goal::RatioAtLeast(limit) => ("at_least", limit),
                Goal::RatioAtMost(limit) | Goal::DifferenceAtMost(limit) | Goal::AtMost(limit) => {
                    ("at_most", limit)
                }
            };
            json!({"on": on, bound: limit, "value": value, "met": self.is_met()})
        });
        json!({
            "measure": self.measure,
            "unit": self.unit,
            "ours": self.ours.json(),
            "other": self.other.map(|spread| spread.json()),
            "ratio": ratio,
            "difference": self.difference.map(|spread| spread.json()),
            "goal": goal,
        })
    }
}

impl Report {
    /// The whole report.
    pub(super) fn json(&self) -> Value {
        json!({
            "bench": self.name,
            "title": self.title,
            "machine": self.machine,
            "ours": self.ours,
            "other": self.other,
            "rows": self.rows.iter().map(Row::json).collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }

    /// An error that names the goals that were missed.
    pub(super) fn check(&self) -> Result<()> {
        let goals = self.rows.iter().filter(|row| row.goal.is_some()).count();
        let missed: Vec<String> = self
            .rows
            .iter()
            .filter(|row| row.is_met() == Some(false))
            .filter_map(|row| {
                let (on, value) = row.measured(row.goal?);
                let Row { measure, unit, .. } = row;
                Some(format!(
                    "{measure}, {unit} ({on} {}, {})",
                    number(value),
                    row.goal_shown()
                ))
            })
            .collect();
        ensure!(
            missed.is_empty(),
            "{} of {goals} goals missed: {}",
            missed.len(),
            missed.join("; ")
        );
        Ok(())
    }
}

impl Display for Report {
    /// In Markdown that is readable on a terminal.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}\n", self.title)?;
        let head = [
            "measure", "unit", self.ours, self.other, "ratio", "goal", "samples",
        ];
        let mut lines = vec![head.map(str::to_owned)];
        lines.extend(self.rows.iter().map(Row::cells));
        let widths: Vec<usize> = (0..head.len())
            .map(|column| {
                lines
                    .iter()
                    .map(|cells| cells[column].chars().count())
                    .max()
            })
            .map(|width| width.unwrap_or_default().max(3))
            .collect();
        for (index, cells) in lines.iter().enumerate() {
            for (cell, width) in cells.iter().zip(&widths) {
                write!(out, "| {cell:<width$} ")?;
            }
            writeln!(out, "|")?;
            if index == 0 {
                for width in &widths {
                    write!(out, "| {:-<width$} ", "")?;
                }
                writeln!(out, "|")?;
            }
        }
        writeln!(
            out,
            "\nMedians, and in parentheses between what half of the samples lie. Ratios are of \
             two measurements that follow each other: above 1, ours is the better one, unless \
             the goal is at most a number."
        )?;
        for note in self.notes.iter().chain([&self.machine]) {
            writeln!(out, "\n{note}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: Vec<Row>) -> Report {
        Report {
            name: "sample",
            title: "A sample".into(),
            machine: "This machine.".into(),
            ours: "ours",
            other: "JavaScript",
            rows,
            notes: vec!["A note.".into()],
        }
    }

    fn time(pairs: &[(f64, f64)], goal: Goal) -> Row {
        Row::paired("submit", "ms", pairs, Direction::OtherToOurs).goal(goal)
    }

    #[test]
    fn for_times_the_other_is_divided_by_ours_and_for_rates_ours_by_the_other() {
        let pairs = [(2.0, 3.0), (2.0, 3.0)];
        let goal = |direction, goal| Row::paired("", "", &pairs, direction).goal(goal).is_met();
        assert_eq!(
            goal(Direction::OtherToOurs, Goal::RatioAtLeast(1.5)),
            Some(true)
        );
        assert_eq!(
            goal(Direction::OtherToOurs, Goal::RatioAtLeast(1.51)),
            Some(false)
        );
        assert_eq!(
            goal(Direction::OursToOther, Goal::RatioAtLeast(0.7)),
            Some(false)
        );
        assert_eq!(
            goal(Direction::OursToOther, Goal::RatioAtMost(0.7)),
            Some(true)
        );
    }

    #[test]
    fn goals_speak_of_the_medians() {
        let pairs = [(20.0, 10.0), (25.0, 10.0), (90.0, 10.0)];
        for (goal, met) in [
            (Goal::DifferenceAtMost(15.0), true),
            (Goal::DifferenceAtMost(14.9), false),
        ] {
            assert_eq!(time(&pairs, goal).is_met(), Some(met), "{goal:?}");
        }
        let unknown = Row::alone("x", "ms", Spread::of(&[1.0])).goal(Goal::RatioAtLeast(0.0));
        assert_eq!(unknown.is_met(), Some(false));
        assert_eq!(Row::alone("x", "ms", Spread::of(&[1.0])).is_met(), None);
    }

    #[test]
    fn missed_goals_fail_the_command_by_name() {
        let good = time(&[(1.0, 2.0)], Goal::RatioAtLeast(1.1));
        let bad = time(&[(2.0, 1.0)], Goal::RatioAtLeast(1.1));
        report(vec![good.clone()]).check().unwrap();
        let error = report(vec![good, bad]).check().unwrap_err().to_string();
        assert_eq!(
            error,
            "1 of 2 goals missed: submit, ms (ratio 0.500, ≥ 1.10: MISSED)"
        );
    }

    #[test]
    fn the_table_has_one_width() {
        let rows = vec![
            time(&[(1.0, 2.0)], Goal::RatioAtLeast(1.1)),
            Row::alone("×", "jobs/s", Spread::of(&[1234.0])),
        ];
        let text = report(rows).to_string();
        let table: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(table.len(), 4);
        let width = |line: &&str| line.chars().count();
        assert!(
            table.iter().all(|line| width(line) == width(&table[0])),
            "{text}"
        );
        assert!(text.contains("≥ 1.10: met"), "{text}");
    }

    #[test]
    fn json_has_every_value_and_null_for_what_is_unknown() {
        let row = time(&[(1.0, 2.0)], Goal::RatioAtLeast(1.1));
        let bare = Row::alone("bare", "ms", Spread::of(&[]));
        let value = report(vec![row, bare]).json();
        assert_eq!(value["bench"], "sample");
        let row = &value["rows"][0];
        assert_eq!(
            row["ours"],
            json!({"median": 1.0, "low": 1.0, "high": 1.0, "samples": 1})
        );
        assert_eq!(row["ratio"]["of"], "other / ours");
        assert_eq!(row["ratio"]["median"], 2.0);
        assert_eq!(row["difference"]["median"], -1.0);
        assert_eq!(
            row["goal"],
            json!({"on": "ratio", "at_least": 1.1, "value": 2.0, "met": true})
        );
        let bare = &value["rows"][1];
        assert_eq!(bare["ours"]["median"], Value::Null);
        assert_eq!(bare["other"], Value::Null);
        assert_eq!(bare["goal"], Value::Null);
    }
}
