//! All endpoints that are configured, and which of them runs a job.
//!
//! They are asked in their order, or, where weights are given, by chance in
//! proportion to those. One that fails is left alone for a while, and the next
//! takes over. A language that only some offer goes only there: so with several
//! endpoints their lists of languages are fetched, once an instance and again
//! when they are old. With one endpoint there is nothing to choose.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use super::gate::Gate;
use super::judge0::Judge0;
use super::memory::{FRESH_MS, List, Memory, RECHECK_MS};
use super::piston::Piston;
use super::{Allowance, Endpoint, Execution, ExecutorError, LOOK_MS, Run, unavailable};
use crate::config::{ExecutorConfig, Kind};
use crate::surroundings::Surroundings;

/// What this instance remembers.
static MEMORY: Memory = Memory::new();

/// The endpoints.
#[derive(Debug)]
pub struct Executors {
    pub(super) all: Vec<One>,
    pub(super) timeout_ms: u64,
    surroundings: Surroundings,
    pub(super) memory: &'static Memory,
    /// One fetches the lists, and the others wait for it.
    fetching: Rc<Gate>,
}

#[derive(Debug)]
pub(super) struct One {
    name: String,
    weight: Option<u32>,
    client: Client,
}

#[derive(Debug)]
enum Client {
    Piston(Piston),
    Judge0(Judge0),
}

/// The endpoint that was chosen for a job.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    one: &'a One,
    /// Its place among the endpoints.
    pub at: usize,
}

impl<'a> Chosen<'a> {
    /// The operator's name for it.
    pub fn name(&self) -> &'a str {
        &self.one.name
    }

    /// Runs code there, within what is left of `allowance`. In a box, so that its
    /// code is not in the Worker once for each that calls it.
    pub fn execute<'b>(
        self,
        run: &'b Run<'_>,
        allowance: &'b Allowance,
    ) -> LocalBoxFuture<'b, Result<Execution, ExecutorError>>
    where
        'a: 'b,
    {
        match &self.one.client {
            Client::Piston(piston) => Box::pin(piston.execute(run, allowance)),
            Client::Judge0(judge0) => Box::pin(judge0.execute(run, allowance)),
        }
    }
}

impl One {
    pub(super) fn list(&self, timeout_ms: u64) -> LocalBoxFuture<'_, Result<List, ExecutorError>> {
        match &self.client {
            Client::Piston(piston) => Box::pin(piston.languages(timeout_ms)),
            Client::Judge0(judge0) => Box::pin(judge0.languages(timeout_ms)),
        }
    }
}

impl Executors {
    /// The endpoints that `config` names.
    pub fn new(config: &ExecutorConfig, surroundings: Surroundings) -> Self {
        Self::remembering(config, surroundings, &MEMORY)
    }

    /// The same with another memory than the instance's.
    pub fn remembering(
        config: &ExecutorConfig,
        surroundings: Surroundings,
        memory: &'static Memory,
    ) -> Self {
        let all = config.endpoints.iter().enumerate();
        Self {
            all: all
                .map(|(at, endpoint)| One {
                    name: endpoint.name.clone(),
                    weight: endpoint.weight,
                    client: match endpoint.kind {
                        Kind::Piston => {
                            Client::Piston(Piston::new(config, at, surroundings, memory))
                        }
                        Kind::Judge0 => {
                            Client::Judge0(Judge0::new(config, at, surroundings, memory))
                        }
                    },
                })
                .collect(),
            timeout_ms: config.timeout_ms,
            surroundings,
            memory,
            fetching: Gate::new(1),
        }
    }

    /// The endpoint for a job in `language`. Several calls at most, one for each
    /// endpoint whose list of languages is not known.
    ///
    /// Errors: [`ExecutorError::Unavailable`] when all that may offer the
    /// language are left alone at the moment, [`ExecutorError::Refused`] when none
    /// offers it, [`ExecutorError::Crowded`] when no call is left to ask one and a
    /// fresh invocation could ask them all.
    pub fn pick<'a, 'b>(
        &'a self,
        language: &'b str,
        allowance: &'b Allowance,
    ) -> LocalBoxFuture<'b, Result<Chosen<'a>, ExecutorError>>
    where
        'a: 'b,
    {
        Box::pin(self.pick_one(language, allowance))
    }

