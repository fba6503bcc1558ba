-- The kind of device on which was decided, read from the call's headers and nothing finer; '' where it is not known,
-- as of every decision from before. An event has that of the decision under which it was taken.
ALTER TABLE decision ADD COLUMN device TEXT NOT NULL DEFAULT ''
    CONSTRAINT decision_device_is_known CHECK (device IN ('', 'phone', 'tablet', 'computer'));
