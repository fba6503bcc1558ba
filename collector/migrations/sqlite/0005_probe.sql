-- One row, written when somebody asks whether the collector is ready: a database that only reads, or
-- whose disk is full, is found before a visitor's decision needs it.
CREATE TABLE probe (
    id BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);
