package topo_test

import (
	"context"
	"fmt"
	"math/big"
	"reflect"
	"testing"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"yutu/geo/division"
	"yutu/geo/topo"
	"yutu/geo/topo/valid"
)

func thin(t testing.TB, shapes []orb.MultiPolygon, m topo.Method, tolerances []float64) *topo.Thinned {
	t.Helper()
	c, err := topo.NewCoverage(context.Background(), shapes)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Simplify(context.Background(), m, tolerances)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func zooms(from, to uint8, latitude float64) (out []float64) {
	for z := from; z <= to; z++ {
		out = append(out, topo.ToleranceAt(z, latitude))
	}
	return out
}

// steps is a position in grid steps.
func steps(p orb.Point) [2]int64 {
	k := func(v float64) int64 { return int64(v*1e9 + 0.5) }
	return [2]int64{k(p[0]), k(p[1])}
}

// doubleArea is twice the area of a shape in square grid steps, exact.
func doubleArea(mp orb.MultiPolygon) *big.Int {
	sum := new(big.Int)
	for _, p := range mp {
		for j, r := range p {
			one := new(big.Int)
			for k := 1; k < len(r); k++ {
				a, b := steps(r[k-1]), steps(r[k])
				one.Add(one, new(big.Int).Mul(big.NewInt(a[0]), big.NewInt(b[1])))
				one.Sub(one, new(big.Int).Mul(big.NewInt(b[0]), big.NewInt(a[1])))
			}
			if one.Abs(one); j > 0 {
				one.Neg(one)
			}
			sum.Add(sum, one)
		}
	}
	return sum
}

// turn is the sign of a triangle's area by big numbers: the check shares no predicate with what it checks.
func turn(a, b, c [2]int64) int {
	d := func(u, v [2]int64, k int) *big.Int { return big.NewInt(v[k] - u[k]) }
	l := new(big.Int).Mul(d(a, b, 0), d(a, c, 1))
	return l.Cmp(new(big.Int).Mul(d(a, b, 1), d(a, c, 0)))
}

// crossings counts pairs of different edges that have more in common than one end, all edges of all shapes together.
func crossings(shapes []orb.MultiPolygon) (n int, at orb.Point) {
	type edge [2][2]int64
	seen := map[edge]bool{}
	var tree rtree.RTreeG[edge]
	for _, mp := range shapes {
		for _, p := range mp {
			for _, r := range p {
				for k := 1; k < len(r); k++ {
					a, b := steps(r[k-1]), steps(r[k])
					if a[0] > b[0] || a[0] == b[0] && a[1] > b[1] {
						a, b = b, a
					}
					if seen[edge{a, b}] {
						continue
					}
					seen[edge{a, b}] = true
					lo := [2]float64{float64(a[0]), float64(min(a[1], b[1]))}
					hi := [2]float64{float64(b[0]), float64(max(a[1], b[1]))}
					tree.Search(lo, hi, func(_, _ [2]float64, o edge) bool {
						c, d := o[0], o[1]
						common := 0
						for _, x := range [2][2]int64{a, b} {
							if x == c || x == d {
								common++
							}
						}
						o1, o2, o3, o4 := turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)
						meet := o1*o2 <= 0 && o3*o4 <= 0
						if common == 1 {
							// They may only run along each other.
							meet = o1 == 0 && o2 == 0 && (a == c || b == d)
						}
						if meet {
							n++
							at = r[k]
						}
						return true
					})
					tree.Insert(lo, hi, edge{a, b})
				}
			}
		}
	}
	return n, at
}

