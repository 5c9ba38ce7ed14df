package topo

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func TestDrawnArcs(t *testing.T) {
	for name, tt := range map[string]struct {
		drawing string
		arcs    int // of all
		closed  int // among them
		borders string
	}{
		"island":         {"A", 1, 1, "A|."},
		"two":            {"AB", 3, 0, "A|. A|B B|."},
		"gap":            {"A.B", 2, 2, "A|. B|."},
		"T-junction":     {"AB CC", 6, 0, "A|. A|B A|C B|. B|C C|."},
		"cross":          {"AB CD", 8, 0, "A|. A|B A|C B|. B|D C|. C|D D|."},
		"enclave":        {"AAA ABA AAA", 2, 2, "A|. A|B"},
		"hole of none":   {"AAA A.A AAA", 2, 2, "A|. A|."},
		"enclave of two": {"AAAA ABCA AAAA", 4, 1, "A|. A|B A|C B|C"},
		"exclave":        {"ABA", 6, 0, "A|. A|. A|B A|B B|. B|."},
		// B touches the outer border of A in one corner only: two closed arcs with a node between them.
		"touch":   {"A. .B", 2, 2, "A|. B|."},
		"checker": {"AB BA", 8, 0, "A|. A|. A|B A|B A|B A|B B|. B|."},
	} {
		t.Run(name, func(t *testing.T) {
			m := mesh(t, plain.shapes(tt.drawing))
			var borders []string
			closed := 0
			m.eachArc(func(slot int32, a *Arc) {
				if a.raw[0] == a.raw[len(a.raw)-1] {
					closed++
				}
				s, ok := m.Side(slot, 0)
				if !ok {
					t.Fatal("an arc divides nothing")
				}
				names := []string{".", "."}
				for i, tag := range []any{s.Left, s.Right} {
					if tag != nil {
						names[i] = tag.(string)
					}
				}
				slices.Sort(names)
				if names[0] == "." {
					slices.Reverse(names)
				}
				borders = append(borders, names[0]+"|"+names[1])
			})
			slices.Sort(borders)
			want := strings.Fields(tt.borders)
			slices.Sort(want)
			_, arcs, _, _ := m.Counts()
			if arcs != tt.arcs || closed != tt.closed || !slices.Equal(borders, want) {
				t.Errorf("%d arcs, %d closed, %v; want %d, %d, %v", arcs, closed, borders, tt.arcs, tt.closed, want)
			}
			checkRings(t, m)
		})
	}
}

// checkRings asserts that rings are closed runs of arcs, at every zoom, and that each arc knows its uses.
func checkRings(t testing.TB, m *Mesh) {
	t.Helper()
	type key struct {
		area     int64
		arc      int32
		reversed bool
	}
	uses := map[key]int{}
	for i := range m.areas.n {
		area := m.areas.at(i)
		if area == nil {
			continue
		}
		for _, p := range area.Polygons {
			for _, r := range p {
				box := emptyBox
				for k, ref := range r.Refs {
					uses[key{area.ID, ref.Slot(), ref.Reversed()}]++
					box.union(m.Arc(ref.Slot()).box)
					next := r.Refs[(k+1)%len(r.Refs)]
					end, start := m.Arc(ref.Slot()).raw, m.Arc(next.Slot()).raw
					e, s := end[len(end)-1], start[0]
					if ref.Reversed() {
						e = end[0]
					}
					if next.Reversed() {
						s = start[len(start)-1]
					}
					if e != s {
						t.Fatalf("area %d: the ring has a gap", area.ID)
					}
				}
				if box != r.Box {
					t.Fatalf("area %d: box %v, want %v", area.ID, r.Box, box)
				}
			}
		}
	}
	for i := range m.arcs.n {
		a := m.arcs.at(i)
		if a == nil {
			continue
		}
		if len(a.uses) == 0 {
			t.Fatal("an arc without use")
		}
		for _, u := range a.uses {
			k := key{m.areas.at(u.area).ID, i, u.reversed}
			if uses[k]--; uses[k] == 0 {
				delete(uses, k)
			}
		}
		for z := m.opt.MinZoom; z <= m.opt.MaxZoom; z++ {
			v := m.Versions(z).At(i)
			if v.Pts[0] != a.world[0].At(z) || v.Pts[len(v.Pts)-1] != a.world[len(a.world)-1].At(z) {
				t.Fatal("a version does not begin and end as its arc")
			}
		}
	}
	if len(uses) > 0 {
		t.Fatalf("uses unknown to their arcs: %v", uses)
	}
	if m.arcTree.Len() != func() (n int) { m.eachArc(func(int32, *Arc) { n++ }); return }() {
		t.Fatal("the tree and the arcs differ")
	}
}

