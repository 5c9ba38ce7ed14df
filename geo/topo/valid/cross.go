package valid

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"sync"

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

// room is the memory in which one geometry's segments are put in order.
type room struct {
	raw, sorted []segment
	starts      []int32
}

var rooms = sync.Pool{New: func() any { return new(room) }}

// crossings compares all segments whose boxes meet: a sweep from west to east over strips that hold about one segment
// each, so that ordering them takes linear time.
func (c *checker) crossings() {
	n := 0
	west, east := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range c.rings {
		n += len(c.rings[i].pts)
		west, east = min(west, c.rings[i].minX), max(east, c.rings[i].maxX)
	}
	if n == 0 {
		return
	}
	m := rooms.Get().(*room)
	defer rooms.Put(m)
	m.raw = slices.Grow(m.raw[:0], n)
	for i := range c.rings {
		pts := c.rings[i].pts
		a := pts[len(pts)-1]
		for j, b := range pts {
			// The segment is known by its first vertex.
			at := int32(j) - 1
			if j == 0 {
				at = int32(len(pts)) - 1
			}
			m.raw = append(m.raw, segment{min(a.x, b.x), max(a.x, b.x), min(a.y, b.y), max(a.y, b.y), int32(i), at})
			a = b
		}
	}
	shift := max(0, bits.Len64(uint64(east-west))-bits.Len(uint(n)))
	strip := func(x int64) int64 { return (x - west) >> shift }
	segments := m.byStrip(strip, int(strip(east))+1)
	budget := freeTests + sweepTestsPerSegment*n
	for i := range segments {
		s := &segments[i]
		last := strip(s.maxX)
		for j := i + 1; j < len(segments) && strip(segments[j].minX) <= last; j++ {
			t := &segments[j]
			if budget--; budget < 0 {
				c.crossingsByTree(segments, i)
				return
			}
			if s.minY <= t.maxY && t.minY <= s.maxY && s.minX <= t.maxX && t.minX <= s.maxX {
				c.compare(s, t)
			}
		}
		if len(c.found) >= MaxViolations {
			return
		}
	}
}

// byStrip puts the segments in the order of the strips of their western ends, as they come within one.
func (m *room) byStrip(strip func(int64) int64, strips int) []segment {
	m.starts = slices.Grow(m.starts[:0], strips+1)[:strips+1]
	clear(m.starts)
	for i := range m.raw {
		m.starts[strip(m.raw[i].minX)+1]++
	}
	for i := 1; i <= strips; i++ {
		m.starts[i] += m.starts[i-1]
	}
	m.sorted = slices.Grow(m.sorted[:0], len(m.raw))[:len(m.raw)]
	for i := range m.raw {
		at := &m.starts[strip(m.raw[i].minX)]
		m.sorted[*at] = m.raw[i]
		*at++
	}
	return m.sorted
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
	if c.touches == nil {
		c.touches = map[touch]bool{}
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