// checkSound says what simplifying may not do: lose a shape, a polygon or a hole, leave a gap or an overlap, or cross.
func checkSound(t testing.TB, what string, before, after []orb.MultiPolygon, outlineBefore orb.MultiPolygon) {
	t.Helper()
	sum := new(big.Int)
	for i, mp := range after {
		if len(mp) != len(before[i]) {
			t.Fatalf("%s: shape %d has %d polygons, had %d", what, i, len(mp), len(before[i]))
		}
		for j, p := range mp {
			if len(p) != len(before[i][j]) {
				t.Fatalf("%s: shape %d lost a hole", what, i)
			}
		}
		if bad := valid.Check(mp); len(bad) > 0 {
			t.Fatalf("%s: shape %d: %v", what, i, bad[0])
		}
		sum.Add(sum, doubleArea(mp))
	}
	if n, at := crossings(after); n > 0 {
		t.Fatalf("%s: %d crossings, one at %v", what, n, at)
	}
	// Shapes that neither cross nor leave a gap have together the area of their outline, to the last square step.
	outline, err := topo.Union(after)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if sum.Cmp(doubleArea(outline)) != 0 {
		t.Fatalf("%s: the shapes have %v square steps, their outline %v", what, sum, doubleArea(outline))
	}
	if len(outline) != len(outlineBefore) {
		t.Fatalf("%s: the outline is in %d pieces, was in %d", what, len(outline), len(outlineBefore))
	}
	for i := range outline {
		if len(outline[i]) != len(outlineBefore[i]) && len(outline) == 1 {
			t.Fatalf("%s: the outline has %d rings, had %d", what, len(outline[i]), len(outlineBefore[i]))
		}
	}
}

var methods = []topo.Method{topo.Visvalingam, topo.DouglasPeucker}

func TestTheCountyAtEveryZoom(t *testing.T) {
	c, err := county()
	if err != nil {
		t.Fatal(err)
	}
	var shapes []orb.MultiPolygon
	for _, v := range c[division.Village] {
		shapes = append(shapes, v.Geom)
	}
	outline := one(t, shapes...)
	for _, m := range methods {
		s := thin(t, shapes, m, zooms(0, 14, 29))
		last := 0
		for z := range 15 {
			after := s.Shapes(z)
			checkSound(t, fmt.Sprintf("%s at zoom %d", m, z), shapes, after, outline)
			n := 0
			for _, mp := range after {
				for _, p := range mp {
					for _, r := range p {
						n += len(r) - 1
					}
				}
			}
			if n < last {
				t.Errorf("%s: zoom %d shows %d vertices, fewer than the %d of the zoom before", m, z, n, last)
			}
			last = n
		}
	}
	// A vertex of the township's border is shown for the township exactly when it is shown for its villages.
	towns := len(c[division.Township])
	all := make([]orb.MultiPolygon, 0, towns+len(shapes))
	for _, u := range c[division.Township] {
		all = append(all, u.Geom)
	}
	all = append(all, shapes...)
	s := thin(t, all, topo.Visvalingam, zooms(9, 9, 29)).Shapes(0)
	for k, town := range c[division.Township] {
		var parts []orb.MultiPolygon
		for i, v := range c[division.Village] {
			if v.Parent == town.Code {
				parts = append(parts, s[towns+i])
			}
		}
		if !reflect.DeepEqual(one(t, parts...), one(t, s[k])) {
			t.Errorf("%s is no longer the union of its villages", town.Code)
		}
	}
}

// Rough lines make every simplified form cross others, so this is where restoring is put to the test.
func TestRandomMeshesAtEveryZoom(t *testing.T) {
	restored, used := 0, 0
	for seed := range uint64(60) {
		shapes := topo.RoughSheet(seed, 24)
		if n, _ := crossings(shapes); n > 0 {
			continue // so rough that the drawing itself crosses
		}
		used++
		outline := one(t, shapes...)
		for _, m := range methods {
			s := thin(t, shapes, m, zooms(0, 14, 30))
			for z := range 15 {
				checkSound(t, fmt.Sprintf("seed %d, %s at zoom %d", seed, m, z), shapes, s.Shapes(z), outline)
				restored += s.Restored(z)
			}
		}
	}
	if restored < 300 || used < 12 {
		t.Errorf("%d vertices restored in %d meshes: too smooth, or too few, to test anything", restored, used)
	}
}
