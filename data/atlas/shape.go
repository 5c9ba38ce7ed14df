package atlas

import (
	"math"

	"github.com/paulmach/orb"

	"yutu/geo/crs"
	"yutu/geo/topo/exact"
)

// box is a closed rectangle in degrees; an empty one has minX > maxX.
type box struct{ minX, minY, maxX, maxY float64 }

var emptyBox = box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}

func boxOf(b orb.Bound) box { return box{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} }

func (b box) touches(o box) bool {
	return b.minX <= o.maxX && o.minX <= b.maxX && b.minY <= o.maxY && o.minY <= b.maxY
}

func (b box) holds(o box) bool {
	return b.minX <= o.minX && o.maxX <= b.maxX && b.minY <= o.minY && o.maxY <= b.maxY
}

func (b box) has(p orb.Point) bool {
	return b.minX <= p[0] && p[0] <= b.maxX && b.minY <= p[1] && p[1] <= b.maxY
}

func (b box) with(p orb.Point) box {
	return box{min(b.minX, p[0]), min(b.minY, p[1]), max(b.maxX, p[0]), max(b.maxY, p[1])}
}

// run is a stretch of consecutive vertices of one ring with its box, so that most of a long border is passed over
// without looking at it.
type run struct {
	line orb.LineString // shares the ring's memory; consecutive runs share a vertex
	box  box
}

// runSegments trades boxes to test against segments to test; 16 to 64 measure the same.
const runSegments = 32

func cutRuns(mp orb.MultiPolygon) ([]run, orb.Bound) {
	n := 0
	for _, poly := range mp {
		for _, ring := range poly {
			n += (max(len(ring), 2) - 2 + runSegments) / runSegments
		}
	}
	runs := make([]run, 0, n)
	all := emptyBox
	for _, poly := range mp {
		for _, ring := range poly {
			for i := 0; i+1 < len(ring); i += runSegments {
				r := run{line: orb.LineString(ring[i:min(i+runSegments+1, len(ring))]), box: emptyBox}
				for _, p := range r.line {
					r.box = r.box.with(p)
				}
				all = all.with(orb.Point{r.box.minX, r.box.minY}).with(orb.Point{r.box.maxX, r.box.maxY})
				runs = append(runs, r)
			}
		}
	}
	return runs, orb.Bound{Min: orb.Point{all.minX, all.minY}, Max: orb.Point{all.maxX, all.maxY}}
}

// place is where a point lies in relation to a geometry.
type place uint8

const (
	outside place = iota
	onBorder
	inside
)

// locate says exactly where p, a point on the grid of crs.Quantum, lies: two units that share a border vertex for
// vertex never both have p inside and never leave it out between them.
func (i *Item) locate(p orb.Point) place {
	if !boxOf(i.Bounds).has(p) {
		return outside
	}
	// Count the crossings of a ray from p eastward. The interiors of a valid multipolygon are disjoint and holes are
	// rings like others, so parity over all rings decides.
	odd := false
	for k := range i.runs {
		r := &i.runs[k]
		if p[1] < r.box.minY || p[1] > r.box.maxY || p[0] > r.box.maxX {
			continue
		}
		if p[0] < r.box.minX {
			// Wholly to the east: however the line winds, only its ends tell the parity.
			if (r.line[0][1] > p[1]) != (r.line[len(r.line)-1][1] > p[1]) {
				odd = !odd
			}
			continue
		}
		for j := 1; j < len(r.line); j++ {
			a, b := r.line[j-1], r.line[j]
			if a[1] > b[1] {
				a, b = b, a
			}
			switch {
			case p[1] < a[1] || p[1] > b[1] || p[0] > max(a[0], b[0]):
			case a[1] == b[1]:
				if p[0] >= min(a[0], b[0]) {
					return onBorder
				}
			default:
				s := orient(a, b, p)
				if s == 0 {
					return onBorder
				}
				// Half-open in y, so that a vertex at the ray's height counts once.
				if s > 0 && p[1] < b[1] {
					odd = !odd
				}
			}
		}
	}
	if odd {
		return inside
	}
	return outside
}

// intersects reports whether the geometry and the closed rectangle b, whose corners lie on the grid of
// crs.Quantum, have a point in common. b may be a point or a line.
func (i *Item) intersects(b box) bool {
	all := boxOf(i.Bounds)
	if !all.touches(b) {
		return false
	}
	if b.holds(all) {
		return true
	}
	for k := range i.runs {
		r := &i.runs[k]
		if !r.box.touches(b) {
			continue
		}
		if b.holds(r.box) {
			return true
		}
		for j := 1; j < len(r.line); j++ {
			if segmentMeets(r.line[j-1], r.line[j], b) {
				return true
			}
		}
	}
	// No border meets the rectangle: it lies wholly inside or wholly outside.
	return i.locate(orb.Point{b.minX, b.minY}) != outside
}

func segmentMeets(p, q orb.Point, b box) bool {
	if !emptyBox.with(p).with(q).touches(b) {
		return false
	}
	if b.has(p) || b.has(q) {
		return true
	}
	// The axes do not separate them; the line's own direction may.
	s := orient(p, q, orb.Point{b.minX, b.minY})
	return s == 0 || orient(p, q, orb.Point{b.maxX, b.minY}) != s ||
		orient(p, q, orb.Point{b.maxX, b.maxY}) != s || orient(p, q, orb.Point{b.minX, b.maxY}) != s
}

// orient returns 1 when p lies to the left of the line from a to b, −1 to the right, 0 on it; exact for points on the
// grid of crs.Quantum taken as the decimals that they stand for.
func orient(a, b, p orb.Point) int {
	abx, aby, apx, apy := b[0]-a[0], b[1]-a[1], p[0]-a[0], p[1]-a[1]
	det := abx*apy - aby*apx
	// A float64 below 256 is off its decimal by at most 2^-46 degrees, a difference by twice that, and each factor's
	// error is multiplied by the other factor; rounding of the arithmetic is far smaller. 2^-43 leaves room.
	bound := 0x1p-43 * (math.Abs(abx) + math.Abs(aby) + math.Abs(apx) + math.Abs(apy))
	switch {
	case det > bound:
		return 1
	case det < -bound:
		return -1
	}
	ax, ay := gridInt(a[0]), gridInt(a[1])
	return exact.CompareProducts(gridInt(b[0])-ax, gridInt(p[1])-ay, gridInt(b[1])-ay, gridInt(p[0])-ax)
}

func gridInt(v float64) int64 { return int64(math.Round(v / crs.Quantum)) }

// snapBox puts the corners of a query's rectangle on the grid, so that the tests above are exact. What lies far beyond
// the globe is brought closer, where arithmetic still holds; there is nothing there to meet.
func snapBox(b orb.Bound) box {
	near := func(p orb.Point) orb.Point {
		return crs.Snap(orb.Point{min(max(p[0], -200), 200), min(max(p[1], -200), 200)})
	}
	return boxOf(orb.Bound{Min: near(b.Min), Max: near(b.Max)})
}
