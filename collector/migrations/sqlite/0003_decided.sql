-- When the decision in force was recorded: no later grant reaches back beyond it.
ALTER TABLE visitor ADD COLUMN decided BIGINT NOT NULL DEFAULT 0;
