package topo

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/paulmach/orb"
)

// Change is a box on the world grid in which the Mesh looks different from zoom MinZoom on, beyond the areas that
// were removed and added themselves: arcs that were joined, parted or simplified otherwise.
type Change struct {
	Box     Box
	MinZoom uint8
}

// edit makes the next Mesh: it dissolves the arcs that the change can alter into their vertices, finds nodes and
// arcs again among those, and puts the new arcs into the rings of all areas that used the old ones.
type edit struct {
	gen   uint64
	m     *Mesh
	verts *vertices

	removed   map[int32]bool    // areas
	dissolved map[int32][]int32 // arcs, with the numbers of their vertices
	order     []int32           // keys of dissolved in the order found, for a deterministic result
	bySecond  map[uint64]int32  // first edge of each dissolved arc → its slot
	found     map[uint64]int32  // first edge of each new arc → its slot
	uses      map[int32][]use   // slot → uses within the rings of this edit
	built     []int32           // slots of arcs with new geometry
	cut       []int32           // slots of all arcs found, new and kept
	retimed   []int32           // kept arcs that now live longer
	changes   []Change
}

// generation numbers the edits of all meshes.
var generation atomic.Uint64

// source is a ring of an added shape, as vertex numbers without the closing one.
type source struct {
	area, polygon int
	ids           []int32
}

// Replace returns a Mesh without the areas whose ids are in remove and with the shapes in add, and where else it
// differs. m stays as it is. The cost depends on the areas replaced and their neighbourhood, not on the Mesh.
// The result is the Mesh that NewMesh would make of the same shapes, except that arcs not near the change keep
// the vertices that were once needed to keep their simplified forms from crossing.
// Errors: an id in remove that the Mesh does not hold, and those of NewMesh.
func (m *Mesh) Replace(ctx context.Context, remove []int64, add []Shape) (*Mesh, []Change, error) {
	e := &edit{
		gen: generation.Add(1),
		m: &Mesh{
			opt: m.opt, arcs: m.arcs.copy(), sides: m.sides.copy(), areas: m.areas.copy(), byID: m.byID.copy(),
			freeArcs: slices.Clip(m.freeArcs), freeAreas: slices.Clip(m.freeAreas),
		},
		removed: map[int32]bool{}, dissolved: map[int32][]int32{}, bySecond: map[uint64]int32{},
		found: map[uint64]int32{}, uses: map[int32][]use{},
	}
	for i := range m.versions {
		e.m.versions = append(e.m.versions, m.versions[i].copy())
	}
	m.mu.Lock()
	e.m.arcTree = m.arcTree.Copy()
	for i := range m.areaTrees {
		e.m.areaTrees[i] = m.areaTrees[i].Copy()
	}
	m.mu.Unlock()

	var goneAreas []int32
	for _, id := range remove {
		slot, ok := e.m.byID.get(id)
		if !ok {
			return nil, nil, fmt.Errorf("mesh: there is no area %d to remove", id)
		}
		delete(e.m.byID.own(id), id)
		e.removed[slot] = true
		goneAreas = append(goneAreas, slot)
	}
	sources, added, err := e.read(add)
	if err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	e.dissolve(goneAreas, add)
	e.join(sources)

	// The slots of removed areas are free only from here on: until now they named the uses to forget.
	for _, slot := range goneAreas {
		if a := e.m.areas.at(slot); !a.Box.Empty() {
			lo, hi := a.Box.floats()
			e.m.areaTrees[a.Rank].Delete(lo, hi, slot)
		}
	}
	slotOf := make([]int32, len(added))
	for i, a := range added {
		slotOf[i] = e.m.areas.take(&e.m.freeAreas, a)
		e.m.byID.own(a.ID)[a.ID] = slotOf[i]
	}
	e.rethread()
	for _, s := range sources {
		refs := e.cutClosed(slotOf[s.area], s.ids)
		a := added[s.area]
		a.Polygons[s.polygon] = append(a.Polygons[s.polygon], Ring{Refs: refs})
	}
	if err := e.settleArcs(ctx); err != nil {
		return nil, nil, err
	}
	for i, a := range added {
		a.Polygons = slices.DeleteFunc(a.Polygons, func(p []Ring) bool { return len(p) == 0 })
		e.measure(a)
		if !a.Box.Empty() {
			lo, hi := a.Box.floats()
			e.m.areaTrees[a.Rank].Insert(lo, hi, slotOf[i])
		}
	}
	for _, slot := range goneAreas {
		e.m.areas.set(slot, nil)
		e.m.freeAreas = append(e.m.freeAreas, slot)
	}
	return e.m, e.changes, nil
}

