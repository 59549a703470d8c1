//! What a handled request leads to: the response, and what is to be done beside
//! it.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use shared::domain::ticket::{AWAIT_HEADER, TicketKey};
use shared::redis::{COMMANDS_HEADER, CommandCounter};

use crate::events::Events;
use crate::worker_fn;

/// A handled request.
pub struct Handled {
    /// For the client.
    pub response: Response<Bytes>,
    /// Its body, where that is a stream.
    pub events: Option<Events>,
    /// Calls of worker-fn to make once the response is on its way: the wake-ups.
    pub wake_ups: Vec<Request<Bytes>>,
    /// Lines for the operator.
    pub log: Vec<String>,
    /// The line about the request.
    pub request_line: String,
}

/// What is to be done beside the response.
#[derive(Default)]
pub struct Effects {
    /// The stream that is the response's body.
    pub(crate) events: Option<Events>,
    /// The wake-up of worker-fn, if there is a reason for one.
    pub wake: Option<Wake>,
    /// Lines for the operator.
    pub log: Vec<String>,
}

/// A wake-up of worker-fn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    /// The lanes to drain.
    pub lanes: WakeLanes,
    /// The number of drains to start.
    pub drains: usize,
}

/// The lanes that a wake-up is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WakeLanes {
    /// The lane `normal`, which saves the last claim.
    Normal,
    /// All, until no job is left.
    All,
}

impl Wake {
    /// The calls of worker-fn, one for each drain. The first one reports the commands
    /// that this instance sent to Redis: worker-fn counts them with its own.
    pub(crate) fn requests(
        self,
        tickets: &TicketKey,
        commands: &CommandCounter,
    ) -> Vec<Request<Bytes>> {
        let path = match self.lanes {
            WakeLanes::Normal => "/wake",
            WakeLanes::All => "/wake?lanes=all",
        };
        let call = || {
            let mut call = worker_fn::request(tickets, Method::POST, path, Bytes::new());
            let headers = call.headers_mut();
            headers.insert(AWAIT_HEADER, HeaderValue::from_static("1"));
            call
        };
        let mut calls: Vec<_> = (0..self.drains).map(|_| call()).collect();
        if let Some(first) = calls.first_mut() {
            first
                .headers_mut()
                .insert(COMMANDS_HEADER, commands.take().into());
        }
        calls
    }
}

/// The most drains that one request starts.
const MAX_DRAINS: usize = 5;

impl Effects {
    /// Adds a drain for these lanes.
    pub fn wake(&mut self, lanes: WakeLanes) {
        let (lanes, drains) = match self.wake {
            None => (lanes, 0),
            Some(wake) => (wake.lanes.max(lanes), wake.drains),
        };
        let drains = (drains + 1).min(MAX_DRAINS);
        self.wake = Some(Wake { lanes, drains });
    }

    /// Wakes one drain for all lanes, however often this is called.
    pub fn wake_once(&mut self) {
        self.wake = Some(Wake {
            lanes: WakeLanes::All,
            drains: 1,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::config::Secret;
    use shared::domain::ticket::SERVICE_TOKEN_HEADER;

    #[test]
    fn each_drain_is_a_call_with_the_service_token() {
        let tickets = TicketKey::new(&Secret::new("s"));
        for (lanes, path) in [
            (WakeLanes::Normal, "/wake"),
            (WakeLanes::All, "/wake?lanes=all"),
        ] {
            let commands = CommandCounter::default();
            commands.add(7);
            let calls = Wake { lanes, drains: 2 }.requests(&tickets, &commands);
            let reported = calls.iter().map(|call| call.headers().get(COMMANDS_HEADER));
            let reported: Vec<_> = reported
                .map(|text| text.map(|text| text.to_str().unwrap()))
                .collect();
            assert_eq!((reported, commands.get()), (vec![Some("7"), None], 0));
            for call in calls {
                assert_eq!(
                    (call.method(), call.uri().to_string()),
                    (&Method::POST, path.into())
                );
                assert_eq!(call.headers()[AWAIT_HEADER], "1");
                let token = call.headers()[SERVICE_TOKEN_HEADER].as_bytes();
                assert!(tickets.is_service_token(token));
            }
        }
    }

    #[test]
    fn wake_ups_add_up_to_five_drains_for_the_most_lanes() {
        let mut effects = Effects::default();
        effects.wake(WakeLanes::Normal);
        let one = Wake {
            lanes: WakeLanes::Normal,
            drains: 1,
        };
        assert_eq!(effects.wake, Some(one));
        effects.wake(WakeLanes::All);
        for _ in 0..9 {
            effects.wake(WakeLanes::Normal);
        }
        let five = Wake {
            lanes: WakeLanes::All,
            drains: MAX_DRAINS,
        };
        assert_eq!(effects.wake, Some(five));
    }
}
