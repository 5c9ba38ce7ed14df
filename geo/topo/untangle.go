package topo

import (
	"cmp"
	"context"
	"slices"
)

// view is an arc at the zoom being untangled: the numbers of the vertices shown, and boxes over ChunkLen segments.
type view struct {
	idx   []int32
	boxes []Box
}

// span asks for a vertex between two neighbours of an arc that zoom z shows.
type span struct{ slot, i, j int32 }

type untangler struct {
	e       *edit
	z       uint8
	views   []*view // by slot, when most arcs take part
	few     map[int32]*view
	working map[int32]bool
}

// untangle makes the simplified forms free of crossings, from the lowest zoom to the deepest: wherever two
// segments meet elsewhere than in a common end, or the end of an arc has come to lie on the wrong side of a
// segment, vertices are restored until the original edges are reached.
func (e *edit) untangle(ctx context.Context) error {
	o := e.m.opt
	work := slices.Concat(e.built, e.retimed)
	dirty := map[int32]bool{}    // restored at a lower zoom
	lowest := map[int32]uint8{}  // the zoom from which on an arc that was there before has changed
	reshape := map[int32]bool{}  // arcs that need versions
	wasBuilt := map[int32]bool{} // reported as a change already
	for _, slot := range e.built {
		reshape[slot], wasBuilt[slot] = true, true
	}
	note := func(slot int32, z uint8) {
		dirty[slot], reshape[slot] = true, true
		if _, ok := lowest[slot]; !ok && !wasBuilt[slot] {
			lowest[slot] = z
		}
	}
	for z := o.MinZoom; z <= o.MaxZoom; z++ {
		tolerance := o.tolerance(z)
		for _, slot := range sortedKeys(dirty) {
			if e.mutable(slot).ensureAll(z, tolerance) {
				note(slot, z)
			}
		}
		if tolerance == 0 {
			continue // nothing but straight runs was left out
		}
		round := append(slices.Clone(work), sortedKeys(dirty)...)
		slices.Sort(round)
		round = slices.Compact(round)
		for len(round) > 0 {
			spans, err := e.tangles(ctx, z, round)
			if err != nil {
				return err
			}
			round = round[:0]
			for i, s := range spans {
				if i > 0 && spans[i-1] == s {
					continue
				}
				if e.mutable(s.slot).restore(int(s.i), int(s.j), z, tolerance) {
					note(s.slot, z)
					round = append(round, s.slot)
				}
			}
			round = slices.Compact(round) // spans are sorted by slot
		}
	}
	slots := sortedKeys(reshape)
	for _, slot := range slots {
		if z, ok := lowest[slot]; ok {
			e.changes = append(e.changes, Change{e.m.arcs.at(slot).box, z})
		}
	}
	return e.shape(ctx, slots)
}

func sortedKeys[V any](m map[int32]V) []int32 {
	out := make([]int32, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// tangles lists, sorted, what must be restored because of the arcs in round.
func (e *edit) tangles(ctx context.Context, z uint8, round []int32) ([]span, error) {
	u := &untangler{e: e, z: z, working: make(map[int32]bool, len(round))}
	for _, slot := range round {
		u.working[slot] = true
	}
	if len(round) < 256 {
		u.few = map[int32]*view{}
		var out []span
		for _, slot := range round {
			out = u.check(out, slot)
		}
		return sorted(out), ctx.Err()
	}
	u.views = make([]*view, e.m.arcs.n)
	if err := parallel(ctx, int(e.m.arcs.n), func(i int) {
		if e.m.arcs.at(int32(i)) != nil {
			u.views[i] = u.make(int32(i))
		}
	}); err != nil {
		return nil, err
	}
	found := make([][]span, len(round))
	err := parallel(ctx, len(round), func(i int) { found[i] = u.check(nil, round[i]) })
	return sorted(slices.Concat(found...)), err
}

func sorted(s []span) []span {
	slices.SortFunc(s, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.i, b.i))
	})
	return s
}

func (u *untangler) view(slot int32) *view {
	if u.views != nil {
		return u.views[slot]
	}
	v := u.few[slot]
	if v == nil {
		v = u.make(slot)
		u.few[slot] = v
	}
	return v
}

func (u *untangler) make(slot int32) *view {
	a := u.e.m.arcs.at(slot)
	n := 0
	for _, k := range a.keep {
		if k <= u.z {
			n++
		}
	}
	v := &view{idx: a.kept(make([]int32, 0, n), u.z)}
	v.boxes = make([]Box, (n+ChunkLen-2)/ChunkLen)
	for c := range v.boxes {
		v.boxes[c] = emptyBox
		for _, i := range v.idx[c*ChunkLen : min((c+1)*ChunkLen, n-1)+1] {
			v.boxes[c].add(a.world[i])
		}
	}
	return v
}

