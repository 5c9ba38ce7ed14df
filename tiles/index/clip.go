package index

import (
	"cmp"
	"slices"

	"yutu/geo/topo"
	"yutu/tiles/mvt"
)

// buffer is how far, in tile units, polygons and lines reach beyond the tile, so that their cut edges stay out of
// sight: 8 pixels of a tile shown on 512.
const buffer = 64

// Everything is cut along lines half a unit beyond the outermost points that belong to the tile: no vertex can lie
// on such a line, so every edge clearly crosses it or does not. The points where it does are written half a unit
// farther out, so that the edges along the cut lie on no other edge.
const (
	lowest  = -buffer + 1 // the outermost points
	highest = mvt.Extent + buffer - 1
	cutLow  = -buffer // where the cut is written
	cutHigh = mvt.Extent + buffer
	side    = highest - lowest + 1 // the length of the cut on one side
	around  = 4 * side
	low2    = 2*lowest - 1 // the cutting lines, in half units
	high2   = 2*highest + 1
)

var corners = [4]mvt.Point{{X: cutLow, Y: cutLow}, {X: cutHigh, Y: cutLow}, {X: cutHigh, Y: cutHigh}, {X: cutLow, Y: cutHigh}}

const (
	west = 1 << iota
	east
	north
	south
)

func outcode(p mvt.Point) (c uint8) {
	switch {
	case p.X < lowest:
		c = west
	case p.X > highest:
		c = east
	}
	switch {
	case p.Y < lowest:
		c |= north
	case p.Y > highest:
		c |= south
	}
	return c
}

// hit is where an edge crosses the cut: the point written, and how far along the cut it lies clockwise from the
// upper left corner.
type hit struct {
	p   mvt.Point
	pos float64
}

// crossings returns where the edge from a to b, with their outcodes, crosses the cut: in where it comes in, if a
// lies outside, and out where it goes out, if b does. ok is false when it stays outside or only touches a corner.
// Swapping a and b gives the same points.
func crossings(a, b mvt.Point, ca, cb uint8) (in, out hit, ok bool) {
	var n uint8
	add := func(edge uint8, h hit) {
		// A line that a lies beyond is crossed inwards.
		if ca&edge != 0 {
			in = h
			n |= 1
		} else {
			out = h
			n |= 2
		}
	}
	either := ca ^ cb
	if either&west != 0 {
		if y, off, ok := cross(int64(a.X), int64(a.Y), int64(b.X), int64(b.Y), low2, true); ok {
			add(west, hit{mvt.Point{X: cutLow, Y: y}, around - off})
		}
	}
	if either&east != 0 {
		if y, off, ok := cross(int64(a.X), int64(a.Y), int64(b.X), int64(b.Y), high2, true); ok {
			add(east, hit{mvt.Point{X: cutHigh, Y: y}, side + off})
		}
	}
	if either&north != 0 {
		if x, off, ok := cross(int64(a.Y), int64(a.X), int64(b.Y), int64(b.X), low2, false); ok {
			add(north, hit{mvt.Point{X: x, Y: cutLow}, off})
		}
	}
	if either&south != 0 {
		if x, off, ok := cross(int64(a.Y), int64(a.X), int64(b.Y), int64(b.X), high2, false); ok {
			add(south, hit{mvt.Point{X: x, Y: cutHigh}, 3*side - off})
		}
	}
	return in, out, (n&1 != 0) == (ca != 0) && (n&2 != 0) == (cb != 0)
}

// cross cuts the edge from (a, u) to (b, v) at the line where the first coordinate is line2/2. It returns the
// second coordinate there, rounded, and its exact distance from the lower end of the cut.
// ok is false when the edge passes beyond the ends; the ends themselves belong to the cut if closed. Coordinates
// stay below 2^29, so that nothing overflows.
func cross(a, u, b, v, line2 int64, closed bool) (r int32, off float64, ok bool) {
	if a > b {
		a, u, b, v = b, v, a, u
	}
	// The second coordinate is u + num/den.
	num, den := (v-u)*(line2-2*a), 2*(b-a)
	lo, hi := 2*num-(low2-2*u)*den, (high2-2*u)*den-2*num
	if lo < 0 || hi < 0 || !closed && (lo == 0 || hi == 0) {
		return 0, 0, false
	}
	q := (2*num + den) / (2 * den)
	if (2*num+den)%(2*den) < 0 {
		q--
	}
	off = float64(lo) / float64(2*den)
	return int32(max(cutLow, min(cutHigh, u+q))), off, true
}