// take puts t into a free slot or a new one.
func (v *vec[T]) take(free *[]int32, t T) int32 {
	if n := len(*free); n > 0 {
		slot := (*free)[n-1]
		*free = (*free)[: n-1 : n-1]
		v.set(slot, t)
		return slot
	}
	return v.push(t)
}

// read numbers the vertices of the added shapes and turns their rings so that the area lies to the right.
func (e *edit) read(add []Shape) ([]source, []*Area, error) {
	total := 0
	for i := range add {
		for _, p := range add[i].Geom {
			for _, r := range p {
				total += len(r)
			}
		}
	}
	// Most vertices of a seamless set occur at least twice.
	e.verts = newVertices(total/2 + 64)
	var sources []source
	added := make([]*Area, len(add))
	seen := make(map[int64]bool, len(add))
	arena := make([]int32, 0, total)
	for i := range add {
		s := &add[i]
		if s.Rank < 1 || s.Rank > MaxRank {
			return nil, nil, fmt.Errorf("mesh: area %d has rank %d, want 1 to %d", s.ID, s.Rank, MaxRank)
		}
		if _, ok := e.m.byID.get(s.ID); ok || seen[s.ID] {
			return nil, nil, fmt.Errorf("mesh: there are two areas with the id %d", s.ID)
		}
		seen[s.ID] = true
		a := &Area{ID: s.ID, Rank: s.Rank, From: s.From, To: s.To, Tag: s.Tag, Polygons: make([][]Ring, len(s.Geom)), Box: emptyBox}
		added[i] = a
		for j, p := range s.Geom {
			for k, r := range p {
				start := len(arena)
				for _, pt := range r {
					v, err := vertexOf(pt)
					if err != nil {
						return nil, nil, fmt.Errorf("mesh: area %d: %w", s.ID, err)
					}
					if id := e.verts.id(v); len(arena) == start || arena[len(arena)-1] != id {
						arena = append(arena, id)
					}
				}
				ids := arena[start:]
				for len(ids) > 1 && ids[0] == ids[len(ids)-1] {
					ids = ids[:len(ids)-1]
				}
				if len(ids) < 3 {
					if arena = arena[:start]; k == 0 {
						break
					}
					continue
				}
				ids = ids[:len(ids):len(ids)]
				if (e.signedArea(ids) < 0) != (k == 0) {
					slices.Reverse(ids)
				}
				sources = append(sources, source{i, j, ids})
			}
		}
	}
	return sources, added, nil
}

// signedArea is positive for rings that run counter-clockwise on the ground.
func (e *edit) signedArea(ids []int32) float64 {
	var sum float64
	o := e.verts.keys[ids[0]]
	for i := range ids {
		a, b := e.verts.keys[ids[i]], e.verts.keys[ids[(i+1)%len(ids)]]
		sum += float64(a.X-o.X)*float64(b.Y-o.Y) - float64(b.X-o.X)*float64(a.Y-o.Y)
	}
	return sum
}

