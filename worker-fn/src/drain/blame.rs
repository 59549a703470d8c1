//! Who is at fault when a job's run ended without a report, and what follows.
//!
//! Pure: [`decide`] is the table "Whose fault it was" of ARCHITECTURE.md, and a
//! test holds the two together.

/// What happened to a job's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The job needs more calls than this invocation has left.
    BudgetExhausted {
        /// Whether a fresh invocation has enough for it beside other jobs.
        fits_beside_others: bool,
    },
    /// No endpoint that supports its language can be used now.
    NoEndpoint,
    /// The endpoint said that it will not work now (429, 503).
    Unavailable,
    /// No response, or one that may be a proxy's (502, 504, 403, …).
    NoResponse(EndpointHealth),
}

/// What is known of an endpoint that gave no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointHealth {
    /// It answers a probe.
    Answers,
    /// It answered a probe, and this job was the first that ran there after it.
    AnsweredBeforeRun,
    /// It does not answer a probe.
    Silent,
    /// No call is left to probe it.
    Unknown,
}

/// The other endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// One that may support the job's language can be used.
    SameLanguage,
    /// One can be used, but none that supports the job's language.
    OtherLanguages,
    /// None can be used.
    NoneUsable,
}

/// What becomes of the job: the queue's `Outcome` without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Back to its old place; the attempt does not count.
    Release,
    /// Tried again at once, isolated; the attempt does not count.
    Isolate,
    /// Tried again after 30 s; the attempt does not count.
    Snooze,
    /// The attempt counts: tried again after a pause, or given up.
    Fail,
}

/// What becomes of the drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It goes on.
    GoOn,
    /// It starts nothing more: no endpoint can be used.
    EndpointDown,
    /// It starts nothing more: its calls are spent.
    BudgetSpent,
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// For the job.
    pub fate: Fate,
    /// For the endpoint: whether it is ejected.
    pub eject: bool,
    /// For the drain.
    pub course: Course,
}

/// Decides. `isolated`: whether the job ran with no other of this drain beside it
/// because it had to. `fallback`: the endpoints without the one that failed.
pub fn decide(failure: Failure, isolated: bool, fallback: Fallback) -> Decision {
    let go_on = |fate| Decision {
        fate,
        eject: false,
        course: Course::GoOn,
    };
    match failure {
        Failure::BudgetExhausted { fits_beside_others } => Decision {
            course: Course::BudgetSpent,
            ..go_on(if isolated || fits_beside_others {
                Fate::Release
            } else {
                Fate::Isolate
            })
        },
        Failure::NoEndpoint => match fallback {
            // Released, it would be claimed again before all other jobs. (One for
            // its language can be there: its ejection may have ended meanwhile.)
            Fallback::SameLanguage | Fallback::OtherLanguages => go_on(Fate::Snooze),
            Fallback::NoneUsable => Decision {
                course: Course::EndpointDown,
                ..go_on(Fate::Release)
            },
        },
        Failure::Unavailable | Failure::NoResponse(EndpointHealth::Silent) => {
            let (fate, course) = match fallback {
                Fallback::SameLanguage => (Fate::Release, Course::GoOn),
                Fallback::OtherLanguages => (Fate::Snooze, Course::GoOn),
                Fallback::NoneUsable => (Fate::Release, Course::EndpointDown),
            };
            Decision {
                fate,
                eject: true,
                course,
            }
        }
        Failure::NoResponse(EndpointHealth::Unknown) => Decision {
            course: Course::BudgetSpent,
            ..go_on(Fate::Release)
        },
        Failure::NoResponse(EndpointHealth::Answers) => go_on(suspect(isolated)),
        Failure::NoResponse(EndpointHealth::AnsweredBeforeRun) => Decision {
            fate: suspect(isolated),
            eject: true,
            course: match fallback {
                Fallback::SameLanguage | Fallback::OtherLanguages => Course::GoOn,
                Fallback::NoneUsable => Course::EndpointDown,
            },
        },
    }
}

/// The endpoint answers again, so it probably fell over one of the jobs that ran
/// there. Each is tried again isolated, which shows which one it was.
fn suspect(isolated: bool) -> Fate {
    if isolated { Fate::Fail } else { Fate::Isolate }
}

impl Decision {
    /// Whether the job can be claimed again at once.
    pub fn makes_job_claimable(self) -> bool {
        match self.fate {
            Fate::Release | Fate::Isolate => true,
            Fate::Snooze | Fate::Fail => false,
        }
    }
}