// chain is a run of points inside the cut, from an entry to an exit. The run of a ring that begins inside comes
// in two parts.
type chain struct {
	from, to         int32 // in clip.pts
	rest, restTo     int32
	entry, exit      float64
	next             int32 // the chain that follows in the result
	backwards, taken bool  // how the way along the cut to next runs; already in the result
}

type event struct {
	pos   float64
	chain int32
	exit  bool
}

// clip cuts one polygon, shell and holes together, to the tile. Rings are joined along the cut where the area lies
// on their right, so that the result has no edges that run to and fro on it.
type clip struct {
	pts     []mvt.Point
	chains  []chain
	inside  [][2]int32 // whole rings within the cut, in pts
	winding int        // how often the rings go round the upper left corner
	events  []event
	stack   []event
	rings   [][2]int32 // the result, in pts
	holes   [][2]int32

	// The ring being fed.
	first, prev mvt.Point
	started     bool
	code        uint8
	runStart    int32
	entry       float64
	headFrom    int32 // the run with which a ring that begins inside goes out first
	headTo      int32
	headExit    float64
	head        bool
}

func (c *clip) reset() {
	c.pts, c.chains, c.inside = c.pts[:0], c.chains[:0], c.inside[:0]
	c.winding = 0
}

func (c *clip) beginRing() { c.started, c.head = false, false }

// feed takes the next vertex of the ring.
func (c *clip) feed(p mvt.Point) {
	if !c.started {
		c.started, c.first, c.prev, c.code = true, p, p, outcode(p)
		c.runStart = int32(len(c.pts))
		if c.code == 0 {
			c.head, c.headFrom, c.headTo = true, c.runStart, -1
			c.pts = append(c.pts, p)
		}
		return
	}
	code := outcode(p)
	if code|c.code == 0 {
		c.pts = append(c.pts, p)
		c.prev = p
		return
	}
	a, ca := c.prev, c.code
	c.prev, c.code = p, code
	c.wind(a, p)
	if ca&code != 0 {
		return
	}
	in, out, ok := crossings(a, p, ca, code)
	switch {
	case !ok:
	case ca != 0 && code != 0:
		start := int32(len(c.pts))
		c.pts = append(c.pts, in.p, out.p)
		c.chains = append(c.chains, chain{from: start, to: start + 2, entry: in.pos, exit: out.pos})
	case ca == 0:
		c.pts = append(c.pts, out.p)
		if c.head && c.headTo < 0 {
			c.headTo, c.headExit = int32(len(c.pts)), out.pos
		} else {
			c.chains = append(c.chains, chain{from: c.runStart, to: int32(len(c.pts)), entry: c.entry, exit: out.pos})
		}
	default:
		c.runStart, c.entry = int32(len(c.pts)), in.pos
		c.pts = append(c.pts, in.p, p)
	}
}

// feedInside takes vertices that all lie within the cut.
func (c *clip) feedInside(pts []topo.Point, ox, oy int32) {
	if len(pts) == 0 {
		return
	}
	c.feed(mvt.Point{X: pts[0].X - ox, Y: pts[0].Y - oy})
	out := slices.Grow(c.pts, len(pts))
	for _, p := range pts[1:] {
		out = append(out, mvt.Point{X: p.X - ox, Y: p.Y - oy})
	}
	c.pts, c.prev = out, out[len(out)-1]
}

// feedInsideReversed does so from the last to the first.
func (c *clip) feedInsideReversed(pts []topo.Point, ox, oy int32) {
	n := len(pts)
	if n == 0 {
		return
	}
	c.feed(mvt.Point{X: pts[n-1].X - ox, Y: pts[n-1].Y - oy})
	out := slices.Grow(c.pts, n)
	for i := n - 2; i >= 0; i-- {
		out = append(out, mvt.Point{X: pts[i].X - ox, Y: pts[i].Y - oy})
	}
	c.pts, c.prev = out, out[len(out)-1]
}

