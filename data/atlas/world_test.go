package atlas

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yutu/data/pg"
	"yutu/geo/crs"
	"yutu/geo/division"
)

// lattice is a piece of ground cut into cells with crooked borders that neighbours share vertex for vertex:
//
//	+~~~+~~~+~~~+    cols × rows cells; each edge has mid further vertices, and all of
//	|   |   |   |    them are moved at random by less than a third of their distance
//	+~~~+~~~+~~~+
type lattice struct {
	cols, rows, mid int
	at              func(i, j int, k int, vertical bool) orb.Point
}

func newLattice(seed uint64, cols, rows, mid int) *lattice {
	const w, s, cell = 120.0, 29.0, 0.02
	step := cell / float64(mid+1)
	at := func(i, j, k int, vertical bool) orb.Point {
		// The place alone decides the shift, so that both neighbours find the same vertex.
		key := uint64(i)<<40 | uint64(j)<<20 | uint64(k)<<1
		if vertical && k > 0 {
			key |= 1
		}
		r := rand.New(rand.NewPCG(seed, key))
		x, y := w+cell*float64(i), s+cell*float64(j)
		if vertical {
			y += step * float64(k)
		} else {
			x += step * float64(k)
		}
		return crs.Snap(orb.Point{x + step*(r.Float64()-0.5)*0.6, y + step*(r.Float64()-0.5)*0.6})
	}
	return &lattice{cols, rows, mid, at}
}

// ring is the border of the block of cells [i0, i1) × [j0, j1), counter-clockwise and closed.
func (l *lattice) ring(i0, j0, i1, j1 int) orb.Ring {
	var r orb.Ring
	for i := i0; i < i1; i++ {
		for k := range l.mid + 1 {
			r = append(r, l.at(i, j0, k, false))
		}
	}
	for j := j0; j < j1; j++ {
		for k := range l.mid + 1 {
			r = append(r, l.at(i1, j, k, true))
		}
	}
	for i := i1 - 1; i >= i0; i-- {
		for k := l.mid; k >= 0; k-- {
			if k == l.mid {
				r = append(r, l.at(i+1, j1, 0, false))
				continue
			}
			r = append(r, l.at(i, j1, k+1, false))
		}
	}
	for j := j1 - 1; j >= j0; j-- {
		for k := l.mid; k >= 0; k-- {
			if k == l.mid {
				r = append(r, l.at(i0, j+1, 0, true))
				continue
			}
			r = append(r, l.at(i0, j, k+1, true))
		}
	}
	return append(r, r[0])
}

// units makes a county of the lattice: townships of block × block cells, each cell a village. Ids run from 1.
func (l *lattice) units(block int) []division.Unit {
	var out []division.Unit
	add := func(code, parent division.Code, level division.Level, name string, ring orb.Ring) {
		mp := orb.MultiPolygon{{ring}}
		out = append(out, division.Unit{
			ID: int64(len(out) + 1), Code: code, Parent: parent, Level: level, Name: name,
			Type: [...]string{"", "", "", "县", "镇", "村民委员会"}[level], Valid: division.Always,
			Secrecy: division.Public, Source: "test", Synthetic: true, CRSOriginal: "EPSG:4490",
			Geom: mp, Label: crs.Snap(centre(mp)),
		})
	}
	add("330727000000", "", division.County, "试验县", l.ring(0, 0, l.cols, l.rows))
	for ti := 0; ti*block < l.cols; ti++ {
		for tj := 0; tj*block < l.rows; tj++ {
			n := ti*((l.rows+block-1)/block) + tj + 1
			town := division.Code(fmt.Sprintf("330727%03d000", n))
			i1, j1 := min((ti+1)*block, l.cols), min((tj+1)*block, l.rows)
			add(town, "330727000000", division.Township, fmt.Sprintf("第%d镇", n), l.ring(ti*block, tj*block, i1, j1))
			for i := ti * block; i < i1; i++ {
				for j := tj * block; j < j1; j++ {
					v := (i-ti*block)*block + j - tj*block + 1
					add(town[:9]+division.Code(fmt.Sprintf("%03d", v)), town, division.Village,
						fmt.Sprintf("第%d镇%d村", n, v), l.ring(i, j, i+1, j+1))
				}
			}
		}
	}
	return out
}

