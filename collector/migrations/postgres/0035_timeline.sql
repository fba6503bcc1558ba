-- SQLite's index of events by their grants has their times now. Here an index of equal keys takes few bytes for each row,
-- and one of different keys twenty more; and rows are found quickly enough without.
SELECT 1;