// dissolve finds the arcs whose ends the change can move: those of the removed areas, those that meet them at a
// node, and those that share a vertex with an added ring. No vertex of any other arc gains or loses an edge.
func (e *edit) dissolve(gone []int32, add []Shape) {
	if e.m.arcTree.Len() == 0 {
		return
	}
	ends := map[Vertex]Point{}
	mark := func(slot int32) {
		if _, ok := e.dissolved[slot]; !ok {
			e.dissolved[slot] = nil
			e.order = append(e.order, slot)
		}
	}
	for _, slot := range gone {
		for _, p := range e.m.areas.at(slot).Polygons {
			for _, r := range p {
				for _, ref := range r.Refs {
					mark(ref.Slot())
					a := e.m.arcs.at(ref.Slot())
					ends[a.raw[0]], ends[a.raw[len(a.raw)-1]] = a.world[0], a.world[len(a.world)-1]
				}
			}
		}
	}
	for v, p := range ends {
		e.arcsAt(v, p, func(slot int32) bool { mark(slot); return true })
	}
	checked := map[int32]bool{}
	visit := func(_, _ [2]float64, slot int32) bool {
		if !checked[slot] {
			checked[slot] = true
			if slices.ContainsFunc(e.m.arcs.at(slot).raw, func(v Vertex) bool { return e.verts.find(v) >= 0 }) {
				mark(slot)
			}
		}
		return true
	}
	for i := range add {
		for _, p := range add[i].Geom {
			for _, r := range p {
				for piece := range slices.Chunk(r, 32) {
					e.m.SearchArcs(worldBox(piece), visit)
				}
			}
		}
	}
	// The order in which a map and a tree give them is not the same from run to run.
	slices.Sort(e.order)
}

// worldBox bounds the world points of what lies in the box of the positions; projecting is monotone.
func worldBox(r []orb.Point) Box {
	lo := orb.Point{math.Inf(1), math.Inf(1)}
	hi := orb.Point{math.Inf(-1), math.Inf(-1)}
	for _, p := range r {
		lo[0], lo[1] = min(lo[0], p[0]), min(lo[1], p[1])
		hi[0], hi[1] = max(hi[0], p[0]), max(hi[1], p[1])
	}
	b := emptyBox
	b.add(World(lo))
	b.add(World(hi))
	return Box{b.MinX - 1, b.MinY - 1, b.MaxX + 1, b.MaxY + 1}
}

// arcsAt calls fn with the arcs that end at the vertex, until it returns false.
func (e *edit) arcsAt(v Vertex, p Point, fn func(slot int32) bool) {
	e.m.SearchArcs(Box{p.X, p.Y, p.X, p.Y}, func(_, _ [2]float64, slot int32) bool {
		a := e.m.arcs.at(slot)
		if a.raw[0] == v || a.raw[len(a.raw)-1] == v {
			return fn(slot)
		}
		return true
	})
}

// join collects the edges that will exist and so learns which vertices are nodes.
func (e *edit) join(sources []source) {
	kept := func(u use) bool { return !e.removed[u.area] }
	for _, slot := range e.order {
		raw := e.m.arcs.at(slot).raw
		ids := make([]int32, len(raw))
		for i, v := range raw {
			ids[i] = e.verts.id(v)
		}
		e.dissolved[slot] = ids
		e.bySecond[edgeKey(ids[0], ids[1])] = slot
	}
	e.verts.seal()
	for _, s := range sources {
		for i, a := range s.ids {
			e.verts.link(a, s.ids[(i+1)%len(s.ids)])
		}
	}
	for _, slot := range e.order {
		a, ids := e.m.arcs.at(slot), e.dissolved[slot]
		if slices.ContainsFunc(a.uses, kept) {
			for i := 1; i < len(ids); i++ {
				e.verts.link(ids[i-1], ids[i])
			}
		}
		for _, end := range []int{0, len(ids) - 1} {
			if e.verts.node[ids[end]] {
				continue
			}
			e.arcsAt(a.raw[end], a.world[end], func(other int32) bool {
				if _, ok := e.dissolved[other]; !ok {
					e.verts.node[ids[end]] = true
				}
				return !e.verts.node[ids[end]]
			})
		}
	}
}

func edgeKey(a, b int32) uint64 { return uint64(uint32(a))<<32 | uint64(uint32(b)) }

