package atlas

import (
	"math"
	"math/big"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yutu/geo/crs"
	"yutu/geo/division"
)

// orient agrees with exact rational arithmetic on the decimals, above all where points are nearly in line.
func TestOrientIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x0 := rapid.Int64Range(73e9, 135e9).Draw(t, "x0")
		y0 := rapid.Int64Range(3e9, 54e9).Draw(t, "y0")
		span := rapid.SampledFrom([]int64{3, 1e3, 1e6, 1e9, 20e9}).Draw(t, "span")
		d := rapid.Int64Range(-span, span)
		a := [2]int64{x0, y0}
		b := [2]int64{x0 + d.Draw(t, "dx"), y0 + d.Draw(t, "dy")}
		// A point on or beside the line through a and b.
		k := rapid.Int64Range(-3, 3).Draw(t, "k")
		p := [2]int64{a[0] + k*(b[0]-a[0]) + rapid.Int64Range(-1, 1).Draw(t, "ex"), a[1] + k*(b[1]-a[1]) + rapid.Int64Range(-1, 1).Draw(t, "ey")}
		sub := func(x, y int64) *big.Int { return new(big.Int).Sub(big.NewInt(x), big.NewInt(y)) }
		l := new(big.Int).Mul(sub(b[0], a[0]), sub(p[1], a[1]))
		r := new(big.Int).Mul(sub(b[1], a[1]), sub(p[0], a[0]))
		if got, want := orient(grid(a), grid(b), grid(p)), l.Cmp(r); got != want {
			t.Fatalf("orient(%v, %v, %v) = %d, want %d", a, b, p, got, want)
		}
	})
}

func grid(v [2]int64) orb.Point { return crs.Snap(orb.Point{float64(v[0]) / 1e9, float64(v[1]) / 1e9}) }

// On a grid of a few quanta everything touches everything: points, rectangles and a polygon with a hole, held against
// integer arithmetic that asks of every point of a twice finer grid.
func TestLocateAndIntersectsOnTheFinestGrid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const x0, y0 = 120_000_000_000, 29_000_000_000
		poly := drawPolygon(t)
		var mp orb.MultiPolygon
		var p orb.Polygon
		for _, ring := range poly {
			var r orb.Ring
			for _, v := range ring {
				r = append(r, grid([2]int64{x0 + v[0], y0 + v[1]}))
			}
			p = append(p, r)
		}
		mp = orb.MultiPolygon{p}
		it := newItem(division.Unit{ID: 1, Geom: mp})
		for x := int64(-1); x <= 13; x++ {
			for y := int64(-1); y <= 13; y++ {
				got, want := it.locate(grid([2]int64{x0 + x, y0 + y})), slowLocate(poly, [2]int64{x, y})
				if got != want {
					t.Fatalf("point %d,%d in %v: %d, want %d", x, y, poly, got, want)
				}
			}
		}
		c := rapid.Int64Range(-1, 13)
		xa, xb, ya, yb := c.Draw(t, "xa"), c.Draw(t, "xb"), c.Draw(t, "ya"), c.Draw(t, "yb")
		lo, hi := [2]int64{min(xa, xb), min(ya, yb)}, [2]int64{max(xa, xb), max(ya, yb)}
		b := snapBox(orb.Bound{Min: grid([2]int64{x0 + lo[0], y0 + lo[1]}), Max: grid([2]int64{x0 + hi[0], y0 + hi[1]})})
		if got, want := it.intersects(b), slowIntersects(poly, lo, hi); got != want {
			t.Fatalf("box %v %v with %v: %v, want %v", lo, hi, poly, got, want)
		}
	})
}

