//! Lanes: which of the waiting lists a submission stands in.

use serde::{Deserialize, Serialize};

use crate::keys;

/// A priority. Whatever waits in a higher lane is taken before anything in a
/// lower one; within a lane, first in, first out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Before all others.
    High,
    /// What foreign producers use, and the default.
    #[default]
    Normal,
    /// When nothing else waits.
    Low,
}

impl Lane {
    /// All, most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// Its name, as clients and handles spell it.
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

    /// Its waiting list.
    pub fn key(self) -> &'static str {
        match self {
            Self::High => keys::HIGH,
            Self::Normal => keys::NORMAL,
            Self::Low => keys::LOW,
        }
    }
}
