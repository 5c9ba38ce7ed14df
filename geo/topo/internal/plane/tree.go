package plane

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// box is a closed rectangle.
type box struct{ minX, minY, maxX, maxY int64 }

var emptyBox = box{math.MaxInt64, math.MaxInt64, math.MinInt64, math.MinInt64}

func (b *box) add(v Vertex) {
	b.minX, b.maxX = min(b.minX, v.X), max(b.maxX, v.X)
	b.minY, b.maxY = min(b.minY, v.Y), max(b.maxY, v.Y)
}

func (b *box) union(o box) {
	b.minX, b.maxX = min(b.minX, o.minX), max(b.maxX, o.maxX)
	b.minY, b.maxY = min(b.minY, o.minY), max(b.maxY, o.maxY)
}

// near reports whether the boxes come within one step of each other.
func (b box) near(o box) bool {
	return b.minX <= o.maxX+1 && o.minX <= b.maxX+1 && b.minY <= o.maxY+1 && o.minY <= b.maxY+1
}

func edgeBox(a, b Vertex) box {
	return box{min(a.X, b.X), min(a.Y, b.Y), max(a.X, b.X), max(a.Y, b.Y)}
}

const (
	leafLen = 16 // edges under one leaf
	fan     = 8  // boxes under one box
)

// leaf is a run of edges of an arc: those that begin at its vertices from … to−1.
type leaf struct {
	arc, from, to int32
	code          uint64
}

// tree finds edges by place. Leaves lie along a curve that fills the plane, so that boxes above them are small.
type tree struct {
	p      *Plane
	keys   []Vertex
	leaves []leaf
	levels [][]box // levels[0] are the boxes of the leaves
}

func newTree(p *Plane, keys []Vertex) *tree {
	t := &tree{p: p, keys: keys}
	all := emptyBox
	for i := range p.Arcs {
		n := int32(len(p.Arcs[i].Pts)) - 1
		for from := int32(0); from < n; from += leafLen {
			t.leaves = append(t.leaves, leaf{arc: int32(i), from: from, to: min(from+leafLen, n)})
		}
	}
	for _, v := range keys {
		all.add(v)
	}
	for i := range t.leaves {
		b := t.boxOf(&t.leaves[i])
		t.leaves[i].code = interleave(scale((b.minX+b.maxX)/2, all.minX, all.maxX)) | interleave(scale((b.minY+b.maxY)/2, all.minY, all.maxY))<<1
	}
	slices.SortFunc(t.leaves, func(a, b leaf) int {
		return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.arc, b.arc), cmp.Compare(a.from, b.from))
	})
	level := make([]box, len(t.leaves))
	for i := range t.leaves {
		level[i] = t.boxOf(&t.leaves[i])
	}
	for t.levels = append(t.levels, level); len(level) > 1; t.levels = append(t.levels, level) {
		above := make([]box, (len(level)+fan-1)/fan)
		for i := range above {
			above[i] = emptyBox
			for _, b := range level[i*fan : min((i+1)*fan, len(level))] {
				above[i].union(b)
			}
		}
		level = above
	}
	return t
}

func (t *tree) boxOf(l *leaf) box {
	b := emptyBox
	for _, id := range t.p.Arcs[l.arc].Pts[l.from : l.to+1] {
		b.add(t.keys[id])
	}
	return b
}

// scale puts v into 0 … 2^31−1.
func scale(v, lo, hi int64) uint64 {
	return uint64(float64(v-lo) / float64(max(hi-lo, 1)) * (1<<31 - 1))
}

// interleave puts a zero between all bits.
func interleave(v uint64) uint64 {
	v = (v | v<<16) & 0x0000FFFF0000FFFF
	v = (v | v<<8) & 0x00FF00FF00FF00FF
	v = (v | v<<4) & 0x0F0F0F0F0F0F0F0F
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}

// search calls fn with the leaves from number first on that come within one step of b.
func (t *tree) search(b box, first int, fn func(leaf int)) {
	if len(t.leaves) == 0 {
		return
	}
	type at struct{ level, i int }
	var room [128]at
	stack := append(room[:0], at{len(t.levels) - 1, 0})
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !t.levels[n.level][n.i].near(b) {
			continue
		}
		if n.level == 0 {
			fn(n.i)
			continue
		}
		below := n.level - 1
		size := 1
		for range below {
			size *= fan
		}
		for i := min((n.i+1)*fan, len(t.levels[below])) - 1; i >= n.i*fan; i-- {
			if (i+1)*size > first {
				stack = append(stack, at{below, i})
			}
		}
	}
}

