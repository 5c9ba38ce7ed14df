package atlas

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yutu/geo/division"
	"yutu/tiles"
)

// A snapshot that came about by many small steps answers everything as one that was built at once.
func TestDerivedEqualsRebuilt(t *testing.T) {
	base := newLattice(7, 6, 6, 2).units(3)
	rapid.Check(t, func(t *rapid.T) {
		units := map[int64]division.Unit{}
		for _, u := range base {
			units[u.ID] = u
		}
		s, err := build(context.Background(), 0, itemsOf(base), newBook(nil), 1)
		if err != nil {
			t.Fatal(err)
		}
		next := int64(1000)
		for step := range rapid.IntRange(1, 6).Draw(t, "steps") {
			changed := map[int64]*Item{}
			for range rapid.IntRange(1, 4).Draw(t, "edits") {
				id := rapid.SampledFrom(ids(units)).Draw(t, "id")
				u := units[id]
				switch rapid.IntRange(0, 5).Draw(t, "kind") {
				case 0:
					delete(units, id)
					changed[id] = nil
					continue
				case 1:
					u.Name += "改"
				case 2: // a new version from a day on
					d := division.Date(rapid.IntRange(100, 104).Draw(t, "day"))
					old := u
					old.Valid.To, u.Valid = d, division.Range{From: d, To: u.Valid.To}
					if old.Valid.Empty() || u.Valid.Empty() {
						continue
					}
					units[id], changed[id] = old, newItem(old)
					next++
					u.ID = next
				case 3: // another shape
					l := newLattice(rapid.Uint64Range(1, 3).Draw(t, "seed"), 6, 6, 2)
					i, j := rapid.IntRange(0, 4).Draw(t, "i"), rapid.IntRange(0, 4).Draw(t, "j")
					u.Geom = orb.MultiPolygon{{l.ring(i, j, i+2, j+1)}}
					u.Label = centre(u.Geom)
				case 4: // another code, parent and level
					u.Code, u.Parent = division.Code(fmt.Sprintf("3307270099%02d", rapid.IntRange(10, 13).Draw(t, "code"))), "330727009000"
					u.Level = rapid.SampledFrom(division.Levels[:]).Draw(t, "level")
				case 5:
					u.Geom = nil
				}
				units[u.ID], changed[u.ID] = u, newItem(u)
			}
			if s, _, err = derive(s, int64(step+1), changed, s.book); err != nil {
				t.Fatal(err)
			}
			if len(units) == 0 {
				break
			}
		}
		want, err := build(context.Background(), s.seq, itemsOf(values(units)), newBook(nil), 1)
		if err != nil {
			t.Fatal(err)
		}
		compareSnapshots(t, s, want)
	})
}

