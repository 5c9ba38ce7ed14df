package pg_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"yutu/data/pg"
	"yutu/data/pgtest"
)

// emptyDatabase makes the test's database as empty as CREATE DATABASE leaves it.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	url := pgtest.URL(t)
	run(t, url, `DROP EXTENSION postgis CASCADE; DROP EXTENSION btree_gist CASCADE;
		DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	return url
}

func run(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestMigrateTwiceAndByManyAtOnce(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	if _, err := pg.Open(t.Context(), url); !errors.Is(err, pg.ErrUnsuitable) || !strings.Contains(err.Error(), "yutu migrate") {
		t.Errorf("Open before Migrate: %v", err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := pg.Migrate(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s := open(t, url)
	mustImport(t, s, nil, unit(anwen, "甲"))
	if err := pg.Migrate(t.Context(), url); err != nil {
		t.Error(err)
	}
	if us, _ := all(t, s); len(us) != 1 {
		t.Errorf("%d units", len(us))
	}
}

func TestTheSchemaOfANewerProgramIsRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	run(t, url, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
	_, err := pg.Open(t.Context(), url)
	for _, err := range []error{err, pg.Migrate(t.Context(), url)} {
		if !errors.Is(err, pg.ErrUnsuitable) || !strings.Contains(err.Error(), "9999") || !strings.Contains(err.Error(), "update") {
			t.Error(err)
		}
	}
}

func TestMigrateWithoutTheRightToCreateExtensions(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	run(t, url, `DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN; GRANT ALL ON SCHEMA public TO clerk`)
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), url)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), `DROP OWNED BY clerk CASCADE; DROP ROLE clerk`); err != nil {
			t.Error(err)
		}
	})
	clerk := strings.Replace(url, "user=yutu", "user=clerk", 1)
	err := pg.Migrate(t.Context(), clerk)
	for _, w := range []string{"clerk", "CREATE EXTENSION postgis", "CREATE EXTENSION btree_gist", "test_"} {
		if !errors.Is(err, pg.ErrUnsuitable) || !strings.Contains(err.Error(), w) {
			t.Errorf("%v does not say %q", err, w)
		}
	}
	// Once an administrator has done that, the clerk can go on.
	run(t, url, `CREATE EXTENSION postgis; CREATE EXTENSION btree_gist`)
	if err := pg.Migrate(t.Context(), clerk); err != nil {
		t.Fatal(err)
	}
	mustImport(t, open(t, clerk), nil, unit(anwen, "甲"))
}

func TestWhatIsMissingOnTheServerIsSaid(t *testing.T) {
	for _, c := range []struct {
		major    int
		encoding string
		has      []string
		says     []string
	}{
		{15, "UTF8", []string{"postgis", "btree_gist"}, nil},
		{17, "UTF8", []string{"btree_gist"}, []string{"postgis", "postgresql-17-postgis-3"}},
		{16, "UTF8", []string{"postgis"}, []string{"btree_gist", "postgresql-16"}},
		{14, "UTF8", []string{"postgis", "btree_gist"}, []string{"14", "postgresql-15-postgis-3"}},
		{15, "SQL_ASCII", []string{"postgis", "btree_gist"}, []string{"SQL_ASCII", "ENCODING 'UTF8'"}},
	} {
		err := pg.Suitable(c.major, c.encoding, c.has)
		if c.says == nil {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		var e *pg.Error
		if !errors.Is(err, pg.ErrUnsuitable) || !errors.As(err, &e) {
			t.Fatalf("%+v: %v", c, err)
		}
		for _, w := range c.says {
			if !strings.Contains(e.Text.ZH, w) || !strings.Contains(e.Text.EN, w) {
				t.Errorf("%v does not say %q in both languages", e.Text, w)
			}
		}
	}
}

// Other programs write to the database as well: what the store refuses, the schema refuses.
func TestTheSchemaGuardsItself(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	mustImport(t, open(t, url), nil, valid(unit(anwen, "甲"), "2000-01-01", "2010-01-01"))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	columns := `level, type, name, parent, secrecy, source, synthetic, crs_original, geom, label, hash`
	for change, constraint := range map[string]string{
		`INSERT INTO division (code, valid, ` + columns + `) SELECT code, '[2009-12-31,)', ` + columns + ` FROM division`: "division_one_version_a_day",
		`INSERT INTO division (code, valid, ` + columns + `) SELECT code, '[2010-01-01,)', ` + columns + ` FROM division`: "",
		`UPDATE division SET valid = '[2000-01-01,2009-12-31)', name = '乙'`:                                               "",
		`INSERT INTO division (code, valid, ` + columns + `) SELECT code, v::daterange, ` + columns + ` FROM division,
			unnest('{"[2010-01-01,2011-01-01)","[2011-01-01,)","[2010-12-31,2011-06-01)"}'::text[]) v`: "division_one_version_a_day",
		`INSERT INTO division (code, valid, ` + columns + `) SELECT code, '[2000-01-01,2000-01-02)', ` + columns + ` FROM division`: "division_code",
		`UPDATE division SET code = '33072700100'`:                                    "division_code_check",
		`UPDATE division SET parent = ''`:                                             "division_parent_check",
		`UPDATE division SET level = 6`:                                               "division_level_check",
		`UPDATE division SET name = ''`:                                               "division_name_check",
		`UPDATE division SET secrecy = 'open'`:                                        "division_secrecy_check",
		`UPDATE division SET valid = 'empty'`:                                         "division_valid_check",
		`UPDATE division SET valid = '[-infinity,2000-01-01)'`:                        "division_valid_check",
		`UPDATE division SET geom = ST_SetSRID('MULTIPOLYGON EMPTY'::geometry, 4490)`: "division_geom_check",
		`UPDATE division SET hash = '\x00'`:                                           "division_hash_check",
	} {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.Exec(t.Context(), change)
		if (err == nil) != (constraint == "") || err != nil && !strings.Contains(err.Error(), constraint) {
			t.Errorf("%s: %v, want %s", change, err, constraint)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if d := query[string](t, url, `SELECT valid::text FROM division`); d != "[2000-01-01,2010-01-01)" {
		t.Errorf("valid %s", d)
	}
}

// Programs that do not take the store's lock cannot slip an overlapping version in beside each other.
func TestTheSchemaGuardsItselfAgainstTwoAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	mustImport(t, open(t, url), nil, valid(unit(anwen, "甲"), "2000-01-01", "2010-01-01"))
	insert := func(valid string) string {
		columns := `level, type, name, parent, secrecy, source, synthetic, crs_original, geom, label, hash`
		return `INSERT INTO division (code, valid, ` + columns + `) SELECT code, '` + valid + `', ` + columns + ` FROM division WHERE upper(valid) = '2010-01-01'`
	}
	begin := func(level pgx.TxIsoLevel) pgx.Tx {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
		tx, err := conn.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	first, second := begin(pgx.ReadCommitted), begin(pgx.ReadCommitted)
	if _, err := first.Exec(t.Context(), insert("[2010-01-01,2012-01-01)")); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := second.Exec(t.Context(), insert("[2011-01-01,)"))
		done <- err
	}()
	// The second one waits for the first.
	for query[int](t, url, `SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`) == 0 {
		select {
		case err := <-done:
			t.Fatalf("the second did not wait: %v", err)
		default:
		}
	}
	if err := first.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "division_one_version_a_day") {
		t.Errorf("the second: %v", err)
	}
	if _, err := begin(pgx.RepeatableRead).Exec(t.Context(), insert("[2012-01-01,)")); err == nil || !strings.Contains(err.Error(), "READ COMMITTED") {
		t.Errorf("repeatable read: %v", err)
	}
}