// wind counts the edge if it passes to the left of the upper left corner, up or down.
func (c *clip) wind(a, b mvt.Point) {
	above := a.Y < lowest
	if above == (b.Y < lowest) || a.X > highest && b.X > highest {
		return
	}
	ax, ay, bx, by := 2*int64(a.X), 2*int64(a.Y), 2*int64(b.X), 2*int64(b.Y)
	// An edge through the corner itself counts: its crossing is the last one of the way round, not the first.
	n := (ax-low2)*(by-ay) + (bx-ax)*(low2-ay)
	if above && n <= 0 {
		c.winding--
	} else if !above && n >= 0 {
		c.winding++
	}
}

func (c *clip) endRing() {
	if !c.started {
		return
	}
	c.feed(c.first)
	if c.code != 0 {
		return
	}
	end := int32(len(c.pts))
	if c.headTo < 0 {
		c.inside = append(c.inside, [2]int32{c.headFrom, end - 1})
		return
	}
	// The last run ends with the vertex that the first begins with.
	c.chains = append(c.chains, chain{
		from: c.runStart, to: end, rest: c.headFrom + 1, restTo: c.headTo, entry: c.entry, exit: c.headExit,
	})
}

// finish makes the result: c.rings holds the shells, each a range of c.pts; holes go into c.holes.
func (c *clip) finish() {
	c.rings, c.holes = c.rings[:0], c.holes[:0]
	full := c.winding > 0
	if len(c.chains) > 0 {
		full = c.match()
		for i := range c.chains {
			if !c.chains[i].taken {
				c.walk(int32(i), full)
			}
		}
	}
	if full {
		start := int32(len(c.pts))
		c.pts = append(c.pts, corners[:]...)
		c.rings = append(c.rings, [2]int32{start, start + 4})
	}
	for _, r := range c.inside {
		c.keep(r, true)
	}
}

// match pairs exits with entries: going round the cut clockwise from the upper left corner, the area lies beside
// the cut from an exit to the next entry. Rounding can swap neighbouring crossings; the pairing follows the
// winding number, so that a swapped pair is joined by the short way back instead of the long way round.
// It reports whether the whole cut lies in the area without any crossing to begin it.
func (c *clip) match() (full bool) {
	c.events, c.stack = c.events[:0], c.stack[:0]
	for i := range c.chains {
		ch := &c.chains[i]
		c.events = append(c.events, event{ch.entry, int32(i), false}, event{ch.exit, int32(i), true})
	}
	slices.SortFunc(c.events, func(a, b event) int { return cmp.Compare(a.pos, b.pos) })
	// The stack begins with what is open at the corner; chain -1 stands for the crossing that opened it, which is
	// met at the end of the way round.
	for range c.winding {
		c.stack = append(c.stack, event{chain: -1, exit: true})
	}
	for range -c.winding {
		c.stack = append(c.stack, event{chain: -1})
	}
	wrapped := c.events[:0] // events that close one opened before the corner; never ahead of the reading
	for _, ev := range c.events {
		n := len(c.stack)
		if n == 0 || c.stack[n-1].exit == ev.exit {
			c.stack = append(c.stack, ev)
			continue
		}
		open := c.stack[n-1]
		c.stack = c.stack[:n-1]
		if open.chain < 0 {
			wrapped = append(wrapped, ev)
			continue
		}
		c.pair(open, ev)
	}
	for _, open := range c.stack {
		if open.chain >= 0 && len(wrapped) > 0 {
			c.pair(open, wrapped[len(wrapped)-1])
			wrapped = wrapped[:len(wrapped)-1]
		} else if open.chain < 0 && open.exit {
			full = true
		}
	}
	return full
}

// pair joins an exit and an entry by the way from the first to the second clockwise.
func (c *clip) pair(open, shut event) {
	if open.exit {
		c.chains[open.chain].next, c.chains[open.chain].backwards = shut.chain, false
	} else {
		c.chains[shut.chain].next, c.chains[shut.chain].backwards = open.chain, true
	}
}

