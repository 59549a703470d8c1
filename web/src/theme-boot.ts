// Runs before the first frame, as a script that blocks: a forced theme must not
// begin with a flash of the other one. It imports nothing, so that it is one small
// file; `base/theme.ts` writes what it reads.

try {
  const theme: unknown = JSON.parse(localStorage.getItem("edgejudge:theme") ?? "null");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's theme is right.
}

export {};
