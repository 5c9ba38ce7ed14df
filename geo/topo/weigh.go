package topo

import (
	"context"
	"fmt"
	"math"
	"sync"
)

// Method is a rule by which vertices are left out.
type Method string

const (
	// Visvalingam leaves out first the vertices whose triangle with their neighbours is smallest (Visvalingam and Whyatt
	// 1993), sharp angles counting less and flat ones more (weight 1 − 0.7 cos of the angle), which draws smoother lines.
	// Its tolerance is the side of a square as large as the triangle: lines may move somewhat farther than that.
	Visvalingam Method = "visvalingam"
	// DouglasPeucker keeps the vertices that lie farther than the tolerance from the line without them, so no line moves
	// farther than the tolerance.
	DouglasPeucker Method = "douglas-peucker"
)

// flatWeight is how much the angle counts in Visvalingam's rule.
const flatWeight = 0.7

// always is the weight of vertices that every tolerance keeps.
var always = float32(math.Inf(1))

// weigh gives each vertex the tolerance in metres from which on it is left out.
func (c *Coverage) weigh(ctx context.Context, m Method) ([]float32, error) {
	out := make([]float32, len(c.pts))
	var arc func(a int32, w []float32)
	switch m {
	case Visvalingam:
		arc = c.visvalingam
	case DouglasPeucker:
		arc = c.douglasPeucker
	default:
		return nil, fmt.Errorf("simplify: unknown method %q, want %s or %s", m, Visvalingam, DouglasPeucker)
	}
	err := parallel(ctx, c.arcs(), func(a int) {
		w := out[c.start[a]:c.start[a+1]]
		w[0], w[len(w)-1] = always, always
		arc(int32(a), w)
		if pts := c.arc(int32(a)); pts[0] == pts[len(pts)-1] {
			keepThree(pts, w)
		}
	})
	return out, err
}

// keepThree makes a closed arc keep an area: its heaviest vertex, and the heaviest that is not on one line with it and
// the start.
func keepThree(pts []Vertex, w []float32) {
	heaviest := func(ok func(i int) bool) int {
		best := -1
		for i := 1; i < len(w)-1; i++ {
			if ok(i) && (best < 0 || w[i] > w[best]) {
				best = i
			}
		}
		return best
	}
	a := heaviest(func(i int) bool { return pts[i] != pts[0] })
	if a < 0 {
		return
	}
	b := heaviest(func(i int) bool { return orientVertices(pts[0], pts[a], pts[i]) != 0 })
	w[a] = always
	if b >= 0 {
		w[b] = always
	}
}

func (c *Coverage) douglasPeucker(a int32, w []float32) {
	pts, f := c.arc(a), c.plane[a]
	type span struct {
		i, j  int
		bound float32
	}
	stack := make([]span, 0, 32)
	for i := 0; i < len(pts)-1; i += anchorEvery {
		j := min(i+anchorEvery, len(pts)-1)
		w[j] = always
		stack = append(stack, span{i, j, always})
	}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		k, d := f.farthest(pts, s.i, s.j)
		if k < 0 {
			continue
		}
		w[k] = min(s.bound, float32(d)) // so that every tolerance keeps a subset of what a smaller one keeps
		stack = append(stack, span{s.i, k, w[k]}, span{k, s.j, w[k]})
	}
}

// farthest returns the vertex between i and j farthest from the segment between them, and its distance in metres, or -1.
func (f flat) farthest(pts []Vertex, i, j int) (k int, metres float64) {
	k = -1
	p, q := pts[i], pts[j]
	dx, dy := float64(q.X-p.X)*f.kx, float64(q.Y-p.Y)*f.ky
	l := dx*dx + dy*dy
	best := -1.0
	for m := i + 1; m < j; m++ {
		x, y := float64(pts[m].X-p.X)*f.kx, float64(pts[m].Y-p.Y)*f.ky
		t := x*dx + y*dy
		d := 0.0
		switch {
		case t <= 0:
			d = x*x + y*y
		case t >= l:
			d = (x-dx)*(x-dx) + (y-dy)*(y-dy)
		default:
			d = dx*y - dy*x
			d = d * d / l
		}
		if d > best {
			best, k = d, m
		}
	}
	return k, math.Sqrt(max(0, best))
}