// describe says what a mesh is, apart from numbering and from the vertices kept for simplified forms.
func describe(m *Mesh) []string {
	var out []string
	m.eachArc(func(slot int32, a *Arc) {
		s := fmt.Sprint("arc ", a.raw, " from ", a.from, " to ", a.to)
		for _, d := range append([]Side{m.sides.at(slot)}, a.later...) {
			s += fmt.Sprint(" side ", d.From, d.To, d.Rank, d.Left, d.Right)
		}
		out = append(out, s)
	})
	for i := range m.areas.n {
		a := m.areas.at(i)
		if a == nil {
			continue
		}
		s := fmt.Sprint("area ", a.ID, a.Rank, a.From, a.To, a.Tag, a.Box)
		var parts []string
		for _, p := range a.Polygons {
			for k, r := range p {
				var ring []Vertex
				for _, ref := range r.Refs {
					raw := slices.Clone(m.Arc(ref.Slot()).raw)
					if ref.Reversed() {
						slices.Reverse(raw)
					}
					ring = append(ring, raw[1:]...)
				}
				least := 0
				for i := range ring {
					if ring[i].less(ring[least]) {
						least = i
					}
				}
				parts = append(parts, fmt.Sprint(min(k, 1), append(slices.Clone(ring[least:]), ring[:least]...)))
			}
		}
		slices.Sort(parts)
		out = append(out, s+strings.Join(parts, ";"))
	}
	slices.Sort(out)
	return out
}

// checkSimplified asserts that at no zoom a simplified segment meets another where the data do not, or passes an
// end of an arc on the wrong side, and that no border is farther off than the tolerance.
func checkSimplified(t testing.TB, m *Mesh) {
	t.Helper()
	type seg struct {
		arc  *Arc
		i, j int32
		box  Box
	}
	for z := m.opt.MinZoom; z <= m.opt.MaxZoom; z++ {
		tolerance := m.opt.tolerance(z)
		var segs []seg
		m.eachArc(func(_ int32, a *Arc) {
			idx := a.kept(nil, z)
			for k := 1; k < len(idx); k++ {
				s := seg{a, idx[k-1], idx[k], emptyBox}
				s.box.add(a.world[s.i])
				s.box.add(a.world[s.j])
				segs = append(segs, s)
				if _, d := farthest(a.world, int(s.i), int(s.j)); d > tolerance {
					t.Fatalf("zoom %d: a vertex is %v cells off, tolerance %v", z, d, tolerance)
				}
			}
		})
		slices.SortFunc(segs, func(a, b seg) int { return cmp.Compare(a.box.MinX, b.box.MinX) })
		for x, s := range segs {
			for _, o := range segs[x+1:] {
				if o.box.MinX > s.box.MaxX {
					break
				}
				if s.j-s.i == 1 && o.j-o.i == 1 || s.arc.from >= o.arc.to || o.arc.from >= s.arc.to || !s.box.Intersects(o.box) {
					continue
				}
				p, q, g, h := s.arc.world[s.i], s.arc.world[s.j], o.arc.world[o.i], o.arc.world[o.j]
				if meets(p, q, g, h) {
					t.Fatalf("zoom %d: %v–%v meets %v–%v", z, p, q, g, h)
				}
			}
		}
	}
}

func TestSimplifiedFormsDoNotCross(t *testing.T) {
	for seed := range uint64(4) {
		// Rough enough for needles and near misses.
		s := sheet{size: 0.02, segs: 64, rough: 0.7, seed: seed}
		m := mesh(t, s.shapes("AABB ACCB DDCE DFFE"))
		checkRings(t, m)
		checkSimplified(t, m)
		if cells, metres := m.Displacement(8); cells == 0 || cells > 4<<10 || metres > cells*0.0374 || metres < cells*0.03 {
			t.Errorf("displacement %v cells, %v m", cells, metres)
		}
		if cells, _ := m.Displacement(16); cells != 0 {
			t.Errorf("displacement at the exact zoom: %v", cells)
		}
	}
}

