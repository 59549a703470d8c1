//! What the cron asks before it claims anything.

use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;

use crate::stack::QueueStack;

support::tests![
    an_idle_queue_costs_60_commands_an_hour,
    waiting_leased_and_scheduled_jobs_are_work,
];

fn is_idle(stack: &QueueStack) -> bool {
    stack.ok(stack.store.is_idle(true))
}

fn an_idle_queue_costs_60_commands_an_hour(stack: &QueueStack) {
    let minute = stack.cost_of(|| assert!(is_idle(stack)));
    assert_eq!((minute.total(), minute.round_trips), (1, 1), "{minute:?}");
}

fn waiting_leased_and_scheduled_jobs_are_work(stack: &QueueStack) {
    for lane in Lane::ALL {
        stack.redis.flush();
        assert!(is_idle(stack));
        stack.enqueue("a", lane, Schedule::Immediately);
        assert!(!is_idle(stack), "{lane:?}");
        assert_eq!(stack.ok(stack.store.waiting()), 1);
        assert_eq!(stack.claim(1).leases.len(), 1);
        assert!(!is_idle(stack), "leased");
        assert_eq!(stack.ok(stack.store.waiting()), 0);
    }
    stack.redis.flush();
    stack.enqueue("a", Lane::Low, Schedule::After(86_400_000));
    assert!(!is_idle(stack), "scheduled");
    stack.redis.flush();
    stack.redis.run::<u64>(&["ZADD", "deliveries", "1", "d"]);
    assert!(!is_idle(stack), "a delivery");
    assert!(stack.ok(stack.store.is_idle(false)), "that nobody makes");
}
