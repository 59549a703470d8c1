//! worker-fn as submit-fn sees it: it knows the offered languages, and it runs
//! code for `POST /run`. `lib.rs` implements it by the service binding.

use bytes::Bytes;
use http::{Request, Response};
use shared::domain::language::Language;

/// The other Worker. Errors are for the log.
pub trait WorkerFn {
    /// All languages that are offered now.
    fn languages(&self) -> impl Future<Output = Result<Vec<Language>, String>>;

    /// Passes a request on, and returns the response.
    fn call(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, String>>;
}
