//! The steps of an interleaving: what can happen to the queue.

use proptest::collection::vec;
use proptest::prelude::*;
use shared::domain::lane::Lane;
use shared::queue::settlement::QueueConfig;

use crate::fixtures::CONFIG;

/// How many steps an interleaving has.
pub(super) const LENGTH: std::ops::RangeInclusive<usize> = 110..=130;

/// How many Workers there are.
pub(super) const WORKERS: usize = 3;

/// One step. Numbers choose an item modulo how many there are, so that a step
/// stays meaningful when others are removed.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Enqueue(Lane),
    /// A client whose response was lost sends the same job again.
    EnqueueAgain(usize),
    Schedule(Lane, Due),
    EnqueueOnce(Lane, u8),
    /// LPUSH by a foreign producer.
    Foreign(Vec<u8>),
    Claim {
        worker: usize,
        want: usize,
        /// Whether this claim prefers the lane low.
        low_first: bool,
        without_low: bool,
        response: Response,
    },
    /// A Worker settles some of the jobs it holds, in the order of their claims,
    /// and claims others.
    Settle {
        worker: usize,
        fates: Vec<Fate>,
        want: usize,
        response: Response,
    },
    /// A Worker is killed, with all the jobs it holds.
    Crash(usize),
    /// A Worker that counted as lost settles a job after all.
    SettleLate(usize, Fate),
    /// An earlier call arrives once more.
    RepeatCall(usize),
    /// A lease expires, or a scheduled job becomes due.
    TimePasses(usize),
    TimePassesForAll,
    /// The same with another answer: it is told that it comes once more.
    AskAgain(usize),
    Replay(usize, Lane),
    /// An operator reads a dead letter, and replays it in a later step.
    ReadDeadLetter(usize, Lane),
    ReplayRead(usize),
    DeleteDeadLetter(usize),
    /// An operator deletes what waits in a lane, what is scheduled, or all.
    Purge(usize),
    Publish(u64),
    /// Lists what is to be judged again, which is queued in a later step.
    List(u64),
    Requeue(usize),
    Rejudge(u64),
    Pause,
    Resume,
    /// A courier claims so many deliveries at most.
    Deliver(usize, CourierFate),
    /// An operator allows more or fewer in flight.
    Cap(u64),
    /// An operator reads the statistics.
    ReadStats,
}

/// What becomes of the deliveries of a claim.
#[derive(Debug, Clone, Copy)]
pub(super) enum CourierFate {
    Delivered,
    /// The receiver said no; due at once.
    Failed,
    /// The courier is lost, and with it the claim.
    Lost,
}

/// What becomes of a call's response.
#[derive(Debug, Clone, Copy)]
pub(super) enum Response {
    Arrives,
    /// It is lost, and the network sends the call again unchanged.
    LostOnTheWay,
    /// It is lost, and the Worker sends the call again and says so.
    Lost,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    InThePast,
    AtOnce,
    Soon,
    NextWeek,
}

/// How a Worker settles a job that it holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// Not yet.
    Hold,
    Complete,
    DeadLetter,
    Retry {
        delay_ms: u64,
    },
    Release,
    Continue,
    Isolate,
    Snooze {
        delay_ms: u64,
    },
}

/// The settings of an interleaving.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    index: bool,
    cap: u64,
}

impl From<Rules> for QueueConfig {
    fn from(rules: Rules) -> Self {
        Self {
            result_index: rules.index,
            max_in_flight: rules.cap,
            ..CONFIG
        }
    }
}

/// Interleavings.
pub(super) fn all() -> impl Strategy<Value = (Rules, Vec<Step>)> {
    let rules = (any::<bool>(), cap()).prop_map(|(index, cap)| Rules { index, cap });
    (rules, vec(step(), LENGTH))
}

