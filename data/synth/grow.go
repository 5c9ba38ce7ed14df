package synth

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// walls are the costs of crossing each edge of the mesh while a unit grows: ground is cheap, a ridge or a river is dear, so that
// the fronts of neighbouring units meet there.
type walls []uint16

const (
	stepCost = 64   // one cell of flat ground
	maxCost  = 4000 // no wall is higher
)

// newWalls weighs ridges between streams of at least streamKM2 by their height above the streams, and rivers by their
// catchment. ridge is the cost of one metre of such height, river that of a river of 100 km² (half of it at 25 km²).
func newWalls(t *terrain, seed uint64, streamKM2, ridge, river float64) walls {
	m := t.m
	w := make(walls, 3*m.cells())
	basin, above := t.basins(streamKM2)
	isStream := t.catchment(max(6, streamKM2/4))
	high := make([]int32, m.cells())
	m.eachCell(func(c int32) { high[c] = t.cellHeight(c) })
	m.eachCell(func(c int32) {
		for dir := range int32(3) {
			e := 3*c + dir
			from, to, left, right := m.ends(e)
			if !m.in[right] {
				continue
			}
			cost := stepCost + int(hash2(seed, uint64(e))>>32%40)
			rise := high[left] - high[right]
			cost += int(max(rise, -rise)) / 8
			if basin[left] != basin[right] {
				cost += int(float64(min(above[from], above[to])) / 10 * ridge)
			}
			if t.down[from] == to || t.down[to] == from {
				if flow := min(t.up[from], t.up[to]); flow >= isStream {
					km2 := float64(flow) * m.cellKM2() / 2
					cost += int(river * min(1.5, math.Sqrt(km2/100)))
				}
			}
			w[e] = uint16(min(cost, maxCost))
		}
	})
	return w
}

// seat is where a unit starts to grow, and how large it should become.
type seat struct {
	cell   int32
	parent int32 // the unit of the level above that it must stay in
	target int   // wanted size in cells; 0 leaves it to the ground
	head   int32 // head start in cost, found by partition
}

// grower holds the working memory of growing, one place for every cell.
type grower struct {
	m    *mesh
	dist []int32
	lock []bool // cells that keep their unit
}

func newGrower(m *mesh) *grower {
	return &grower{m: m, dist: make([]int32, m.cells()), lock: make([]bool, m.cells())}
}

// front is the queue of Dijkstra's algorithm: for every distance a list of cells, first in, first out.
type front struct {
	first, last []int32 // entries of each distance
	cell, next  []int32 // of each entry
}

func (f *front) reset() {
	f.first, f.last, f.cell, f.next = f.first[:0], f.last[:0], f.cell[:0], f.next[:0]
}

func (f *front) push(c, d int32) {
	for int(d) >= len(f.first) {
		f.first, f.last = append(f.first, none), append(f.last, none)
	}
	k := int32(len(f.cell))
	f.cell, f.next = append(f.cell, c), append(f.next, none)
	if f.first[d] == none {
		f.first[d] = k
	} else {
		f.next[f.last[d]] = k
	}
	f.last[d] = k
}

// family is the cells of one unit and the seats of the units that it is to be divided into.
type family struct {
	cells []int32
	kids  []int32
}

// families groups the cells and the seats by their parents.
func families(parent []int32, seats []seat) []family {
	n := 0
	for _, s := range seats {
		n = max(n, int(s.parent)+1)
	}
	count := make([]int, n)
	for _, p := range parent {
		if p != none && int(p) < n {
			count[p]++
		}
	}
	out := make([]family, n)
	for i := range out {
		out[i].cells = make([]int32, 0, count[i])
	}
	for c, p := range parent {
		if p != none && int(p) < n {
			out[p].cells = append(out[p].cells, int32(c))
		}
	}
	for i, s := range seats {
		out[s.parent].kids = append(out[s.parent].kids, int32(i))
	}
	return out
}

// grow gives every cell of a family to the seat from which it is reached at least cost without leaving the family. Every unit
// is connected, because a cell is always reached through a cell of its own unit. It touches no cell of another family.
func (g *grower) grow(f *front, w walls, parent, label []int32, fam family, seats []seat) {
	const unreached = 1<<31 - 1
	for _, c := range fam.cells {
		g.dist[c], g.lock[c], label[c] = unreached, false, none
	}
	f.reset()
	// A seat keeps its own cell and the cells around it whatever the head starts of others are, so that no unit vanishes.
	core := func(k, c, d int32) {
		if parent[c] == seats[k].parent && !g.lock[c] {
			g.lock[c], label[c], g.dist[c] = true, k, d
			f.push(c, d)
		}
	}
	for _, k := range fam.kids {
		core(k, seats[k].cell, seats[k].head)
	}
	for _, k := range fam.kids {
		for dir := range 6 {
			core(k, g.m.nb(seats[k].cell, dir), seats[k].head+stepCost)
		}
	}
	for d := int32(0); int(d) < len(f.first); d++ {
		for e := f.first[d]; e != none; e = f.next[e] {
			c := f.cell[e]
			if g.dist[c] != d {
				continue
			}
			own, p := label[c], parent[c]
			for dir := range 6 {
				n := g.m.nb(c, dir)
				if parent[n] != p || g.lock[n] {
					continue
				}
				if nd := d + int32(w[edge(c, n, dir)]); nd < g.dist[n] {
					g.dist[n], label[n] = nd, own
					f.push(n, nd)
				}
			}
		}
	}
}

