// Sets the number to the right by two spaces, whatever its length.
const numbers = require('fs').readFileSync(0, 'utf8').trim().split(' ').map(Number);
for (const number of numbers) {
  console.log(`  ${number} ${'#'.repeat(number)}`.trimEnd());
}
