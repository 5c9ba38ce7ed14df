package plane

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
)

// Marks is a set of faces that is quickly emptied. The zero value is empty.
type Marks struct {
	stamp []int32
	now   int32
}

// Reset empties the set for the faces of a Plane.
func (m *Marks) Reset(p *Plane) {
	if len(m.stamp) != len(p.Faces) {
		m.stamp, m.now = make([]int32, len(p.Faces)), 0
	}
	m.now++
}

// Add puts a face into the set.
func (m *Marks) Add(f int32) { m.stamp[f] = m.now }

// Has reports whether the face is in the set.
func (m *Marks) Has(f int32) bool { return m.stamp[f] == m.now }

// Connected divides the faces into groups that hang together across arcs, in the order of their first faces.
func (p *Plane) Connected(faces []int32, m *Marks) [][]int32 {
	m.Reset(p)
	for _, f := range faces {
		m.Add(f)
	}
	var out [][]int32
	for _, start := range faces {
		if !m.Has(start) {
			continue
		}
		m.stamp[start] = m.now - 1
		group := []int32{start}
		for i := 0; i < len(group); i++ {
			for _, h := range p.Faces[group[i]].Halves {
				if g := p.Right(h); m.Has(g) {
					m.stamp[g] = m.now - 1
					group = append(group, g)
				}
			}
		}
		out = append(out, group)
	}
	return out
}

// Border returns the half arcs around a set of faces, the set on their left.
func (p *Plane) Border(faces []int32, m *Marks) []Half {
	m.Reset(p)
	for _, f := range faces {
		m.Add(f)
	}
	var out []Half
	for _, f := range faces {
		for _, h := range p.Faces[f].Halves {
			if !m.Has(p.Right(h)) {
				out = append(out, h)
			}
		}
	}
	return out
}

// Outline is the area of a set of faces: valid polygons in the sense of simple features, shells counter-clockwise, with
// every vertex of the arrangement.
func (p *Plane) Outline(faces []int32, m *Marks) orb.MultiPolygon {
	border := p.Border(faces, m)
	onBorder := func(h Half) bool { return m.Has(p.Left(h)) && !m.Has(p.Right(h)) }
	done := map[Half]bool{}
	var loops []loop
	for _, start := range border {
		if done[start] {
			continue
		}
		var walk []int32
		for h := start; !done[h]; {
			done[h] = true
			pts := p.Arcs[h.Arc()].Pts
			if h&1 == 0 {
				walk = append(walk, pts[:len(pts)-1]...)
			} else {
				for i := len(pts) - 1; i > 0; i-- {
					walk = append(walk, pts[i])
				}
			}
			next := p.cw[h.Twin()]
			for !onBorder(next) {
				next = p.cw[next]
			}
			h = next
		}
		loops = p.simple(loops, walk)
	}
	return p.polygons(loops)
}

// loop is a closed ring without its closing vertex that meets itself nowhere.
type loop struct {
	ids  []int32
	area int128 // doubled, positive counter-clockwise
	box  box
}

// simple cuts a walk into loops at the vertices that it passes twice.
func (p *Plane) simple(dst []loop, walk []int32) []loop {
	at := make(map[int32]int, len(walk))
	var path []int32
	for _, id := range walk {
		if i, ok := at[id]; ok {
			dst = p.appendLoop(dst, path[i:])
			for _, gone := range path[i+1:] {
				delete(at, gone)
			}
			path = path[:i+1]
			continue
		}
		at[id] = len(path)
		path = append(path, id)
	}
	return p.appendLoop(dst, path)
}

func (p *Plane) appendLoop(dst []loop, ids []int32) []loop {
	if len(ids) < 3 {
		return dst
	}
	l := loop{ids: slices.Clone(ids), box: emptyBox}
	for i, id := range l.ids {
		l.area = l.area.plus(cross128(p.Vertices[id], p.Vertices[l.ids[(i+1)%len(l.ids)]]))
		l.box.add(p.Vertices[id])
	}
	return append(dst, l)
}

// polygons puts every hole into the smallest shell around it.
func (p *Plane) polygons(loops []loop) orb.MultiPolygon {
	var shells, holes []loop
	for _, l := range loops {
		if l.area.positive() {
			shells = append(shells, l)
		} else {
			holes = append(holes, l)
		}
	}
	slices.SortStableFunc(shells, func(a, b loop) int { return cmp.Compare(b.area.float(), a.area.float()) })
	out := make(orb.MultiPolygon, len(shells))
	for i, s := range shells {
		out[i] = orb.Polygon{p.ring(s)}
	}
	for _, h := range holes {
		for i := len(shells) - 1; i >= 0; i-- {
			if p.contains(&shells[i], &h) {
				out[i] = append(out[i], p.ring(h))
				break
			}
		}
	}
	return out
}

func (p *Plane) ring(l loop) orb.Ring {
	r := make(orb.Ring, 0, len(l.ids)+1)
	for _, id := range l.ids {
		r = append(r, p.Vertices[id].Point())
	}
	return append(r, r[0])
}

// contains reports whether the hole lies in the shell. They do not cross; a vertex that is not on the shell decides.
func (p *Plane) contains(s, h *loop) bool {
	if h.box.minX < s.box.minX || h.box.maxX > s.box.maxX || h.box.minY < s.box.minY || h.box.maxY > s.box.maxY {
		return false
	}
	on := make(map[int32]bool, len(s.ids))
	for _, id := range s.ids {
		on[id] = true
	}
	for _, id := range h.ids {
		if !on[id] {
			return p.inside(s, p.Vertices[id])
		}
	}
	// All vertices are the shell's: the hole's edges run inside the shell, or it is another loop that only touches.
	return h.area.negated().float() < s.area.float()
}

func (p *Plane) inside(l *loop, v Vertex) bool {
	in := false
	for i, id := range l.ids {
		a, b := p.Vertices[id], p.Vertices[l.ids[(i+1)%len(l.ids)]]
		if (a.Y > v.Y) == (b.Y > v.Y) {
			continue
		}
		if o := orient(a, b, v); (o > 0) == (b.Y > a.Y) {
			in = !in
		}
	}
	return in
}
