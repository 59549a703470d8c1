//! The summary of all rounds, in Markdown that is readable on a terminal.
//!
//! A ratio is taken within each round, between two measurements that follow each
//! other; its median and its spread are over the rounds.

use std::fmt::{self, Display, Formatter};

use super::options::{Options, RUNS_PER_DRAIN};
use super::round::{Phase, Sample, Way};
use super::spread::Spread;

/// The names of both sides in the rows of the submissions, where no job is
/// claimed yet.
const OURS: &str = "edgejudge";
const THEIRS: &str = "JavaScript";

/// Everything measured.
#[derive(Debug)]
pub(super) struct Report {
    options: Options,
    /// The machine and its load, a line each.
    notes: Vec<String>,
    samples: Vec<(Way, Sample)>,
}

type Of = fn(&Sample) -> &Phase;
const SUBMIT: Of = |sample| &sample.submit;
const DRAIN: Of = |sample| &sample.drain;

impl Way {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wakes => "edgejudge, woken",
            Self::Pulled => "edgejudge, GET /worker a job",
            Self::Classic => "JavaScript, GET /worker a job",
        }
    }
}

impl Report {
    pub(super) fn new(options: &Options, machine: String) -> Self {
        Self {
            options: options.clone(),
            notes: vec![machine],
            samples: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, way: Way, sample: Sample) {
        self.samples.push((way, sample));
    }

    pub(super) fn add_note(&mut self, line: String) {
        self.notes.push(line);
    }

    fn phases(&self, way: Way, of: Of) -> impl Iterator<Item = &Phase> {
        self.samples
            .iter()
            .filter(move |(other, _)| *other == way)
            .map(move |(_, sample)| of(sample))
    }

    /// Jobs per second relative to JavaScript, round by round.
    fn ratio(&self, way: Way, of: Of) -> Spread {
        let pairs = self.phases(way, of).zip(self.phases(Way::Classic, of));
        Spread::of(pairs.map(|(ours, theirs)| ours.jobs_per_s / theirs.jobs_per_s))
    }

    /// A sum over all rounds, divided by the jobs.
    fn per_job(&self, way: Way, of: Of, what: impl Fn(&Phase) -> Option<u64>) -> Option<f64> {
        let sum: u64 = self.phases(way, of).map(what).sum::<Option<u64>>()?;
        Some(sum as f64 / (self.options.jobs * self.options.rounds) as f64)
    }

    fn commands(&self, way: Way, of: Of) -> f64 {
        self.per_job(way, of, |phase| Some(phase.commands))
            .unwrap_or(f64::NAN)
    }

    fn table(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "\
| phase  | by                            | jobs/s: min | median |    max | to JavaScript       | commands/job | workerd CPU/job | Redis CPU/job |
| ------ | ----------------------------- | ----------: | -----: | -----: | ------------------- | -----------: | --------------: | ------------: |"
        )?;
        for (phase, way, of, name) in [
            ("submit", Way::Wakes, SUBMIT, OURS),
            ("submit", Way::Classic, SUBMIT, THEIRS),
            ("drain", Way::Wakes, DRAIN, Way::Wakes.name()),
            ("drain", Way::Pulled, DRAIN, Way::Pulled.name()),
            ("drain", Way::Classic, DRAIN, Way::Classic.name()),
        ] {
            let Spread { min, median, max } =
                Spread::of(self.phases(way, of).map(|phase| phase.jobs_per_s));
            let ratio = match way {
                Way::Classic => "1".to_owned(),
                Way::Wakes | Way::Pulled => self.ratio(way, of).to_string(),
            };
            let ms = |ms: Option<f64>| ms.map_or("unknown".into(), |ms| format!("{ms:.2} ms"));
            let workerd = ms(self.per_job(way, of, |phase| Some(phase.cpu?.workerd_ms)));
            let redis = ms(self.per_job(way, of, |phase| Some(phase.cpu?.redis_ms)));
            let commands = self.commands(way, of);
            writeln!(
                out,
                "| {phase:<6} | {name:<29} | {min:>11.0} | {median:>6.0} | {max:>6.0} | {ratio:<19} \
                 | {commands:>12.2} | {workerd:>15} | {redis:>13} |"
            )?;
        }
        Ok(())
    }