// edge is an edge by its arc and the place of its first vertex there.
type edge struct{ arc, at int32 }

func (t *tree) ends(e edge) (a, b int32) {
	pts := t.p.Arcs[e.arc].Pts
	return pts[e.at], pts[e.at+1]
}

// budget is how many pairs of edges may be looked at for each edge there is.
const budget = 2000

// pairs calls fn, on all processors, with every two edges whose boxes come within one step of each other. worker says
// which of the given number of workers calls.
func (t *tree) pairs(ctx context.Context, workers int, fn func(worker int, e, f edge)) error {
	const piece = 64
	var next, work atomic.Int64
	edges := int64(0)
	for i := range t.p.Arcs {
		edges += int64(len(t.p.Arcs[i].Pts))
	}
	most := edges*budget + 1_000_000
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			var boxes [leafLen]box
			for ctx.Err() == nil && work.Load() < most {
				from := int(next.Add(piece)) - piece
				if from >= len(t.leaves) {
					return
				}
				done := int64(0)
				for i := from; i < min(from+piece, len(t.leaves)); i++ {
					l := &t.leaves[i]
					pts := t.p.Arcs[l.arc].Pts
					for k := l.from; k < l.to; k++ {
						boxes[k-l.from] = edgeBox(t.keys[pts[k]], t.keys[pts[k+1]])
					}
					t.search(t.levels[0][i], i, func(j int) {
						if done > most {
							return
						}
						m, mb := &t.leaves[j], t.levels[0][j]
						others := t.p.Arcs[m.arc].Pts
						for k := l.from; k < l.to; k++ {
							b := boxes[k-l.from]
							if !b.near(mb) {
								continue
							}
							first := m.from
							if i == j {
								first = k + 1
							}
							done += int64(m.to - first)
							for n := first; n < m.to; n++ {
								if b.near(edgeBox(t.keys[others[n]], t.keys[others[n+1]])) {
									fn(w, edge{l.arc, k}, edge{m.arc, n})
								}
							}
						}
					})
				}
				work.Add(done)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if work.Load() >= most {
		return ErrTangled
	}
	return nil
}

func workers() int { return runtime.GOMAXPROCS(0) }

// westward finds the edge that a ray from v to the west meets first, v itself left out; ok is false for none. The half
// runs along the edge upwards, so that v's side is on its right. Edges meet only at vertices.
func (t *tree) westward(v Vertex) (h Half, ok bool) {
	if len(t.leaves) == 0 {
		return 0, false
	}
	var lo, hi Vertex // of the best so far, upwards
	type at struct{ level, i int }
	stack := []at{{len(t.levels) - 1, 0}}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		b := t.levels[n.level][n.i]
		if b.minY > v.Y || b.maxY <= v.Y || b.minX > v.X || ok && b.maxX < min(lo.X, hi.X) {
			continue
		}
		if n.level > 0 {
			from := len(stack)
			for i := n.i * fan; i < min((n.i+1)*fan, len(t.levels[n.level-1])); i++ {
				stack = append(stack, at{n.level - 1, i})
			}
			// The easternmost is looked at first.
			slices.SortFunc(stack[from:], func(x, y at) int {
				return cmp.Compare(t.levels[x.level][x.i].maxX, t.levels[y.level][y.i].maxX)
			})
			continue
		}
		l := &t.leaves[n.i]
		pts := t.p.Arcs[l.arc].Pts
		for k := l.from; k < l.to; k++ {
			p, q, d := t.keys[pts[k]], t.keys[pts[k+1]], Half(2*l.arc)
			if p.Y > q.Y {
				p, q, d = q, p, d.Twin()
			}
			if p.Y > v.Y || q.Y <= v.Y || orient(p, q, v) >= 0 {
				continue
			}
			if !ok || eastOf(p, q, lo, hi) {
				lo, hi, h, ok = p, q, d, true
			}
		}
	}
	return h, ok
}

// eastOf reports whether the upward edge p q lies east of the upward edge a b at the heights that both have.
func eastOf(p, q, a, b Vertex) bool {
	if p.Y >= a.Y {
		if o := orient(a, b, p); o != 0 {
			return o < 0
		}
	} else if o := orient(p, q, a); o != 0 {
		return o > 0
	}
	if q.Y <= b.Y {
		return orient(a, b, q) < 0
	}
	return orient(p, q, b) > 0
}
