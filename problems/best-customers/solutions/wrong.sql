-- Without those who have ordered nothing.
SELECT name, count(*), sum(cents) AS total
FROM customers JOIN orders ON orders.customer = customers.id
GROUP BY customers.id
ORDER BY total DESC, name;