    fn verdict(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let commands = |way| self.commands(way, SUBMIT) + self.commands(way, DRAIN);
        let ratio = |way, of| self.ratio(way, of).in_words();
        let plain = if self.options.index {
            "LPUSH, RPOP, SET and LPUSH"
        } else {
            "LPUSH, RPOP and SET"
        };
        write!(
            out,
            "In short: on this machine, without a network, beside a JavaScript Worker doing plain \
             {plain} through @upstash/redis, edgejudge accepts submissions at {} its rate, and \
             once woken brings jobs to their results at {} its rate, for {:.2} Redis commands a \
             job against {:.2}. Asked for each job by itself, as the JavaScript Worker is, it does \
             so at {} its rate, for {:.2} commands.",
            ratio(Way::Wakes, SUBMIT),
            ratio(Way::Wakes, DRAIN),
            commands(Way::Wakes),
            commands(Way::Classic),
            ratio(Way::Pulled, DRAIN),
            commands(Way::Pulled),
        )?;
        let workerd = |way| {
            let of = |of| self.per_job(way, of, |phase| Some(phase.cpu?.workerd_ms));
            Some(of(SUBMIT)? + of(DRAIN)?)
        };
        if let (Some(ours), Some(theirs)) = (workerd(Way::Wakes), workerd(Way::Classic)) {
            write!(
                out,
                " From submission to result a job takes {ours:.2} ms of workerd's processor time \
                 when woken, against {theirs:.2} ms."
            )?;
        }
        writeln!(out)
    }

    fn fairness(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let concurrency = self.options.concurrency;
        let drains = match self.options.drains() {
            1 => "a drain".to_owned(),
            drains => format!("{drains} drains"),
        };
        let index = if self.options.index {
            "Both keep a list of a problem's results, too."
        } else {
            "Neither keeps a list of a problem's results (with --index both do)."
        };
        writeln!(
            out,
            "\
The same for both: the jobs, the clients ({concurrency} in parallel, connections kept open), how
many runs the endpoint may see at once ({concurrency}: as many clients, or {drains} of {RUNS_PER_DRAIN}), the
endpoint (a stub that answers at once), redis-rest and redis-server, wrangler's
bundle in `workerd serve` (a process each, one thread), an empty database before each
round, turns within each round. {index}

Not the same, or not measured:
- Woken, edgejudge works without a caller and settles jobs in groups; the classic
  design needs a request for each job, and the client that sends it shares these
  cores. That is the designs' difference, not the languages'; the row
  \"{pulled}\" has the same requests for both.
- edgejudge does more: leases, retries, signed ids, limits, statistics, a time-out
  on each call. The JavaScript Worker loses a job when it is stopped in between.
- There is no network. On the edge each round trip to Redis takes milliseconds, and
  real runs take longer than everything here.
- Submissions do not wake anybody here (WAKE=off), so that the phases stay apart.
- No start is measured: both are warm. Platform limits are not enforced by workerd.
- Processor time is of workerd (client and endpoint not included), and of redis-rest
  with redis-server; it moves less than jobs/s when the machine is busy.",
            pulled = Way::Pulled.name()
        )
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Options { jobs, rounds, .. } = self.options;
        writeln!(
            out,
            "cargo xtask bench queue: {jobs} jobs a phase, {rounds} rounds after one of warm-up.\n"
        )?;
        self.table(out)?;
        writeln!(out)?;
        self.verdict(out)?;
        writeln!(out)?;
        self.fairness(out)?;
        writeln!(out)?;
        for line in &self.notes {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}
