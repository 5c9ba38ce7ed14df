package topo

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// anchorEvery bounds the work of simplifying one arc, which grows with the square of its length in the worst
// case: longer arcs keep every anchorEvery-th vertex at all zooms.
const anchorEvery = 4096

// tolerance is the largest distance in world cells that zoom z may move a border; 0 from ExactZoom on.
func (o *Options) tolerance(z uint8) float64 {
	if z >= o.ExactZoom {
		return 0
	}
	return o.Tolerance * float64(int64(1)<<(MaxZoom-z))
}

// project puts the arc on the world grid and finds for each vertex the lowest zoom that needs it, by Douglas and
// Peucker's rule: that bounds the distance between the arc and its simplified form by the tolerance, which an
// area rule such as Visvalingam's does not, and gives forms that are subsets of each other.
func (a *Arc) project(o Options) {
	n := len(a.raw)
	a.world, a.keep, a.box = make([]Point, n), make([]uint8, n), emptyBox
	for i, v := range a.raw {
		a.world[i] = World(v.point())
		a.box.add(a.world[i])
		a.keep[i] = dropped
	}
	tol := make([]float64, 0, 32)
	for z := o.MinZoom; z <= o.MaxZoom; z++ {
		tol = append(tol, o.tolerance(z))
	}
	// zoomFor is the lowest zoom whose tolerance d exceeds.
	zoomFor := func(d float64, atLeast uint8) uint8 {
		z := atLeast
		for z <= o.MaxZoom && d <= tol[z-o.MinZoom] {
			z++
		}
		if z > o.MaxZoom {
			return dropped
		}
		return z
	}
	type span struct {
		i, j int
		z    uint8
	}
	var stack []span
	a.keep[0], a.keep[n-1] = o.MinZoom, o.MinZoom
	for i := 0; i < n-1; i += anchorEvery {
		j := min(i+anchorEvery, n-1)
		a.keep[j] = o.MinZoom
		stack = append(stack[:0], span{i, j, o.MinZoom})
		for len(stack) > 0 {
			s := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			k, d := farthest(a.world, s.i, s.j)
			if k < 0 {
				continue
			}
			z := zoomFor(d, s.z)
			if z == dropped {
				continue
			}
			a.keep[k] = z
			stack = append(stack, span{s.i, k, z}, span{k, s.j, z})
		}
	}
}

// farthest returns the inner vertex farthest from the segment between i and j and its distance in cells, or -1.
// The first of several wins.
func farthest(w []Point, i, j int) (k int, d float64) {
	k = -1
	p, q := w[i], w[j]
	dx, dy := int64(q.X)-int64(p.X), int64(q.Y)-int64(p.Y)
	len2 := dx*dx + dy*dy
	best := -1.0
	for m := i + 1; m < j; m++ {
		if d2 := distance2(w[m], p, q, dx, dy, len2); d2 > best {
			best, k = d2, m
		}
	}
	return k, math.Sqrt(max(0, best))
}

// distance2 is the squared distance of v from the segment p q, exactly 0 on it. Products of coordinate
// differences stay below 2^62.
func distance2(v, p, q Point, dx, dy, len2 int64) float64 {
	vx, vy := int64(v.X)-int64(p.X), int64(v.Y)-int64(p.Y)
	t := vx*dx + vy*dy
	switch {
	case t <= 0:
		return float64(vx*vx + vy*vy)
	case t >= len2:
		ux, uy := int64(v.X)-int64(q.X), int64(v.Y)-int64(q.Y)
		return float64(ux*ux + uy*uy)
	}
	c := float64(dx*vy - dy*vx)
	return c * (c / float64(len2))
}

// kept appends the vertices that zoom z shows.
func (a *Arc) kept(dst []int32, z uint8) []int32 {
	for i, k := range a.keep {
		if k <= z {
			dst = append(dst, int32(i))
		}
	}
	return dst
}

// restore shows the farthest vertex between i and j from zoom z on, and what the tolerance then asks for.
// It reports whether there was one.
func (a *Arc) restore(i, j int, z uint8, tolerance float64) bool {
	k, _ := farthest(a.world, i, j)
	if k < 0 {
		return false
	}
	a.keep[k] = z
	a.ensure(i, k, z, tolerance)
	a.ensure(k, j, z, tolerance)
	return true
}

