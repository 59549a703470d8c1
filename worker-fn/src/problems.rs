//! The problems that this instance knows.
//!
//! Which version of a problem holds is asked anew for each group of jobs, one
//! command for all of them; its text is only fetched when this instance does not
//! hold that version yet.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::job::Job;
use shared::problem::Problem;
use shared::queue::Queue;
use shared::queue::work::Leased;
use shared::redis::RedisError;

use crate::executor::gate::Gate;

/// An instance holds problems of so many bytes of JSON; the one that was used
/// longest ago goes first.
const MAX_BYTES: usize = 12 * 1024 * 1024;

/// A problem as it was published.
pub struct Known {
    /// The problem.
    pub problem: Problem,
    /// Its version.
    pub version: String,
    /// [`Problem::inputs_hash`].
    pub inputs: String,
    bytes: usize,
}

impl Known {
    /// A problem that takes so many bytes of JSON.
    pub fn new(problem: Problem, version: String, bytes: usize) -> Self {
        Self {
            inputs: problem.inputs_hash(),
            problem,
            version,
            bytes,
        }
    }
}

/// Why a problem cannot be had.
pub enum Trouble {
    /// Redis cannot be asked.
    Store(RedisError),
    /// What is kept is no problem; a sentence.
    Damaged(String),
}

/// The problems of the jobs at hand.
pub struct Problems {
    queue: Queue,
    /// One is fetched at a time: others may want the same one, and a large one
    /// takes much of an instance's memory while it is read.
    fetching: Rc<Gate>,
    versions: RefCell<BTreeMap<String, Option<String>>>,
}

/// The instance's, in the order of their use.
static KNOWN: Mutex<VecDeque<Arc<Known>>> = Mutex::new(VecDeque::new());

impl Problems {
    /// The problems of `queue`'s database.
    pub fn new(queue: Queue) -> Self {
        Self {
            queue,
            fetching: Gate::new(1),
            versions: RefCell::default(),
        }
    }

    /// Finds out which version of each job's problem holds, if there is one. One
    /// command; none where no job can be read.
    pub async fn look_up(&self, jobs: &[Leased]) -> Result<(), RedisError> {
        let mut ids: Vec<String> = jobs
            .iter()
            .filter_map(|leased| Job::decode(&leased.payload).ok())
            .map(|job| job.problem_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        let versions = self.queue.versions(&names).await?;
        self.versions
            .borrow_mut()
            .extend(ids.into_iter().zip(versions));
        Ok(())
    }

    /// A problem that was looked up; `None` when there is none of this id. At
    /// most one call, which `may_ask` must allow: `Err(None)` when it does not.
    pub async fn of(
        &self,
        id: &str,
        may_ask: impl FnOnce() -> bool,
    ) -> Result<Option<Arc<Known>>, Option<Trouble>> {
        let version = self.versions.borrow().get(id).cloned().flatten();
        let Some(version) = version else {
            return Ok(None);
        };
        if let Some(known) = held(id, &version) {
            return Ok(Some(known));
        }
        let _turn = self.fetching.enter().await;
        if let Some(known) = held(id, &version) {
            return Ok(Some(known));
        }
        if !may_ask() {
            return Err(None);
        }
        let known = self.fetch(id, version).await.map_err(Some)?;
        if let Some(known) = &known {
            hold(known);
        }
        Ok(known)
    }

    /// A problem as it is now, whatever was looked up, under this version. One
    /// call.
    pub async fn fetch(&self, id: &str, version: String) -> Result<Option<Arc<Known>>, Trouble> {
        let text = self.queue.problem_text(id).await.map_err(Trouble::Store)?;
        // Deleted in this moment, if it was there before.
        let Some(text) = text else { return Ok(None) };
        let damaged =
            |why: &str| Trouble::Damaged(format!("The problem {id} cannot be read: {why}"));
        let value = serde_json::from_slice(&text).map_err(|_| damaged("it is not JSON."))?;
        let problem = Problem::from_stored(id, value).map_err(|error| damaged(error.message()))?;
        let known = Arc::new(Known::new(problem, version, text.len()));
        Ok(Some(known))
    }
}

fn lock() -> MutexGuard<'static, VecDeque<Arc<Known>>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn held(id: &str, version: &str) -> Option<Arc<Known>> {
    let mut all = lock();
    let at = all
        .iter()
        .position(|known| known.problem.id == id && known.version == version)?;
    let known = all.remove(at)?;
    all.push_back(Arc::clone(&known));
    Some(known)
}

fn hold(known: &Arc<Known>) {
    let mut all = lock();
    all.retain(|other| other.problem.id != known.problem.id);
    all.push_back(Arc::clone(known));
    while all.len() > 1 && all.iter().map(|known| known.bytes).sum::<usize>() > MAX_BYTES {
        all.pop_front();
    }
}
