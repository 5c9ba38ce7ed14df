package topo

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// star is a ring around a centre with random radii, in degrees.
func star(r *rand.Rand, c orb.Point, size float64, n int) orb.Ring {
	out := make(orb.Ring, 0, n+1)
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		d := size * (0.2 + 0.8*r.Float64())
		out = append(out, Vertex{int64((c[0] + d*math.Cos(a)) * nano), int64((c[1] + d*math.Sin(a)) * nano)}.point())
	}
	return append(out, out[0])
}

// strictlyInside is the even-odd rule in rational numbers.
func strictlyInside(p orb.Point, poly orb.Polygon) bool {
	rat := func(f float64) *big.Rat { return new(big.Rat).SetFloat64(f) }
	in := false
	for _, ring := range poly {
		for i := range ring {
			a, b := ring[i], ring[(i+1)%len(ring)]
			cross := new(big.Rat).Sub(
				new(big.Rat).Mul(new(big.Rat).Sub(rat(b[0]), rat(a[0])), new(big.Rat).Sub(rat(p[1]), rat(a[1]))),
				new(big.Rat).Mul(new(big.Rat).Sub(rat(b[1]), rat(a[1])), new(big.Rat).Sub(rat(p[0]), rat(a[0]))))
			if cross.Sign() == 0 && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1]) {
				return false
			}
			if (a[1] > p[1]) != (b[1] > p[1]) && (cross.Sign() > 0) == (b[1] > a[1]) {
				in = !in
			}
		}
	}
	return in
}

func onGrid(p orb.Point) bool {
	v, err := vertexOf(p)
	return err == nil && v.point() == p
}

func TestLabelPointLiesInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		size := math.Pow(10, -1-6*r.Float64())
		n := 3 + r.IntN(40)
		if r.IntN(10) == 0 {
			n = 700 + r.IntN(1000)
		}
		poly := orb.Polygon{star(r, orb.Point{120, 29}, size, n)}
		if r.IntN(2) == 0 {
			poly = append(poly, star(r, orb.Point{120, 29}, size*0.15, 5))
		}
		small := orb.Polygon{star(r, orb.Point{125, 29}, size/20, 9)}
		p := LabelPoint(orb.MultiPolygon{small, poly})
		if !onGrid(p) || !strictlyInside(p, poly) {
			t.Fatalf("%v is not inside or not on the grid; size %v, %d vertices", p, size, n)
		}
		if p := InteriorPoint(orb.MultiPolygon{small, poly}); !onGrid(p) || !strictlyInside(p, poly) {
			t.Fatalf("the interior point %v is not inside or not on the grid; size %v, %d vertices", p, size, n)
		}
	})
}

// The pole of shapes whose pole is known.
func TestLabelPointIsThePole(t *testing.T) {
	// An L: the widest place is the inner corner's square.
	l := orb.Ring{{0, 0}, {3, 0}, {3, 1}, {1, 1}, {1, 3}, {0, 3}, {0, 0}}
	p := LabelPoint(orb.MultiPolygon{{l}})
	// The largest circle touches the left, the lower side and the corner (1, 1): radius 2 − √2.
	want := 2 - math.Sqrt2
	if math.Abs(p[0]-want) > 0.02 || math.Abs(p[1]-want) > 0.02 {
		t.Errorf("L: %v, want about %v", p, want)
	}
	// At 60° north a degree of longitude is half as long: this is a square.
	p = LabelPoint(orb.MultiPolygon{{{{10, 59.5}, {12, 59.5}, {12, 60.5}, {10, 60.5}, {10, 59.5}}}})
	if math.Abs(p[0]-11) > 0.05 || math.Abs(p[1]-60) > 0.05 {
		t.Errorf("square: %v", p)
	}
}

