package topo

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Coverage is a set of areas taken apart into the arcs that their rings have in common, to be simplified as a whole and
// written to files: unlike a Mesh, which is drawn, it lives in the plane of longitude and latitude, where files have
// their straight lines, and keeps vertices at their very positions. It is immutable.
type Coverage struct {
	pts    []Vertex
	start  []int32 // of each arc in pts; one more than there are arcs
	shapes [][][][]Ref
	plane  []flat // of each arc
}

// NewCoverage finds the arcs of the shapes, lon, lat in degrees. Shapes may overlap, such as the levels of a hierarchy:
// each arc is one for all. Errors: a position not on the earth, with the number of the shape; ctx ended.
func NewCoverage(ctx context.Context, shapes []orb.MultiPolygon) (*Coverage, error) {
	total, rings := 0, 0
	for _, s := range shapes {
		for _, p := range s {
			for _, r := range p {
				total += len(r)
				rings++
			}
		}
	}
	if total > math.MaxInt32/2 {
		return nil, fmt.Errorf("coverage: %d vertices are more than can be simplified at once", total)
	}
	verts := newVertices(total/2 + 64)
	ids := make([]int32, 0, total)
	ends := make([]int32, 0, rings)
	for i, s := range shapes {
		for _, p := range s {
			for _, r := range p {
				first := len(ids)
				for _, pt := range r {
					v, err := vertexOf(pt)
					if err != nil {
						return nil, fmt.Errorf("coverage: shape %d: %w", i, err)
					}
					if id := verts.id(v); len(ids) == first || ids[len(ids)-1] != id {
						ids = append(ids, id)
					}
				}
				for len(ids) > first+1 && ids[first] == ids[len(ids)-1] {
					ids = ids[:len(ids)-1]
				}
				if len(ids)-first < 3 {
					ids = ids[:first]
				}
				ends = append(ends, int32(len(ids)))
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	verts.seal()
	at := int32(0)
	for _, end := range ends {
		ring := ids[at:end]
		for i, a := range ring {
			b := ring[0]
			if i+1 < len(ring) {
				b = ring[i+1]
			}
			verts.link(a, b)
		}
		at = end
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &Coverage{pts: make([]Vertex, 0, len(verts.keys)+len(verts.keys)/16), start: []int32{0}, shapes: make([][][][]Ref, len(shapes))}
	cut := &cutting{c: c, verts: verts, found: map[uint64]int32{}}
	at = 0
	n := 0
	for i, s := range shapes {
		for _, p := range s {
			var poly [][]Ref
			for range p {
				if end := ends[n]; end > at {
					poly = append(poly, cut.ring(ids[at:end]))
					at = end
				}
				n++
			}
			if len(poly) > 0 {
				c.shapes[i] = append(c.shapes[i], poly)
			}
		}
	}
	c.plane = make([]flat, c.arcs())
	for a := range c.plane {
		c.plane[a] = ellipsoidAt(c.arc(int32(a))[0])
	}
	return c, nil
}

func (c *Coverage) arcs() int { return len(c.start) - 1 }

func (c *Coverage) arc(a int32) []Vertex { return c.pts[c.start[a]:c.start[a+1]] }

// Vertices is how many different stretches of border there are, and how many vertices they have in all, each border once.
func (c *Coverage) Vertices() (arcs, vertices int) { return c.arcs(), len(c.pts) }

// Middle is the latitude in degrees halfway between the southernmost and northernmost vertex.
func (c *Coverage) Middle() float64 {
	if len(c.pts) == 0 {
		return 0
	}
	lo, hi := c.pts[0].Y, c.pts[0].Y
	for _, v := range c.pts {
		lo, hi = min(lo, v.Y), max(hi, v.Y)
	}
	return float64(lo+hi) / 2 / nano
}

// ellipsoidAt measures by the radii of curvature of GRS 1980 at the latitude of v.
func ellipsoidAt(v Vertex) flat {
	const e2 = 0.00669438002290
	sin, cos := math.Sincos(float64(v.Y) / nano * math.Pi / 180)
	w := math.Sqrt(1 - e2*sin*sin)
	const radian = math.Pi / 180 / nano
	return flat{max(1e-9, equatorM/2/math.Pi/w*cos*radian), equatorM / 2 / math.Pi * (1 - e2) / (w * w * w) * radian}
}

// cutting cuts rings at nodes.
type cutting struct {
	c     *Coverage
	verts *vertices
	found map[uint64]int32 // first edge of each arc in its own sense → its number
	turn  []int32
}

func (k *cutting) ring(ids []int32) []Ref {
	start := slices.IndexFunc(ids, k.verts.isNode)
	if start < 0 {
		start = 0
		for i, id := range ids {
			if k.verts.keys[id].less(k.verts.keys[ids[start]]) {
				start = i
			}
		}
	}
	k.turn = append(append(append(k.turn[:0], ids[start:]...), ids[:start]...), ids[start])
	var refs []Ref
	from := 0
	for i := 1; i < len(k.turn); i++ {
		if i == len(k.turn)-1 || k.verts.isNode(k.turn[i]) {
			refs = append(refs, k.piece(k.turn[from:i+1]))
			from = i
		}
	}
	return refs
}

// piece finds or makes the arc of these vertices; see edit.piece.
func (k *cutting) piece(ids []int32) Ref {
	n := len(ids)
	lo, hi := k.verts.keys[ids[0]], k.verts.keys[ids[n-1]]
	if lo == hi {
		lo, hi = k.verts.keys[ids[1]], k.verts.keys[ids[n-2]]
	}
	reversed := hi.less(lo)
	if reversed {
		slices.Reverse(ids)
		defer slices.Reverse(ids)
	}
	key := edgeKey(ids[0], ids[1])
	if a, ok := k.found[key]; ok {
		return refOf(a, reversed)
	}
	a := int32(k.c.arcs())
	k.found[key] = a
	for _, id := range ids {
		k.c.pts = append(k.c.pts, k.verts.keys[id])
	}
	k.c.start = append(k.c.start, int32(len(k.c.pts)))
	return refOf(a, reversed)
}
