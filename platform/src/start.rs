//! What a Worker does once when its instance starts: `#[event(start)]` calls it.

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use worker::wasm_bindgen_futures::spawn_local;

/// Prepares the instance.
pub fn start() {
    install_panic_hook();
    have_tasks_run_by_a_promise();
}

/// Logs the place of a panic.
///
/// The `worker` crate sets a hook of its own, which marks the instance for a
/// restart. `console_error_panic_hook::set_once` would replace that one, so
/// ours is put in front of whatever is there.
fn install_panic_hook() {
    let next = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        next(info);
    }));
}

/// Makes js-sys run its tasks as reactions of a promise.
///
/// Each time that a future is woken, js-sys has the platform call it back in a microtask:
/// with `queueMicrotask` if there is such a global, and else by `then` on a promise that
/// is resolved. In workerd `queueMicrotask` is dear: it makes a new function around the
/// callback each time, six times for a submission. So the global is hidden while js-sys
/// makes its queue, which is when it looks, and there is no request yet that the promise
/// could belong to.
fn have_tasks_run_by_a_promise() {
    let (global, name) = (js_sys::global(), JsValue::from("queueMicrotask"));
    // It stands on the prototype, so it is hidden by an own property.
    if Reflect::set(&global, &name, &JsValue::UNDEFINED).is_ok() {
        spawn_local(async {});
        // An error leaves it hidden. Nobody else here uses it.
        let _ = Reflect::delete_property(&global, &name);
    }
}
