package pg_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yutu/data/cluster"
	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/division"
)

// A server of its own, since this one is killed.
func startServer(t *testing.T) *cluster.Cluster {
	t.Helper()
	home, err := os.MkdirTemp("", "yutu-outage-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	if err := os.Chmod(home, 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := cluster.Start(t.Context(), cluster.Options{Home: filepath.Join(home, "home"), Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	return c
}

func TestTheStoreSurvivesARestartOfTheServer(t *testing.T) {
	t.Parallel()
	c := startServer(t)
	if err := pg.Migrate(t.Context(), c.URL()); err != nil {
		t.Fatal(err)
	}
	s := open(t, c.URL())
	mustImport(t, s, nil, unit(anwen, "甲"))
	before, _ := all(t, s)
	listening := make(chan struct{}, 10)
	lost := make(chan error, 1)
	go func() { lost <- s.Listen(t.Context(), func() { listening <- struct{}{} }) }()
	<-listening

	pid := c.PID()
	// A fast shutdown, as a minor upgrade does it; the cluster starts its server again.
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := <-lost; !errors.Is(err, pg.ErrUnavailable) {
		t.Errorf("Listen: %v", err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		err := s.Ping(t.Context())
		if err == nil && c.PID() != pid {
			break
		}
		if err != nil && !errors.Is(err, pg.ErrUnavailable) {
			t.Fatalf("in between: %v", err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("still not there: %v", err)
		}
	}
	// No call is lost to a dead connection of the pool.
	for range 20 {
		if after, _ := all(t, s); !equal(before, after) {
			t.Fatalf("%+v", after)
		}
	}
	if r := mustImport(t, s, nil, unit(xinwo, "乙")); r.Added != 1 {
		t.Errorf("%+v", r)
	}

	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() error{
		"Ping": func() error { return s.Ping(t.Context()) },
		"ImportDivisions": func() error {
			_, err := s.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test"}, []division.Unit{unit(anwen, "丙")})
			return err
		},
		"PlanImport": func() error {
			_, err := s.PlanImport(t.Context(), pg.ImportRequest{}, []division.Unit{unit(anwen, "丙")})
			return err
		},
		"PutDivision": func() error { _, err := s.PutDivision(t.Context(), "test", unit(renchun, "丙")); return err },
		"UndoImport":  func() error { _, err := s.UndoImport(t.Context(), 1, "test"); return err },
		"Imports":     func() error { _, err := s.Imports(t.Context(), 1); return err },
		"EachDivision": func() error {
			_, err := s.EachDivision(t.Context(), func(division.Unit) error { return nil })
			return err
		},
		"LastSeq":      func() error { _, err := s.LastSeq(t.Context()); return err },
		"ChangesAfter": func() error { _, err := s.ChangesAfter(t.Context(), 0, 1); return err },
		"Listen":       func() error { return s.Listen(t.Context(), func() {}) },
		"Open":         func() error { _, err := pg.Open(t.Context(), c.URL()); return err },
		"Migrate":      func() error { return pg.Migrate(t.Context(), c.URL()) },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, pg.ErrUnavailable) {
			t.Errorf("%s without a server: %v", name, err)
		}
	}
}

// The server goes away in the middle of an import: an error of the right kind, and nothing is left of it.
func TestAnImportThatLosesItsConnection(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	var us []division.Unit
	for i := range 2000 {
		u := unit(anwen, "村")
		u.Code = codeOf(i)
		us = append(us, u)
	}
	killed := false
	_, err := s.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test", Progress: func(done, _ int) {
		if done < 1000 || killed {
			return
		}
		killed = true
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
			t.Error(err)
		}
	}}, us)
	if !killed || !errors.Is(err, pg.ErrUnavailable) {
		t.Errorf("killed %v: %v", killed, err)
	}
	if got, seq := all(t, s); len(got) != 0 || seq != 0 {
		t.Errorf("%d units at %d", len(got), seq)
	}
	if r := mustImport(t, s, nil, us...); r.Added != len(us) {
		t.Errorf("%+v", r)
	}
}

func TestAnErrorOfTheCallerComesBackAsItIs(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	mustImport(t, s, nil, unit(anwen, "甲"), unit(xinwo, "乙"))
	own, n := errors.New("own"), 0
	if _, err := s.EachDivision(t.Context(), func(division.Unit) error { n++; return own }); err != own || n != 1 {
		t.Errorf("%v after %d", err, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.EachDivision(ctx, func(division.Unit) error { cancel(); return ctx.Err() })
	if !errors.Is(err, context.Canceled) || errors.Is(err, pg.ErrUnavailable) {
		t.Error(err)
	}
	if _, err := s.LastSeq(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, pg.ErrUnavailable) {
		t.Error(err)
	}
	if _, seq := all(t, s); seq != 2 {
		t.Errorf("the pool is hurt: %d", seq)
	}
}

func TestOpenRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	for name, c := range map[string]struct {
		url, says string
		kind      error
	}{
		"not a URL":        {"postgres://u:geheim@[", "postgres://USER@HOST", pg.ErrUnsuitable},
		"no server":        {"postgres:///yutu?host=" + t.TempDir(), "not available", pg.ErrUnavailable},
		"no such database": {strings.Replace(url, "/test_", "/none_", 1), "database", pg.ErrUnsuitable},
	} {
		for what, err := range map[string]error{
			"Open":    func() error { _, err := pg.Open(t.Context(), c.url); return err }(),
			"Migrate": pg.Migrate(t.Context(), c.url),
		} {
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
}