// spread searches from the cells that were pushed with distance 0, after clear. visit is called for each cell that is reached,
// nearest first; false ends the search. cost says at what cost a neighbour can be reached (negative: not at all), and from
// receives where each was reached from.
func (g *grower) spread(f *front, visit func(c int32) bool, cost func(a, b int32, dir int) int32, from []int32) {
	for d := int32(0); int(d) < len(f.first); d++ {
		for e := f.first[d]; e != none; e = f.next[e] {
			c := f.cell[e]
			if g.dist[c] != d {
				continue
			}
			if visit != nil && !visit(c) {
				return
			}
			for dir := range 6 {
				n := g.m.nb(c, dir)
				if k := cost(c, n, dir); k >= 0 && d+k < g.dist[n] {
					g.dist[n], from[n] = d+k, c
					f.push(n, d+k)
				}
			}
		}
	}
}

// partition grows units from the seats, again and again, in the first half of the rounds moving seats to the middle of their
// units, and each time giving those that are too small a head start. It returns each cell's seat, and each unit's size in cells.
// Families are worked on at once by all processors; none depends on another.
func (g *grower) partition(w walls, parent []int32, seats []seat, rounds int) (label []int32, size []int) {
	label = make([]int32, g.m.cells())
	for i := range label {
		label[i] = none
	}
	size = make([]int, len(seats))
	all := families(parent, seats)
	inParallel(len(all), func() func(int) {
		f := &front{}
		return func(i int) { g.divide(f, w, parent, label, size, all[i], seats, rounds) }
	})
	return label, size
}

func (g *grower) divide(f *front, w walls, parent, label []int32, size []int, fam family, seats []seat, rounds int) {
	if len(fam.kids) == 0 {
		return
	}
	for round := range rounds + 1 {
		g.grow(f, w, parent, label, fam, seats)
		for _, k := range fam.kids {
			size[k] = 0
		}
		for _, c := range fam.cells {
			if l := label[c]; l != none {
				size[l]++
			}
		}
		if round == rounds {
			break
		}
		if round < (rounds+1)/2 {
			g.recentre(label, size, fam, seats)
		}
		lowest := int32(1<<31 - 1)
		for _, k := range fam.kids {
			s := &seats[k]
			if s.target > 0 {
				radius := math.Sqrt(float64(s.target)/3) * stepCost * 2
				miss := float64(size[k]-s.target) / float64(max(size[k], s.target))
				// Ever smaller steps, lest two units take the ground from each other by turns.
				s.head += int32(radius * min(0.5, max(-0.5, miss)) * 4 / float64(4+round))
			}
			lowest = min(lowest, s.head)
		}
		for _, k := range fam.kids {
			seats[k].head -= lowest
		}
	}
	g.tidy(w, label, parent, size, fam.cells)
}

// recentre moves each seat to the cell of its unit that is nearest to the unit's middle.
func (g *grower) recentre(label []int32, size []int, fam family, seats []seat) {
	m := g.m
	type middle struct{ x, y, best int64 }
	first := fam.kids[0]
	last := fam.kids[len(fam.kids)-1]
	of := make([]middle, last-first+1)
	for i := range of {
		of[i].best = 1<<63 - 1
	}
	for _, c := range fam.cells {
		if l := label[c]; l != none {
			i, j := int64(c)&int64(m.w-1), int64(c)>>m.shift
			of[l-first].x += 2*i + j&1
			of[l-first].y += j
		}
	}
	for _, c := range fam.cells {
		l := label[c]
		if l == none {
			continue
		}
		o := &of[l-first]
		i, j := int64(c)&int64(m.w-1), int64(c)>>m.shift
		dx, dy := 2*i+j&1-o.x/int64(size[l]), j-o.y/int64(size[l])
		if d := dx*dx + 3*dy*dy; d < o.best {
			o.best, seats[l].cell = d, c
		}
	}
}

// tidy lets borders fall into place: a cell goes over to a neighbouring unit when that makes the borders shorter, a stretch on a
// ridge or a river counting for less. No unit is torn or closed into a ring by it.
func (g *grower) tidy(w walls, label, parent []int32, size []int, cells []int32) {
	m := g.m
	const foreign = none - 1
	for range 6 {
		moved := 0
		for _, c := range cells {
			own := label[c]
			if own == none || size[own] < 8 {
				continue
			}
			var near [6]int32
			border := false
			for dir := range 6 {
				n := m.nb(c, dir)
				near[dir] = foreign
				if parent[n] == parent[c] {
					near[dir] = label[n]
					border = border || near[dir] != own
				}
			}
			if !border {
				continue
			}
			if _, runs := touching(near, own); runs != 1 {
				continue
			}
			var weight [6]int32
			for dir := range 6 {
				weight[dir] = 16 + 7000/max(stepCost, int32(w[edge(c, m.nb(c, dir), dir)]))
			}
			best, bestGain := none, int32(0)
			for dir := range 6 {
				other := near[dir]
				if other == own || other < 0 {
					continue
				}
				gain := int32(0)
				for k := range 6 {
					switch near[k] {
					case other:
						gain += weight[k]
					case own:
						gain -= weight[k]
					}
				}
				if _, runs := touching(near, other); gain > bestGain && runs == 1 {
					best, bestGain = other, gain
				}
			}
			if best != none {
				label[c] = best
				size[own]--
				size[best]++
				moved++
			}
		}
		if moved == 0 {
			return
		}
	}
}

// inParallel calls work(0) … work(n−1), each once, on all processors; worker makes one work function for each of them, with
// memory of its own. The order is not fixed: no call may depend on another.
func inParallel(n int, worker func() func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			work := worker()
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				work(i)
			}
		})
	}
	wg.Wait()
}

// touching counts how many of the cells around bear the label, and in how many runs they stand.
func touching(near [6]int32, label int32) (n, runs int) {
	for i, l := range near {
		if l == label {
			n++
			if near[(i+5)%6] != label {
				runs++
			}
		}
	}
	if n == 6 {
		runs = 1
	}
	return n, runs
}