func TestLabelPointOfNarrowAndDegenerateAreas(t *testing.T) {
	const q = 1e-9
	for name, tt := range map[string]struct {
		mp     orb.MultiPolygon
		inside bool
	}{
		"nothing":        {nil, false},
		"no ring":        {orb.MultiPolygon{nil, {}}, false},
		"a point":        {orb.MultiPolygon{{{{120, 30}}}}, false},
		"a line":         {orb.MultiPolygon{{{{120, 30}, {121, 30}, {120, 30}}}}, false},
		"no room":        {orb.MultiPolygon{{{{120, 30}, {120 + q, 30}, {120, 30 + q}, {120, 30}}}}, false},
		"two steps wide": {orb.MultiPolygon{{{{120, 30}, {121, 30}, {121, 30 + 2*q}, {120, 30 + 2*q}, {120, 30}}}}, true},
		"a needle":       {orb.MultiPolygon{{{{120, 30}, {121, 30.3}, {120, 30.000001}, {120, 30}}}}, true},
		"off the earth":  {orb.MultiPolygon{{{{1e10, 0}, {1e10, 1}, {2e10, 1}, {1e10, 0}}}}, false},
		"not a number":   {orb.MultiPolygon{{{{math.NaN(), 0}, {1, 1}, {2, math.Inf(1)}, {1, 0}}}}, false},
		"bow tie":        {orb.MultiPolygon{{{{120, 30}, {121, 31}, {121, 30}, {120, 31}, {120, 30}}}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, p := range []orb.Point{LabelPoint(tt.mp), InteriorPoint(tt.mp)} {
				if tt.inside && !strictlyInside(p, tt.mp[0]) {
					t.Errorf("%v is not inside", p)
				}
			}
		})
	}
}

// No place on a fine raster is farther from the border than the label by more than the promise.
func TestLabelPointIsNearlyTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		poly := orb.Polygon{star(r, orb.Point{120, 0}, 0.02, rapid.IntRange(3, 400).Draw(t, "vertices"))}
		b := poly.Bound()
		size := max(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1])
		got := clearance(LabelPoint(orb.MultiPolygon{poly}), poly[0])
		for x := b.Min[0]; x < b.Max[0]; x += size / 25 {
			for y := b.Min[1]; y < b.Max[1]; y += size / 25 {
				p := orb.Point{x, y}
				if c := clearance(p, poly[0]); c > got+size/40 && strictlyInside(p, poly) {
					t.Fatalf("%v is %v from the border, the label only %v; size %v", p, c, got, size)
				}
			}
		}
	})
}

// clearance is the distance in degrees from the ring; near the equator degrees of both kinds are equally long.
func clearance(p orb.Point, r orb.Ring) float64 {
	best := math.Inf(1)
	for i := 1; i < len(r); i++ {
		dx, dy := r[i][0]-r[i-1][0], r[i][1]-r[i-1][1]
		x, y := p[0]-r[i-1][0], p[1]-r[i-1][1]
		if l := dx*dx + dy*dy; l > 0 {
			k := max(0, min(1, (x*dx+y*dy)/l))
			x, y = x-k*dx, y-k*dy
		}
		best = min(best, math.Hypot(x, y))
	}
	return best
}

func FuzzLabelPoint(f *testing.F) {
	f.Add(120.0, 30.0, 121.0, 30.5, 120.5, 31.0, 120.0, 30.9)
	f.Fuzz(func(t *testing.T, a, b, c, d, e, g, h, i float64) {
		mp := orb.MultiPolygon{{{{a, b}, {c, d}, {e, g}, {h, i}, {a, b}}}}
		p := LabelPoint(mp)
		if _, err := NewMesh(t.Context(), testOptions, []Shape{{ID: 1, Rank: 1, From: past, To: future, Geom: mp}}); err == nil && !onGrid(p) {
			t.Fatalf("%v is not on the grid", p)
		}
	})
}

func BenchmarkLabelPoint(b *testing.B) {
	for _, n := range []int{20, 200, 2000, 20000} {
		mp := orb.MultiPolygon{{star(rand.New(rand.NewPCG(1, 1)), orb.Point{120, 29}, 0.02, n)}}
		b.Run(map[int]string{20: "20", 200: "200", 2000: "2000", 20000: "20000"}[n], func(b *testing.B) {
			for b.Loop() {
				LabelPoint(mp)
			}
		})
		s := sheet{size: 0.02, segs: n / 4, rough: 0.3}.shapes("A")[0].Geom
		b.Run("rough"+map[int]string{20: "20", 200: "200", 2000: "2000", 20000: "20000"}[n], func(b *testing.B) {
			for b.Loop() {
				LabelPoint(s)
			}
		})
	}
}
