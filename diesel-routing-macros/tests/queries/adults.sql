-- The users who may see everything.
SELECT id, name
FROM users
WHERE age >= $1;
