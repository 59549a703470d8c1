//! `GET /languages`: the offered languages.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;
use shared::domain::language::Language;
use shared::http::{ApiError, Code, response};

use crate::context::Context;
use crate::worker_fn::WorkerFn;

/// What worker-fn offers; of that, with `LANGUAGES` set, what it names.
pub(crate) async fn languages<W: WorkerFn>(
    context: &mut Context<'_, W>,
) -> Result<Response<Bytes>, ApiError> {
    let configured = context.config()?.languages.clone();
    let source = context.language_list()?;
    let log = &mut context.effects.log;
    let known = context.instance.languages.all(&source, log).await;
    let Some(mut languages) = known else {
        return Err(ApiError::new(
            Code::ExecutorUnavailable,
            "The execution endpoint cannot be asked for its languages at the moment.",
        )
        .retry_after(5));
    };
    if let Some(names) = configured {
        let named = |language: &Language| names.iter().any(|name| language.goes_by(name));
        languages.retain(named);
    }
    let body = json!({ "success": true, "languages": languages });
    Ok(response::json(StatusCode::OK, &body))
}