func centre(mp orb.MultiPolygon) orb.Point { return mp.Bound().Center() }

func itemsOf(units []division.Unit) []*Item {
	var out []*Item
	for _, u := range units {
		if visible(&u) {
			out = append(out, newItem(u))
		}
	}
	return out
}

func mustBuild(t testing.TB, units []division.Unit) *Snapshot {
	t.Helper()
	s, err := build(context.Background(), 1, itemsOf(units), newBook(nil), 1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shelf is a Source in memory for tests that are not about the database.
type shelf struct {
	mu     sync.Mutex
	units  map[int64]division.Unit
	events map[int64]pg.EventRecord
	log    []pg.Change
	wakes  []func()
}

func newShelf(units []division.Unit) *shelf {
	s := &shelf{units: map[int64]division.Unit{}, events: map[int64]pg.EventRecord{}}
	for _, u := range units {
		s.units[u.ID] = u
	}
	return s
}

// put stores or, with gone, deletes units in one step and returns the log's new end.
func (s *shelf) put(gone []int64, units ...division.Unit) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	note := func(id int64) {
		s.log = append(s.log, pg.Change{Seq: int64(len(s.log) + 1), Subject: "division", ID: id, Time: time.Now()})
	}
	for _, id := range gone {
		delete(s.units, id)
		note(id)
	}
	for _, u := range units {
		s.units[u.ID] = u
		note(u.ID)
	}
	for _, w := range s.wakes {
		w()
	}
	return int64(len(s.log))
}

func (s *shelf) all() []division.Unit {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []division.Unit
	for _, u := range s.units {
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b division.Unit) int { return int(a.ID - b.ID) })
	return out
}

func (s *shelf) EachDivision(_ context.Context, fn func(division.Unit) error) (int64, error) {
	for _, u := range s.all() {
		if err := fn(u); err != nil {
			return 0, err
		}
	}
	return s.LastSeq(context.Background())
}

func (s *shelf) DivisionsByID(_ context.Context, ids []int64) ([]division.Unit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []division.Unit
	for _, id := range ids {
		if u, ok := s.units[id]; ok {
			out = append(out, u)
		}
	}
	return out, nil
}

// putEvent stores an event and returns the log's new end.
func (s *shelf) putEvent(e pg.EventRecord) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events[e.ID] = e
	s.log = append(s.log, pg.Change{Seq: int64(len(s.log) + 1), Subject: "event", ID: e.ID, Time: time.Now()})
	for _, w := range s.wakes {
		w()
	}
	return int64(len(s.log))
}

func (s *shelf) Events(context.Context) ([]pg.EventRecord, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []pg.EventRecord
	for _, e := range s.events {
		out = append(out, e)
	}
	return out, int64(len(s.log)), nil
}

func (s *shelf) EventsByID(_ context.Context, ids []int64) ([]pg.EventRecord, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []pg.EventRecord
	for _, id := range ids {
		if e, ok := s.events[id]; ok {
			out = append(out, e)
		}
	}
	return out, nil
}

func (s *shelf) ChangesAfter(_ context.Context, seq int64, limit int) ([]pg.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := min(int(seq), len(s.log))
	return slices.Clone(s.log[i:min(i+limit, len(s.log))]), nil
}

func (s *shelf) LastSeq(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.log)), nil
}

func (s *shelf) Listen(ctx context.Context, wake func()) error {
	s.mu.Lock()
	s.wakes = append(s.wakes, wake)
	s.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

// open starts an atlas over src that ends with the test.
func open(t testing.TB, src Source, o Options) *Atlas {
	t.Helper()
	a, err := Open(t.Context(), src, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return a
}

func day(t testing.TB, s string) division.Date {
	t.Helper()
	d, err := division.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func codesOf(items []*Item) []division.Code {
	out := []division.Code{}
	for _, it := range items {
		out = append(out, it.Unit.Code)
	}
	return out
}