func ids(m map[int64]division.Unit) []int64 {
	var out []int64
	for id := range m {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

func values(m map[int64]division.Unit) []division.Unit {
	var out []division.Unit
	for _, id := range ids(m) {
		out = append(out, m[id])
	}
	return out
}

type fataler interface{ Fatalf(string, ...any) }

func compareSnapshots(t fataler, got, want *Snapshot) {
	names := func(items []*Item) string {
		b := &bytes.Buffer{}
		for _, it := range items {
			fmt.Fprintf(b, "%d:%s:%s ", it.Unit.ID, it.Unit.Code, it.Unit.Name)
		}
		return b.String()
	}
	same := func(what string, g, w any) {
		if !reflect.DeepEqual(g, w) {
			t.Fatalf("%s:\n got %v\nwant %v", what, g, w)
		}
	}
	same("all", names(got.Query(Query{}).Units), names(want.Query(Query{}).Units))
	same("parents", names(slices.Concat(got.byParent.chunks...)), names(slices.Concat(want.byParent.chunks...)))
	same("breaks", got.breaks, want.breaks)
	g, w := slices.Concat(got.byCode.chunks...), slices.Concat(want.byCode.chunks...)
	for i := range g {
		same("codes", g[i].item.Unit.ID, w[i].item.Unit.ID)
		same("keys", g[i].key, w[i].key)
	}
	for l := range got.trees {
		same("tree", got.trees[l].Len(), want.trees[l].Len())
	}
	for _, at := range []division.Date{division.Past, 99, 102, 200} {
		g, w := got.Stats(at), want.Stats(at)
		same("stats", fmt.Sprint(g.Counts, g.Synthetic, g.Bounds, names(g.Top)), fmt.Sprint(w.Counts, w.Synthetic, w.Bounds, names(w.Top)))
		for x := 120.005; x < 120.12; x += 0.02 {
			p := orb.Point{x, 29.031}
			same("locate", names(got.Locate(p, at)), names(want.Locate(p, at)))
			q := Query{BBox: []orb.Bound{{Min: p, Max: orb.Point{x + 0.01, 29.05}}}, From: at, To: at + 1}
			same("box", names(got.Query(q).Units), names(want.Query(q).Units))
		}
		same("search", fmt.Sprint(hitIDs(got.Search("村", at, 1000))), fmt.Sprint(hitIDs(want.Search("村", at, 1000))))
		for _, z := range []uint8{6, 9, 12, 14, 16} {
			for _, c := range tilesOver(orb.Bound{Min: orb.Point{120.01, 29.01}, Max: orb.Point{120.1, 29.1}}, z, 6) {
				a, err1 := got.ix.Tile(nil, c, int32(at))
				b, err2 := want.ix.Tile(nil, c, int32(at))
				if err1 != nil || err2 != nil {
					t.Fatalf("tile %v: %v, %v", c, err1, err2)
				}
				// What was a junction before a change may be kept where the mesh built at once simplifies over it, within
				// the same tolerance; at the deepest zoom nothing is simplified.
				if a, b := contents(a, z == 16), contents(b, z == 16); a != b {
					t.Fatalf("tile %v at %d differs: derived\n%s\nrebuilt\n%s", c, at, a, b)
				}
			}
		}
	}
}

func hitIDs(hits []Hit) []int64 {
	var out []int64
	for _, h := range hits {
		out = append(out, h.Item.Unit.ID)
	}
	return out
}

// tilesOver returns up to most tiles of zoom z over b.
func tilesOver(b orb.Bound, z uint8, most int) []tiles.Coord {
	lo, hi := tileOf(orb.Point{b.Min[0], b.Max[1]}, z), tileOf(orb.Point{b.Max[0], b.Min[1]}, z)
	var out []tiles.Coord
	for x := lo.X; x <= hi.X; x++ {
		for y := lo.Y; y <= hi.Y; y++ {
			if len(out) < most {
				out = append(out, tiles.Coord{Z: z, X: x, Y: y})
			}
		}
	}
	return out
}

func TestSnapshotNeverChangesUnderItsReaders(t *testing.T) {
	l := newLattice(3, 6, 6, 2)
	src := newShelf(l.units(3))
	a := open(t, src, Options{})
	first := a.Snapshot()
	before := digest(first)

	var wg sync.WaitGroup
	stop := make(chan struct{})
	for n := range 3 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 0))
			for {
				select {
				case <-stop:
					return
				default:
				}
				s := a.Snapshot()
				d := digest(s)
				p := orb.Point{120 + r.Float64()*0.12, 29 + r.Float64()*0.12}
				s.Locate(p, 100)
				s.Search("镇", 100, 5)
				s.Children("330727000000", 100)
				if _, err := a.Tile(t.Context(), tileOf(p, 12), 100); err != nil {
					t.Error(err)
				}
				if digest(s) != d {
					t.Error("a snapshot changed while it was read")
				}
				for _, it := range s.Query(Query{BBox: []orb.Bound{{Min: p, Max: p}}}).Units {
					it.GeometryJSON()
					it.AreaM2()
				}
			}
		})
	}
	var seq int64
	for i, u := range l.units(3)[:40] {
		u.Name += "新"
		if i%3 == 0 {
			u.Geom = newLattice(uint64(i), 6, 6, 2).units(3)[i].Geom
		}
		if i%7 == 0 {
			seq = src.put([]int64{u.ID})
		} else {
			seq = src.put(nil, u)
		}
		if err := a.WaitFor(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
	if digest(first) != before {
		t.Error("the first snapshot changed")
	}
	want, err := build(t.Context(), seq, itemsOf(src.all()), newBook(nil), 1)
	if err != nil {
		t.Fatal(err)
	}
	compareSnapshots(t, a.Snapshot(), want)
}

// digest looks at everything in a snapshot that a reader can reach cheaply.
func digest(s *Snapshot) string {
	b := &bytes.Buffer{}
	for _, rows := range s.rows.chunks {
		for i := range rows {
			fmt.Fprint(b, rows[i].id, rows[i].item.Unit.Name, len(rows[i].item.Unit.Geom), " ")
		}
	}
	for _, rows := range s.byCode.chunks {
		for i := range rows {
			fmt.Fprint(b, rows[i].code, rows[i].key, " ")
		}
	}
	for _, items := range s.byParent.chunks {
		for _, it := range items {
			fmt.Fprint(b, it.Unit.ID, " ")
		}
	}
	for _, tr := range s.trees {
		n := 0
		tr.Scan(func(_, _ [2]float64, it *Item) bool { n += int(it.Unit.ID); return true })
		fmt.Fprint(b, tr.Len(), n, " ")
	}
	fmt.Fprint(b, s.breaks, s.seq)
	return b.String()
}

func TestOnlyPublicRecordsAreHeld(t *testing.T) {
	units := newLattice(1, 2, 2, 1).units(2)
	units[3].Secrecy = division.Internal
	src := newShelf(units)
	a := open(t, src, Options{})
	hidden := units[3]
	if _, ok := a.Snapshot().ByID(hidden.ID); ok {
		t.Fatal("an internal record was loaded")
	}
	hidden.Secrecy = division.Public
	wait(t, a, src.put(nil, hidden))
	if _, ok := a.Snapshot().ByID(hidden.ID); !ok {
		t.Fatal("a record made public did not appear")
	}
	hidden.Secrecy = division.Secret
	wait(t, a, src.put(nil, hidden))
	s := a.Snapshot()
	if _, ok := s.ByID(hidden.ID); ok {
		t.Error("a record made secret is still there by id")
	}
	if hits := s.Search(hidden.Name, 0, 0); len(hits) != 0 && hits[0].Item.Unit.ID == hidden.ID {
		t.Error("a record made secret is still found by name")
	}
	if _, ok := s.ByCode(hidden.Code, 0); ok {
		t.Error("a record made secret is still there by code")
	}
	if got := codesOf(s.Locate(hidden.Label, 0)); slices.Contains(got, hidden.Code) {
		t.Error("a record made secret is still located")
	}
}

func wait(t testing.TB, a *Atlas, seq int64) {
	t.Helper()
	if err := a.WaitFor(t.Context(), seq); err != nil {
		t.Fatalf("WaitFor(%d): %v", seq, err)
	}
}

func TestChainChildrenAndVersions(t *testing.T) {
	units := newLattice(1, 4, 4, 1).units(2)
	s := mustBuild(t, units)
	if got, want := codesOf(s.Chain("330727001003", 0)), []division.Code{"330727000000", "330727001000"}; !slices.Equal(got, want) {
		t.Errorf("chain %v, want %v", got, want)
	}
	if got := s.Chain("330727000000", 0); len(got) != 0 {
		t.Errorf("the top has a chain: %v", codesOf(got))
	}
	if got := s.Chain("999999999999", 0); len(got) != 0 {
		t.Errorf("an unknown code has a chain: %v", codesOf(got))
	}
	if got, want := codesOf(s.Children("330727002000", 0)), []division.Code{"330727002001", "330727002002", "330727002003", "330727002004"}; !slices.Equal(got, want) {
		t.Errorf("children %v, want %v", got, want)
	}

	// Parents in a circle end the walk.
	units[0].Parent = units[1].Code
	s = mustBuild(t, units)
	if got := s.Chain("330727001003", 0); len(got) > maxDepth {
		t.Errorf("a circle of parents gave %d", len(got))
	}
	if st := s.Stats(0); len(st.Top) != 0 {
		t.Errorf("top of a circle: %v", codesOf(st.Top))
	}
}

func TestStatsAtDates(t *testing.T) {
	units := newLattice(1, 4, 4, 1).units(2)
	for i := range units {
		units[i].Synthetic = false
	}
	units[5].Valid.To = day(t, "2020-01-01")
	units[7].Synthetic, units[7].Valid.From = true, day(t, "2021-05-01")
	s := mustBuild(t, units)
	for _, c := range []struct {
		at        string
		villages  int
		synthetic bool
	}{{"1999-01-01", 15, false}, {"2019-12-31", 15, false}, {"2020-01-01", 14, false}, {"2021-04-30", 14, false}, {"2021-05-01", 15, true}} {
		st := s.Stats(day(t, c.at))
		if st.Counts != [6]int{0, 0, 0, 1, 4, c.villages} || st.Synthetic != c.synthetic || len(st.Top) != 1 || st.Top[0].Unit.Level != division.County || st.Seq != 1 {
			t.Errorf("%s: %+v", c.at, st)
		}
	}
	empty := mustBuild(t, nil).Stats(0)
	if !empty.Bounds.IsEmpty() || empty.Top != nil || empty.Counts != [6]int{} {
		t.Errorf("empty: %+v", empty)
	}
}
