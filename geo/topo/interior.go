package topo

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// InteriorPoint returns a point on the grid of 1e-9 degree strictly inside the largest polygon of the area, holes
// taken out: any such point, at a fraction of what it costs to find the best one for a name (LabelPoint). Where no
// such point exists on the grid it returns what LabelPoint does.
func InteriorPoint(mp orb.MultiPolygon) orb.Point {
	largest := largestPolygon(mp)
	if largest == nil {
		return orb.Point{}
	}
	rings := vertexRings(largest)
	if len(rings) > 0 {
		if v, ok := onMiddleRow(rings); ok {
			return v.point()
		}
	}
	return LabelPoint(mp)
}

// onMiddleRow is the middle of the widest stretch inside on the row through the middle of the shell.
func onMiddleRow(rings [][]Vertex) (Vertex, bool) {
	low, high := rings[0][0].Y, rings[0][0].Y
	for _, v := range rings[0] {
		low, high = min(low, v.Y), max(high, v.Y)
	}
	v, width := widestOnRow(rings, low+(high-low)/2, 0)
	return v, width >= 0
}

// widestOnRow returns the middle of the widest stretch of the row y between two crossings with the rings, by the
// even-odd rule, among those whose middle lies strictly inside, and its width in steps of the grid; −1 where there is
// none of at least the width asked for.
func widestOnRow(rings [][]Vertex, y, atLeast int64) (best Vertex, width int64) {
	xs := make([]float64, 0, 16)
	for _, r := range rings {
		a := r[len(r)-1]
		for _, b := range r {
			if (a.Y > y) != (b.Y > y) {
				xs = append(xs, float64(a.X)+float64(b.X-a.X)*(float64(y-a.Y)/float64(b.Y-a.Y)))
			}
			a = b
		}
	}
	slices.Sort(xs)
	width = -1
	for k := 0; k+1 < len(xs); k += 2 {
		v := Vertex{int64(math.Round((xs[k] + xs[k+1]) / 2)), y}
		if w := int64(xs[k+1] - xs[k]); w >= max(width, atLeast) && inside(v, rings) {
			best, width = v, w
		}
	}
	return best, width
}
