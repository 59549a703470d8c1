// An object that is not empty has names already: constructor, for one.
function wordTally(text) {
  const counts = {};
  for (const word of text.toLowerCase().match(/[a-z]+/g) || []) {
    counts[word] = (counts[word] || 0) + 1;
  }
  return counts;
}