// rethread replaces dissolved arcs in the rings of the areas that stay.
func (e *edit) rethread() {
	var areas []int32
	for _, slot := range e.order {
		for _, u := range e.m.arcs.at(slot).uses {
			if !e.removed[u.area] {
				areas = append(areas, u.area)
			}
		}
	}
	slices.Sort(areas)
	for _, slot := range slices.Compact(areas) {
		a := *e.m.areas.at(slot)
		a.Polygons = slices.Clone(a.Polygons)
		for i, p := range a.Polygons {
			a.Polygons[i] = slices.Clone(p)
			for j := range p {
				a.Polygons[i][j].Refs = e.rethreadRing(slot, p[j].Refs)
			}
		}
		e.m.areas.set(slot, &a)
	}
}

func (e *edit) rethreadRing(area int32, refs []Ref) []Ref {
	isDissolved := func(r Ref) bool { _, ok := e.dissolved[r.Slot()]; return ok }
	if !slices.ContainsFunc(refs, isDissolved) {
		return refs
	}
	start := slices.IndexFunc(refs, func(r Ref) bool { return !isDissolved(r) })
	if start < 0 {
		var ids []int32
		for _, r := range refs {
			ids = e.appendIDs(ids, r)
		}
		return e.cutClosed(area, ids[:len(ids)-1])
	}
	var out []Ref
	var run []int32
	for i := range refs {
		r := refs[(start+i)%len(refs)]
		if isDissolved(r) {
			run = e.appendIDs(run, r)
			continue
		}
		if len(run) > 0 {
			out = e.cutOpen(out, area, run)
			run = run[:0]
		}
		out = append(out, r)
	}
	if len(run) > 0 {
		out = e.cutOpen(out, area, run)
	}
	return out
}

// appendIDs appends the vertices of a dissolved arc in the ring's sense; the first is shared with what stands before.
func (e *edit) appendIDs(dst []int32, r Ref) []int32 {
	ids := e.dissolved[r.Slot()]
	n := len(ids)
	for i := range ids {
		if i == 0 && len(dst) > 0 {
			continue
		}
		if r.Reversed() {
			dst = append(dst, ids[n-1-i])
		} else {
			dst = append(dst, ids[i])
		}
	}
	return dst
}

// cutClosed cuts a ring, given without its closing vertex, into arcs. A ring without nodes is one closed arc that
// begins at its smallest vertex.
func (e *edit) cutClosed(area int32, ids []int32) []Ref {
	start := slices.IndexFunc(ids, e.verts.isNode)
	if start < 0 {
		start = 0
		for i, id := range ids {
			if e.verts.keys[id].less(e.verts.keys[ids[start]]) {
				start = i
			}
		}
	}
	turned := make([]int32, 0, len(ids)+1)
	turned = append(append(append(turned, ids[start:]...), ids[:start]...), ids[start])
	return e.cutOpen(nil, area, turned)
}

// cutOpen cuts a run of vertices that begins and ends at nodes.
func (e *edit) cutOpen(dst []Ref, area int32, ids []int32) []Ref {
	start := 0
	for i := 1; i < len(ids); i++ {
		if i == len(ids)-1 || e.verts.isNode(ids[i]) {
			dst = append(dst, e.piece(area, ids[start:i+1]))
			start = i
		}
	}
	return dst
}

// piece finds or makes the arc of these vertices and notes its use. Arcs share no edge, so the first edge in the
// arc's own sense, which depends on nothing but its vertices, names it.
func (e *edit) piece(area int32, ids []int32) Ref {
	n := len(ids)
	lo, hi := e.verts.keys[ids[0]], e.verts.keys[ids[n-1]]
	if lo == hi {
		lo, hi = e.verts.keys[ids[1]], e.verts.keys[ids[n-2]]
	}
	reversed := hi.less(lo)
	first, second := ids[0], ids[1]
	if reversed {
		first, second = ids[n-1], ids[n-2]
	}
	key := edgeKey(first, second)
	slot, ok := e.found[key]
	if !ok {
		slot = e.arcOf(key, ids, reversed)
		e.found[key] = slot
		e.cut = append(e.cut, slot)
	}
	e.uses[slot] = append(e.uses[slot], use{area, reversed})
	return refOf(slot, reversed)
}

