function fizzBuzz(n) {
  const said = [];
  for (let number = 1; number <= n; number++) {
    const word = (number % 3 ? '' : 'Fizz') + (number % 5 ? '' : 'Buzz');
    said.push(word || String(number));
  }
  return said;
}
