package topo

import (
	"container/heap"
	"context"
	"fmt"
	"math"
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

// triangles is a heap of the vertices of one arc by the size of their triangles.
type triangles struct {
	size       []float64
	heap, at   []int32 // vertices, and where in the heap each stands
	prev, next []int32
}

func (t *triangles) Len() int { return len(t.heap) }
func (t *triangles) Less(i, j int) bool {
	a, b := t.heap[i], t.heap[j]
	return t.size[a] < t.size[b] || t.size[a] == t.size[b] && a < b
}
func (t *triangles) Swap(i, j int) {
	t.heap[i], t.heap[j] = t.heap[j], t.heap[i]
	t.at[t.heap[i]], t.at[t.heap[j]] = int32(i), int32(j)
}
func (t *triangles) Push(any) {}
func (t *triangles) Pop() any {
	t.heap = t.heap[:len(t.heap)-1]
	return nil
}

func (c *Coverage) visvalingam(a int32, w []float32) {
	pts, f := c.arc(a), c.plane[a]
	n := len(pts)
	if n < 3 {
		return
	}
	links := make([]int32, 4*n)
	t := &triangles{size: make([]float64, n), heap: links[:0:n], at: links[n : 2*n], prev: links[2*n : 3*n], next: links[3*n:]}
	measure := func(i int32) float64 {
		p, v, q := pts[t.prev[i]], pts[i], pts[t.next[i]]
		ax, ay := float64(p.X-v.X)*f.kx, float64(p.Y-v.Y)*f.ky
		bx, by := float64(q.X-v.X)*f.kx, float64(q.Y-v.Y)*f.ky
		area := math.Abs(ax*by-ay*bx) / 2
		if area == 0 {
			return 0
		}
		return area * (1 - flatWeight*(ax*bx+ay*by)/math.Sqrt((ax*ax+ay*ay)*(bx*bx+by*by)))
	}
	for i := range int32(n) {
		t.prev[i], t.next[i] = i-1, i+1
		if i > 0 && int(i) < n-1 {
			t.at[i] = int32(len(t.heap))
			t.heap = append(t.heap, i)
		}
	}
	for _, i := range t.heap {
		t.size[i] = measure(i)
	}
	heap.Init(t)
	reached := 0.0
	for len(t.heap) > 0 {
		i := t.heap[0]
		reached = max(reached, t.size[i])
		w[i] = float32(math.Sqrt(reached))
		heap.Pop(t)
		p, q := t.prev[i], t.next[i]
		t.next[p], t.prev[q] = q, p
		for _, k := range [2]int32{p, q} {
			if k > 0 && int(k) < n-1 {
				t.size[k] = measure(k)
				heap.Fix(t, int(t.at[k]))
			}
		}
	}
}
