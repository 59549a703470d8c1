// The entry point of both Workers, around the one that worker-build makes.
//
// That one is a class with a proxy around it: for each request the platform makes an
// object of it, and two proxies are made to look after panics. Here its methods are
// called directly, and only an instance that has panicked goes through the proxy, which
// is what starts it anew.

/** The handlers of the class that worker-build exports. */
export function handlers(Entrypoint) {
  const { fetch, scheduled } = Entrypoint.prototype;
  const state = globalThis.__worker_init_state;

  function call(handler, event, env, ctx) {
    if (state.criticalError) {
      new Entrypoint(ctx, env);
    }
    try {
      return handler.call({ env, ctx }, event);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) {
        console.error("Critical", error);
        state.criticalError = true;
      }
      throw error;
    }
  }

  return {
    fetch(request, env, ctx) {
      const response = call(fetch, request, env, ctx);
      // To its end, also when the client goes away: what a request holds, it gives back,
      // and a job that it claimed, it brings to its end. The platform allows about 30 s.
      ctx.waitUntil(response);
      return response;
    },
    ...(scheduled && { scheduled: (event, env, ctx) => call(scheduled, event, env, ctx) }),
  };
}
