package topo

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// SplitResult is what a line makes of an area.
type SplitResult struct {
	// Parts are the two parts, that to the left of the line first, as Union would write them. Polygons of the area that
	// the line does not cut are whole in the part that lies nearer.
	Parts []orb.MultiPolygon
	// Inserted are the vertices that came into edges of the area. Whoever else has such an edge needs them too (Insert),
	// or it no longer shares its border vertex for vertex.
	Inserted []Insertion
	// Line is the cut as the parts have it, in one piece for each stretch within the area.
	Line orb.MultiLineString
	// LineMovedM is how far, in metres, the line moved at most from where it was drawn within the area: up to SnapM where
	// it met a vertex of the border, else by rounding to the grid. BorderMovedM is the same for edges of the border that
	// got a vertex: never more than 0.08 mm, half a grid step in each ordinate.
	LineMovedM, BorderMovedM float64
}

// Split cuts an area in two along a line, both ends of which lie on the border, within SnapM of it, or beyond. Where the
// line meets the border within SnapM of a vertex, it is led through that vertex, so that a cut along a former border
// gives back the arcs that were there. A line may pass over holes. Apart from rounding nothing moves: the parts together
// have the area of the whole.
// Errors, all of them Refusals: *NoCrossing when the line ends inside or does not enter, *ManyCrossings when it makes
// more than two parts, *SelfCrossing, *BadShape when the area is not valid; and a position not on the earth.
func Split(area orb.MultiPolygon, line orb.LineString) (SplitResult, error) {
	vs, err := lineOn(line)
	if err != nil {
		return SplitResult{}, err
	}
	if err := sound(area, 0); err != nil {
		return SplitResult{}, err
	}
	rings, _, err := ringsOf(area)
	if err != nil {
		return SplitResult{}, err
	}
	c := &cutter{}
	var edges [][2]Vertex
	for i, r := range rings {
		for k, v := range r {
			edges, c.ringOf = append(edges, [2]Vertex{v, r[(k+1)%len(r)]}), append(c.ringOf, i)
		}
	}
	c.noder = newNoder(vs, edges)
	c.snapEnd(0)
	c.snapEnd(1)
	if len(c.line) < 2 {
		return SplitResult{}, noCrossing(vs[:1], c.edges)
	}
	if !c.run() {
		return SplitResult{}, &BadShape{0, "too-fine", c.line[0].point()}
	}
	if err := simple(c.line); err != nil {
		return SplitResult{}, err
	}
	return c.split()
}

type cutter struct {
	*noder
	ringOf []int // of each edge
	cuts   [][]Vertex
}

func (c *cutter) split() (SplitResult, error) {
	inserted := c.insertions()
	if err := c.findCuts(); err != nil {
		return SplitResult{}, err
	}
	f := newFlow(len(c.edges))
	for i, e := range c.edges {
		at := e[0]
		for _, v := range append(slices.Clip(c.at[i]), e[1]) {
			f.put(at, v)
			at = v
		}
	}
	const left, right = 1, 2
	sides := map[uint64]int{}
	for _, cut := range c.cuts {
		for k := 1; k < len(cut); k++ {
			a, b := f.verts.id(cut[k-1]), f.verts.id(cut[k])
			f.force(a, b)
			f.force(b, a)
			sides[edgeKey(a, b)], sides[edgeKey(b, a)] = left, right
		}
	}
	faces, err := f.faces()
	if err != nil {
		return SplitResult{}, err
	}
	part := make([]int, len(faces)) // 0, left, right, or both at once
	count, seen := 0, 0
	for i := range faces {
		for _, r := range faces[i].rings {
			for k, v := range r {
				part[i] |= sides[edgeKey(f.verts.id(v), f.verts.id(r[(k+1)%len(r)]))]
			}
		}
		if part[i] != 0 {
			count++
			seen |= 1 << part[i]
		}
	}
	switch {
	case seen == 1<<(left|right) && count == 1 && len(c.cuts) == 1:
		return SplitResult{}, c.endsInHole()
	case count != 2 || seen != 1<<left|1<<right:
		e := &ManyCrossings{Parts: count}
		for _, cut := range c.cuts {
			e.Positions = append(e.Positions, cut[0].point(), cut[len(cut)-1].point())
		}
		return SplitResult{}, e
	}
	assign(part, faces, c.flat)
	res := SplitResult{Parts: make([]orb.MultiPolygon, 2), Inserted: inserted, LineMovedM: c.moved["line"], BorderMovedM: c.moved["border"]}
	for i, side := range []int{left, right} {
		var own []face
		for k := range faces {
			if part[k] == side {
				own = append(own, faces[k])
			}
		}
		res.Parts[i] = multiPolygon(own)
		if err := sound(res.Parts[i], 0); err != nil {
			return SplitResult{}, err
		}
	}
	for _, cut := range c.cuts {
		ls := make(orb.LineString, len(cut))
		for k, v := range cut {
			ls[k] = v.point()
		}
		res.Line = append(res.Line, ls)
	}
	return res, nil
}

