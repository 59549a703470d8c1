// Names that nobody else has. `crypto.randomUUID` exists in secure contexts only, and
// the page is also opened over plain http in a local network.

/** 32 hexadecimal digits by chance. */
export function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
