-- +goose Up
ALTER TABLE event ADD COLUMN secrecy text NOT NULL DEFAULT 'secret'
    CONSTRAINT event_secrecy_check CHECK (secrecy IN ('secret', 'internal', 'public'));
-- What is on record already is as open as the most open of its versions, those of withdrawn events included.
UPDATE event e SET secrecy = COALESCE((SELECT v.secrecy FROM lineage l
    JOIN (SELECT id, secrecy FROM division UNION ALL SELECT id, secrecy FROM division_past) v ON v.id IN (l.before_id, l.after_id)
    WHERE l.event_id = e.id
    ORDER BY array_position(ARRAY['public', 'internal', 'secret'], v.secrecy) LIMIT 1), 'secret');
ALTER TABLE event ALTER COLUMN secrecy DROP DEFAULT;

COMMENT ON COLUMN event.secrecy IS 'Who may see the record: that of the most open of its versions';
