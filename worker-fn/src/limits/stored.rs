//! How much this instance has stored, and for whom: the bytes of results and dead
//! letters. They are added to the count in Redis ([`shared::queue::usage`]) once
//! that is worth its commands. The answer tells which clients are over their
//! limit; of their jobs only a short result is stored, because submit-fn sees the
//! count only after many more may have been queued.
//!
//! The memory is fixed: when too many clients are counted, the smallest is
//! forgotten, and counts in the sum of all only.

use std::cell::RefCell;

use shared::domain::client::ClientId;
use shared::domain::job::Job;
use shared::domain::result::ResultDocument;
use shared::queue::settlement::Outcome;
use shared::queue::usage::{UsageLimits, UsageWindow};
use shared::text::truncated;

/// So many bytes are worth the commands.
const WORTH_BYTES: u64 = 1 << 20;
/// A client with fewer bytes is not counted yet.
const CLIENT_WORTH_BYTES: u64 = 64 << 10;
/// The most clients that are counted at once.
const MAX_CLIENTS: usize = 256;
/// What is stored of a key and of an index entry beside their texts, in bytes.
const ENTRY_BYTES: u64 = 300;

/// The most bytes of a text in a short result.
const SHORT_TEXT_BYTES: usize = 256;

/// What this instance has stored.
#[derive(Debug, Default)]
pub struct Stored(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    window: u64,
    /// Bytes that are not in Redis's count, of all clients and of the operator.
    all: u64,
    clients: Vec<Client>,
    /// Whether all together are over their limit.
    is_full: bool,
}

#[derive(Debug)]
struct Client {
    id: ClientId,
    bytes: u64,
    is_over: bool,
}

/// Bytes to add to the count in Redis.
#[derive(Debug, PartialEq, Eq)]
pub struct Uncounted {
    /// Of all.
    pub all: u64,
    /// Those of them that are some client's.
    pub clients: Vec<(ClientId, u64)>,
}

impl Stored {
    /// Notes what a settlement stored; `job` is `None` where it could not be read.
    pub fn note(&self, job: Option<&Job>, outcome: &Outcome, window: UsageWindow) {
        let bytes = match outcome {
            Outcome::Complete(result) => {
                let text = result.encode_stored().unwrap_or_default();
                text.len() as u64 + ENTRY_BYTES
            }
            Outcome::DeadLetter(letter) => {
                let code = job.map_or(0, |job| job.source.bytes() + job.options.bytes());
                (letter.reason.len() + code) as u64 + ENTRY_BYTES
            }
            _ => return,
        };
        let client = job.and_then(|job| job.client.as_ref());
        self.0.borrow_mut().add(client, bytes, window);
    }

    /// Takes what is not counted yet, once that is worth it.
    pub fn take_uncounted(&self) -> Option<Uncounted> {
        let mut state = self.0.borrow_mut();
        if state.all < WORTH_BYTES {
            return None;
        }
        let all = std::mem::take(&mut state.all);
        let worth = state.clients.iter_mut();
        let clients = worth
            .filter(|client| client.bytes >= CLIENT_WORTH_BYTES)
            .map(|client| (client.id.clone(), std::mem::take(&mut client.bytes)))
            .collect();
        Some(Uncounted { all, clients })
    }

    /// Gives back what could not be counted.
    pub fn put_back(&self, uncounted: Uncounted, window: UsageWindow) {
        let mut state = self.0.borrow_mut();
        let of_clients: u64 = uncounted.clients.iter().map(|(_, bytes)| bytes).sum();
        state.all += uncounted.all.saturating_sub(of_clients);
        for (client, bytes) in uncounted.clients {
            state.add(Some(&client), bytes, window);
        }
    }

    /// Notes the sums that Redis has now: of all, and of each client of
    /// `uncounted`.
    pub fn note_counted(&self, uncounted: &Uncounted, sums: &(u64, Vec<u64>), limits: UsageLimits) {
        let mut state = self.0.borrow_mut();
        state.is_full = sums.0 > limits.all_bytes;
        for ((id, _), sum) in uncounted.clients.iter().zip(&sums.1) {
            if let Some(client) = state.clients.iter_mut().find(|client| client.id == *id) {
                client.is_over = *sum > limits.client_bytes;
            }
        }
    }

    /// Makes the result of a client short that is over its limit, or of any client
    /// while all together are over theirs. The operator and foreign producers have
    /// no limit.
    pub fn shorten(
        &self,
        result: &mut ResultDocument,
        client: Option<&ClientId>,
        window: UsageWindow,
    ) {
        let Some(id) = client else { return };
        let state = self.0.borrow();
        let is_over = |client: &Client| client.id == *id && client.is_over;
        if state.window == window.number && (state.is_full || state.clients.iter().any(is_over)) {
            shorten(result);
        }
    }
}

impl State {
    fn add(&mut self, client: Option<&ClientId>, bytes: u64, window: UsageWindow) {
        if self.window != window.number {
            self.window = window.number;
            self.is_full = false;
            self.clients.retain(|client| client.bytes > 0);
            for client in &mut self.clients {
                client.is_over = false;
            }
        }
        self.all += bytes;
        let Some(id) = client else { return };
        if let Some(known) = self.clients.iter_mut().find(|client| client.id == *id) {
            known.bytes += bytes;
            return;
        }
        if self.clients.len() == MAX_CLIENTS {
            let smallest = self.clients.iter().enumerate();
            let smallest = smallest.min_by_key(|(_, client)| (client.is_over, client.bytes));
            if let Some((index, _)) = smallest {
                self.clients.swap_remove(index);
            }
        }
        self.clients.push(Client {
            id: id.clone(),
            bytes,
            is_over: false,
        });
    }
}

