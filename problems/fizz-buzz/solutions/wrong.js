// Leaves numbers as numbers.
function fizzBuzz(n) {
  return Array.from({ length: n }, (_, at) => {
    const word = ((at + 1) % 3 ? '' : 'Fizz') + ((at + 1) % 5 ? '' : 'Buzz');
    return word || at + 1;
  });
}