// triangles are the vertices of one arc that are still there, in a heap by the size of their triangles; of equal ones the
// first vertex leaves first.
type triangles struct {
	heap       []triangle
	at         []int32 // of each vertex, where in the heap it stands; -1 for none
	prev, next []int32
}

type triangle struct {
	size   float64
	vertex int32
}

func (a triangle) less(b triangle) bool {
	return a.size < b.size || a.size == b.size && a.vertex < b.vertex
}

// heaps keeps the memory of triangles: a province has seventy thousand arcs.
var heaps = sync.Pool{New: func() any { return new(triangles) }}

func (t *triangles) reset(n int) {
	if cap(t.at) < n {
		links := make([]int32, 3*n)
		t.at, t.prev, t.next = links[:n:n], links[n:2*n:2*n], links[2*n:]
		t.heap = make([]triangle, 0, n)
	}
	t.at, t.prev, t.next, t.heap = t.at[:n], t.prev[:n], t.next[:n], t.heap[:0]
	for i := range int32(n) {
		t.at[i], t.prev[i], t.next[i] = -1, i-1, i+1
	}
}

// down stores a triangle at place i, or below it.
func (t *triangles) down(i int, x triangle) {
	for {
		c := 2*i + 1
		if c >= len(t.heap) {
			break
		}
		if c+1 < len(t.heap) && t.heap[c+1].less(t.heap[c]) {
			c++
		}
		if !t.heap[c].less(x) {
			break
		}
		t.heap[i] = t.heap[c]
		t.at[t.heap[i].vertex] = int32(i)
		i = c
	}
	t.heap[i] = x
	t.at[x.vertex] = int32(i)
}

// fix stores a triangle whose size has changed at place i, or above or below it.
func (t *triangles) fix(i int, x triangle) {
	for i > 0 {
		up := (i - 1) / 2
		if !x.less(t.heap[up]) {
			break
		}
		t.heap[i] = t.heap[up]
		t.at[t.heap[i].vertex] = int32(i)
		i = up
	}
	t.down(i, x)
}

// pop takes out the smallest triangle.
func (t *triangles) pop() triangle {
	least, last := t.heap[0], t.heap[len(t.heap)-1]
	t.heap = t.heap[:len(t.heap)-1]
	if len(t.heap) > 0 {
		t.down(0, last)
	}
	t.at[least.vertex] = -1
	return least
}

// triangle measures the triangle of a vertex with its neighbours in square metres, its angle weighed in.
func (f flat) triangle(p, v, q Vertex) float64 {
	ax, ay := float64(p.X-v.X)*f.kx, float64(p.Y-v.Y)*f.ky
	bx, by := float64(q.X-v.X)*f.kx, float64(q.Y-v.Y)*f.ky
	area := math.Abs(ax*by-ay*bx) / 2
	if area == 0 {
		return 0
	}
	return area * (1 - flatWeight*(ax*bx+ay*by)/math.Sqrt((ax*ax+ay*ay)*(bx*bx+by*by)))
}

func (c *Coverage) visvalingam(a int32, w []float32) {
	pts, f := c.arc(a), c.plane[a]
	n := len(pts)
	if n < 3 {
		return
	}
	t := heaps.Get().(*triangles)
	defer heaps.Put(t)
	t.reset(n)
	for i := int32(1); i < int32(n)-1; i++ {
		t.at[i] = int32(len(t.heap))
		t.heap = append(t.heap, triangle{f.triangle(pts[i-1], pts[i], pts[i+1]), i})
	}
	for i := len(t.heap)/2 - 1; i >= 0; i-- {
		t.down(i, t.heap[i])
	}
	reached := 0.0
	for len(t.heap) > 0 {
		least := t.pop()
		reached = max(reached, least.size)
		w[least.vertex] = float32(math.Sqrt(reached))
		p, q := t.prev[least.vertex], t.next[least.vertex]
		t.next[p], t.prev[q] = q, p
		for _, k := range [2]int32{p, q} {
			if at := t.at[k]; at >= 0 {
				t.fix(int(at), triangle{f.triangle(pts[t.prev[k]], pts[k], pts[t.next[k]]), k})
			}
		}
	}
}
