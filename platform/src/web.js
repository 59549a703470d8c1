// What costs several crossings out of wasm, or functions that lead into it, in one.
//
// No function here has a name: wrangler's bundle sets it anew for each that is made.

/** A response of which status and headers are JSON. */
export function respond(head, body) {
  return new Response(body.length > 0 ? body.slice() : null, JSON.parse(head));
}

/**
 * Reads the body of a request. Tells `done` once, with true that it was read, and with
 * false why not: nothing, if it is not there after `timeoutMs`.
 */
export function readBody(request, timeoutMs, done) {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    done(false, undefined);
  }, timeoutMs);
  request.arrayBuffer().then(
    (buffer) => {
      if (!isOver) {
        clearTimeout(timer);
        done(true, new Uint8Array(buffer));
      }
    },
    (error) => {
      if (!isOver) {
        clearTimeout(timer);
        done(false, error);
      }
    },
  );
}
