package synth

import "math"

// terrain is a height for every corner of the mesh, shaped by the water that runs off it along the edges: where two streams
// join, their valley is deeper, and between them a ridge stands.
type terrain struct {
	m      *mesh
	height []int32 // decimetres above the sea
	down   []int32 // the corner that water goes to next; none at an outlet
	up     []int32 // how many corners drain through this one, itself included
	order  []int32 // all corners, each after the one it drains to
}

const (
	outletDM  = 900  // height of the lowest outlets
	riseLimit = 0.62 // steepest slope that weathered rock holds
	erosion   = 5    // rounds after which streams no longer change their courses much
)

// newTerrain raises the land by a dome about the middle and by noise, and lets water carve it: in a landscape in equilibrium
// the slope of a stream falls with the square root of its catchment (Hack; concavity 0.5).
// rise scales the whole and is proportional to the height of summits.
func newTerrain(m *mesh, seed uint64, domeKM, rise float64, rounds int) *terrain {
	n := 2 * m.cells()
	t := &terrain{m: m, height: make([]int32, n), down: make([]int32, n), up: make([]int32, n)}
	uplift, hard := make([]float32, n), make([]float32, n)
	broad, mid := noise{hash2(seed, 1), domeKM / 2}, noise{hash2(seed, 2), 7}
	fine, small := noise{hash2(seed, 3), 2.5}, noise{hash2(seed, 4), 1.1}
	live := t.live()
	inBlocks(len(live), func(v int) {
		if !live[v] {
			return
		}
		x, y := m.cornerAt(int32(v))
		r2 := (float64(x*x) + float64(y*y)) / float64(domeKM*domeKM)
		dome := 1 / (1 + r2)
		uplift[v] = float32(math.Max(0.25, 0.3+float64(0.85*dome)+float64(0.35*broad.at(x, y))+float64(0.3*mid.at(x, y))))
		rough := float64(2200*mid.at(x, y)) + float64(1300*fine.at(x, y)) + float64(600*small.at(x, y))
		// Hard and soft rock: streams look for the soft, and bend.
		h := float64((1 + float64(0.75*small.at(x, y))) * (1 + float64(0.7*fine.at(x, y))) * (1 + float64(0.45*mid.at(x, y))))
		hard[v] = float32(math.Max(0.06, h+float64(0.4*unit(hash2(seed, uint64(v)+1<<41)))))
		t.height[v] = int32(8000 + float64(2500*dome) + float64(2000*broad.at(x, y)) + rough + float64(500*unit(hash2(seed, uint64(v)+1<<40))))
	})
	step := m.s / sqrt3 // km along one edge
	for range rounds {
		t.flow(live)
		for _, v := range t.order {
			d := t.down[v]
			if d == none {
				x, y := m.cornerAt(v)
				t.height[v] = outletDM + int32(400*(1+broad.at(x, y)))
				continue
			}
			catch := float64(t.up[v]) * m.cellKM2() / 2
			slope := math.Min(riseLimit, float64(uplift[v])*rise/math.Sqrt(catch))
			t.height[v] = t.height[d] + max(1, int32(slope*step*10000*float64(hard[v])))
		}
	}
	t.flow(live)
	return t
}

// live marks the corners that touch a cell of the mesh.
func (t *terrain) live() []bool {
	live := make([]bool, 2*t.m.cells())
	for c, in := range t.m.in {
		if in {
			for _, v := range t.m.corners(int32(c)) {
				live[v] = true
			}
		}
	}
	return live
}

// flow finds where water goes, by flooding the land from its rim: the lowest dry corner at the water's edge gets wet next and
// drains to its lowest wet neighbour (priority flood, Barnes 2014), so no water is ever trapped.
func (t *terrain) flow(live []bool) {
	m := t.m
	top := int32(0)
	for _, h := range t.height {
		top = max(top, h)
	}
	head, tail := make([]int32, top+1), make([]int32, top+1)
	for i := range head {
		head[i] = none
	}
	next := make([]int32, len(t.height))
	const dry, edgeOf, wet = 0, 1, 2
	state := make([]uint8, len(t.height))
	level := int32(0)
	push := func(v int32) {
		h := max(t.height[v], level)
		next[v] = none
		if head[h] == none {
			head[h] = v
		} else {
			next[tail[h]] = v
		}
		tail[h] = v
		state[v] = edgeOf
	}
	for v, l := range live {
		t.down[v], t.up[v] = none, 0
		if !l {
			continue
		}
		for _, c := range m.around(int32(v)) {
			if !m.in[c] {
				push(int32(v))
				break
			}
		}
	}
	t.order = t.order[:0]
	for ; level <= top; level++ {
		for head[level] != none {
			v := head[level]
			head[level] = next[v]
			state[v] = wet
			t.order = append(t.order, v)
			near, _ := m.corner(v)
			rim := false
			for _, c := range m.around(v) {
				rim = rim || !m.in[c]
			}
			for _, n := range near {
				if !live[n] {
					continue
				}
				switch state[n] {
				case wet:
					if !rim && (t.down[v] == none || t.height[n] < t.height[t.down[v]]) {
						t.down[v] = n
					}
				case dry:
					push(n)
				}
			}
		}
	}
	for i := len(t.order) - 1; i >= 0; i-- {
		v := t.order[i]
		t.up[v]++
		if d := t.down[v]; d != none {
			t.up[d] += t.up[v]
		}
	}
}

// catchment turns square kilometres into the unit of up.
func (t *terrain) catchment(km2 float64) int32 { return int32(km2 * 2 / t.m.cellKM2()) }

// cellHeight is the mean height of a cell's corners in decimetres.
func (t *terrain) cellHeight(c int32) int32 {
	sum := int32(0)
	for _, v := range t.m.corners(c) {
		sum += t.height[v]
	}
	return sum / 6
}

// basins divides the cells by the stream reach they drain to, counting as streams what has at least the given catchment, and
// says how high each corner stands above the stream it drains to (decimetres).
func (t *terrain) basins(streamKM2 float64) (basin, above []int32) {
	limit := t.catchment(streamKM2)
	feeders := make([]uint8, len(t.height))
	for _, v := range t.order {
		if d := t.down[v]; d != none && t.up[v] >= limit {
			feeders[d]++
		}
	}
	reach := make([]int32, len(t.height))
	above = make([]int32, len(t.height))
	for i, v := range t.order {
		d := t.down[v]
		switch {
		case d == none:
			reach[v] = int32(i)
		case t.up[v] >= limit && feeders[d] > 1:
			reach[v] = int32(i)
		default:
			reach[v] = reach[d]
			if t.up[v] < limit {
				above[v] = above[d] + max(0, t.height[v]-t.height[d])
			}
		}
	}
	basin = make([]int32, t.m.cells())
	for c := range basin {
		if !t.m.in[c] {
			continue
		}
		lowest := none
		for _, v := range t.m.corners(int32(c)) {
			if lowest == none || t.height[v] < t.height[lowest] {
				lowest = v
			}
		}
		basin[c] = reach[lowest]
	}
	return basin, above
}
