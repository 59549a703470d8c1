// How many long connections the tabs of this browser may hold together. Over
// HTTP/1.1 a browser opens six connections to a host, and a stream keeps one: with
// seven of them the next tab would never load.

/** Leaves two connections for everything else. */
const SLOTS = 4;

/**
 * Takes a place, and returns what gives it back; `undefined` when all are taken. A
 * tab that is closed gives its place back. Without Web Locks (plain http that is not
 * localhost) there is always a place.
 */
export async function takeSlot(): Promise<(() => void) | undefined> {
  if (!navigator.locks) return () => undefined;
  for (let number = 1; number <= SLOTS; number += 1) {
    const release = await tryLock(`edgejudge:stream:${number}`);
    if (release) return release;
  }
  return undefined;
}

function tryLock(name: string): Promise<(() => void) | undefined> {
  return new Promise((answer) => {
    const held = (lock: Lock | null): Promise<void> =>
      lock ? new Promise((release) => answer(release)) : Promise.resolve(answer(undefined));
    navigator.locks.request(name, { ifAvailable: true }, held).catch(() => answer(() => undefined));
  });
}