func (e *edit) arcOf(key uint64, ids []int32, reversed bool) int32 {
	at := func(i int) int32 {
		if reversed {
			return ids[len(ids)-1-i]
		}
		return ids[i]
	}
	if slot, ok := e.bySecond[key]; ok {
		old, same := e.dissolved[slot], true
		for i := 0; i < len(old) && same && len(old) == len(ids); i++ {
			same = old[i] == at(i)
		}
		if same && len(old) == len(ids) {
			return slot
		}
	}
	a := &Arc{raw: make([]Vertex, len(ids)), gen: e.gen}
	for i := range a.raw {
		a.raw[i] = e.verts.keys[at(i)]
	}
	slot := e.m.arcs.take(&e.m.freeArcs, a)
	e.built = append(e.built, slot)
	return slot
}

// measure sets the boxes and blocks of the rings whose refs are new.
func (e *edit) measure(a *Area) {
	a.Box = emptyBox
	for i := range a.Polygons {
		for j := range a.Polygons[i] {
			r := &a.Polygons[i][j]
			r.Box, r.Blocks = emptyBox, make([]Block, 0, (len(r.Refs)+BlockLen-1)/BlockLen)
			for refs := range slices.Chunk(r.Refs, BlockLen) {
				first := e.m.arcs.at(refs[0].Slot())
				b := Block{Box: emptyBox, Start: first.world[0]}
				if refs[0].Reversed() {
					b.Start = first.world[len(first.world)-1]
				}
				for _, ref := range refs {
					b.Box.union(e.m.arcs.at(ref.Slot()).box)
				}
				r.Blocks = append(r.Blocks, b)
				r.Box.union(b.Box)
			}
			a.Box.union(r.Box)
		}
	}
}

// mutable returns the arc in a form this edit may write to.
func (e *edit) mutable(slot int32) *Arc {
	a := e.m.arcs.at(slot)
	if a.gen != e.gen {
		c := *a
		c.gen, c.keep = e.gen, slices.Clone(a.keep)
		a = &c
		e.m.arcs.set(slot, a)
	}
	return a
}

// settleArcs projects and simplifies the new arcs, renews what the arcs know of the areas beside them, and puts
// them into the tree.
func (e *edit) settleArcs(ctx context.Context) error {
	first := e.m.opt.MinZoom
	for _, slot := range e.order {
		a := e.m.arcs.at(slot)
		if _, stays := e.uses[slot]; stays {
			continue
		}
		lo, hi := a.box.floats()
		e.m.arcTree.Delete(lo, hi, slot)
		e.m.arcs.set(slot, nil)
		e.m.sides.set(slot, Side{})
		for i := range e.m.versions {
			e.m.versions[i].set(slot, Version{})
		}
		e.m.freeArcs = append(e.m.freeArcs, slot)
		e.changes = append(e.changes, Change{a.box, first})
	}
	if err := parallel(ctx, len(e.built), func(i int) { e.m.arcs.at(e.built[i]).project(e.m.opt) }); err != nil {
		return err
	}
	for _, slot := range e.built {
		a := e.m.arcs.at(slot)
		lo, hi := a.box.floats()
		e.m.arcTree.Insert(lo, hi, slot)
		e.changes = append(e.changes, Change{a.box, first})
	}
	for e.m.sides.n < e.m.arcs.n {
		e.m.sides.push(Side{})
	}
	slices.Sort(e.cut)
	for _, slot := range e.cut {
		isNew := e.m.arcs.at(slot).gen == e.gen
		a := e.mutable(slot)
		from, to := a.from, a.to
		a.uses = e.uses[slot]
		e.beside(slot, a)
		if !isNew && (a.from < from || a.to > to) {
			e.retimed = append(e.retimed, slot)
		}
	}
	if err := e.untangle(ctx); err != nil {
		return err
	}
	// Areas that stay are measured here, where all of their arcs have boxes.
	remeasured := map[int32]bool{}
	for _, slot := range e.cut {
		for _, u := range e.uses[slot] {
			if a := e.m.areas.at(u.area); !remeasured[u.area] && !a.Box.Empty() {
				remeasured[u.area] = true
				e.measure(a)
			}
		}
	}
	e.uses = nil
	return nil
}
