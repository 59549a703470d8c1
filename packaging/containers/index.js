// The Worker in front of the runner's instances. It checks nothing: the runner itself
// asks for RUNNER_TOKEN, a secret of this Worker.
import { Container, getRandom } from "@cloudflare/containers";

// `max_instances` in wrangler.toml.
const INSTANCES = 1;

export class Runner extends Container {
	defaultPort = 2000;
	// The first call after this long waits until an instance has started.
	sleepAfter = "15m";
	// Judged programs have no network anyway; the runner needs none.
	enableInternet = false;
	envVars = { RUNNER_TOKEN: this.env.RUNNER_TOKEN };
}

export default {
	async fetch(request, env) {
		// Without a token the runner would refuse to listen, and calls would hang.
		if (!env.RUNNER_TOKEN) {
			return Response.json({ message: "RUNNER_TOKEN is not set." }, { status: 500 });
		}
		const instance = await getRandom(env.RUNNER, INSTANCES);
		return instance.fetch(request);
	},
};
