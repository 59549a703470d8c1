const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n').slice(1);
let balance = 0;
let lowest = 0;
for (const line of lines) {
  const [kind, amount] = line.split(' ');
  balance += kind === 'in' ? Number(amount) : -Number(amount);
  lowest = Math.min(lowest, balance);
}
console.log(`${balance} ${lowest}`);
