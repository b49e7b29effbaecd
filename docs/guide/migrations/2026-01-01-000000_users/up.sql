CREATE TABLE users (id integer PRIMARY KEY, locale text NOT NULL);
INSERT INTO users VALUES (1, 'en');
