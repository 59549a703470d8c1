//! The places in which submissions wait, each with a length of its own.

use super::stats::SCHEDULED_MS;
use super::{Store, keys};
use crate::domain::lane::Lane;
use crate::redis::{Command, RedisError};

/// Where a submission waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In its lane.
    Lane(Lane),
    /// With the scheduled ones, until it is due.
    Scheduled,
}

impl Place {
    /// How many places there are.
    pub const COUNT: usize = Lane::ALL.len() + 1;

    /// Its number, below [`Place::COUNT`].
    pub fn index(self) -> usize {
        match self {
            Self::Lane(Lane::High) => 0,
            Self::Lane(Lane::Normal) => 1,
            Self::Lane(Lane::Low) => 2,
            Self::Scheduled => 3,
        }
    }
}

impl Store {
    /// How many wait in a place; retries count as scheduled. One command.
    pub async fn length(&self, place: Place) -> Result<u64, RedisError> {
        let command = match place {
            Place::Lane(lane) => Command::new("LLEN").arg(keys::lane(lane)),
            Place::Scheduled => Command::new("ZCOUNT")
                .arg(keys::LEASES)
                .arg(SCHEDULED_MS)
                .arg("+inf"),
        };
        let length: i64 = self.redis.command(command).await?;
        Ok(length.max(0).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_a_number_of_its_own() {
        let lanes = Lane::ALL.map(Place::Lane);
        let places = lanes.into_iter().chain([Place::Scheduled]);
        let numbers: Vec<usize> = places.map(Place::index).collect();
        assert_eq!(numbers, (0..Place::COUNT).collect::<Vec<_>>());
    }
}
