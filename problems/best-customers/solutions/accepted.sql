SELECT name, count(orders.id), coalesce(sum(cents), 0) AS total
FROM customers LEFT JOIN orders ON orders.customer = customers.id
GROUP BY customers.id
ORDER BY total DESC, name;
