package migrations_test

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"yutu/data/pgtest"
)

var update = flag.Bool("update", false, "write schema.sql")

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestSchemaIsUpToDate compares schema.sql with what the steps make of an empty database.
func TestSchemaIsUpToDate(t *testing.T) {
	dump := exec.CommandContext(t.Context(), filepath.Join(pgtest.BinDir(t), "pg_dump"),
		"--schema-only", "--no-owner", "--no-privileges", "--dbname", pgtest.URL(t))
	dump.Stderr = os.Stderr
	out, err := dump.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v", err)
	}
	got := normalize(string(out))
	if *update {
		if err := os.WriteFile("schema.sql", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("schema.sql is not what the steps make; run: go test ./migrations -update\n%s", firstDifference(string(want), got))
	}
}

// Every column of our own tables says what it holds, or stands beside columns that say it for it.
func TestSchemaIsExplained(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), `SELECT c.relname || '.' || a.attname
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
			AND c.relname NOT IN ('goose_db_version', 'spatial_ref_sys')
			AND a.attname NOT IN ('id', 'past_id', 'actor', 'at') AND col_description(c.oid, a.attnum) IS NULL
			AND NOT (c.relname = 'division_past' AND EXISTS (SELECT FROM pg_attribute d
				WHERE d.attrelid = 'division'::regclass AND d.attname = a.attname))`)
	if err != nil {
		t.Fatal(err)
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(missing) != 0 {
		t.Errorf("columns without a comment: %q, %v", missing, err)
	}
}

// What depends on the server's version, on the session, or on the extensions' own texts.
var noise = regexp.MustCompile(`(?m)^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict.*|COMMENT ON EXTENSION .*)\n`)

var blank = regexp.MustCompile(`\n{3,}`)

func normalize(dump string) string {
	s := strings.TrimSpace(blank.ReplaceAllString(noise.ReplaceAllString(dump, ""), "\n\n"))
	return "-- Written by go test ./migrations -update from the steps NNNN_*.sql. Do not edit.\n\n" + s + "\n"
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "schema.sql: " + w[i] + "\nthe steps:  " + g[i]
		}
	}
	return "one is longer than the other"
}
