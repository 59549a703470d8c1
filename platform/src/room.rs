//! How much of a body room is made for, while it arrives. The body's reader asks; the
//! memory itself is counted in [`shared::memory`].
//!
//! Memory is for what has come, not for what was announced: whoever announces much and
//! sends nothing holds nothing. But large bodies that grew side by side would come to
//! hold all of the memory together, each would wait for more, and all would fail. So a
//! body of which a little has come gets the whole rest of its announced length at once:
//! whoever holds much needs no more.

/// The longest body that is read in one piece, in bytes: nearly every submission. There
/// is room for the whole before anything has come, so it is short: 800 senders who
/// announce as much and send nothing leave room for a batch.
pub(super) const AT_ONCE: usize = 8 * 1024;

/// How much there is room for at first, in bytes. Most bodies fit, and 2,000 of them
/// at once.
const FIRST: usize = 4 * 1024;

/// How much must have come, in bytes, before there is room for the whole. A hundred
/// bodies of which so much has come leave room for a batch beside them.
const LITTLE: usize = 64 * 1024;

/// The room for a body of which `needed` bytes have come, more than the `room` that it
/// has. A body that announces no length has room for twice as much each time, up to
/// `max_body_bytes`.
pub(super) fn of(
    needed: usize,
    room: usize,
    announced: Option<usize>,
    max_body_bytes: usize,
) -> usize {
    let wanted = match announced {
        Some(_) if needed <= FIRST => FIRST,
        Some(_) if needed <= LITTLE => LITTLE,
        Some(length) => length,
        None => FIRST.max(2 * room),
    };
    wanted.min(announced.unwrap_or(max_body_bytes)).max(needed)
}

#[cfg(test)]
mod tests {
    use shared::memory::{MemoryBudget, MemoryReservation};

    use super::*;
    use crate::incoming::BODY_FACTOR;

    const BATCH: usize = 4 * 1024 * 1024;
    /// submit-fn's memory.
    const MEMORY: usize = 64 * 1024 * 1024;
    const CHUNK: usize = 16 * 1024;

    #[derive(Default)]
    struct Sender {
        come: usize,
        room: usize,
        held: Vec<MemoryReservation>,
        steps: usize,
    }

    /// Takes one more part of a body, if there is room.
    fn take(sender: &mut Sender, budget: &MemoryBudget) -> bool {
        let needed = (sender.come + CHUNK).min(BATCH);
        if needed > sender.room {
            let room = of(needed, sender.room, Some(BATCH), BATCH);
            let Some(held) = budget.try_reserve(BODY_FACTOR * (room - sender.room)) else {
                return false;
            };
            sender.room = room;
            sender.held.push(held);
            sender.steps += 1;
        }
        sender.come = needed;
        true
    }

    #[test]
    fn large_bodies_side_by_side_all_come_to_their_end() {
        let budget = MemoryBudget::new(MEMORY);
        let mut senders: Vec<Sender> = (0..50).map(|_| Sender::default()).collect();
        while !senders.is_empty() {
            let mut has_moved = false;
            for sender in &mut senders {
                has_moved |= take(sender, &budget);
            }
            let left: Vec<usize> = senders.iter().map(|sender| sender.come).collect();
            assert!(has_moved, "all wait for each other: {left:?}");
            assert!(senders.iter().all(|sender| sender.steps <= 3));
            senders.retain(|sender| sender.come < BATCH);
        }
    }

    #[test]
    fn who_announces_a_short_body_and_sends_nothing_leaves_room_for_others() {
        let budget = MemoryBudget::new(MEMORY);
        let silent = (0..800).map(|_| budget.try_reserve(BODY_FACTOR * AT_ONCE));
        let held: Option<Vec<MemoryReservation>> = silent.collect();
        assert!(held.is_some());
        assert!(budget.try_reserve(BODY_FACTOR * BATCH).is_some());
    }

    #[test]
    fn who_announces_much_and_sends_little_holds_little() {
        for (needed, room, announced, expected) in [
            (1, 0, Some(BATCH), FIRST),
            (1, 0, Some(100), 100),
            (FIRST + 1, FIRST, Some(BATCH), LITTLE),
            (FIRST + 1, FIRST, Some(10_000), 10_000),
            (LITTLE, FIRST, Some(BATCH), LITTLE),
            (LITTLE + 1, LITTLE, Some(BATCH), BATCH),
            // More than was announced, which the platform does not let through.
            (101, 100, Some(100), 101),
            (1, 0, None, FIRST),
            (FIRST + 1, FIRST, None, 2 * FIRST),
            (BATCH - 1, BATCH / 2 + 1, None, BATCH),
        ] {
            let got = of(needed, room, announced, BATCH);
            assert_eq!(got, expected, "{needed} {room} {announced:?}");
        }
    }
}