// ensure restores vertices between two neighbours at zoom z until none is farther off than the tolerance.
func (a *Arc) ensure(i, j int, z uint8, tolerance float64) (changed bool) {
	stack := [][2]int{{i, j}}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if k, d := farthest(a.world, s[0], s[1]); k >= 0 && d > tolerance {
			a.keep[k] = z
			changed = true
			stack = append(stack, [2]int{s[0], k}, [2]int{k, s[1]})
		}
	}
	return changed
}

// ensureAll does so along the whole arc.
func (a *Arc) ensureAll(z uint8, tolerance float64) (changed bool) {
	last := 0
	for i := 1; i < len(a.keep); i++ {
		if a.keep[i] <= z {
			changed = a.ensure(last, i, z, tolerance) || changed
			last = i
		}
	}
	return changed
}

// shape makes the versions of the arcs for all zooms. Arcs that follow each other share memory, for they are often
// drawn together.
func (e *edit) shape(ctx context.Context, slots []int32) error {
	const together = 32
	o := e.m.opt
	count := int(o.MaxZoom-o.MinZoom) + 1
	groups := (len(slots) + together - 1) / together
	made := make([][]Version, groups)
	if err := parallel(ctx, groups, func(g int) {
		group := slots[g*together : min((g+1)*together, len(slots))]
		var pts []Point
		for _, slot := range group {
			e.m.arcs.at(slot).worst = make([]worst, count)
		}
		for i := range count {
			pts = pts[:0]
			ends := make([]int, 0, together)
			for _, slot := range group {
				a := e.m.arcs.at(slot)
				pts, a.worst[i] = a.simplified(pts, o.MinZoom+uint8(i))
				ends = append(ends, len(pts))
			}
			own, start := slices.Clip(slices.Clone(pts)), 0
			for _, end := range ends {
				made[g] = append(made[g], newVersion(own[start:end:end]))
				start = end
			}
		}
	}); err != nil {
		return err
	}
	for n := range e.m.versions {
		for e.m.versions[n].n < e.m.arcs.n {
			e.m.versions[n].push(Version{})
		}
		for g := range groups {
			group := slots[g*together : min((g+1)*together, len(slots))]
			for k, slot := range group {
				e.m.versions[n].set(slot, made[g][n*len(group)+k])
			}
		}
	}
	return nil
}

// simplified appends the points of the arc at zoom z.
func (a *Arc) simplified(pts []Point, z uint8) ([]Point, worst) {
	start, last := len(pts), 0
	var most worst
	for k, w := range a.world {
		if a.keep[k] > z {
			continue
		}
		if _, d := farthest(a.world, last, k); d > most.cells {
			most = worst{d, w.Y}
		}
		last = k
		pts = appendPoint(pts, start, w.At(z))
	}
	return pts, most
}

func newVersion(pts []Point) Version {
	v := Version{Pts: pts, Box: emptyBox}
	for _, p := range pts {
		v.Box.add(p)
	}
	if n := len(pts) - 1; n > ChunkLen {
		v.Chunks = make([]Box, (n+ChunkLen-1)/ChunkLen)
		for c := range v.Chunks {
			v.Chunks[c] = emptyBox
			for _, p := range pts[c*ChunkLen : min((c+1)*ChunkLen, n)+1] {
				v.Chunks[c].add(p)
			}
		}
	}
	return v
}

// appendPoint appends p to the run that begins at start; a repeated point is left out and a spike, there and
// straight back, is cut off: both sides of the border lose it alike.
func appendPoint(pts []Point, start int, p Point) []Point {
	n := len(pts)
	if n > start && pts[n-1] == p {
		return pts
	}
	if n-2 >= start && pts[n-2] == p {
		return pts[:n-1]
	}
	return append(pts, p)
}

// parallel calls fn for 0 … n-1, on all processors when that is worth it.
func parallel(ctx context.Context, n int, fn func(i int)) error {
	const batch = 16
	if n <= 2*batch {
		for i := range n {
			fn(i)
		}
		return ctx.Err()
	}
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for ctx.Err() == nil {
				end := int(next.Add(batch))
				for i := end - batch; i < min(end, n); i++ {
					fn(i)
				}
				if end >= n {
					return nil
				}
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}
