//! How answers and errors become HTTP: responses from values, and the one error
//! shape that clients see.

mod api_error;
mod code;
pub mod response;

pub use api_error::ApiError;
pub use code::Code;
