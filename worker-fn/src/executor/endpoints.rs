//! All configured endpoints, and the choice of one for a job.
//!
//! They are tried in their order, or, where weights are given, by chance in
//! proportion to those. An endpoint that fails is ejected for a while, the next
//! takes over, and before it gets jobs again it must run a probe. A language that
//! only some support goes only there: so with several endpoints their lists of
//! languages are fetched, once an instance and again when they are old. With one
//! endpoint there is nothing to choose.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use super::connection::{Connection, EndpointContext};
use super::endpoint_states::{
    EJECTED_MS, EndpointId, EndpointLanguages, EndpointStates, RECHECK_MS, USABLE_MS, supports,
};
use super::judge0::Judge0;
use super::piston::Piston;
use super::run::ExecutionClient;
use super::{Execution, ExecutorError, Run};
use crate::config::{ExecutorConfig, Kind};
use crate::instance::Instance;
use crate::limits::{BudgetError, JobBudget, Semaphore};
use crate::runtime::Runtime;

/// The endpoints.
#[derive(Debug)]
pub struct Endpoints {
    pub(super) all: Vec<Endpoint>,
    runtime: Runtime,
    pub(super) states: Rc<EndpointStates>,
    /// One job fetches the lists and probes, and the others wait for it.
    fetching: Rc<Semaphore>,
    /// The probes for jobs of this invocation that failed, by language, with their
    /// times.
    pub(super) failed_probes: RefCell<Vec<(EndpointId, String, u64)>>,
}

#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) name: String,
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
pub struct SelectedEndpoint<'a> {
    pub(super) endpoint: &'a Endpoint,
    /// Which one it is.
    pub id: EndpointId,
}

impl<'a> SelectedEndpoint<'a> {
    /// The operator's name for it.
    pub fn name(&self) -> &'a str {
        &self.endpoint.name
    }

    /// Runs code there, within what is left of `budget`. A stage that the endpoint
    /// itself failed at, or a compiler that mostly waited and was stopped, says nothing
    /// about the code, so it is an error. Boxed, so that the future's code is not in the
    /// wasm once for each caller.
    pub fn execute<'b>(
        self,
        run: &'b Run<'_>,
        budget: &'b JobBudget,
    ) -> LocalBoxFuture<'b, Result<Execution, ExecutorError>>
    where
        'a: 'b,
    {
        Box::pin(async move {
            let execution = match &self.endpoint.client {
                Client::Piston(piston) => piston.execute(run, budget).await?,
                Client::Judge0(judge0) => judge0.execute(run, budget).await?,
            };
            if let Some(report) = execution.endpoint_fault() {
                let words = report.stage.message.as_deref();
                return Err(ExecutorError::failed("status XX", words));
            }
            match execution.starved_compiler() {
                None => Ok(execution),
                Some((cpu_ms, wall_ms)) => Err(ExecutorError::CompilerStarved { cpu_ms, wall_ms }),
            }
        })
    }
}

impl Endpoint {
    fn new(config: &ExecutorConfig, index: usize, runtime: Runtime, instance: &Instance) -> Self {
        let endpoint = &config.endpoints[index];
        let context = EndpointContext {
            connection: Connection::new(endpoint.clone(), instance.span.clone()),
            run_timeout_ms: config.run_timeout_ms,
            runtime,
            id: EndpointId(index),
            states: Rc::clone(&instance.endpoints),
        };
        Self {
            name: endpoint.name.clone(),
            weight: endpoint.weight,
            client: match endpoint.kind {
                Kind::Piston => Client::Piston(Piston {
                    context,
                    compile_timeout_ms: config.compile_timeout_ms,
                }),
                Kind::Judge0 => Client::Judge0(Judge0(context)),
            },
        }
    }

    /// Its protocol.
    pub(super) fn kind(&self) -> Kind {
        match self.client {
            Client::Piston(_) => Kind::Piston,
            Client::Judge0(_) => Kind::Judge0,
        }
    }

