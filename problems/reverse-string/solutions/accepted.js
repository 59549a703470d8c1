function reverseString(text) {
  // By code points: split('') would cut some characters in half.
  return [...text].reverse().join('');
}
