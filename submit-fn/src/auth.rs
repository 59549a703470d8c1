//! The operator's calls of submit-fn.

use shared::http::ApiError;

use crate::context::Context;

/// Errors: 403 where the operator's calls are off, 401 for a wrong token or none.
pub(crate) fn require_operator<W>(context: &Context<'_, W>) -> Result<(), ApiError> {
    context.config()?.access.require_operator(context.headers)
}
