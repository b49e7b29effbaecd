-- All users, for reports.
SELECT id, name
FROM users
ORDER BY id;