// check appends the spans that must get a vertex because a segment of the arc meets another. Two segments of
// which neither leaves a vertex out are as the data have them.
func (u *untangler) check(out []span, slot int32) []span {
	m := u.e.m
	a, va := m.arcs.at(slot), u.view(slot)
	var near []int32
	m.SearchArcs(a.box, func(_, _ [2]float64, other int32) bool {
		if b := m.arcs.at(other); a.from < b.to && b.from < a.to {
			near = append(near, other)
		}
		return true
	})
	for k := 1; k < len(va.idx); k++ {
		i, j := va.idx[k-1], va.idx[k]
		p, q := a.world[i], a.world[j]
		short := j-i > 1 // leaves vertices out
		seg, chain := emptyBox, emptyBox
		seg.add(p)
		seg.add(q)
		chain = seg
		for _, w := range a.world[i+1 : j] {
			chain.add(w)
		}
		for _, other := range near {
			b := m.arcs.at(other)
			if !b.box.Intersects(chain) || !short && u.working[other] {
				continue
			}
			vb := u.view(other)
			// One finding is enough: what is restored is looked at again. So the list stays short whatever the data.
			if short && jumped(a, i, j, chain, b, vb) {
				out = append(out, span{slot, i, j})
				break
			}
			before := len(out)
			if out = u.meet(out, slot, k, seg, short, other, vb); len(out) > before {
				break
			}
		}
	}
	return out
}

// meet compares segment k of arc slot with the segments of another arc up to the first it meets.
func (u *untangler) meet(out []span, slot int32, k int, seg Box, short bool, other int32, vb *view) []span {
	a, b := u.e.m.arcs.at(slot), u.e.m.arcs.at(other)
	va := u.view(slot)
	i, j := va.idx[k-1], va.idx[k]
	p, q := a.world[i], a.world[j]
	for c, box := range vb.boxes {
		if !box.Intersects(seg) {
			continue
		}
		for l := c*ChunkLen + 1; l <= min((c+1)*ChunkLen, len(vb.idx)-1); l++ {
			g, h := vb.idx[l-1], vb.idx[l]
			if !short && h-g == 1 || other == slot && l == k {
				continue
			}
			r, s := b.world[g], b.world[h]
			if min(r.X, s.X) > seg.MaxX || max(r.X, s.X) < seg.MinX || min(r.Y, s.Y) > seg.MaxY || max(r.Y, s.Y) < seg.MinY {
				continue
			}
			if !meets(p, q, r, s) {
				continue
			}
			if short {
				out = append(out, span{slot, i, j})
			}
			if h-g > 1 {
				out = append(out, span{other, g, h})
			}
			return out
		}
	}
	return out
}

// meets reports whether two segments whose boxes meet have a point in common other than a common end. Equal
// segments do not count: two borders that collapse into one enclose nothing, and nothing is shown of it.
func meets(p, q, r, s Point) bool {
	if p == s || q == r {
		r, s = s, r
	}
	switch {
	case p == r && q == s:
		return false
	case p == r:
		return overlap(p, q, s)
	case q == s:
		return overlap(q, p, r)
	}
	o1, o2 := orient(p, q, r), orient(p, q, s)
	if o1 > 0 && o2 > 0 || o1 < 0 && o2 < 0 {
		return false
	}
	o3, o4 := orient(r, s, p), orient(r, s, q)
	return !(o3 > 0 && o4 > 0 || o3 < 0 && o4 < 0)
}

// overlap reports whether the segments from a to b and from a to c lie on each other.
func overlap(a, b, c Point) bool {
	if orient(a, b, c) != 0 {
		return false
	}
	return (int64(b.X)-int64(a.X))*(int64(c.X)-int64(a.X))+(int64(b.Y)-int64(a.Y))*(int64(c.Y)-int64(a.Y)) > 0
}

// orient is twice the signed area of the triangle; exact on the world grid.
func orient(a, b, c Point) int64 {
	return (int64(b.X)-int64(a.X))*(int64(c.Y)-int64(a.Y)) - (int64(b.Y)-int64(a.Y))*(int64(c.X)-int64(a.X))
}

// jumped reports whether the segment from vertex i to j of a leaves on its wrong side an end of b, or the middle
// of a closed b, that is, whether such a point lies strictly between the segment and the vertices it replaces.
func jumped(a *Arc, i, j int32, chain Box, b *Arc, vb *view) bool {
	n := len(b.world) - 1
	if inPocket(a.world[i:j+1], chain, b.world[0]) {
		return true
	}
	if b.raw[0] == b.raw[n] {
		return inPocket(a.world[i:j+1], chain, b.world[vb.idx[len(vb.idx)/2]])
	}
	return inPocket(a.world[i:j+1], chain, b.world[n])
}

func inPocket(ring []Point, box Box, p Point) bool {
	if !box.has(p) {
		return false
	}
	inside := false
	for k, q := range ring {
		if p == q {
			return false
		}
		r := ring[(k+1)%len(ring)]
		if (q.Y > p.Y) == (r.Y > p.Y) {
			if q.Y == p.Y && r.Y == p.Y && min(q.X, r.X) <= p.X && p.X <= max(q.X, r.X) {
				return false
			}
			continue
		}
		o := orient(q, r, p)
		if o == 0 {
			return false
		}
		if (o > 0) == (r.Y > q.Y) {
			inside = !inside
		}
	}
	return inside
}
