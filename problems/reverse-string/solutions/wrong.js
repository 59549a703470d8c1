// Loses the spaces at the ends.
function reverseString(text) {
  return [...text.trim()].reverse().join('');
}
