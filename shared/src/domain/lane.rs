//! Lanes: the three waiting lists. A submission's `priority` chooses its lane.

use serde::{Serialize, Serializer};

/// A waiting list. A claim takes from the first lane in which anything waits;
/// within a lane, first in, first out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lane {
    /// Before all others.
    High,
    /// The default, and the lane of foreign producers.
    #[default]
    Normal,
    /// When nothing waits in another lane.
    Low,
}

impl Lane {
    /// All, most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// The name that clients and lease tokens use.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    /// The lane of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.name() == name)
    }
}

impl Serialize for Lane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
