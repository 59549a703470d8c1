// A whole call in one crossing out of wasm, and one back. For each promise that wasm waits
// for itself, two functions are made, and taken back, that lead into it.

/** The longest text that is handed over character by character. */
const SHORT = 4_096;

const encoder = new TextEncoder();

/** Method and headers of calls, from JSON. */
export function optionsOf(json) {
  return JSON.parse(json);
}

/**
 * Makes a call. `options` may be those of other calls, too. Tells `done` the status with
 * the response and how long it says to be, or -1; or, if it is to be read, with its
 * text. Or -1 with why that broke off, or 0 with why there was no response.
 */
export function call(url, options, trace, body, timeoutMs, isRead, done) {
  if (trace === undefined) {
    delete options.headers.traceparent;
  } else {
    options.headers.traceparent = trace;
  }
  // A copy: the platform makes none, and the memory of wasm moves.
  options.body = body.length > 0 ? body.slice() : undefined;
  // The platform's own timer: nobody has to clear it, and it goes on while the body comes.
  options.signal = AbortSignal.timeout(timeoutMs);
  const called = fetch(url, options);
  options.body = undefined;
  options.signal = undefined;
  called.then(
    (response) => {
      if (!isRead) {
        done(response.status, response, lengthOf(response.headers));
        return;
      }
      // As text: for a buffer the platform makes an object of its own, which costs more.
      response.text().then(
        (text) => done(response.status, text.length > SHORT ? encoder.encode(text) : text, -1),
        (error) => done(-1, error, -1),
      );
    },
    (error) => done(0, error, -1),
  );
}

/** Reads a response as bytes. Tells `done` them, or why there is an end before. */
export function readAll(response, done) {
  response.arrayBuffer().then(
    (buffer) => done(true, new Uint8Array(buffer)),
    (error) => done(false, error),
  );
}

/** How long a body is, or -1. That of an encoded one is not known. */
function lengthOf(headers) {
  const length = headers.get("content-length");
  const isKnown = length !== null && /^\d+$/.test(length) && !headers.has("content-encoding");
  return isKnown ? Number(length) : -1;
}
