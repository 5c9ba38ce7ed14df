package topo

import (
	"context"
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
	k, err := cuttingOf(ctx, shapes)
	if err != nil {
		return nil, err
	}
	c := &Coverage{start: []int32{0}, shapes: make([][][][]Ref, len(shapes))}
	n := 0
	for i, s := range shapes {
		for _, p := range s {
			var poly [][]Ref
			for range p {
				if r := k.rings[n]; r.n > 0 {
					poly = append(poly, k.ring(r))
				}
				n++
			}
			if len(poly) > 0 {
				c.shapes[i] = append(c.shapes[i], poly)
			}
		}
	}
	for _, a := range k.arcs {
		c.start = append(c.start, c.start[len(c.start)-1]+a.n)
	}
	c.pts, c.plane = make([]Vertex, c.start[len(k.arcs)]), make([]flat, len(k.arcs))
	err = parallel(ctx, len(k.arcs), func(i int) {
		a, dst := k.arcs[i], c.arc(int32(i))
		for j := range dst {
			dst[j] = k.all[a.ring.step(a.from, int32(j))]
		}
		if a.reversed {
			slices.Reverse(dst)
		}
		c.plane[i] = ellipsoidAt(dst[0])
	})
	return c, err
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
