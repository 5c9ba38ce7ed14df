package atlas

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yutu/data/cluster"
	"yutu/data/pg"
	"yutu/geo/division"
)

func TestFollowsTheDatabase(t *testing.T) {
	units := newLattice(1, 4, 4, 1).units(2)
	store, _ := stored(t, units)
	a := open(t, store, Options{})
	if got := a.Snapshot().Len(); got != len(units) {
		t.Fatalf("%d units, want %d", got, len(units))
	}
	v, _ := a.Snapshot().ByCode("330727001003", division.Today())
	u := v.Unit
	u.Name = "改名村"
	seq, err := store.PutDivision(t.Context(), "test", u)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, a, seq)
	if got, ok := a.Snapshot().ByID(u.ID); !ok || got.Unit.Name != "改名村" || a.Snapshot().Seq() < seq {
		t.Errorf("after the change: %+v", got)
	}
	if v.Unit.Name == "改名村" {
		t.Error("the old snapshot's item changed")
	}

	// A large import goes another way: everything is loaded anew.
	events, cancel := a.Subscribe(8)
	defer cancel()
	real := newLattice(2, 18, 18, 1).units(3)
	for i := range real {
		real[i].Synthetic = false
	}
	wait(t, a, load(t, store, real))
	if st := a.Snapshot().Stats(division.Today()); st.Synthetic || st.Counts[5] != 18*18 {
		t.Errorf("after the import: %+v", st)
	}
	if e := <-events; !e.Reset {
		t.Errorf("event %+v, want a reset", e)
	}
	imports, err := store.Imports(t.Context(), 1)
	if err != nil || len(imports) != 1 {
		t.Fatal(imports, err)
	}
	undone, err := store.UndoImport(t.Context(), imports[0].ID, "test")
	if err != nil {
		t.Fatal(err)
	}
	wait(t, a, undone.Seq)
	if st := a.Snapshot().Stats(division.Today()); !st.Synthetic || st.Counts[5] != 16 {
		t.Errorf("after undoing the import: %+v", st)
	}
	full, err := Open(t.Context(), store, Options{})
	if err != nil {
		t.Fatal(err)
	}
	compareSnapshots(t, a.Snapshot(), full.Snapshot())
}

// Two programs write at once, one of them many units in one transaction; the atlas ends where the database does.
func TestFollowsConcurrentWriters(t *testing.T) {
	store, _ := stored(t, newLattice(1, 12, 12, 1).units(3))
	a := open(t, store, Options{})
	var wg sync.WaitGroup
	for n := range 3 {
		wg.Go(func() {
			for i := range 15 {
				items := a.Snapshot().Query(Query{Level: division.Village}).Units
				u := items[(n*40+i)%len(items)].Unit
				u.Name += string(rune('甲' + n))
				seq, err := store.PutDivision(t.Context(), "test", u)
				if err != nil {
					t.Error(err)
					return
				}
				if err := a.WaitFor(t.Context(), seq); err != nil {
					t.Error(err)
				}
				if got, ok := a.Snapshot().ByID(u.ID); !ok || !strings.HasSuffix(got.Unit.Name, string(rune('甲'+n))) {
					t.Errorf("writer %d does not read its own write", n)
				}
			}
		})
	}
	wg.Wait()
	full, err := Open(t.Context(), store, Options{})
	if err != nil {
		t.Fatal(err)
	}
	compareSnapshots(t, a.Snapshot(), full.Snapshot())
}

