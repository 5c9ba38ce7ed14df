package valid

import (
	"cmp"
	"slices"

	"github.com/tidwall/rtree"

	"yutu/geo/topo/exact"
)

// segment is one edge with its box.
type segment struct {
	minX, maxX, minY, maxY int64
	ring, at               int32
}

// Budgets of pair tests for n segments. Borders on maps need about ten tests a segment by the sweep; the R-tree takes
// over where segments pile up along one axis, and a geometry that exhausts even that is nobody's border.
const (
	sweepTestsPerSegment = 64
	treeTestsPerSegment  = 1000
	freeTests            = 1 << 20
)

// crossings compares all segments whose boxes meet.
func (c *checker) crossings() {
	n := 0
	for i := range c.rings {
		n += len(c.rings[i].pts)
	}
	segments := make([]segment, 0, n)
	for i := range c.rings {
		pts := c.rings[i].pts
		for j, a := range pts {
			b := pts[(j+1)%len(pts)]
			segments = append(segments, segment{min(a.x, b.x), max(a.x, b.x), min(a.y, b.y), max(a.y, b.y), int32(i), int32(j)})
		}
	}
	segments = sortedByMinX(segments)
	c.touches = map[touch]bool{}
	budget := freeTests + sweepTestsPerSegment*n
	for i := range segments {
		s := &segments[i]
		for j := i + 1; j < len(segments) && segments[j].minX <= s.maxX; j++ {
			t := &segments[j]
			if budget--; budget < 0 {
				c.crossingsByTree(segments, i)
				return
			}
			if s.minY <= t.maxY && t.minY <= s.maxY {
				c.compare(s, t)
			}
		}
		if len(c.found) >= MaxViolations {
			return
		}
	}
}

// sortedByMinX sorts short keys and moves the segments once, which takes half the time of moving them about.
func sortedByMinX(segments []segment) []segment {
	type key struct {
		minX int64
		i    int32
	}
	keys := make([]key, len(segments))
	for i := range segments {
		keys[i] = key{segments[i].minX, int32(i)}
	}
	slices.SortFunc(keys, func(a, b key) int {
		switch {
		case a.minX < b.minX:
			return -1
		case a.minX > b.minX:
			return 1
		default:
			return int(a.i - b.i)
		}
	})
	out := make([]segment, len(segments))
	for i, k := range keys {
		out[i] = segments[k.i]
	}
	return out
}

// crossingsByTree does the same from segment number from on, with an R-tree.
func (c *checker) crossingsByTree(segments []segment, from int) {
	var tree rtree.RTreeG[int32]
	for i := from; i < len(segments); i++ {
		s := &segments[i]
		tree.Insert([2]float64{float64(s.minX), float64(s.minY)}, [2]float64{float64(s.maxX), float64(s.maxY)}, int32(i))
	}
	budget := freeTests + treeTestsPerSegment*len(segments)
	for i := from; i < len(segments); i++ {
		s := &segments[i]
		tree.Search([2]float64{float64(s.minX), float64(s.minY)}, [2]float64{float64(s.maxX), float64(s.maxY)},
			func(_, _ [2]float64, j int32) bool {
				budget--
				if int(j) > i {
					c.compare(s, &segments[j])
				}
				return budget > 0 && len(c.found) < MaxViolations
			})
		if len(c.found) >= MaxViolations {
			return
		}
		if budget <= 0 {
			r := &c.rings[s.ring]
			c.add(TooTangled, r.pts[s.at].degrees(), r.polygon, r.index)
			return
		}
	}
}

