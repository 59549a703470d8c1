//! Running inputs one call each, on an endpoint that takes no more.

use std::cell::{Cell, RefCell};

use futures_util::future::LocalBoxFuture;

use super::Piston;
use super::inputs::Inputs;
use super::times::MARGIN_MS;
use crate::executor::{Execution, ExecutorError, Run, StageReport};
use crate::limits::{CallReservation, JobBudget, MAX_REQUESTS_IN_FLIGHT, join_all};

/// Inputs that are run one call each, by several loops side by side.
struct SequentialRuns {
    /// The next input to be run.
    next: Cell<usize>,
    /// Inputs from here on are not wanted.
    end: Cell<usize>,
    /// By input; the first one's report stands elsewhere.
    reports: RefCell<Vec<Option<StageReport>>>,
    error: Cell<Option<ExecutorError>>,
}

impl SequentialRuns {
    fn end_at(&self, index: usize) {
        self.end.set(self.end.get().min(index));
    }
}

impl Piston {
    /// Runs the inputs after the first. Stops when the deadline is near or the
    /// endpoint answers 429 or 503: the earlier reports are worth more than
    /// running everything again.
    pub(super) async fn run_remaining(
        &self,
        execution: &mut Execution,
        run: &Run<'_>,
        budget: &JobBudget,
        calls: &CallReservation<'_>,
    ) -> Result<(), ExecutorError> {
        let cases = run.stdins.len();
        let runs = SequentialRuns {
            next: Cell::new(1),
            end: Cell::new(cases),
            reports: RefCell::new((0..cases).map(|_| None).collect()),
            error: Cell::new(None),
        };
        let mut loops: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
        for _ in 0..MAX_REQUESTS_IN_FLIGHT.min(cases - 1) {
            loops.push(Box::pin(self.run_next_cases(&runs, run, budget, calls)));
        }
        join_all(loops).await;
        if let Some(error) = runs.error.take() {
            return Err(error);
        }
        let end = runs.end.get();
        let reports = runs.reports.into_inner().into_iter();
        execution.runs.extend(reports.take(end).flatten());
        Ok(())
    }

    /// Runs one input after the other until none is left.
    async fn run_next_cases(
        &self,
        runs: &SequentialRuns,
        run: &Run<'_>,
        budget: &JobBudget,
        calls: &CallReservation<'_>,
    ) {
        let needed_ms = self.time_limits(run).run_ms() + MARGIN_MS;
        loop {
            let index = runs.next.get();
            if index >= runs.end.get() {
                return;
            }
            if budget.remaining_ms(self.context.now_ms()) < needed_ms {
                return runs.end_at(index);
            }
            runs.next.set(index + 1);
            match self.call(run, &Inputs::one(index), budget, calls).await {
                Ok(response) => {
                    let Some(report) = response.execution.runs.into_iter().next() else {
                        return runs.end_at(index);
                    };
                    if run.stop_at_first_failure && !report.is_success() {
                        runs.end_at(index + 1);
                    }
                    runs.reports.borrow_mut()[index] = Some(report);
                }
                Err(ExecutorError::Unavailable(_) | ExecutorError::Busy) => {
                    return runs.end_at(index);
                }
                Err(error) => {
                    runs.end_at(index);
                    return runs.error.set(Some(error));
                }
            }
        }
    }
}