func TestWaitForGivesUpWithItsContext(t *testing.T) {
	a := open(t, newShelf(nil), Options{})
	wait(t, a, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := a.WaitFor(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// A server goes away and comes back, at an address that stays the same.
func TestOutageAndRecovery(t *testing.T) {
	home := t.TempDir()
	// The path of a socket is short.
	dir, err := os.MkdirTemp("", "yt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "s")
	var server *cluster.Cluster
	start := func() string {
		if server, err = cluster.Start(t.Context(), cluster.Options{Home: home}); err != nil {
			t.Fatal(err)
		}
		url := server.URL()
		_, rest, ok := strings.Cut(url, "host=")
		socket, tail, _ := strings.Cut(rest, "&")
		if !ok {
			t.Fatalf("no socket in %s", url)
		}
		os.Remove(link)
		if err := os.Symlink(strings.ReplaceAll(socket, "%20", " "), link); err != nil {
			t.Fatal(err)
		}
		return strings.Replace(url, "host="+socket+"&"+tail, "host="+link+"&"+tail, 1)
	}
	url := start()
	t.Cleanup(func() { server.Stop() })
	if err := pg.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	store, err := pg.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	load(t, store, newLattice(1, 4, 4, 1).units(2))
	a := open(t, store, Options{Poll: 50 * time.Millisecond})
	events, cancel := a.Subscribe(64)
	defer cancel()
	health := func(degraded bool) Health {
		t.Helper()
		deadline := time.After(time.Minute)
		for {
			select {
			case e := <-events:
				if e.Health != nil && e.Health.Degraded == degraded {
					return *e.Health
				}
			case <-deadline:
				t.Fatalf("never became degraded=%v: %+v", degraded, a.Health())
			}
		}
	}
	before := a.Health()
	if before.Degraded || before.Error != "" || !before.Since.IsZero() || before.LoadedAt.IsZero() || before.CheckedAt.IsZero() {
		t.Errorf("at first: %+v", before)
	}

	began := time.Now()
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	h := health(true)
	if h.Since.Before(began) || h.Error != "the database cannot be reached" || h.Seq != before.Seq {
		t.Errorf("during the outage: %+v", h)
	}
	s := a.Snapshot()
	v, ok := s.ByCode("330727001003", division.Today())
	if !ok || len(s.Locate(v.Unit.Label, division.Today())) != 3 || len(s.Search("镇", division.Today(), 0)) == 0 {
		t.Error("reads do not go on")
	}
	if tile, err := a.Tile(t.Context(), tileOf(v.Unit.Label, 14), division.Today()); err != nil || tile.Empty {
		t.Errorf("tiles do not go on: %v", err)
	}
	if _, err := Open(t.Context(), store, Options{}); err == nil {
		t.Error("an atlas was opened on a database that is away")
	}
	short, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	if err := a.WaitFor(short, s.Seq()+1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("WaitFor during the outage: %v", err)
	}
	stop()

	// What another program wrote while the connection was away is seen as well.
	start()
	other, err := pg.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	u := v.Unit
	u.Name = "灾后村"
	seq, err := other.PutDivision(t.Context(), "test", u)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, a, seq)
	if got, _ := a.Snapshot().ByID(u.ID); got.Unit.Name != "灾后村" {
		t.Errorf("after the outage: %q", got.Unit.Name)
	}
	if h := health(false); h.Degraded || h.Error != "" || !h.Since.IsZero() || h.CheckedAt.Before(began) {
		t.Errorf("after the outage: %+v", h)
	}
}

// A database restored from a backup: its log is shorter, or has grown past us again with other rows.
func TestReplacedLogIsLoadedAnew(t *testing.T) {
	units := newLattice(1, 3, 3, 1).units(3)
	for _, later := range []int{0, 1, 3} {
		src := newShelf(units)
		a := open(t, src, Options{Poll: time.Millisecond})
		events, cancel := a.Subscribe(8)
		u := units[3]
		u.Name = "失去的村"
		src.put(nil, u)
		wait(t, a, src.put(nil, u))

		src.mu.Lock()
		src.log = src.log[:0]
		src.units[u.ID] = units[3]
		src.mu.Unlock()
		for range later {
			w := units[4]
			w.Name = "后来的村"
			src.put(nil, w)
		}
		for e := range events {
			if e.Reset {
				break
			}
		}
		s := a.Snapshot()
		if got, _ := s.ByID(u.ID); got.Unit.Name != units[3].Name || s.Seq() > int64(max(later, 1)) && later < 3 {
			t.Errorf("with %d later rows: %q at %d", later, got.Unit.Name, s.Seq())
		}
		wait(t, a, int64(later))
		if got, _ := a.Snapshot().ByID(units[4].ID); later > 0 && got.Unit.Name != "后来的村" {
			t.Errorf("with %d later rows: %q", later, got.Unit.Name)
		}
		cancel()
	}
}

func TestUnitsUnchangedKeepTheirItemsOverAReload(t *testing.T) {
	src := newShelf(newLattice(1, 3, 3, 1).units(3))
	a, err := Open(t.Context(), src, Options{})
	if err != nil {
		t.Fatal(err)
	}
	old := a.Snapshot()
	u := src.all()[2]
	u.Name = "新"
	src.put(nil, u)
	if err := a.reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, it := range a.Snapshot().Query(Query{}).Units {
		was, _ := old.ByID(it.Unit.ID)
		if (was == it) != (it.Unit.ID != u.ID) {
			t.Errorf("item %d: kept %v", it.Unit.ID, was == it)
		}
	}
}

func TestSlowSubscriberGetsAReset(t *testing.T) {
	units := newLattice(1, 2, 2, 1).units(2)
	src := newShelf(units)
	a := open(t, src, Options{})
	slow, cancelSlow := a.Subscribe(2)
	fast, cancelFast := a.Subscribe(100)
	for i := range 7 {
		u := units[2]
		u.Name += strings.Repeat("又", i+1)
		wait(t, a, src.put(nil, u))
	}
	var got []Event
	for range 7 {
		got = append(got, <-fast)
	}
	if slices.ContainsFunc(got, func(e Event) bool { return e.Reset || len(e.Touched) == 0 }) || got[6].Seq != 7 {
		t.Errorf("the fast one got %+v", got)
	}
	// 1 2 | full: reset, 4 | full: reset, 6 | full: reset
	if e := <-slow; !e.Reset || e.Seq != 7 {
		t.Errorf("the slow one got %+v", e)
	}
	if len(slow) != 0 {
		t.Errorf("%d more events wait", len(slow))
	}
	cancelSlow()
	cancelSlow()
	cancelFast()
	if _, ok := <-slow; ok {
		t.Error("the channel is open after the end")
	}
}

func TestBackoffGrowsAndIsBounded(t *testing.T) {
	for fails := range 100 {
		d := backoff(retryFirst, retryLast, fails)
		if full := min(retryFirst<<min(fails, 20), retryLast); d < full/2 || d > full {
			t.Errorf("after %d failures: %v", fails, d)
		}
	}
}
