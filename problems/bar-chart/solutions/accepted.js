const numbers = require('fs').readFileSync(0, 'utf8').trim().split(' ').map(Number);
for (const number of numbers) {
  console.log(`${String(number).padStart(3)} ${'#'.repeat(number)}`.trimEnd());
}
