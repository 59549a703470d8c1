// Loaded before every JavaScript program: what is printed is written at once, because
// process.exit() drops what a pipe has not yet taken. A stream is set up when it is
// first used, as without this file.
'use strict';
for (const name of ['stdout', 'stderr']) {
  const found = Object.getOwnPropertyDescriptor(process, name);
  Object.defineProperty(process, name, {
    ...found,
    get() {
      const stream = found.get.call(this);
      stream._handle?.setBlocking?.(true);
      Object.defineProperty(process, name, found);
      return stream;
    },
  });
}
// The runner starts a program before there is code for it: it stops here, and goes on with
// the main file. Nothing of that is left to be seen.
if (process.env.EDGEJUDGE_WAIT) {
  const signal = Number(process.env.EDGEJUDGE_WAIT);
  delete process.env.EDGEJUDGE_WAIT;
  process.kill(process.pid, signal);
}