/// Leaves the verdict and the numbers, and a little of each text. It cannot be
/// judged again.
fn shorten(result: &mut ResultDocument) {
    if let Some(output) = &mut result.output {
        cut(output);
    }
    for stage in result.compile.iter_mut().chain(&mut result.run) {
        for stream in [&mut stage.stdout, &mut stage.stderr] {
            stage.truncated |= cut(stream);
        }
    }
    if let Some(judgement) = &mut result.judgement {
        judgement.cases.clear();
    }
    result.archive = None;
}

fn cut(text: &mut String) -> bool {
    let end = truncated(text, SHORT_TEXT_BYTES).len();
    let is_longer = end < text.len();
    text.truncate(end);
    is_longer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result_document::result_document;
    use shared::config::Secret;
    use shared::domain::ids::ProblemVersion;
    use shared::domain::judgement::Judgement;
    use shared::domain::stage::Stage;
    use shared::domain::ticket::TicketKey;

    const LIMITS: UsageLimits = UsageLimits {
        all_bytes: 10_000_000,
        client_bytes: 2_000_000,
    };

    fn client(number: usize) -> ClientId {
        ClientId::at(&number.to_string(), &TicketKey::new(&Secret::new("s")))
    }

    fn window(number: u64) -> UsageWindow {
        UsageWindow {
            number,
            length_s: 60,
        }
    }

    fn add(stored: &Stored, number: Option<usize>, bytes: u64) {
        let client = number.map(client);
        stored.0.borrow_mut().add(client.as_ref(), bytes, window(1));
    }

    fn result() -> ResultDocument {
        let text = "\u{1}".repeat(64 * 1_024);
        let run = Stage {
            stdout: text.clone(),
            stderr: text.clone(),
            ..Stage::default()
        };
        ResultDocument {
            output: Some(text),
            compile: Some(run.clone()),
            run: Some(run),
            judgement: Some(Judgement {
                problem_version: ProblemVersion::new("v"),
                score: 0.0,
                passed: 0,
                total: 0,
                failed_case: None,
                cpu_time_ms: None,
                memory_bytes: None,
                cases: Vec::new(),
            }),
            ..result_document(&"i".repeat(48))
        }
    }

    fn is_shortened(stored: &Stored, number: usize, at: u64) -> bool {
        let mut document = result();
        stored.shorten(&mut document, Some(&client(number)), window(at));
        document != result()
    }

    #[test]
    fn bytes_are_counted_once_they_are_worth_it() {
        let stored = Stored::default();
        add(&stored, Some(1), WORTH_BYTES - CLIENT_WORTH_BYTES);
        add(&stored, Some(2), CLIENT_WORTH_BYTES - 1);
        assert_eq!(stored.take_uncounted(), None);
        add(&stored, None, 1);
        let uncounted = stored.take_uncounted().unwrap();
        assert_eq!(uncounted.all, WORTH_BYTES);
        let bytes = WORTH_BYTES - CLIENT_WORTH_BYTES;
        assert_eq!(uncounted.clients, [(client(1), bytes)]);
        assert_eq!(stored.take_uncounted(), None);
        // What was not worth it is not lost, and neither is what failed.
        stored.put_back(uncounted, window(1));
        add(&stored, Some(2), 1);
        let uncounted = stored.take_uncounted().unwrap();
        assert_eq!(uncounted.all, WORTH_BYTES + 1);
        let mut clients = uncounted.clients;
        clients.sort();
        let mut expected = [(client(1), bytes), (client(2), CLIENT_WORTH_BYTES)];
        expected.sort();
        assert_eq!(clients, expected);
    }

    #[test]
    fn results_of_a_client_over_its_limit_are_short_until_the_window_ends() {
        let stored = Stored::default();
        for number in [1, 2] {
            add(&stored, Some(number), WORTH_BYTES);
        }
        let uncounted = stored.take_uncounted().unwrap();
        assert!(!is_shortened(&stored, 1, 1));
        let sums = (
            3_000_000,
            vec![LIMITS.client_bytes + 1, LIMITS.client_bytes],
        );
        stored.note_counted(&uncounted, &sums, LIMITS);
        assert_eq!(
            [1, 2, 3].map(|number| is_shortened(&stored, number, 1)),
            [true, false, false]
        );
        assert!(!is_shortened(&stored, 1, 2));
    }

    #[test]
    fn results_of_all_clients_are_short_while_the_store_is_full() {
        let stored = Stored::default();
        add(&stored, Some(1), WORTH_BYTES);
        let uncounted = stored.take_uncounted().unwrap();
        let sums = (LIMITS.all_bytes + 1, vec![1]);
        stored.note_counted(&uncounted, &sums, LIMITS);
        assert!(is_shortened(&stored, 1, 1) && is_shortened(&stored, 9, 1));
        let mut operators = result();
        stored.shorten(&mut operators, None, window(1));
        assert_eq!(operators, result());
    }

    #[test]
    fn a_short_result_is_small_whatever_was_printed() {
        let mut document = result();
        shorten(&mut document);
        let bytes = document.encode_stored().unwrap().len();
        // Five texts, of which each byte may be six.
        assert!(bytes < 9_000, "{bytes}");
        assert!(document.run.unwrap().truncated);
    }

    #[test]
    fn many_clients_do_not_fill_the_memory() {
        let stored = Stored::default();
        add(&stored, Some(0), CLIENT_WORTH_BYTES);
        for number in 1..3 * MAX_CLIENTS {
            add(&stored, Some(number), 10_000);
        }
        assert_eq!(stored.0.borrow().clients.len(), MAX_CLIENTS);
        // The largest is not forgotten.
        let uncounted = stored.take_uncounted().unwrap();
        assert_eq!(uncounted.clients, [(client(0), CLIENT_WORTH_BYTES)]);
    }
}
