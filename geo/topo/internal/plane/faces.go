package plane

import (
	"cmp"
	"math/bits"
	"slices"
)

// int128 is a signed number in two's complement.
type int128 struct {
	hi int64
	lo uint64
}

func (a int128) plus(b int128) int128 {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	return int128{int64(uint64(a.hi) + uint64(b.hi) + carry), lo}
}

func (a int128) negated() int128 {
	lo, borrow := bits.Sub64(0, a.lo, 0)
	return int128{int64(0 - uint64(a.hi) - borrow), lo}
}

func (a int128) positive() bool { return a.hi > 0 || a.hi == 0 && a.lo > 0 }

func (a int128) float() float64 { return float64(a.hi)*0x1p64 + float64(a.lo) }

func product(a, b int64) int128 {
	h, l := bits.Mul64(uint64(a), uint64(b))
	if a < 0 {
		h -= uint64(b)
	}
	if b < 0 {
		h -= uint64(a)
	}
	return int128{int64(h), l}
}

// cross128 is a.X·b.Y − b.X·a.Y.
func cross128(a, b Vertex) int128 { return product(a.X, b.Y).plus(product(b.X, a.Y).negated()) }

// close finds the faces and what covers them.
func (b *builder) close() error {
	p := b.Plane
	for i := range p.Arcs {
		a := &p.Arcs[i]
		a.sum = int128{}
		for k := 1; k < len(a.Pts); k++ {
			a.sum = a.sum.plus(cross128(p.Vertices[a.Pts[k-1]], p.Vertices[a.Pts[k]]))
		}
	}
	p.turn()
	if b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	p.trace()
	return p.cover()
}

// origin and ahead are the first two vertices of the half arc.
func (p *Plane) origin(h Half) (origin, ahead int32) {
	pts := p.Arcs[h.Arc()].Pts
	if h&1 == 0 {
		return pts[0], pts[1]
	}
	return pts[len(pts)-1], pts[len(pts)-2]
}

// turn sorts the half arcs around every node.
func (p *Plane) turn() {
	out := make([]Half, 2*len(p.Arcs))
	for i := range out {
		out[i] = Half(i)
	}
	slices.SortFunc(out, func(g, h Half) int {
		og, ag := p.origin(g)
		oh, ah := p.origin(h)
		if og != oh {
			return cmp.Compare(og, oh)
		}
		o, a, c := p.Vertices[og], p.Vertices[ag], p.Vertices[ah]
		if d := cmp.Compare(lower(o, a), lower(o, c)); d != 0 {
			return d
		}
		return -orient(o, a, c)
	})
	p.cw = make([]Half, len(out))
	p.Nodes = 0
	for i := 0; i < len(out); {
		at, _ := p.origin(out[i])
		j := i
		for j < len(out) {
			if o, _ := p.origin(out[j]); o != at {
				break
			}
			j++
		}
		for k := i; k < j; k++ {
			before := k - 1
			if k == i {
				before = j - 1
			}
			p.cw[out[k]] = out[before]
		}
		p.selfTouch(out[i:j])
		p.Nodes++
		i = j
	}
}

// selfTouch notes areas of which more than two arcs end at the node.
func (p *Plane) selfTouch(around []Half) {
	if len(around) < 4 {
		return
	}
	var areas []int32
	for _, h := range around {
		areas = append(areas, p.Arcs[h.Arc()].Areas...)
	}
	slices.Sort(areas)
	for i := 2; i < len(areas); i++ {
		if areas[i] == areas[i-2] {
			p.Selves = append(p.Selves, areas[i])
		}
	}
}

// lower is 1 for the directions from 180° to 360°, 0 for the others.
func lower(o, a Vertex) int {
	if a.Y < o.Y || a.Y == o.Y && a.X < o.X {
		return 1
	}
	return 0
}

// trace walks around every face.
func (p *Plane) trace() {
	cycle := make([]int32, len(p.cw))
	for i := range cycle {
		cycle[i] = -1
	}
	var starts []Half
	var inner []bool
	for h := range p.cw {
		if cycle[h] >= 0 {
			continue
		}
		n := int32(len(starts))
		starts = append(starts, Half(h))
		var sum int128
		for g := Half(h); cycle[g] < 0; g = p.cw[g.Twin()] {
			cycle[g] = n
			sum = sum.plus(p.signed(g))
		}
		inner = append(inner, sum.positive())
	}
	// What goes around a face on the inside is a face; the others are the outsides of pieces that hang together, and
	// belong to the face in which the piece lies.
	face := make([]int32, len(starts))
	p.Faces = make([]Face, 1, len(starts)+1)
	for n := range starts {
		face[n] = -1
		if inner[n] {
			face[n] = int32(len(p.Faces))
			p.Faces = append(p.Faces, Face{})
		}
	}
	t := newTree(p, p.Vertices)
	for n := range starts {
		var chain []int
		for at := n; ; {
			if face[at] >= 0 {
				for _, c := range chain {
					face[c] = face[at]
				}
				break
			}
			chain = append(chain, at)
			h, ok := t.westward(p.leftmost(starts[at]))
			if !ok {
				for _, c := range chain {
					face[c] = 0
				}
				break
			}
			at = int(cycle[h.Twin()]) // the east side of an upward edge is on its right
		}
	}
	p.left = cycle
	for h := range p.left {
		f := face[p.left[h]]
		p.left[h] = f
		p.Faces[f].Halves = append(p.Faces[f].Halves, Half(h))
	}
}

// signed is twice the area between the half arc and the origin.
func (p *Plane) signed(h Half) int128 {
	if h&1 == 0 {
		return p.Arcs[h.Arc()].sum
	}
	return p.Arcs[h.Arc()].sum.negated()
}

// leftmost is the westernmost vertex of the cycle, of several the southernmost.
func (p *Plane) leftmost(start Half) Vertex {
	o, _ := p.origin(start)
	best := p.Vertices[o]
	for h := start; ; {
		for _, id := range p.Arcs[h.Arc()].Pts {
			if v := p.Vertices[id]; v.less(best) {
				best = v
			}
		}
		if h = p.cw[h.Twin()]; h == start {
			return best
		}
	}
}

// cover goes from the outside inwards over all arcs.
func (p *Plane) cover() error {
	seen := make([]bool, len(p.Faces))
	seen[0] = true
	queue := []int32{0}
	for len(queue) > 0 {
		f := queue[0]
		queue = queue[1:]
		for _, h := range p.Faces[f].Halves {
			g := p.Right(h)
			if !seen[g] {
				seen[g] = true
				p.Faces[g].Cover = symmetric(p.Faces[f].Cover, p.Arcs[h.Arc()].Areas)
				if len(p.Faces[g].Cover) > maxDepth {
					return ErrTangled
				}
				queue = append(queue, g)
			}
		}
	}
	return nil
}

// maxDepth is how many areas may lie over each other.
const maxDepth = 1000

// symmetric is what stands in one of two sorted lists only.
func symmetric(a, b []int32) []int32 {
	out := make([]int32, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case a[0] > b[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			a, b = a[1:], b[1:]
		}
	}
	return slices.Clip(append(append(out, a...), b...))
}

// PlanarArea is the area of the face in square degrees, the holes in it taken out; it is good for comparing. That of the
// outside is negative.
func (p *Plane) PlanarArea(f int32) float64 {
	var sum int128
	for _, h := range p.Faces[f].Halves {
		sum = sum.plus(p.signed(h))
	}
	return sum.float() / 2 * 1e-18
}
