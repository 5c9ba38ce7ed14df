-- +goose Up
-- Versions of one code still never share a day, but a statement is checked as a whole: an exclusion constraint asks
-- for each row by itself, which took a third of the database's part of a large import.
ALTER TABLE division DROP CONSTRAINT division_one_version_a_day;
CREATE UNIQUE INDEX division_code ON division (code, (COALESCE(lower(valid), '-infinity')));

-- +goose StatementBegin
CREATE FUNCTION division_check_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    clash record;
BEGIN
    -- Who waits here sees, in the query below, what the others have committed; the other levels would not show it.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE feature_not_supported USING MESSAGE = 'divisions are written in transactions of the level READ COMMITTED only';
    END IF;
    -- The lock that the program takes: 0x7975747500000002.
    PERFORM pg_advisory_xact_lock(8752029496724422658);
    SELECT f.code, f.valid AS one, d.valid AS other INTO clash
    FROM fresh f JOIN division d ON d.code = f.code AND d.valid && f.valid AND d.id <> f.id LIMIT 1;
    IF FOUND THEN
        RAISE exclusion_violation USING
            MESSAGE = format('division_one_version_a_day: code %s would have two versions on the same day', clash.code),
            DETAIL = format('%s and %s', clash.one, clash.other),
            SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = 'division_one_version_a_day';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER division_one_version_a_day_insert AFTER INSERT ON division
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION division_check_versions();
CREATE TRIGGER division_one_version_a_day_update AFTER UPDATE ON division
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION division_check_versions();

COMMENT ON FUNCTION division_check_versions IS 'Refuses statements after which two versions of one code share a day';

-- Nothing asks by these: reads come from the atlas, and few imports mix made-up and real data.
DROP INDEX division_parent;
DROP INDEX division_synthetic;
