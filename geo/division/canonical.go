package division

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
)

// canonical returns the same set of points written in one way only: every ring starts at its smallest vertex,
// shells run counter-clockwise and holes clockwise, holes and polygons are sorted. The input is not changed.
func canonical(mp orb.MultiPolygon) orb.MultiPolygon {
	out := make(orb.MultiPolygon, 0, len(mp))
	for _, poly := range mp {
		p := make(orb.Polygon, 0, len(poly))
		for i, ring := range poly {
			p = append(p, canonicalRing(ring, i == 0))
		}
		if len(p) > 2 {
			slices.SortFunc(p[1:], compareRings)
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b orb.Polygon) int {
		for i := range min(len(a), len(b)) {
			if c := compareRings(a[i], b[i]); c != 0 {
				return c
			}
		}
		return cmp.Compare(len(a), len(b))
	})
	return out
}

func canonicalRing(ring orb.Ring, ccw bool) orb.Ring {
	n := len(ring)
	if n > 1 && ring[0] == ring[n-1] {
		n--
	}
	if n < 3 {
		return slices.Clone(ring)
	}
	start := 0
	for i := 1; i < n; i++ {
		if comparePoints(ring[i], ring[start]) < 0 {
			start = i
		}
	}
	out := make(orb.Ring, 0, n+1)
	if (signedArea2(ring[:n]) > 0) == ccw {
		for i := range n {
			out = append(out, ring[(start+i)%n])
		}
	} else {
		for i := range n {
			out = append(out, ring[(start-i+n)%n])
		}
	}
	return append(out, out[0])
}

// signedArea2 is twice the signed planar area in square degrees, taken relative to the first vertex so that
// large coordinates do not cancel; positive for counter-clockwise.
func signedArea2(ring orb.Ring) float64 {
	var sum float64
	o := ring[0]
	for i := range ring {
		a, b := ring[i], ring[(i+1)%len(ring)]
		sum += (a[0]-o[0])*(b[1]-o[1]) - (b[0]-o[0])*(a[1]-o[1])
	}
	return sum
}

func comparePoints(a, b orb.Point) int {
	if c := cmp.Compare(a[0], b[0]); c != 0 {
		return c
	}
	return cmp.Compare(a[1], b[1])
}

func compareRings(a, b orb.Ring) int {
	for i := range min(len(a), len(b)) {
		if c := comparePoints(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}
