//! What the operator sees of a submission beside what all viewers share: what a checker
//! program said, which knows the expected answers.

use bytes::Bytes;
use shared::redis::RedisError;

use crate::live_results::{Seen, Viewer};

impl Viewer {
    /// What is known, with a look of its own where one is due. The operator's end takes
    /// one more command.
    pub(crate) async fn look(&mut self) -> Result<Seen, RedisError> {
        let mut seen = self.look_with_others().await?;
        if self.is_operator && seen.document.is_some() {
            self.asked += 1;
            let document = self.store.result_for_operator(&self.id).await?;
            seen.document = document.map(Bytes::from);
        }
        Ok(seen)
    }
}
