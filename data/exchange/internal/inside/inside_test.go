package inside

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// slow is the textbook: a point is on a segment, or the segments that a ray crosses are counted, all of them.
func slow(r orb.Ring, p orb.Point) Side {
	odd := false
	for i := range r {
		a, b := r[i], r[(i+1)%len(r)]
		cross := (a[0]-p[0])*(b[1]-p[1]) - (b[0]-p[0])*(a[1]-p[1])
		if cross == 0 && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1]) {
			return On
		}
		if (a[1] > p[1]) != (b[1] > p[1]) && (cross > 0) == (b[1] > a[1]) {
			odd = !odd
		}
	}
	if odd {
		return In
	}
	return Out
}

// Small whole numbers make points meet vertices, edges and horizontal runs all the time.
func TestLocateAgreesWithTheTextbook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{3, 9, 60}).Draw(t, "size")
		grid := rapid.IntRange(0, size)
		point := rapid.Custom(func(t *rapid.T) orb.Point {
			return orb.Point{float64(grid.Draw(t, "x")), float64(grid.Draw(t, "y"))}
		})
		ring := orb.Ring(rapid.SliceOfN(point, 3, rapid.SampledFrom([]int{4, 40, 700}).Draw(t, "most")).Draw(t, "ring"))
		x := New(ring)
		for range 20 {
			p := point.Draw(t, "p")
			if got, want := x.Locate(p), slow(ring, p); got != want {
				t.Fatalf("Locate(%v) = %d, want %d in %v", p, got, want, ring)
			}
		}
	})
}

func TestLocateSurvivesAnything(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, r := range []orb.Ring{nil, {}, {{1, 1}}, {{1, 1}, {1, 1}}, {{nan, 0}, {0, nan}, {inf, -inf}, {0, 0}}} {
		New(r).Locate(orb.Point{0, 0})
		New(r).Locate(orb.Point{nan, inf})
	}
}
