package index

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/peterstace/simplefeatures/geom"
	"pgregory.net/rapid"

	"yutu/tiles/mvt"
)

// starRing is a ring around c, clockwise on the screen, with radii between a fifth of size and size; points lie on
// multiples of step.
func starRing(r *rand.Rand, c mvt.Point, size float64, n int, step int32) []mvt.Point {
	var out []mvt.Point
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		d := size * (0.2 + 0.8*r.Float64())
		p := mvt.Point{X: c.X + int32(d*math.Cos(a))/step*step, Y: c.Y + int32(d*math.Sin(a))/step*step}
		if len(out) == 0 || out[len(out)-1] != p && out[0] != p {
			out = append(out, p)
		}
	}
	return out
}

func polygonOf(rings ...[]mvt.Point) geom.Polygon {
	var lines []geom.LineString
	for _, r := range rings {
		var xy []float64
		for i := range len(r) + 1 {
			xy = append(xy, float64(r[i%len(r)].X), float64(r[i%len(r)].Y))
		}
		lines = append(lines, geom.NewLineString(geom.NewSequence(xy, geom.DimXY)))
	}
	return geom.NewPolygon(lines)
}

// Cutting gives what another engine's intersection gives, for shells and holes that cross the tile, contain it, lie
// in it, or run along the cut; its rings are valid and the holes lie in their shells.
func TestClipIsIntersection(t *testing.T) {
	square := polygonOf([]mvt.Point{{X: cutLow, Y: cutLow}, {X: cutHigh, Y: cutLow}, {X: cutHigh, Y: cutHigh}, {X: cutLow, Y: cutHigh}}).AsGeometry()
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 8))
		step := []int32{1, 1, 32, 64, 1024}[r.IntN(5)]
		c := mvt.Point{X: (r.Int32N(14000) - 5000) / step * step, Y: (r.Int32N(14000) - 5000) / step * step}
		size := math.Pow(10, 2.5+2.2*r.Float64())
		shell := starRing(r, c, size, 3+r.IntN(30), step)
		rings := [][]mvt.Point{shell}
		if hole := starRing(r, c, size*0.15, 3+r.IntN(8), step); r.IntN(2) == 0 && len(hole) > 2 {
			slices.Reverse(hole)
			rings = append(rings, hole)
		}
		if len(shell) < 3 || area2(shell) <= 0 || polygonOf(rings...).Validate() != nil {
			t.Skip("the drawn star is no polygon: there is nothing to cut")
		}
		var cut clip
		cut.reset()
		for _, ring := range rings {
			cut.beginRing()
			for _, p := range ring {
				cut.feed(p)
			}
			cut.endRing()
		}
		cut.finish()
		want, err := geom.Intersection(polygonOf(rings...).AsGeometry(), square)
		if err != nil {
			t.Skip(err)
		}
		var area int64
		var l mvt.Layer
		l.Reset("x")
		l.Begin(1, mvt.PolygonType)
		cut.write(&l)
		l.End()
		d, err := decode(l.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if d["x"] != nil {
			var polys [][][]mvt.Point
			for _, ring := range d["x"].features[0].paths {
				a := area2(ring)
				area += a
				if a > 0 {
					polys = append(polys, nil)
				}
				polys[len(polys)-1] = append(polys[len(polys)-1], ring)
				if a < 0 {
					seen["hole"]++
				}
			}
			if len(polys) > 1 {
				seen["several shells"]++
			}
			if len(polys[0][0]) == 4 && area2(polys[0][0]) == 2*4224*4224 {
				seen["whole tile"]++
			}
		} else {
			seen["nothing"]++
		}
		// Each crossing is off by up to half a unit along the cut and half across it.
		if diff := math.Abs(float64(area)/2 - want.Area()); diff > 4300*math.Sqrt(float64(1+len(cut.events))) {
			t.Fatalf("area %v, want %v; %v", float64(area)/2, want.Area(), rings)
		}
	})
	for _, what := range []string{"hole", "several shells", "whole tile", "nothing"} {
		if seen[what] == 0 {
			t.Errorf("no case of %q", what)
		}
	}
}

// The same edge seen from both sides is cut at the same points.
func TestCrossingsAreSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(s string) int32 {
			if rapid.Bool().Draw(t, s+" far") {
				return rapid.Int32Range(-1<<28, 1<<28).Draw(t, s)
			}
			return rapid.Int32Range(-200, 4300).Draw(t, s)
		}
		a, b := mvt.Point{X: n("ax"), Y: n("ay")}, mvt.Point{X: n("bx"), Y: n("by")}
		ca, cb := outcode(a), outcode(b)
		if ca&cb != 0 || ca|cb == 0 {
			t.Skip("the drawn segment does not meet the edge of the tile")
		}
		in, out, ok := crossings(a, b, ca, cb)
		back, forth, okToo := crossings(b, a, cb, ca)
		if ok != okToo || ok && (in.p != forth.p || out.p != back.p || in.pos != forth.pos || out.pos != back.pos) {
			t.Fatalf("%v %v: %v %v %v, back %v %v %v", a, b, in, out, ok, back, forth, okToo)
		}
		if !ok && (ca == 0 || cb == 0) {
			t.Fatalf("%v %v: one end lies inside and the edge is not cut", a, b)
		}
	})
}
