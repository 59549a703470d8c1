//! What can happen to the queue.

use proptest::collection::vec;
use proptest::prelude::*;
use shared::lane::Lane;
use shared::queue::work::Policy;

use crate::given::POLICY;

/// How many steps an interleaving has.
pub(super) const LENGTH: std::ops::RangeInclusive<usize> = 110..=130;

/// How many Workers there are.
pub(super) const WORKERS: usize = 3;

/// One thing that happens. Numbers pick one of what there is, modulo how many
/// there are, so that steps stay meaningful when others are taken away.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Push(Lane),
    /// A client that did not hear the answer sends the same job once more.
    PushAgain(usize),
    PushLater(Lane, Later),
    PushOnce(Lane, u8),
    /// LPUSH by somebody else.
    Foreign(Vec<u8>),
    Claim {
        worker: usize,
        want: usize,
    },
    /// A Worker settles some of what it holds, in the order in which it came,
    /// and claims.
    Settle {
        worker: usize,
        fates: Vec<Fate>,
        want: usize,
        /// The call is applied, and is sent again because nobody heard so.
        answer_lost: bool,
    },
    /// A Worker forgets all it holds.
    Crash(usize),
    /// A Worker that was thought lost settles what it held all the same.
    Zombie(usize, Fate),
    /// A call of long ago arrives once more.
    Echo(usize),
    /// A lease runs out, or what waits for its time becomes due.
    TimePasses(usize),
    AllTimePasses,
    Replay(usize, Lane),
    Bury(usize),
    Pause,
    Resume,
    /// An operator allows more or fewer in flight.
    Cap(u64),
    /// An operator looks at the numbers.
    Look,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Later {
    Past,
    AtOnce,
    Soon,
    NextWeek,
}

/// What a Worker makes of a job it holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// It is not finished yet.
    Keep,
    Done,
    Dead,
    Retry {
        pause_ms: u64,
    },
    Back,
    Alone,
    Later {
        pause_ms: u64,
    },
}

/// What an interleaving begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    index: bool,
    cap: u64,
}

impl From<Rules> for Policy {
    fn from(rules: Rules) -> Self {
        Self {
            result_index: rules.index,
            max_in_flight: rules.cap,
            ..POLICY
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
        12 => lane().prop_map(Step::Push),
        2 => pick.clone().prop_map(Step::PushAgain),
        5 => (lane(), later()).prop_map(|(lane, later)| Step::PushLater(lane, later)),
        4 => (lane(), 0_u8..6).prop_map(|(lane, key)| Step::PushOnce(lane, key)),
        5 => foreign().prop_map(Step::Foreign),
        12 => (worker.clone(), want.clone())
            .prop_map(|(worker, want)| Step::Claim { worker, want }),
        24 => (worker.clone(), vec(fate(), 1..7), want, prop::bool::weighted(0.2)).prop_map(
            |(worker, fates, want, answer_lost)| Step::Settle { worker, fates, want, answer_lost }
        ),
        4 => worker.prop_map(Step::Crash),
        5 => (pick.clone(), fate()).prop_map(|(which, fate)| Step::Zombie(which, fate)),
        5 => pick.clone().prop_map(Step::Echo),
        10 => pick.clone().prop_map(Step::TimePasses),
        3 => Just(Step::AllTimePasses),
        4 => (pick.clone(), lane()).prop_map(|(which, lane)| Step::Replay(which, lane)),
        2 => pick.prop_map(Step::Bury),
        1 => Just(Step::Pause),
        4 => Just(Step::Resume),
        1 => cap().prop_map(Step::Cap),
        2 => Just(Step::Look),
    ]
}

fn cap() -> impl Strategy<Value = u64> {
    2_u64..9
}

fn lane() -> impl Strategy<Value = Lane> {
    prop_oneof![1 => Just(Lane::High), 3 => Just(Lane::Normal), 1 => Just(Lane::Low)]
}

fn later() -> impl Strategy<Value = Later> {
    prop_oneof![
        Just(Later::Past),
        Just(Later::AtOnce),
        Just(Later::Soon),
        Just(Later::NextWeek)
    ]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Keep),
        6 => Just(Fate::Done),
        2 => Just(Fate::Dead),
        3 => prop_oneof![Just(0), Just(45_000), Just(900_000)]
            .prop_map(|pause_ms| Fate::Retry { pause_ms }),
        3 => Just(Fate::Back),
        2 => Just(Fate::Alone),
        3 => prop_oneof![Just(0), Just(30_000), Just(900_000)]
            .prop_map(|pause_ms| Fate::Later { pause_ms }),
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