    /// Its list of languages. One call.
    pub(super) fn languages(
        &self,
        timeout_ms: u64,
    ) -> LocalBoxFuture<'_, Result<EndpointLanguages, ExecutorError>> {
        match &self.client {
            Client::Piston(piston) => Box::pin(piston.languages(timeout_ms)),
            Client::Judge0(judge0) => Box::pin(judge0.languages(timeout_ms)),
        }
    }
}

impl Endpoints {
    /// The endpoints that `config` names, with the states that the instance
    /// remembers. Calls that are for no job are made in the trace of its span.
    pub fn new(config: &ExecutorConfig, runtime: Runtime, instance: &Instance) -> Self {
        let indices = 0..config.endpoints.len();
        Self {
            all: indices
                .map(|index| Endpoint::new(config, index, runtime, instance))
                .collect(),
            runtime,
            states: Rc::clone(&instance.endpoints),
            fetching: Semaphore::new(1),
            failed_probes: RefCell::default(),
        }
    }

    /// Chooses the endpoint for a job in `language`. At most one call for each
    /// endpoint whose list of languages is not known, and a probe of each that
    /// failed before.
    ///
    /// Errors: [`ExecutorError::Unavailable`] when all that may support the
    /// language are ejected, [`ExecutorError::Refused`] when none supports it,
    /// [`ExecutorError::BudgetExhausted`] when no call is left to fetch a list or
    /// for a probe, and a fresh invocation could make them all.
    pub fn select<'a, 'b>(
        &'a self,
        language: &'b str,
        budget: &'b JobBudget,
    ) -> LocalBoxFuture<'b, Result<SelectedEndpoint<'a>, ExecutorError>>
    where
        'a: 'b,
    {
        Box::pin(self.select_one(language, budget))
    }

