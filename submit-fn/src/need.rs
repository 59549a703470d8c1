//! What each call needs: the one place that decides whom submit-fn lets in.
//!
//! [`crate::admit`] asks before a body is read. Handlers keep only the finer rules:
//! how much of a problem's results, of a problem and of a job the caller sees, and who
//! may ask for the lane `high`.

use shared::http::Need;

use crate::route::{AdminRoute, ProblemRoute, Route};

/// What a call needs.
pub(crate) fn of(route: &Route) -> Need {
    match route {
        // A browser asks before it knows any key.
        Route::Health | Route::Liveness | Route::Readiness | Route::Preflight(_) => Need::NOTHING,
        Route::Submit | Route::SubmitBatch | Route::Run => Need::SUBMIT,
        Route::Result(_)
        | Route::Events(_)
        | Route::Languages
        | Route::Problems(ProblemRoute::List | ProblemRoute::Read(_)) => Need::SUBMIT_OR_READ,
        Route::Worker => Need::WORK,
        Route::Metrics | Route::Admin(AdminRoute::Stats | AdminRoute::Endpoints) => {
            Need::READ_OR_WORK
        }
        Route::Problems(ProblemRoute::Publish(_) | ProblemRoute::Delete(_))
        | Route::Rejudge(_)
        | Route::Admin(
            AdminRoute::DeadLetters
            | AdminRoute::DeadLetter(_)
            | AdminRoute::Replay(_)
            | AdminRoute::ReplayMany
            | AdminRoute::Delete(_)
            | AdminRoute::DeleteMany
            | AdminRoute::Scheduled
            | AdminRoute::Pause
            | AdminRoute::Resume
            | AdminRoute::Purge,
        ) => Need::ADMIN,
    }
}