// drawPolygon draws a valid star-shaped polygon around (6, 6), with or without a hole.
func drawPolygon(t *rapid.T) [][][2]int64 {
	dirs := [][2]int64{{1, 0}, {2, 1}, {1, 1}, {1, 2}, {0, 1}, {-1, 2}, {-1, 1}, {-2, 1}, {-1, 0}, {-2, -1}, {-1, -1}, {-1, -2}, {0, -1}, {1, -2}, {1, -1}, {2, -1}}
	var shell [][2]int64
	for i, d := range dirs {
		reach := int64(6)
		if d[0]*d[0]+d[1]*d[1] > 2 {
			reach = 3
		}
		r := rapid.Int64Range(2, reach).Draw(t, "r")
		if i%4 != 0 && !rapid.Bool().Draw(t, "keep") {
			continue
		}
		shell = append(shell, [2]int64{6 + r*d[0], 6 + r*d[1]})
	}
	out := [][][2]int64{append(shell, shell[0])}
	if rapid.Bool().Draw(t, "hole") {
		out = append(out, [][2]int64{{6, 5}, {5, 6}, {6, 7}, {7, 6}, {6, 5}})
	}
	return out
}

func cross(a, b, p [2]int64) int64 {
	return (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
}

func onSegment(a, b, p [2]int64) bool {
	return cross(a, b, p) == 0 && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1])
}

func slowLocate(poly [][][2]int64, p [2]int64) place {
	winding := 0
	for _, ring := range poly {
		w := 0
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			if onSegment(a, b, p) {
				return onBorder
			}
			if a[1] <= p[1] && b[1] > p[1] && cross(a, b, p) > 0 {
				w++
			}
			if a[1] > p[1] && b[1] <= p[1] && cross(a, b, p) < 0 {
				w--
			}
		}
		if w != 0 {
			winding++
		}
	}
	if winding%2 == 1 {
		return inside
	}
	return outside
}

func slowIntersects(poly [][][2]int64, lo, hi [2]int64) bool {
	corners := [][2]int64{lo, {hi[0], lo[1]}, hi, {lo[0], hi[1]}, lo}
	for _, c := range corners {
		if slowLocate(poly, c) != outside {
			return true
		}
	}
	within := func(p [2]int64) bool { return lo[0] <= p[0] && p[0] <= hi[0] && lo[1] <= p[1] && p[1] <= hi[1] }
	sign := func(v int64) int {
		switch {
		case v > 0:
			return 1
		case v < 0:
			return -1
		}
		return 0
	}
	for _, ring := range poly {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			if within(a) || within(b) {
				return true
			}
			for k := 1; k < len(corners); k++ {
				c, d := corners[k-1], corners[k]
				if sign(cross(a, b, c))*sign(cross(a, b, d)) < 0 && sign(cross(c, d, a))*sign(cross(c, d, b)) < 0 {
					return true
				}
				if onSegment(c, d, a) || onSegment(c, d, b) || onSegment(a, b, c) || onSegment(a, b, d) {
					return true
				}
			}
		}
	}
	return false
}

func TestHostileBoxesMeetNothing(t *testing.T) {
	s := mustBuild(t, newLattice(1, 2, 2, 1).units(2))
	inf := math.Inf(1)
	for _, b := range []orb.Bound{
		{Min: orb.Point{inf, inf}, Max: orb.Point{inf, inf}},
		{Min: orb.Point{-inf, -inf}, Max: orb.Point{-inf, inf}},
		{Min: orb.Point{inf - inf, 0}, Max: orb.Point{180, 90}},
		{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}},
		{Min: orb.Point{500, 20}, Max: orb.Point{600, 40}},
	} {
		if p := s.Query(Query{BBox: []orb.Bound{b}}); p.Matched != 0 {
			t.Errorf("%v matched %d", b, p.Matched)
		}
	}
	all := s.Query(Query{BBox: []orb.Bound{{Min: orb.Point{-inf, -inf}, Max: orb.Point{inf, inf}}}})
	if all.Matched != s.Len() {
		t.Errorf("the whole plane matched %d of %d", all.Matched, s.Len())
	}
	if got := s.Locate(orb.Point{inf - inf, 29}, division.Today()); got != nil {
		t.Errorf("NaN was located in %v", codesOf(got))
	}
}
