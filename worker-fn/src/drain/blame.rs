//! Who is at fault when an attempt found nothing out, and what follows.
//!
//! Pure: [`decide`] is the table "Whose fault it was" of ARCHITECTURE.md, and a
//! test holds the two together.

/// What happened to a job's run. The run *failed* when the endpoint answered that
/// it failed (HTTP 500, status XX); there was *no response* also when one came that
/// may be a proxy's (502, 504, 403, …) or is not in the endpoint's protocol. After
/// either the endpoint is probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The job needs more calls than this invocation has left.
    BudgetExhausted {
        /// Whether a fresh invocation has enough for it beside other jobs.
        fits_beside_others: bool,
    },
    /// No endpoint that supports its language can be used now.
    NoEndpoint,
    /// The endpoint was too busy (429) for as long as the job could wait.
    Busy,
    /// The endpoint said that it will not work now (503).
    Unavailable,
    /// The run failed or got no response, and so does a probe in the job's
    /// language.
    ProbeFails,
    /// The same, but the endpoint runs a probe in another language.
    LanguageFails,
    /// The run failed or got no response. The endpoint runs a probe, but two other
    /// jobs failed there before this one, with no success between them.
    JobsFail,
    /// The run failed or got no response, and no call is left for a probe.
    NotProbed,
    /// No response, though the endpoint runs a probe.
    NoResponse(Probed),
    /// The run failed, though the endpoint runs a probe.
    RunFailed,
    /// The wall clock stopped a compiler that had mostly waited for a processor.
    CompilerStarved,
    /// Redis cannot be asked for the job's problem.
    StoreAway,
    /// Redis refuses to give the job's problem, or gives something else.
    ProblemRefused,
}

/// When an endpoint that gave a job no response ran a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probed {
    /// After the job.
    After,
    /// Before the job, which was the first that ran there since.
    Before,
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
    /// It claims nothing more: Redis is away.
    StoreDown,
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
    let eject = |fate, course| Decision {
        fate,
        eject: true,
        course,
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
        // It works, for others, and the job goes on waiting with another lease.
        Failure::Busy => go_on(Fate::Release),
        Failure::Unavailable | Failure::ProbeFails => {
            let (fate, course) = match fallback {
                Fallback::SameLanguage => (Fate::Release, Course::GoOn),
                Fallback::OtherLanguages => (Fate::Snooze, Course::GoOn),
                Fallback::NoneUsable => (Fate::Release, Course::EndpointDown),
            };
            eject(fate, course)
        }
        Failure::LanguageFails => match fallback {
            Fallback::SameLanguage => eject(Fate::Release, Course::GoOn),
            // Jobs in other languages must not wait for this one.
            Fallback::OtherLanguages | Fallback::NoneUsable => go_on(Fate::Snooze),
        },
        Failure::JobsFail => match fallback {
            Fallback::SameLanguage => eject(Fate::Release, Course::GoOn),
            // Should it be the jobs after all, others must come first next time.
            Fallback::OtherLanguages => eject(Fate::Snooze, Course::GoOn),
            Fallback::NoneUsable => eject(Fate::Snooze, Course::EndpointDown),
        },
        Failure::NotProbed => Decision {
            course: Course::BudgetSpent,
            ..go_on(Fate::Release)
        },
        Failure::NoResponse(Probed::After) => go_on(suspect(isolated)),
        Failure::NoResponse(Probed::Before) => eject(
            suspect(isolated),
            match fallback {
                Fallback::SameLanguage | Fallback::OtherLanguages => Course::GoOn,
                Fallback::NoneUsable => Course::EndpointDown,
            },
        ),
        // Neither the endpoint nor the job, it seems. But a compiler that sleeps on
        // purpose looks the same, and must not be tried for ever.
        Failure::RunFailed | Failure::CompilerStarved => go_on(Fate::Fail),
        Failure::StoreAway => Decision {
            course: Course::StoreDown,
            ..go_on(Fate::Release)
        },
        // Released, it would be claimed again at once, and be refused again.
        Failure::ProblemRefused => go_on(Fate::Snooze),
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