    async fn select_one(
        &self,
        language: &str,
        budget: &JobBudget,
    ) -> Result<SelectedEndpoint<'_>, ExecutorError> {
        if let [endpoint] = self.all.as_slice() {
            let id = EndpointId(0);
            if self.states.must_probe(id) {
                let _turn = self.fetching.acquire().await;
                self.probe_if_needed(id, language, budget).await?;
            }
            return Ok(SelectedEndpoint { endpoint, id });
        }
        let _turn = self.fetching.acquire().await;
        let mut unavailable = None;
        let mut fetched = 0;
        for age_ms in [USABLE_MS, RECHECK_MS] {
            unavailable = None;
            let mut candidates = Vec::new();
            for (index, endpoint) in self.all.iter().enumerate() {
                let id = EndpointId(index);
                let mut usable = self
                    .supports(id, language, age_ms, budget, &mut fetched)
                    .await;
                if usable == Ok(true) {
                    let probed = self.probe_if_needed(id, language, budget).await;
                    usable = probed.map(|()| true);
                }
                match usable {
                    Ok(true) => candidates.push(SelectedEndpoint { endpoint, id }),
                    Ok(false) => continue,
                    Err(error @ ExecutorError::BudgetExhausted(_)) => return Err(error),
                    Err(error) => {
                        unavailable = Some(error);
                        continue;
                    }
                }
                if !self.by_weight() {
                    break;
                }
            }
            if let Some(selected) = self.draw(&candidates) {
                return Ok(selected);
            }
            if unavailable.is_some() {
                break;
            }
        }
        Err(unavailable.unwrap_or_else(|| {
            ExecutorError::Refused(format!("No execution endpoint offers {language}."))
        }))
    }

    /// Whether an endpoint is not ejected and supports a language. `fetched`
    /// counts the lists that were fetched. Errors: why it cannot be used, unless
    /// it is known not to support the language.
    async fn supports(
        &self,
        id: EndpointId,
        language: &str,
        age_ms: u64,
        budget: &JobBudget,
        fetched: &mut usize,
    ) -> Result<bool, ExecutorError> {
        let now_ms = self.now_ms();
        let known = self.states.languages(id, now_ms, age_ms);
        if known.as_ref().is_some_and(|list| !supports(list, language)) {
            return Ok(false);
        }
        if self.states.ejected_until_ms(id, now_ms).is_some() {
            let why = "it failed and is left alone for a while";
            return Err(ExecutorError::Unavailable(why.into()));
        }
        if known.is_some() {
            return Ok(true);
        }
        if !budget.take_one() {
            // All lists, and the run.
            let needed = self.all.len().max(*fetched + 1) as u64 + 1;
            return match budget.reserve(needed) {
                Err(BudgetError::Exhausted(needed)) => Err(ExecutorError::BudgetExhausted(needed)),
                // No invocation could fetch all lists, and the job would never
                // run.
                _ => Ok(true),
            };
        }
        *fetched += 1;
        let permit = budget.acquire().await;
        let list = self.fetch_list(id, budget.remaining_ms(now_ms)).await;
        drop(permit);
        match list {
            Ok(list) => Ok(supports(&list, language)),
            Err(error) => {
                self.eject(id);
                Err(error)
            }
        }
    }

    fn by_weight(&self) -> bool {
        self.all.iter().any(|endpoint| endpoint.weight.is_some())
    }

    fn draw<'a>(&self, candidates: &[SelectedEndpoint<'a>]) -> Option<SelectedEndpoint<'a>> {
        let weight =
            |selected: &SelectedEndpoint<'_>| u64::from(selected.endpoint.weight.unwrap_or(1));
        let sum: u64 = candidates.iter().map(weight).sum();
        // Weights are at most 8,000 together, so the bias of the remainder is
        // below 2 in a million.
        let mut ticket = u64::from(self.runtime.random_u32()) % sum.max(1);
        candidates.iter().copied().find(|selected| {
            let hit = ticket < weight(selected);
            ticket = ticket.saturating_sub(weight(selected));
            hit
        })
    }

    /// Notes that an endpoint failed: it is not used for a while, and gets no job
    /// before it has run a probe. A single endpoint may be probed at once, because
    /// there is no other.
    pub fn eject(&self, id: EndpointId) {
        let for_ms = if self.all.len() > 1 { EJECTED_MS } else { 0 };
        self.states.eject(id, self.now_ms(), for_ms);
    }

    /// The endpoints that are not ejected, without `failed`. Of a single endpoint
    /// none: there is no other.
    fn usable(&self, failed: Option<EndpointId>) -> impl Iterator<Item = EndpointId> {
        let now_ms = self.now_ms();
        self.ids().filter(move |&id| {
            self.all.len() > 1
                && Some(id) != failed
                && self.states.ejected_until_ms(id, now_ms).is_none()
        })
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = EndpointId> {
        (0..self.all.len()).map(EndpointId)
    }

    /// Whether an endpoint's list decides where a job runs, or what it is sent.
    pub(super) fn chooses_by_list(&self, id: EndpointId) -> bool {
        let by_number = |endpoint: &Endpoint| matches!(endpoint.client, Client::Judge0(_));
        self.all.len() > 1 || self.all.get(id.0).is_some_and(by_number)
    }

    /// Whether an endpoint other than `failed` that may support `language` can be
    /// used.
    pub fn has_another_for(&self, language: &str, failed: Option<EndpointId>) -> bool {
        let now_ms = self.now_ms();
        self.usable(failed).any(|id| {
            let list = self.states.languages(id, now_ms, USABLE_MS);
            list.is_none_or(|list| supports(&list, language))
        })
    }

    /// Whether an endpoint other than `failed` can be used, whatever it supports.
    pub fn has_another(&self, failed: Option<EndpointId>) -> bool {
        self.usable(failed).next().is_some()
    }

    /// The endpoint to probe when all are down: the one that was ejected first.
    pub fn next_to_probe(&self) -> EndpointId {
        let now_ms = self.now_ms();
        self.ids()
            .filter_map(|id| Some((self.states.ejected_until_ms(id, now_ms)?, id)))
            .min()
            .map_or(EndpointId(0), |(_, id)| id)
    }

    pub(super) fn now_ms(&self) -> u64 {
        (self.runtime.now_ms)()
    }

    pub(super) fn sleep(&self, ms: u64) -> LocalBoxFuture<'static, ()> {
        (self.runtime.sleep)(ms)
    }
}