    async fn pick_one(
        &self,
        language: &str,
        allowance: &Allowance,
    ) -> Result<Chosen<'_>, ExecutorError> {
        if let [one] = self.all.as_slice() {
            return Ok(Chosen { one, at: 0 });
        }
        let _turn = self.fetching.enter().await;
        let mut away = None;
        let mut asked = 0;
        for age_ms in [FRESH_MS, RECHECK_MS] {
            away = None;
            let mut candidates = Vec::new();
            for (at, one) in self.all.iter().enumerate() {
                let offers = self.offers(at, language, age_ms, allowance, &mut asked);
                match offers.await {
                    Ok(true) => candidates.push(Chosen { one, at }),
                    Ok(false) => continue,
                    Err(error @ ExecutorError::Crowded(_)) => return Err(error),
                    Err(error) => {
                        away = Some(error);
                        continue;
                    }
                }
                if !self.by_weight() {
                    break;
                }
            }
            if let Some(chosen) = self.draw(&candidates) {
                return Ok(chosen);
            }
            if away.is_some() {
                break;
            }
        }
        Err(away.unwrap_or_else(|| {
            ExecutorError::Refused(format!("No execution endpoint offers {language}."))
        }))
    }

    /// Whether an endpoint is there and offers a language. `asked` counts the lists
    /// that were asked for. Errors: why it is left alone, unless it is known not to
    /// offer it; [`ExecutorError::Crowded`].
    async fn offers(
        &self,
        at: usize,
        language: &str,
        age_ms: u64,
        allowance: &Allowance,
        asked: &mut usize,
    ) -> Result<bool, ExecutorError> {
        let now_ms = self.now_ms();
        let offers = |list: &List| list.iter().any(|offered| offered.is(language));
        let known = self.memory.languages(at, now_ms, age_ms);
        if known.as_ref().is_some_and(|list| !offers(list)) {
            return Ok(false);
        }
        if self.memory.away_until_ms(at, now_ms).is_some() {
            return Err(unavailable("it failed and is left alone for a while"));
        }
        if let Some(list) = known {
            return Ok(offers(&list));
        }
        if !allowance.pay_for_another() {
            // All lists, and the run.
            let needed = self.all.len().max(*asked + 1) as u64 + 1;
            return match allowance.take(needed, 0, "") {
                Err(error @ ExecutorError::Crowded(_)) => Err(error),
                // No invocation could ask for them all, and the job would wait for
                // ever.
                _ => Ok(true),
            };
        }
        *asked += 1;
        let place = allowance.enter().await;
        let timeout_ms = LOOK_MS.min(allowance.remaining_ms(now_ms));
        let list = self.all[at].list(timeout_ms).await;
        drop(place);
        match list {
            Ok(list) => {
                self.memory.note_languages(at, self.now_ms(), &list);
                Ok(offers(&list))
            }
            Err(error) => {
                self.leave_alone(at);
                Err(error)
            }
        }
    }

    fn by_weight(&self) -> bool {
        self.all.iter().any(|one| one.weight.is_some())
    }

    fn draw<'a>(&self, candidates: &[Chosen<'a>]) -> Option<Chosen<'a>> {
        let weight = |chosen: &Chosen<'_>| u64::from(chosen.one.weight.unwrap_or(1));
        let sum: u64 = candidates.iter().map(weight).sum();
        let [a, b, c, d, ..] = (self.surroundings.random)();
        // Weights are small, so what the division leaves over does not show.
        let mut ticket = u64::from(u32::from_be_bytes([a, b, c, d])) % sum.max(1);
        candidates.iter().copied().find(|chosen| {
            let hit = ticket < weight(chosen);
            ticket = ticket.saturating_sub(weight(chosen));
            hit
        })
    }

    /// Notes that an endpoint failed; it is left alone for a while. A single one
    /// is not: there is no other.
    pub fn leave_alone(&self, at: usize) {
        if self.all.len() > 1 {
            self.memory.leave_alone(at, self.now_ms());
        }
    }

    /// Whether an endpoint is left that may run `language`.
    pub fn is_another_left(&self, language: &str) -> bool {
        let now_ms = self.now_ms();
        self.all.len() > 1
            && (0..self.all.len()).any(|at| {
                self.memory.away_until_ms(at, now_ms).is_none()
                    && self
                        .memory
                        .languages(at, now_ms, FRESH_MS)
                        .is_none_or(|list| list.iter().any(|offered| offered.is(language)))
            })
    }

    /// Whether one of several endpoints is not left alone, whatever it offers.
    pub fn is_any_there(&self) -> bool {
        let now_ms = self.now_ms();
        self.all.len() > 1
            && (0..self.all.len()).any(|at| self.memory.away_until_ms(at, now_ms).is_none())
    }

    /// The endpoint to look at when all are away: the one that was left alone
    /// first.
    pub fn next_to_look_at(&self) -> usize {
        let now_ms = self.now_ms();
        (0..self.all.len())
            .filter_map(|at| Some((self.memory.away_until_ms(at, now_ms)?, at)))
            .min()
            .map_or(0, |(_, at)| at)
    }

    /// Whether an endpoint answers, and soon; notes what it finds. One call.
    pub async fn answers(&self, at: usize) -> bool {
        let Some(one) = self.all.get(at) else {
            return false;
        };
        let answers = one.list(LOOK_MS.min(self.timeout_ms)).await.is_ok();
        if answers {
            self.memory.welcome(at);
        } else {
            self.leave_alone(at);
        }
        answers
    }

    pub(super) fn now_ms(&self) -> u64 {
        (self.surroundings.now_ms)()
    }
}