// compare looks at two segments whose boxes meet.
func (c *checker) compare(s, t *segment) {
	ps, pts := c.rings[s.ring].pts, c.rings[t.ring].pts
	a, b := ps[s.at], ps[(int(s.at)+1)%len(ps)]
	d, e := pts[t.at], pts[(int(t.at)+1)%len(pts)]
	same := s.ring == t.ring
	if same {
		i, j, n := int(s.at), int(t.at), len(ps)
		// Neighbours share a vertex by nature; that they fold back on each other is the spike's business.
		if (i+1)%n == j || (j+1)%n == i {
			return
		}
	}
	o1, o2 := orient(a, b, d), orient(a, b, e)
	if o1 == o2 && o1 != 0 {
		return
	}
	o3, o4 := orient(d, e, a), orient(d, e, b)
	if o3 == o4 && o3 != 0 {
		return
	}
	if o1 != 0 && o2 != 0 && o3 != 0 && o4 != 0 {
		c.cross(s, t, meet(a, b, d, e))
		return
	}
	if o1 == 0 && o2 == 0 && o3 == 0 && o4 == 0 {
		c.collinear(s, t, a, b, d, e)
		return
	}
	for _, v := range [...]struct {
		zero bool
		p    pt
		u, w pt
	}{{o1 == 0, d, a, b}, {o2 == 0, e, a, b}, {o3 == 0, a, d, e}, {o4 == 0, b, d, e}} {
		if v.zero && between(v.p, v.u, v.w) {
			c.touch(s, t, v.p)
			return
		}
	}
}

// collinear handles two segments on one line whose boxes meet.
func (c *checker) collinear(s, t *segment, a, b, d, e pt) {
	order := func(p, q pt) int { return cmp.Or(cmp.Compare(p.x, q.x), cmp.Compare(p.y, q.y)) }
	if order(a, b) > 0 {
		a, b = b, a
	}
	if order(d, e) > 0 {
		d, e = e, d
	}
	lo, hi := slices.MaxFunc([]pt{a, d}, order), slices.MinFunc([]pt{b, e}, order)
	switch o := order(lo, hi); {
	case o == 0:
		c.touch(s, t, lo)
	case o < 0 && s.ring == t.ring:
		r := &c.rings[s.ring]
		c.add(RingSelfCrossing, lo.degrees(), r.polygon, r.index)
	case o < 0:
		c.report(EdgeShared, lo, s.ring, t.ring)
	}
}

func (c *checker) cross(s, t *segment, p pt) {
	if s.ring == t.ring {
		r := &c.rings[s.ring]
		c.add(RingSelfCrossing, p.degrees(), r.polygon, r.index)
		return
	}
	c.report(c.overlapRule(s.ring, t.ring), p, s.ring, t.ring)
}

// touch remembers a single point at which two rings meet, so that all segments there are judged together. A ring that
// meets itself breaks its rule at once.
func (c *checker) touch(s, t *segment, p pt) {
	k := touch{p, min(s.ring, t.ring), max(s.ring, t.ring)}
	if c.touches[k] {
		return
	}
	c.touches[k] = true
	if s.ring == t.ring {
		r := &c.rings[s.ring]
		c.add(RingSelfCrossing, p.degrees(), r.polygon, r.index)
	}
}

// orient is the sign of the area of the triangle a b c: 1 counter-clockwise, −1 clockwise, 0 on one line.
func orient(a, b, c pt) int { return exact.Orient(a.x, a.y, b.x, b.y, c.x, c.y) }

// dot is the sign of the scalar product of o→a and o→b. Exact.
func dot(o, a, b pt) int {
	return exact.CompareProducts(a.x-o.x, b.x-o.x, o.y-a.y, b.y-o.y)
}

// between reports whether p, known to lie on the line through a and b, lies on the segment.
func between(p, a, b pt) bool {
	return min(a.x, b.x) <= p.x && p.x <= max(a.x, b.x) && min(a.y, b.y) <= p.y && p.y <= max(a.y, b.y)
}

// meet is the point where two segments that cross do so, to the nearest grid point or its neighbour.
func meet(a, b, d, e pt) pt {
	rx, ry := float64(b.x-a.x), float64(b.y-a.y)
	sx, sy := float64(e.x-d.x), float64(e.y-d.y)
	den := rx*sy - ry*sx
	if den == 0 {
		return a
	}
	t := (float64(d.x-a.x)*sy - float64(d.y-a.y)*sx) / den
	t = min(max(t, 0), 1)
	return pt{a.x + int64(t*rx), a.y + int64(t*ry)}
}
