package topo

import (
	"math"
	"math/bits"
)

// grid finds segments near others: it lists them by the cells that their boxes meet.
type grid struct {
	c      *Coverage
	lo     Vertex
	shift  uint // a cell has 2^shift steps a side
	nx, ny int64
	first  []int32
	items  []int32
	sides  []side
}

// newGrid makes cells about as large as the segments are long, at most two for each segment.
func newGrid(c *Coverage, sides []side) *grid {
	g := &grid{c: c, sides: sides}
	lo, hi := c.pts[sides[0].i], c.pts[sides[0].i]
	var long float64
	for _, s := range sides {
		a, b := boxOf(c.pts[s.i], c.pts[s.j])
		lo, hi = Vertex{min(lo.X, a.X), min(lo.Y, a.Y)}, Vertex{max(hi.X, b.X), max(hi.Y, b.Y)}
		long += float64(max(b.X-a.X, b.Y-a.Y))
	}
	w, h := float64(hi.X-lo.X+1), float64(hi.Y-lo.Y+1)
	g.lo = lo
	g.shift = uint(bits.Len64(uint64(max(long/float64(len(sides)), math.Sqrt(w*h/float64(2*len(sides)))))))
	// A long thin extent must not have more cells than segments pay for.
	for (int64(w)>>g.shift+1)*(int64(h)>>g.shift+1) > int64(4*len(sides)+16) {
		g.shift++
	}
	g.nx, g.ny = int64(w)>>g.shift+1, int64(h)>>g.shift+1
	g.first = make([]int32, g.nx*g.ny+1)
	for _, s := range sides {
		g.cells(s, func(k int64) { g.first[k+1]++ })
	}
	for k := range g.nx * g.ny {
		g.first[k+1] += g.first[k]
	}
	g.items = make([]int32, g.first[len(g.first)-1])
	at := append([]int32(nil), g.first[:len(g.first)-1]...)
	for i, s := range sides {
		g.cells(s, func(k int64) {
			g.items[at[k]] = int32(i)
			at[k]++
		})
	}
	return g
}

// cells calls fn with the cells that the segment's box meets.
func (g *grid) cells(s side, fn func(k int64)) {
	a, b := boxOf(g.c.pts[s.i], g.c.pts[s.j])
	if b.X < g.lo.X || b.Y < g.lo.Y {
		return
	}
	x0, x1 := max(0, (a.X-g.lo.X)>>g.shift), min(g.nx-1, (b.X-g.lo.X)>>g.shift)
	for y := max(0, (a.Y-g.lo.Y)>>g.shift); y <= min(g.ny-1, (b.Y-g.lo.Y)>>g.shift); y++ {
		for x := x0; x <= x1; x++ {
			fn(y*g.nx + x)
		}
	}
}

// near calls fn with the segments of the grid whose boxes meet that of t, each once.
func (g *grid) near(t side, fn func(s side)) {
	a, b := boxOf(g.c.pts[t.i], g.c.pts[t.j])
	g.cells(t, func(k int64) {
		for _, i := range g.items[g.first[k]:g.first[k+1]] {
			s := g.sides[i]
			p, q := boxOf(g.c.pts[s.i], g.c.pts[s.j])
			if p.X > b.X || q.X < a.X || p.Y > b.Y || q.Y < a.Y {
				continue
			}
			// The cell of the lower left corner of what the boxes have in common speaks for the others.
			if x, y := (max(a.X, p.X)-g.lo.X)>>g.shift, (max(a.Y, p.Y)-g.lo.Y)>>g.shift; y*g.nx+x == k {
				fn(s)
			}
		}
	})
}

// nodes finds ends of arcs in a box.
type nodes struct {
	lo     Vertex
	cell   int64
	nx, ny int64
	first  []int32
	ends   []Vertex
}

func newNodes(c *Coverage) *nodes {
	n := &nodes{}
	ends := make([]Vertex, 0, 2*c.arcs())
	for a := range int32(c.arcs()) {
		pts := c.arc(a)
		ends = append(ends, pts[0], pts[len(pts)-1])
	}
	if len(ends) == 0 {
		return n
	}
	lo, hi := ends[0], ends[0]
	for _, v := range ends {
		lo, hi = Vertex{min(lo.X, v.X), min(lo.Y, v.Y)}, Vertex{max(hi.X, v.X), max(hi.Y, v.Y)}
	}
	n.lo = lo
	w, h := hi.X-lo.X+1, hi.Y-lo.Y+1
	n.cell = int64(math.Sqrt(float64(w)*float64(h)/float64(len(ends)))) + 1
	for (w/n.cell+1)*(h/n.cell+1) > int64(4*len(ends)+16) {
		n.cell *= 2
	}
	n.nx, n.ny = w/n.cell+1, h/n.cell+1
	n.first = make([]int32, n.nx*n.ny+1)
	of := func(v Vertex) int64 { return (v.Y-lo.Y)/n.cell*n.nx + (v.X-lo.X)/n.cell }
	for _, v := range ends {
		n.first[of(v)+1]++
	}
	for k := range n.nx * n.ny {
		n.first[k+1] += n.first[k]
	}
	n.ends = make([]Vertex, len(ends))
	at := append([]int32(nil), n.first[:len(n.first)-1]...)
	for _, v := range ends {
		k := of(v)
		n.ends[at[k]] = v
		at[k]++
	}
	return n
}

// any reports whether fn holds for an end in the box.
func (n *nodes) any(lo, hi Vertex, fn func(Vertex) bool) bool {
	if len(n.ends) == 0 || hi.X < n.lo.X || hi.Y < n.lo.Y {
		return false
	}
	for y := max(0, (lo.Y-n.lo.Y)/n.cell); y <= min(n.ny-1, (hi.Y-n.lo.Y)/n.cell); y++ {
		x0, x1 := max(0, (lo.X-n.lo.X)/n.cell), min(n.nx-1, (hi.X-n.lo.X)/n.cell)
		if x0 > x1 {
			return false
		}
		for _, v := range n.ends[n.first[y*n.nx+x0]:n.first[y*n.nx+x1+1]] {
			if lo.X <= v.X && v.X <= hi.X && lo.Y <= v.Y && v.Y <= hi.Y && fn(v) {
				return true
			}
		}
	}
	return false
}
