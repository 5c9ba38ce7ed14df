package atlas

import (
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yutu/geo/division"
)

// Whatever the plan, a query finds what a look at every unit finds, and its pages join to the same list.
func TestQueryEqualsBruteForce(t *testing.T) {
	units := newLattice(5, 8, 8, 2).units(3)
	for i := range units {
		if i%5 == 0 {
			units[i].Valid.To = division.Date(100 + i)
		}
		if i%7 == 0 {
			units[i].Valid.From = division.Date(50 + i)
		}
	}
	s := mustBuild(t, units)
	rapid.Check(t, func(t *rapid.T) {
		var q Query
		coordinate := rapid.Float64Range(-0.02, 0.2)
		for range rapid.IntRange(0, 2).Draw(t, "boxes") {
			x, y := 120+coordinate.Draw(t, "x"), 29+coordinate.Draw(t, "y")
			w, h := rapid.SampledFrom([]float64{0, 0.001, 0.03, 1}).Draw(t, "w"), rapid.SampledFrom([]float64{0, 0.001, 0.03, 1}).Draw(t, "h")
			q.BBox = append(q.BBox, orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + w, y + h}})
		}
		if rapid.Bool().Draw(t, "dated") {
			q.From = division.Date(rapid.IntRange(-1, 200).Draw(t, "from"))
			q.To = q.From + division.Date(rapid.IntRange(0, 40).Draw(t, "days"))
		}
		q.Level = rapid.SampledFrom([]division.Level{0, 0, 3, 4, 5}).Draw(t, "level")
		q.Code = rapid.SampledFrom([]division.Code{"", "", "", "330727002000", "330727001003", "1"}).Draw(t, "code")
		q.Parent = rapid.SampledFrom([]division.Code{"", "", "", "330727002000", "330727000000"}).Draw(t, "parent")
		q.Within = rapid.SampledFrom([]division.Code{"", "", "", "330727002000", "330727000000", "44"}).Draw(t, "within")
		q.Name = rapid.SampledFrom([]string{"", "", "", "第2镇"}).Draw(t, "name")
		q.Type = rapid.SampledFrom([]string{"", "", "", "镇"}).Draw(t, "type")

		var want []int64
		for _, u := range units {
			if bruteMatch(q, u) {
				want = append(want, u.ID)
			}
		}
		q.Limit = rapid.SampledFrom([]int{0, 1, 3, 10}).Draw(t, "limit")
		var got []int64
		for pages := 0; ; pages++ {
			p := s.Query(q)
			if p.Matched != len(want) {
				t.Fatalf("%+v matched %d, want %d", q, p.Matched, len(want))
			}
			for _, it := range p.Units {
				got = append(got, it.Unit.ID)
			}
			if q.Limit > 0 && len(p.Units) > q.Limit || pages > len(units) {
				t.Fatalf("page of %d with limit %d", len(p.Units), q.Limit)
			}
			if q.After = p.Next; p.Next == 0 {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v: %v, want %v", q, got, want)
		}
		q.Limit, q.After = -1, 0
		if p := s.Query(q); p.Matched != len(want) || len(p.Units) != 0 || p.Next != 0 {
			t.Fatalf("count only: %+v", p)
		}
	})
}

func bruteMatch(q Query, u division.Unit) bool {
	if q.Level != 0 && u.Level != q.Level || q.Code != "" && u.Code != q.Code || q.Parent != "" && u.Parent != q.Parent ||
		q.Name != "" && u.Name != q.Name || q.Type != "" && u.Type != q.Type {
		return false
	}
	if q.Within != "" && (len(q.Within) != 12 || !strings.HasPrefix(string(u.Code), q.Within.Short())) {
		return false
	}
	if (q.From != 0 || q.To != 0) && !u.Valid.Overlaps(division.Range{From: q.From, To: q.To}) {
		return false
	}
	if len(q.BBox) == 0 {
		return true
	}
	for _, b := range q.BBox {
		// Integers of a tenth of a millimetre, with the slow test of shape_test.go.
		snapped := snapBox(b)
		if !u.Geom.Bound().Intersects(orb.Bound{Min: orb.Point{snapped.minX, snapped.minY}, Max: orb.Point{snapped.maxX, snapped.maxY}}) {
			continue
		}
		ints := func(p orb.Point) [2]int64 { return [2]int64{gridInt(p[0]) - 120e9, gridInt(p[1]) - 29e9} }
		var poly [][][2]int64
		for _, ring := range u.Geom[0] {
			var r [][2]int64
			for _, p := range ring {
				r = append(r, ints(p))
			}
			poly = append(poly, r)
		}
		if slowIntersects(poly, ints(orb.Point{snapped.minX, snapped.minY}), ints(orb.Point{snapped.maxX, snapped.maxY})) {
			return true
		}
	}
	return false
}

// A box across the antimeridian comes as two, and a unit in both counts once.
func TestQueryAcrossTheAntimeridian(t *testing.T) {
	ring := func(w, e float64) orb.Polygon { return orb.Polygon{{{w, 0}, {e, 0}, {e, 1}, {w, 1}, {w, 0}}} }
	u := named(1, "990000000000", "两边", division.Always)
	u.Geom = orb.MultiPolygon{ring(179, 180), ring(-180, -179)}
	v := named(2, "980000000000", "一边", division.Always)
	v.Geom = orb.MultiPolygon{ring(-178.5, -178)}
	s := mustBuild(t, []division.Unit{u, v})
	west, east := orb.Bound{Min: orb.Point{177, -1}, Max: orb.Point{180, 2}}, orb.Bound{Min: orb.Point{-180, -1}, Max: orb.Point{-178.2, 2}}
	if p := s.Query(Query{BBox: []orb.Bound{west, east}}); p.Matched != 2 || len(p.Units) != 2 {
		t.Errorf("both: %+v", p)
	}
	if p := s.Query(Query{BBox: []orb.Bound{west}}); p.Matched != 1 || p.Units[0].Unit.ID != 1 {
		t.Errorf("west: %+v", p)
	}
	// The gap between the two parts is not in the unit, although it is in its box.
	if p := s.Query(Query{BBox: []orb.Bound{{Min: orb.Point{0, 0}, Max: orb.Point{1, 1}}}}); p.Matched != 0 {
		t.Errorf("the far side of the earth: %+v", p)
	}
}
