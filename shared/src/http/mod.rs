//! How answers and errors become HTTP: responses from values, and the one error
//! shape that clients see; and who may see what belongs to others.

mod access;
mod api_error;
mod code;
mod keys;
pub mod rates;
pub mod request_headers;
pub mod response;
mod unread;

pub use access::{Access, Need};
pub use api_error::{ApiError, Policy};
pub use code::Code;
pub use keys::{API_KEY_HEADER, ApiKey, Caller, Scope};
pub use unread::Unread;
