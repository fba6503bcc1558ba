-- The check of an event's grant looks at the row that was written: before it is, SQLite would copy the whole of it for
-- whoever looks. What is refused is taken back with its statement, as before.
DROP TRIGGER event_rests_on_a_grant;
CREATE TRIGGER event_rests_on_a_grant AFTER INSERT ON event
WHEN typeof(NEW.id) <> 'blob' OR length(NEW.id) <> 16
    OR NOT EXISTS (SELECT 1 FROM consent_grant g WHERE g.site_id = NEW.site_id AND g.id = NEW.grant_id)
BEGIN
    SELECT RAISE(ABORT, 'event_id_is_whole') WHERE typeof(NEW.id) <> 'blob' OR length(NEW.id) <> 16;
    SELECT RAISE(ABORT, 'event_rests_on_a_grant');
END;
