//! What can go wrong with a call.

/// Why there is no response, or not all of it. The texts name neither URL nor token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The whole response was not there within so many milliseconds.
    #[error("not within {0} ms")]
    TimedOut(u64),
    /// Not reachable, or cut off.
    #[error("{0}")]
    Failed(&'static str),
}

impl SendError {
    /// A header or a URL that cannot be sent.
    #[cfg(target_arch = "wasm32")]
    pub(super) const NOT_BUILT: Self = Self::Failed("builder error");
    /// No connection, or none that held until the response began.
    pub(super) const NOT_SENT: Self = Self::Failed("error sending request");
    /// The response began and did not end.
    pub(super) const BODY_CUT_OFF: Self = Self::Failed("error decoding response body");
}
