// Package pgtest gives each test a fresh database with the real schema, on a PostgreSQL that lives as long as the
// test process. The server is the program's own data/cluster, so that every test starts it as users do; it is
// started by the first test that asks. Databases are clones of a template that is migrated once. Tests that use it
// may run in parallel.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yutu/data/cluster"
	"yutu/data/pg"
)

var (
	running atomic.Bool // within Main
	mu      sync.Mutex
	home    string
	server  *cluster.Cluster
	failed  error
	next    atomic.Int64
)

// Main runs the tests and stops the server afterwards, if one was started; call it from TestMain. It does not
// return.
func Main(m *testing.M) {
	running.Store(true)
	code := m.Run()
	if server != nil {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest: stopping PostgreSQL:", err)
			code = max(code, 1)
		}
	}
	if home != "" {
		os.RemoveAll(home)
	}
	os.Exit(code)
}

// New returns a store on a database of its own, empty but for the schema. Store and database go when the test
// ends.
func New(t testing.TB) *pg.Store {
	t.Helper()
	s, err := pg.Open(context.Background(), URL(t))
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// URL creates a database as New does and returns its connection string.
func URL(t testing.TB) string {
	t.Helper()
	base, err := start()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	name := fmt.Sprintf("test_%d", next.Add(1))
	if err := execute(base, `CREATE DATABASE `+name+` TEMPLATE template_yutu`); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := execute(base, `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return inDatabase(base, name)
}

// BinDir returns the directory of the server's own programs, among them pg_dump of the right version.
func BinDir(t testing.TB) string {
	t.Helper()
	if _, err := start(); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return server.BinDir()
}

// start returns the connection string of the server's own database.
func start() (string, error) {
	if !running.Load() {
		return "", fmt.Errorf("no server: call pgtest.Main from TestMain")
	}
	mu.Lock()
	defer mu.Unlock()
	if server == nil && failed == nil {
		failed = startServer()
	}
	if failed != nil {
		return "", failed
	}
	return server.URL(), nil
}

func startServer() (err error) {
	if home, err = os.MkdirTemp("", "yutu-pgtest-"); err != nil {
		return err
	}
	// The server may run as another user, who must be able to enter.
	if err := os.Chmod(home, 0o755); err != nil {
		return err
	}
	c, err := cluster.Start(context.Background(), cluster.Options{Home: filepath.Join(home, "home"), Ephemeral: true})
	if err != nil {
		return err
	}
	server = c
	if err := execute(c.URL(), `CREATE DATABASE template_yutu TEMPLATE template0 ENCODING 'UTF8'`); err != nil {
		return err
	}
	if err := pg.Migrate(context.Background(), inDatabase(c.URL(), "template_yutu")); err != nil {
		return err
	}
	// Nobody may be connected to a template while it is cloned.
	return execute(c.URL(), `ALTER DATABASE template_yutu ALLOW_CONNECTIONS false`)
}

// Lines runs one statement in the database of the URL and returns the first column of what it answers, as texts; nil for
// no rows. It is for looking behind the store, and for turning back clocks that only the database has.
func Lines(t testing.TB, url, sql string) (lines []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	for rows.Next() {
		var line *string
		if err := rows.Scan(&line); err != nil {
			t.Fatalf("pgtest: %s: %v", sql, err)
		}
		if line != nil {
			lines = append(lines, *line)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("pgtest: %s: %v", sql, err)
	}
	return lines
}

func inDatabase(url, name string) string {
	return strings.Replace(url, "/"+cluster.Database+"?", "/"+name+"?", 1)
}

// execute runs one statement that cannot stand in a transaction.
func execute(url, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}
