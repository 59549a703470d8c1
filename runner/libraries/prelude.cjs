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
