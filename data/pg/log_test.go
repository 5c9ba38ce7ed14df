package pg_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/division"
)

// Many writers, one follower: the follower never misses a row of the log that becomes visible behind its back, the
// log has no gaps, and a snapshot is exactly the log up to its place.
func TestTheOrderOfTheLogIsTheOrderOfCommits(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	const writers, rounds = 6, 15
	var wg sync.WaitGroup
	errs := make(chan error, 100)
	for w := range writers {
		wg.Go(func() {
			var seen int64
			for i := range rounds {
				var seq int64
				var err error
				code := codeOf(i%5 + 10*(w%3)) // writers meet on the same codes
				switch i % 3 {
				case 0, 1:
					var r pg.ImportResult
					r, err = s.ImportDivisions(t.Context(), pg.ImportRequest{Actor: fmt.Sprint(w)},
						[]division.Unit{unit(code, fmt.Sprintf("%d-%d", w, i)), unit(codeOf(1000+w), fmt.Sprint(i))})
					if seq = r.Seq; err == nil && i > 5 {
						if _, err = s.UndoImport(t.Context(), r.ID, fmt.Sprint(w)); errors.Is(err, pg.ErrUndoBlocked) {
							err = nil
						}
					}
				case 2:
					u := unit(codeOf(2000+100*w+i), "新")
					seq, err = s.PutDivision(t.Context(), fmt.Sprint(w), u)
				}
				if err != nil {
					errs <- err
					return
				}
				if seq <= seen {
					errs <- fmt.Errorf("seq %d after %d", seq, seen)
				}
				seen = seq
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	state := map[int64][]byte{}
	var read int64
	follow := func(upTo int64) {
		for read < upTo {
			cs, err := s.ChangesAfter(t.Context(), read, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cs {
				if c.Seq != read+1 {
					t.Fatalf("after %d comes %d", read, c.Seq)
				}
				if !bytes.Equal(state[c.ID], c.Before) {
					t.Fatalf("change %d says that %d was %x, but it was %x", c.Seq, c.ID, c.Before, state[c.ID])
				}
				if c.After == nil {
					delete(state, c.ID)
				} else {
					state[c.ID] = c.After
				}
				if read = c.Seq; read == upTo {
					return
				}
			}
			if len(cs) == 0 {
				return
			}
		}
	}
	compare := func() {
		us, seq := all(t, s)
		if follow(seq); read != seq {
			t.Fatalf("snapshot at %d, but the log has only %d", seq, read)
		}
		if len(us) != len(state) {
			t.Fatalf("snapshot at %d has %d units, the log %d", seq, len(us), len(state))
		}
		for i := range us {
			if h := us[i].Hash(); !bytes.Equal(h[:], state[us[i].ID]) {
				t.Fatalf("snapshot at %d: unit %d is not what the log says", seq, us[i].ID)
			}
		}
	}
	for running := true; running; {
		select {
		case err := <-errs:
			t.Fatal(err)
		case <-done:
			running = false
		default:
		}
		compare()
	}
	select {
	case err := <-errs:
		t.Fatal(err)
	default:
	}
	if last, err := s.LastSeq(t.Context()); err != nil || last != read {
		t.Errorf("end of the log %d, read %d, %v", last, read, err)
	}
	// The times follow the order too, as long as the clock does.
	if n := query[int](t, url, `SELECT count(*)::int FROM (SELECT at < lag(at) OVER (ORDER BY seq) AS back FROM change) x WHERE back`); n != 0 {
		t.Errorf("%d changes are older than the one before", n)
	}
}

// Two imports at once: the second waits, and then sees what the first has written.
func TestImportsWaitForEachOther(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s, err := pg.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	observer, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer observer.Close(context.WithoutCancel(t.Context()))
	u := unit(anwen, "甲")
	second := make(chan pg.ImportResult, 1)
	var once sync.Once
	first, err := s.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "first", Progress: func(int, int) {
		once.Do(func() {
			go func() {
				r, err := s.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "second"}, []division.Unit{u, unit(xinwo, "乙")})
				if err != nil {
					t.Error(err)
				}
				second <- r
			}()
			const waiting = `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`
			deadline := time.Now().Add(20 * time.Second)
			for waits := false; !waits; {
				if err := observer.QueryRow(t.Context(), waiting).Scan(&waits); err != nil || time.Now().After(deadline) {
					t.Errorf("the second import does not wait for the first (%v)", err)
					return
				}
			}
		})
	}}, []division.Unit{u})
	if err != nil {
		t.Fatal(err)
	}
	if r := <-second; r.Unchanged != 1 || r.Added != 1 || r.Seq <= first.Seq {
		t.Errorf("first %+v, second %+v", first, r)
	}
}

func TestInTx(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	seq, err := s.InTx(t.Context(), "test", func(tx *pg.Tx) error {
		id, err := tx.PutDivision(t.Context(), unit(anwen, "甲"))
		if err != nil {
			return err
		}
		u := unit(anwen, "乙")
		u.ID = id
		if _, err = tx.PutDivision(t.Context(), u); err != nil {
			return err
		}
		_, err = tx.PutDivision(t.Context(), unit(xinwo, "丙"))
		return err
	})
	if got := lines(t, s); err != nil || seq != 3 || len(got) != 2 || got[0] != "330727001000 乙 .." {
		t.Errorf("%d, %v, %q", seq, err, got)
	}
	own := errors.New("own")
	if _, err = s.InTx(t.Context(), "test", func(tx *pg.Tx) error {
		if _, err := tx.PutDivision(t.Context(), unit(renchun, "丁")); err != nil {
			return err
		}
		return own
	}); !errors.Is(err, own) {
		t.Error(err)
	}
	if seq, err = s.InTx(t.Context(), "test", func(*pg.Tx) error { return nil }); seq != 3 || err != nil {
		t.Errorf("nothing: %d, %v", seq, err)
	}
	if _, err := s.InTx(t.Context(), "test", func(*pg.Tx) error { return nil }); err != nil {
		t.Error(err)
	}
	if got := lines(t, s); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

func TestPutDivision(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	put := func(u division.Unit) (int64, error) { return s.PutDivision(t.Context(), "test", u) }
	seq, err := put(unit(anwen, "甲"))
	if seq != 1 || err != nil {
		t.Fatal(seq, err)
	}
	us, _ := all(t, s)
	if seq, err = put(us[0]); seq != 1 || err != nil {
		t.Errorf("the same again: %d, %v", seq, err)
	}
	us[0].Name = "乙"
	if seq, err = put(us[0]); seq != 2 || err != nil {
		t.Errorf("another name: %d, %v", seq, err)
	}
	if now, _ := all(t, s); !equal(now, us) {
		t.Errorf("%+v", now)
	}
	for _, c := range []struct {
		want error
		unit division.Unit
	}{
		{pg.ErrOverlap, valid(unit(anwen, "丙"), "2000-01-01", "2001-01-01")},
		{pg.ErrNotFound, func() division.Unit { u := unit(xinwo, "丁"); u.ID = 99; return u }()},
		{pg.ErrSyntheticOverReal, synthetic(unit(xinwo, "假"))},
	} {
		if _, err := put(c.unit); !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
	us[0].Synthetic = true
	if _, err := put(us[0]); err != nil {
		t.Errorf("the only row may change its kind: %v", err)
	}
	if _, err := put(unit(xinwo, "真")); !errors.Is(err, pg.ErrSyntheticOverReal) {
		t.Errorf("real beside synthetic: %v", err)
	}
}

func TestListenWakesAfterEachCommit(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	ctx, cancel := context.WithCancel(t.Context())
	wakes := make(chan struct{}, 100)
	ended := make(chan error, 1)
	go func() { ended <- s.Listen(ctx, func() { wakes <- struct{}{} }) }()
	wait := func(what string) {
		t.Helper()
		select {
		case <-wakes:
		case err := <-ended:
			t.Fatalf("%s: %v", what, err)
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: no wake-up", what)
		}
	}
	wait("begin")
	mustImport(t, s, nil, unit(anwen, "甲"))
	wait("import")
	if _, err := s.PutDivision(t.Context(), "test", unit(xinwo, "乙")); err != nil {
		t.Fatal(err)
	}
	wait("put")
	mustImport(t, s, nil, unit(anwen, "甲")) // changes nothing
	mustUndo(t, s, 1)
	wait("undo")
	// A server that goes away ends it.
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'yutu' AND query LIKE 'LISTEN%'`); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, pg.ErrUnavailable) {
		t.Errorf("after the loss: %v", err)
	}
	if len(wakes) != 0 {
		t.Errorf("%d wake-ups too many", len(wakes))
	}
	go func() { ended <- s.Listen(ctx, func() { wakes <- struct{}{} }) }()
	wait("begin again")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}