// walk appends the ring that begins with chain i.
func (c *clip) walk(i int32, full bool) {
	start := int32(len(c.pts))
	for ch := &c.chains[i]; !ch.taken; ch = &c.chains[ch.next] {
		ch.taken = true
		c.pts = append(c.pts, c.pts[ch.from:ch.to]...)
		c.pts = append(c.pts, c.pts[ch.rest:ch.restTo]...)
		c.along(ch.exit, c.chains[ch.next].entry, ch.backwards)
	}
	c.keep([2]int32{start, int32(len(c.pts))}, full)
}

// along appends the corners passed on the way along the cut.
func (c *clip) along(from, to float64, backwards bool) {
	if backwards {
		if from < to {
			from += around
		}
		for k := int(from / side); float64(k*side) >= to; k-- {
			c.pts = append(c.pts, corners[k&3])
		}
		return
	}
	if to < from {
		to += around
	}
	for k := int(from/side) + 1; float64(k*side) <= to; k++ {
		c.pts = append(c.pts, corners[k&3])
	}
}

// keep cleans a ring and files it as a shell or, if it may be one, as a hole. What has no area is dropped, and so
// is a sliver that rounding has turned inside out.
func (c *clip) keep(r [2]int32, mayBeHole bool) {
	n, area := clean(c.pts[r[0]:r[1]])
	r[1] = r[0] + int32(n)
	switch {
	case area > 0:
		c.rings = append(c.rings, r)
	case area < 0 && mayBeHole:
		c.holes = append(c.holes, r)
	}
}

// clean removes, in place, repeated points and spikes from a ring given without its closing point, and returns how
// many points are left and twice their area by the surveyor's formula; both 0 when no area is left.
func clean(ring []mvt.Point) (n int, area int64) {
	for _, p := range ring {
		for n >= 2 && ring[n-2] == p {
			n--
		}
		if n > 0 && ring[n-1] == p {
			continue
		}
		ring[n] = p
		n++
	}
	from := 0
	for n-from > 1 {
		switch {
		case ring[n-1] == ring[from]:
			n--
		case ring[n-2] == ring[from]:
			n--
		case ring[n-1] == ring[from+1]:
			from++
		default:
			goto closed
		}
	}
closed:
	if n-from < 3 {
		return 0, 0
	}
	n = copy(ring, ring[from:n])
	prev := ring[n-1]
	for _, p := range ring[:n] {
		area += int64(prev.X)*int64(p.Y) - int64(p.X)*int64(prev.Y)
		prev = p
	}
	if area == 0 {
		return 0, 0
	}
	return n, area
}

// inRing reports whether p lies in the ring or on it.
func inRing(p mvt.Point, ring []mvt.Point) bool {
	inside := false
	a := ring[len(ring)-1]
	for _, b := range ring {
		o := (int64(b.X)-int64(a.X))*(int64(p.Y)-int64(a.Y)) - (int64(b.Y)-int64(a.Y))*(int64(p.X)-int64(a.X))
		if o == 0 && p.X >= min(a.X, b.X) && p.X <= max(a.X, b.X) && p.Y >= min(a.Y, b.Y) && p.Y <= max(a.Y, b.Y) {
			return true
		}
		if (a.Y > p.Y) != (b.Y > p.Y) && (o > 0) == (b.Y > a.Y) {
			inside = !inside
		}
		a = b
	}
	return inside
}

// write adds the polygon to the feature that the layer has begun: each shell with the holes that lie in it.
func (c *clip) write(l *mvt.Layer) {
	for _, shell := range c.rings {
		ring := c.pts[shell[0]:shell[1]]
		l.Ring(ring)
		for k, h := range c.holes {
			if h[1] == 0 {
				continue
			}
			hole := c.pts[h[0]:h[1]]
			if len(c.rings) == 1 || within(hole, ring) {
				l.Ring(hole)
				c.holes[k] = [2]int32{}
			}
		}
	}
}

// within reports whether the hole belongs to the ring. Some of its vertices may lie on several rings at once.
func within(hole, ring []mvt.Point) bool {
	n := len(hole)
	return inRing(hole[0], ring) && inRing(hole[n/3], ring) && inRing(hole[2*n/3], ring)
}
