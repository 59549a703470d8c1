WITH totals AS (
  SELECT customers.name,
    (SELECT count(*) FROM orders WHERE customer = customers.id) AS count,
    (SELECT total(cents) FROM orders WHERE customer = customers.id) AS cents
  FROM customers
)
SELECT name, count, CAST(cents AS INTEGER) FROM totals ORDER BY cents DESC, name;