// findCuts takes the line apart at the border and keeps the pieces that run inside.
func (c *cutter) findCuts() error {
	onBorder := map[Vertex]bool{}
	isEdge := map[[2]Vertex]bool{}
	for _, s := range c.border {
		onBorder[s.a], onBorder[s.b] = true, true
		isEdge[[2]Vertex{s.a, s.b}], isEdge[[2]Vertex{s.b, s.a}] = true, true
	}
	last := -1
	for k, v := range c.line {
		if !onBorder[v] {
			continue
		}
		if last < 0 && k > 0 && c.inside(c.line[0], c.line[0]) {
			return noCrossing(c.line[:1], c.edges)
		}
		if last >= 0 {
			piece := c.line[last : k+1]
			if !(len(piece) == 2 && isEdge[[2]Vertex{piece[0], piece[1]}]) && c.inside(piece[0], piece[1]) {
				c.cuts = append(c.cuts, slices.Clone(piece))
			}
		}
		last = k
	}
	end := len(c.line) - 1
	switch {
	case last < 0 && c.inside(c.line[0], c.line[0]):
		return noCrossing([]Vertex{c.line[0], c.line[end]}, c.edges)
	case last >= 0 && last < end && c.inside(c.line[end], c.line[end]):
		return noCrossing(c.line[end:], c.edges)
	case len(c.cuts) == 0:
		return noCrossing(c.line, c.edges)
	}
	return nil
}

// inside reports whether the middle between two points lies inside the area, by the rings as they now are.
func (c *cutter) inside(p, q Vertex) bool {
	m := Vertex{p.X + q.X, p.Y + q.Y}
	in := false
	for i, e := range c.edges {
		a := e[0]
		test := func(b Vertex) {
			if (2*a.Y > m.Y) != (2*b.Y > m.Y) &&
				(orientVertices(Vertex{2 * a.X, 2 * a.Y}, Vertex{2 * b.X, 2 * b.Y}, m) > 0) == (b.Y > a.Y) {
				in = !in
			}
			a = b
		}
		for _, v := range c.at[i] {
			test(v)
		}
		test(e[1])
	}
	return in
}

// endsInHole refuses a line that leads from one ring to another and leaves the area in one piece.
func (c *cutter) endsInHole() error {
	cut := c.cuts[0]
	end := cut[len(cut)-1]
	touched := map[int]bool{}
	for _, s := range c.border {
		if s.a == end || s.b == end {
			touched[c.ringOf[s.of]] = true
		}
	}
	var others [][2]Vertex
	for i, e := range c.edges {
		if !touched[c.ringOf[i]] {
			others = append(others, e)
		}
	}
	return noCrossing([]Vertex{end}, others)
}

// assign gives faces that the line does not cut to the part that lies nearer, measured from vertex to vertex; the left
// one of two as near.
func assign(part []int, faces []face, f flat) {
	given := slices.Clone(part)
	for i := range faces {
		if given[i] != 0 {
			continue
		}
		best := math.Inf(1)
		for k := range faces {
			if given[k] == 0 {
				continue
			}
			for _, v := range faces[i].rings[0] {
				for _, r := range faces[k].rings {
					for _, w := range r {
						if d := f.distance(v, w); d < best || d == best && given[k] < part[i] {
							best, part[i] = d, given[k]
						}
					}
				}
			}
		}
	}
}