// A pocket that a chord would close around an enclave stays open.
func TestEnclaveStaysOnItsSide(t *testing.T) {
	at := func(x, y float64) orb.Point { return orb.Point{120 + x*1e-4, 30 + y*1e-4} }
	// A long bay in the west border of A, 0.5 units of zoom 10 deep, with the island B in it; C lies in A beside it.
	a := orb.Ring{at(0, 0), at(100, 0), at(100, 100), at(0, 100), at(0, 60), at(4, 55), at(4, 45), at(0, 40), at(0, 0)}
	b := orb.Ring{at(1, 49), at(2, 49), at(2, 51), at(1, 51), at(1, 49)}
	m := mesh(t, []Shape{
		{ID: 1, Rank: 5, From: past, To: future, Geom: orb.MultiPolygon{{a}}},
		{ID: 2, Rank: 5, From: past, To: future, Geom: orb.MultiPolygon{{b}}},
	})
	checkSimplified(t, m)
	for z := m.opt.MinZoom; z <= m.opt.MaxZoom; z++ {
		island, _ := m.AreaByID(2)
		p := m.Arc(island.Polygons[0][0].Refs[0].Slot()).world[0]
		shell, _ := m.AreaByID(1)
		arc := m.Arc(shell.Polygons[0][0].Refs[0].Slot())
		var ring []Point
		for _, k := range arc.kept(nil, z) {
			ring = append(ring, arc.world[k])
		}
		if inPocket(ring, arc.box, p) {
			t.Fatalf("zoom %d: the island lies in A", z)
		}
	}
}

// random draws a map of patches.
func random(r *rand.Rand, w, h, letters int) []string {
	grid := make([][]byte, h)
	for y := range grid {
		grid[y] = []byte(strings.Repeat(".", w))
	}
	for range 3 * letters {
		recolour(r, grid, letters)
	}
	return rowsOf(grid)
}

func rowsOf(grid [][]byte) []string {
	out := make([]string, len(grid))
	for i := range grid {
		out[i] = string(grid[i])
	}
	return out
}

func recolour(r *rand.Rand, grid [][]byte, letters int) {
	c := byte('A' + r.IntN(letters))
	if r.IntN(6) == 0 {
		c = '.'
	}
	x, y := r.IntN(len(grid[0])), r.IntN(len(grid))
	for dy := range 1 + r.IntN(3) {
		for dx := range 1 + r.IntN(3) {
			if y+dy < len(grid) && x+dx < len(grid[0]) {
				grid[y+dy][x+dx] = c
			}
		}
	}
}

// pyramid makes areas of rank 5 of the letters, of rank 4 of pairs of letters and one of rank 3 of all. Every third
// letter exists from day 100 on only.
func pyramid(s sheet, rows []string) map[int64]Shape {
	out := map[int64]Shape{}
	put := func(id int64, rank uint8, from int32, in func(byte) bool) {
		if g := s.area(rows, in); len(g) > 0 {
			out[id] = Shape{ID: id, Rank: rank, From: from, To: future, Tag: id, Geom: g}
		}
	}
	for c := byte('A'); c <= 'Z'; c++ {
		from := int32(past)
		if c%3 == 0 {
			from = 100
		}
		put(int64(c), 5, from, func(o byte) bool { return o == c })
		if c%2 == 0 {
			put(1000+int64(c), 4, past, func(o byte) bool { return o/2 == c/2 })
		}
	}
	put(5000, 3, past, func(byte) bool { return true })
	return out
}

func sortedShapes(m map[int64]Shape) []Shape {
	out := make([]Shape, 0, len(m))
	for _, s := range m {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Shape) int { return int(a.ID - b.ID) })
	return out
}

// Any sequence of changes gives the mesh that the final areas give, and leaves the meshes before as they were.
func TestReplaceIsRebuild(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		r := rand.New(rand.NewPCG(seed, 5))
		s := sheet{size: 0.02, segs: 1 + r.IntN(12), rough: 0.4, seed: seed}
		rows := random(r, 7, 6, 9)
		shapes := pyramid(s, rows)
		m := mesh(t, sortedShapes(shapes))
		for range 4 {
			grid := make([][]byte, len(rows))
			for i := range rows {
				grid[i] = []byte(rows[i])
			}
			recolour(r, grid, 9)
			rows = rowsOf(grid)
			next := pyramid(s, rows)
			if r.IntN(3) == 0 {
				// Only take areas away: nodes vanish where nothing new is put.
				next = maps.Clone(shapes)
				for id := range next {
					if r.IntN(8) == 0 {
						delete(next, id)
					}
				}
			}
			var remove []int64
			var add []Shape
			for id, old := range shapes {
				if now, ok := next[id]; !ok || !orb.Equal(old.Geom, now.Geom) || r.IntN(10) == 0 {
					remove = append(remove, id)
					if ok {
						add = append(add, now)
					}
				}
			}
			for id, now := range next {
				if _, ok := shapes[id]; !ok {
					add = append(add, now)
				}
			}
			slices.Sort(remove)
			slices.SortFunc(add, func(a, b Shape) int { return int(a.ID - b.ID) })
			before := describe(m)
			replaced, _, err := m.Replace(context.Background(), remove, add)
			if err != nil {
				rt.Fatal(err)
			}
			if !slices.Equal(before, describe(m)) {
				rt.Fatal("the mesh before has changed")
			}
			checkRings(t, replaced)
			got, want := describe(replaced), describe(mesh(t, sortedShapes(next)))
			if !slices.Equal(got, want) {
				for i := range max(len(got), len(want)) {
					if i >= len(got) || i >= len(want) || got[i] != want[i] {
						rt.Fatalf("seed %d: got\n%v\nwant\n%v", seed, got[min(i, len(got)-1)], want[min(i, len(want)-1)])
					}
				}
			}
			m, shapes = replaced, next
		}
		checkSimplified(t, m)
	})
}

