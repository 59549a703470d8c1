// Adds letters up: other letters may have the same sum.
function sameLetters(words) {
  const groups = new Map();
  for (const word of words) {
    const sum = [...word].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
    if (!groups.has(sum)) groups.set(sum, []);
    groups.get(sum).push(word);
  }
  return [...groups.values()];
}
