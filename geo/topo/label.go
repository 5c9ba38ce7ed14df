package topo

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/topo/exact"
)

const (
	// labelPrecision is how much farther from the border, as a part of the size of the area, the best place of all
	// could be than the one found.
	labelPrecision = 1.0 / 60
	// labelVertices is the number of vertices from which on the place is sought in a simplified ring first.
	labelVertices = 48
	// labelThinning is the part of the size of the area by which that ring may leave the true one: the search costs as
	// much as the ring has vertices, and half the precision is not worth two thirds of the vertices.
	labelThinning = 150
	// labelCells bounds the search in areas of strange shape.
	labelCells = 4000
)

// LabelPoint returns the place for the name of an area: the pole of inaccessibility of its largest polygon, the
// point farthest from its border, to within 1/40 of the polygon's size. Distances are taken on the ground near the
// polygon, not in degrees. The point lies on the grid of 1e-9 degree and strictly inside the polygon, holes taken
// out. Where no point of the grid is found inside (an area of no width, rings that cross), it is a vertex of the
// polygon; for a geometry without vertices it is the zero Point.
func LabelPoint(mp orb.MultiPolygon) orb.Point {
	largest := largestPolygon(mp)
	if largest == nil {
		return orb.Point{}
	}
	rings := vertexRings(largest)
	if len(rings) == 0 {
		return largest[0][0]
	}
	if p, ok := pole(rings); ok {
		return p
	}
	if p, ok := onScanline(rings); ok {
		return p
	}
	return rings[0][0].point()
}

// largestPolygon is the polygon with the most ground, nil when none has a vertex.
func largestPolygon(mp orb.MultiPolygon) (best orb.Polygon) {
	most := -1.0
	for _, p := range mp {
		if len(p) == 0 || len(p[0]) == 0 {
			continue
		}
		if len(mp) == 1 {
			return p
		}
		a := math.Abs(planarArea(p[0]))
		for _, h := range p[1:] {
			a -= math.Abs(planarArea(h))
		}
		if a = a * math.Cos(p[0][0][1]*math.Pi/180); a > most || best == nil {
			best, most = p, a
		}
	}
	return best
}

func planarArea(r orb.Ring) (sum float64) {
	for i := range r {
		a, b := r[i], r[(i+1)%len(r)]
		sum += (a[0]-r[0][0])*(b[1]-r[0][1]) - (b[0]-r[0][0])*(a[1]-r[0][1])
	}
	return sum
}

// vertexRings puts the rings on the grid, without closing and repeated vertices; none when the shell is not on the earth.
func vertexRings(p orb.Polygon) [][]Vertex {
	var out [][]Vertex
	for i, r := range p {
		ring := make([]Vertex, 0, len(r))
		for _, pt := range r {
			v, err := vertexOf(pt)
			if err != nil {
				return nil
			}
			if len(ring) == 0 || ring[len(ring)-1] != v {
				ring = append(ring, v)
			}
		}
		for len(ring) > 1 && ring[0] == ring[len(ring)-1] {
			ring = ring[:len(ring)-1]
		}
		if len(ring) == 0 || len(ring) < 3 && i > 0 {
			continue
		}
		out = append(out, ring)
	}
	return out
}

// inside says whether v lies strictly inside the rings, a shell and its holes in any order and sense, by the
// even-odd rule; exact. A point on a border is not inside.
func inside(v Vertex, rings [][]Vertex) bool {
	in := false
	for _, r := range rings {
		a := r[len(r)-1]
		for _, b := range r {
			if (a.Y > v.Y) != (b.Y > v.Y) || a.Y == v.Y || b.Y == v.Y {
				o := orientVertices(a, b, v)
				if o == 0 && v.X >= min(a.X, b.X) && v.X <= max(a.X, b.X) && v.Y >= min(a.Y, b.Y) && v.Y <= max(a.Y, b.Y) {
					return false
				}
				if (a.Y > v.Y) != (b.Y > v.Y) && (o > 0) == (b.Y > a.Y) {
					in = !in
				}
			}
			a = b
		}
	}
	return in
}

// orientVertices is the sign of the area of the triangle.
func orientVertices(a, b, c Vertex) int { return exact.Orient(a.X, a.Y, b.X, b.Y, c.X, c.Y) }

// onScanline looks for the widest stretch inside on rows through the area; it finds a place in areas too narrow for
// the search by squares.
func onScanline(rings [][]Vertex) (orb.Point, bool) {
	ys := make([]int64, 0, len(rings[0]))
	for _, v := range rings[0] {
		ys = append(ys, v.Y)
	}
	slices.Sort(ys)
	ys = slices.Compact(ys)
	step := max(1, len(ys)/64)
	var best Vertex
	widest := int64(0)
	for i := 0; i+1 < len(ys); i += step {
		if v, w := widestOnRow(rings, ys[i]+(ys[i+1]-ys[i])/2, widest); w >= 0 {
			best, widest = v, w
		}
	}
	return best.point(), widest > 0 || best != Vertex{}
}
