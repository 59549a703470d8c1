// Depth first: a task is put in front when all that come after it are there.
function taskOrder(count, rules) {
  const after = Array.from({ length: count }, () => []);
  for (const [first, then] of rules) after[first].push(then);
  const seen = new Set();
  const order = [];
  const visit = (task) => {
    if (seen.has(task)) return;
    seen.add(task);
    after[task].forEach(visit);
    order.unshift(task);
  };
  for (let task = 0; task < count; task++) visit(task);
  return order;
}