// Borders that never exist at the same time may cross; once they do, they are untangled.
func TestUntangledWhenTimesMeet(t *testing.T) {
	a := sheet{size: 0.02, segs: 64, rough: 0.5, seed: 1}.shapes("AA AA")[0]
	b := sheet{size: 0.02, segs: 64, rough: 0.5, seed: 2}.shapes("BB BB")[0]
	a.From, a.To, b.From, b.To = 0, 100, 100, 200
	m := mesh(t, []Shape{a, b})
	checkSimplified(t, m)
	b.From = 50
	next, changes, err := m.Replace(context.Background(), []int64{b.ID}, []Shape{b})
	if err != nil {
		t.Fatal(err)
	}
	checkSimplified(t, next)
	// The border of A is simplified otherwise now, though A was not replaced.
	other, _ := next.AreaByID(a.ID)
	if !slices.ContainsFunc(changes, func(c Change) bool { return c.Box == other.Box }) {
		t.Errorf("A %v is not among the changes %v", other.Box, changes)
	}
}

// How a ring is written, its sense and its first vertex, makes no difference.
func TestSenseAndStartOfRings(t *testing.T) {
	s := sheet{size: 0.02, segs: 5, rough: 0.3}
	shapes := s.shapes("AABB ACAB AAAB")
	want := describe(mesh(t, shapes))
	r := rand.New(rand.NewPCG(4, 4))
	for range 10 {
		again := slices.Clone(shapes)
		for i := range again {
			again[i].Geom = again[i].Geom.Clone()
			for _, p := range again[i].Geom {
				for k, ring := range p {
					open := ring[:len(ring)-1]
					n := r.IntN(len(open))
					turned := append(slices.Clone(open[n:]), open[:n]...)
					if r.IntN(2) == 0 {
						slices.Reverse(turned)
					}
					p[k] = append(turned, turned[0])
				}
			}
		}
		if !slices.Equal(describe(mesh(t, again)), want) {
			t.Fatal("the mesh differs")
		}
	}
}

func TestReplaceRefuses(t *testing.T) {
	m := mesh(t, plain.shapes("AB"))
	before := describe(m)
	if _, _, err := m.Replace(context.Background(), []int64{'C'}, nil); err == nil {
		t.Error("removing what is not there: no error")
	}
	if _, _, err := m.Replace(context.Background(), nil, plain.shapes("A")); err == nil {
		t.Error("adding an id twice: no error")
	}
	if !slices.Equal(before, describe(m)) {
		t.Error("a refused change has changed the mesh")
	}
	next, _, err := m.Replace(context.Background(), []int64{'A', 'B'}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if areas, arcs, _, _ := next.Counts(); areas+arcs != 0 || !next.Bounds().Empty() {
		t.Errorf("the empty mesh has %d areas, %d arcs, bounds %v", areas, arcs, next.Bounds())
	}
}

// Rings of one or two positions, of no area, or with spikes do no harm.
func TestDegenerateRings(t *testing.T) {
	p, q, r := orb.Point{120, 30}, orb.Point{120.1, 30}, orb.Point{120.2, 30}
	for _, ring := range []orb.Ring{nil, {p}, {p, p, p}, {p, q, p}, {p, q, r, p}, {p, q, r, q, p}, {p, q, {120, 31}, q, p}} {
		m := mesh(t, []Shape{{ID: 1, Rank: 1, From: past, To: future, Geom: orb.MultiPolygon{{ring}, nil, {ring, ring}}}})
		checkRings(t, m)
		next, _, err := m.Replace(context.Background(), []int64{1}, []Shape{{ID: 1, Rank: 1, From: 5, To: 5, Geom: orb.MultiPolygon{{ring}}}})
		if err != nil {
			t.Fatal(err)
		}
		checkRings(t, next)
	}
}
