// Takes the lowest entry for the lowest balance.
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n').slice(1);
let balance = 0;
let lowest = 0;
for (const line of lines) {
  const [kind, amount] = line.split(' ');
  const change = kind === 'in' ? Number(amount) : -Number(amount);
  balance += change;
  lowest = Math.min(lowest, change);
}
console.log(`${balance} ${lowest}`);
