// A value that tells when it changes.

export interface Store<T> {
  get(): T;
  set(value: T): void;
  /** Calls `listener` now and at every change; returns what ends that. */
  watch(listener: (value: T) => void): () => void;
}

export function store<T>(initial: T): Store<T> {
  let current = initial;
  const listeners = new Set<(value: T) => void>();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of [...listeners]) listener(value);
    },
    watch(listener) {
      listeners.add(listener);
      listener(current);
      return () => listeners.delete(listener);
    },
  };
}