fn step() -> impl Strategy<Value = Step> {
    let pick = 0_usize..1_000;
    let worker = 0..WORKERS;
    let want = 0_usize..6;
    prop_oneof![
        12 => lane().prop_map(Step::Enqueue),
        2 => pick.clone().prop_map(Step::EnqueueAgain),
        5 => (lane(), due()).prop_map(|(lane, due)| Step::Schedule(lane, due)),
        4 => (lane(), 0_u8..6).prop_map(|(lane, key)| Step::EnqueueOnce(lane, key)),
        5 => foreign().prop_map(Step::Foreign),
        12 => (worker.clone(), want.clone(), claim_options(), response())
            .prop_map(|(worker, want, (low_first, without_low), response)| {
                Step::Claim { worker, want, low_first, without_low, response }
            }),
        24 => (worker.clone(), vec(fate(), 1..7), want, response()).prop_map(
            |(worker, fates, want, response)| Step::Settle { worker, fates, want, response }
        ),
        4 => worker.prop_map(Step::Crash),
        5 => (pick.clone(), fate()).prop_map(|(which, fate)| Step::SettleLate(which, fate)),
        4 => pick.clone().prop_map(Step::RepeatCall),
        3 => pick.clone().prop_map(Step::AskAgain),
        10 => pick.clone().prop_map(Step::TimePasses),
        3 => Just(Step::TimePassesForAll),
        4 => (pick.clone(), lane()).prop_map(|(which, lane)| Step::Replay(which, lane)),
        2 => (pick.clone(), lane()).prop_map(|(which, lane)| Step::ReadDeadLetter(which, lane)),
        3 => pick.clone().prop_map(Step::ReplayRead),
        2 => pick.clone().prop_map(Step::DeleteDeadLetter),
        1 => pick.clone().prop_map(Step::Purge),
        5 => (0_u64..2).prop_map(Step::Publish),
        4 => (0_u64..2).prop_map(Step::List),
        6 => pick.prop_map(Step::Requeue),
        6 => (0_u64..2).prop_map(Step::Rejudge),
        1 => Just(Step::Pause),
        4 => Just(Step::Resume),
        1 => cap().prop_map(Step::Cap),
        2 => Just(Step::ReadStats),
        6 => (0_usize..4, courier_fate()).prop_map(|(want, fate)| Step::Deliver(want, fate)),
    ]
}

fn response() -> impl Strategy<Value = Response> {
    prop_oneof![
        8 => Just(Response::Arrives),
        1 => Just(Response::LostOnTheWay),
        2 => Just(Response::Lost),
    ]
}

fn cap() -> impl Strategy<Value = u64> {
    2_u64..9
}

fn lane() -> impl Strategy<Value = Lane> {
    prop_oneof![1 => Just(Lane::High), 3 => Just(Lane::Normal), 1 => Just(Lane::Low)]
}

/// Whether the lane low comes first, and whether it is left out.
fn claim_options() -> impl Strategy<Value = (bool, bool)> {
    prop_oneof![
        7 => Just((false, false)),
        2 => Just((true, false)),
        1 => Just((false, true)),
    ]
}

fn due() -> impl Strategy<Value = Due> {
    prop_oneof![
        Just(Due::InThePast),
        Just(Due::AtOnce),
        Just(Due::Soon),
        Just(Due::NextWeek)
    ]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Hold),
        6 => Just(Fate::Complete),
        2 => Just(Fate::DeadLetter),
        3 => prop_oneof![Just(0), Just(45_000), Just(900_000)]
            .prop_map(|delay_ms| Fate::Retry { delay_ms }),
        3 => Just(Fate::Release),
        2 => Just(Fate::Continue),
        2 => Just(Fate::Isolate),
        3 => prop_oneof![Just(0), Just(30_000), Just(900_000)]
            .prop_map(|delay_ms| Fate::Snooze { delay_ms }),
    ]
}

fn courier_fate() -> impl Strategy<Value = CourierFate> {
    prop_oneof![
        3 => Just(CourierFate::Delivered),
        2 => Just(CourierFate::Failed),
        1 => Just(CourierFate::Lost),
    ]
}

fn foreign() -> impl Strategy<Value = Vec<u8>> {
    let plain = br#"{"problemId":"x","code":"print([])","language":"python","n":9007199254740993}"#;
    prop_oneof![
        Just(plain.to_vec()),
        Just(b"[]".to_vec()),
        Just(Vec::new()),
        Just(b"paused".to_vec()),
        vec(any::<u8>(), 0..40),
    ]
}
