-- PostgreSQL counts its rows by itself; only SQLite had to be told.
SELECT 1;
