// Package valid says what is wrong with a multipolygon, and where. It follows the simple features model
// (ISO 19125-1, OGC 06-103r4 6.1.11 and 6.1.14), as PostGIS does:
//
//   - every ring is closed, has at least three different vertices, and neither crosses nor touches itself;
//   - the rings of a polygon touch at most at single points, and leave its interior in one piece;
//   - holes lie in their shell and not in one another;
//   - polygons do not overlap, and their rings touch at most at single points.
//
// All decisions are exact on the grid of crs.Quantum: coordinates (lon, lat in degrees) are taken to the nearest
// multiple first. Any input gets an answer; nothing panics, and memory is proportional to the number of vertices.
package valid

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/crs"
)

// The rules that a multipolygon can break.
const (
	NonFinite            = "non-finite"            // a coordinate is not a number, infinite, or beyond a million degrees
	RingNotClosed        = "ring-not-closed"       // first and last vertex differ
	RingTooShort         = "ring-too-short"        // fewer than three different vertices, or no ring at all
	DuplicateVertex      = "duplicate-vertex"      // the same vertex twice running; harmless, Orient drops it
	Spike                = "spike"                 // the ring goes out and comes back on itself
	RingSelfCrossing     = "ring-self-crossing"    // the ring crosses, touches or runs along itself
	HoleOutsideShell     = "hole-outside-shell"    // a hole leaves its shell, or lies outside
	HolesOverlap         = "holes-overlap"         // two holes cross, or one lies in the other
	ShellsOverlap        = "shells-overlap"        // two polygons share some of their ground
	EdgeShared           = "edge-shared"           // two rings run along each other
	InteriorDisconnected = "interior-disconnected" // holes that touch cut the polygon into pieces
	TooTangled           = "too-tangled"           // so many segments lie over each other that the check gave up
)

// MaxViolations is how many violations of one geometry are returned at most.
const MaxViolations = 1000

// Violation is one broken rule.
type Violation struct {
	Rule string
	// Position is where: lon, lat in degrees. For NonFinite it is the bad coordinate itself.
	Position orb.Point
	// Polygon and Ring are indexes into the multipolygon; ring 0 is the shell.
	Polygon, Ring int
}

// Check returns everything that is wrong with mp, in the order of its polygons and rings, at most MaxViolations.
// Of consecutive duplicates only the first in a ring is named; of two rings that overlap only one place. A ring
// that is not closed is reported and then taken as closed. The time is O(n log n) for n vertices of any map there is.
func Check(mp orb.MultiPolygon) []Violation {
	c := checker{}
	for i, poly := range mp {
		if len(poly) == 0 {
			c.add(RingTooShort, orb.Point{}, i, 0)
		}
		for j, r := range poly {
			c.addRing(r, i, j)
		}
	}
	if !c.unusable {
		c.crossings()
		c.touching()
		c.containment()
	}
	slices.SortStableFunc(c.found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Polygon, b.Polygon), cmp.Compare(a.Ring, b.Ring))
	})
	return c.found
}

// Orient turns shells counter-clockwise and holes clockwise (RFC 7946 3.1.6) and drops consecutive duplicate
// vertices, in place. Where a ring begins does not change.
func Orient(mp orb.MultiPolygon) {
	for _, poly := range mp {
		for j := range poly {
			poly[j] = slices.Compact(poly[j])
			r := poly[j]
			if len(r) < 4 {
				continue
			}
			if (area2(r) > 0) != (j == 0) {
				slices.Reverse(r)
			}
		}
	}
}

// area2 is twice the signed area in square degrees, positive counter-clockwise, relative to the first vertex so that
// the sum of a small ring far from the origin does not cancel.
func area2(r orb.Ring) float64 {
	var sum float64
	o := r[0]
	for i := 1; i < len(r); i++ {
		sum += (r[i-1][0]-o[0])*(r[i][1]-o[1]) - (r[i][0]-o[0])*(r[i-1][1]-o[1])
	}
	return sum
}

// pt is a vertex on the grid of crs.Quantum.
type pt struct{ x, y int64 }

func (p pt) degrees() orb.Point {
	return crs.Snap(orb.Point{float64(p.x) * crs.Quantum, float64(p.y) * crs.Quantum})
}

// ring is an open ring without consecutive duplicates.
type ring struct {
	polygon, index         int
	pts                    []pt
	minX, minY, maxX, maxY int64
	slabs                  *slabs // made when points are looked up in a ring of many vertices
}

type checker struct {
	found    []Violation
	rings    []ring
	unusable bool // coordinates that no further check can use
	// bad marks pairs of rings that have been reported; they need no further word.
	bad map[[2]int32]bool
	// touches are the single points at which two different rings meet.
	touches map[touch]bool
}

type touch struct {
	p    pt
	a, b int32 // indexes of rings, a < b
}

func (c *checker) add(rule string, p orb.Point, polygon, ring int) {
	if len(c.found) < MaxViolations {
		c.found = append(c.found, Violation{rule, p, polygon, ring})
	}
}

// addRing checks what a ring says by itself, without looking for crossings.
func (c *checker) addRing(r orb.Ring, polygon, index int) {
	if len(r) == 0 {
		c.add(RingTooShort, orb.Point{}, polygon, index)
		return
	}
	pts := make([]pt, 0, len(r))
	duplicate := false
	for _, p := range r {
		if !(math.Abs(p[0]) <= 1e6 && math.Abs(p[1]) <= 1e6) {
			c.add(NonFinite, p, polygon, index)
			c.unusable = true
			return
		}
		v := pt{int64(math.Round(p[0] / crs.Quantum)), int64(math.Round(p[1] / crs.Quantum))}
		if len(pts) > 0 && pts[len(pts)-1] == v {
			if !duplicate {
				c.add(DuplicateVertex, p, polygon, index)
				duplicate = true
			}
			continue
		}
		pts = append(pts, v)
	}
	if len(pts) > 1 && pts[0] == pts[len(pts)-1] {
		pts = pts[:len(pts)-1]
	} else if len(r) > 1 && len(pts) > 1 {
		c.add(RingNotClosed, r[len(r)-1], polygon, index)
	}
	if len(pts) < 3 {
		c.add(RingTooShort, r[0], polygon, index)
		return
	}
	g := ring{polygon: polygon, index: index, pts: pts, minX: pts[0].x, maxX: pts[0].x, minY: pts[0].y, maxY: pts[0].y}
	for i, p := range pts {
		g.minX, g.maxX = min(g.minX, p.x), max(g.maxX, p.x)
		g.minY, g.maxY = min(g.minY, p.y), max(g.maxY, p.y)
		a, b := pts[(i+len(pts)-1)%len(pts)], pts[(i+1)%len(pts)]
		if orient(a, p, b) == 0 && dot(p, a, b) > 0 {
			c.add(Spike, p.degrees(), polygon, index)
		}
	}
	c.rings = append(c.rings, g)
}

// report says once that two rings do not go together.
func (c *checker) report(rule string, p pt, a, b int32) {
	if a > b {
		a, b = b, a
	}
	if c.bad[[2]int32{a, b}] {
		return
	}
	if c.bad == nil {
		c.bad = map[[2]int32]bool{}
	}
	c.bad[[2]int32{a, b}] = true
	// The later ring is the one to look at: the hole, the second hole, the second polygon.
	r := &c.rings[b]
	c.add(rule, p.degrees(), r.polygon, r.index)
}

// overlapRule names what it means that two rings cross.
func (c *checker) overlapRule(a, b int32) string {
	ra, rb := &c.rings[a], &c.rings[b]
	switch {
	case ra.polygon != rb.polygon:
		return ShellsOverlap
	case ra.index == 0 || rb.index == 0:
		return HoleOutsideShell
	default:
		return HolesOverlap
	}
}
