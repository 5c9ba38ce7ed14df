package index

import (
	"yutu/geo/topo"
	"yutu/tiles/mvt"
)

// maxLink is the number of pieces of one border in one tile up to which they are strung together; the effort grows
// with the square.
const maxLink = 128

// lines collects the borders of a tile by what they divide.
type lines struct {
	groups []group
	items  []item
	table  []int32 // index of a group + 1, open addressing, length a power of two
	pts    []mvt.Point
	pieces []piece
	joined []mvt.Point

	// The line being fed.
	started bool
	prev    mvt.Point
	code    uint8
	open    int32 // where its piece begins in pts, -1 for none
}

// group is a border between two areas: one feature.
type group struct {
	rank        uint8
	left, right *entry // nil for none
	head, tail  int32  // items, -1 for none
}

type item struct {
	slot     int32
	reversed bool
	next     int32
}

// piece is a run of points of lines.pts that belong to the tile.
type piece struct {
	from, to int32
	used     bool
}

func (l *lines) reset() {
	l.groups, l.items = l.groups[:0], l.items[:0]
	clear(l.table)
}

func idOf(e *entry) int64 {
	if e == nil {
		return 0
	}
	return e.id
}

// add files an arc under what it divides. A line runs so that the area with the smaller id is on its left.
func (l *lines) add(slot int32, s *topo.Side) {
	left, _ := s.Left.(*entry)
	right, _ := s.Right.(*entry)
	it := item{slot: slot, next: -1}
	if left == nil || right != nil && right.id < left.id {
		left, right, it.reversed = right, left, true
	}
	if 2*(len(l.groups)+1) > len(l.table) {
		l.table = make([]int32, max(64, 2*len(l.table)))
		for i := range l.groups {
			l.table[l.place(l.groups[i].rank, l.groups[i].left, l.groups[i].right)] = int32(i + 1)
		}
	}
	at := l.place(s.Rank, left, right)
	if l.table[at] == 0 {
		l.groups = append(l.groups, group{s.Rank, left, right, -1, -1})
		l.table[at] = int32(len(l.groups))
	}
	g := &l.groups[l.table[at]-1]
	l.items = append(l.items, it)
	n := int32(len(l.items) - 1)
	if g.head < 0 {
		g.head = n
	} else {
		l.items[g.tail].next = n
	}
	g.tail = n
}

// place is where the group is in the table, or would be.
func (l *lines) place(rank uint8, left, right *entry) int {
	h := (uint64(idOf(left))*0x9E3779B97F4A7C15 ^ uint64(idOf(right))) * 0xC2B2AE3D27D4EB4F
	mask := len(l.table) - 1
	i := int((h>>32)+uint64(rank)) & mask
	for l.table[i] != 0 {
		if g := &l.groups[l.table[i]-1]; g.rank == rank && g.left == left && g.right == right {
			break
		}
		i = (i + 1) & mask
	}
	return i
}

// borders writes the line layer from the arcs found.
func (d *drawer) borders() {
	d.lines.reset()
	for _, slot := range d.found {
		if s, ok := d.mesh.Side(slot, d.at); ok && !d.outside(d.arcs.At(slot).Box) {
			d.lines.add(slot, s)
		}
	}
	l := &d.layers[1]
	for i := range d.lines.groups {
		g := &d.lines.groups[i]
		d.lines.pts, d.lines.pieces = d.lines.pts[:0], d.lines.pieces[:0]
		for n := g.head; n >= 0; n = d.lines.items[n].next {
			d.cutLine(d.arcs.At(d.lines.items[n].slot), d.lines.items[n].reversed)
		}
		if len(d.lines.pieces) == 0 {
			continue
		}
		l.Begin(0, mvt.LineType)
		d.lines.write(l)
		l.Tag(&d.ix.rank, &d.ix.ranks[g.rank])
		if g.left != nil {
			l.Tag(&d.ix.left, &g.left.key)
		}
		if g.right != nil {
			l.Tag(&d.ix.right, &g.right.key)
		}
		l.End()
	}
}

// cutLine appends the pieces of a line that belong to the tile.
func (d *drawer) cutLine(v *topo.Version, reversed bool) {
	l, n := &d.lines, len(v.Pts)-1
	local := func(i int) mvt.Point { return mvt.Point{X: v.Pts[i].X - d.ox, Y: v.Pts[i].Y - d.oy} }
	l.started, l.open = false, -1
	for c := range max(1, len(v.Chunks)) {
		from, to, box := 0, n, v.Box
		if v.Chunks != nil {
			if reversed {
				c = len(v.Chunks) - 1 - c
			}
			from, to, box = c*topo.ChunkLen, min((c+1)*topo.ChunkLen, n), v.Chunks[c]
		}
		// What lies beyond one side is passed over: its last point comes with the next chunk or at the end.
		skip := d.outside(box)
		switch {
		case skip && reversed:
			l.feed(local(to))
		case skip:
			l.feed(local(from))
		case reversed:
			for i := to; i > from; i-- {
				l.feed(local(i))
			}
		default:
			for i := from; i < to; i++ {
				l.feed(local(i))
			}
		}
	}
	if reversed {
		l.feed(local(0))
	} else {
		l.feed(local(n))
	}
	l.end()
}

// feed takes the next point of a line.
func (l *lines) feed(p mvt.Point) {
	c := outcode(p)
	if l.started && c|l.code != 0 && c&l.code == 0 {
		if in, out, ok := crossings(l.prev, p, l.code, c); ok {
			if l.code != 0 {
				l.put(in.p)
			}
			if c != 0 {
				l.put(out.p)
				l.end()
			}
		}
	}
	if c == 0 {
		l.put(p)
	}
	l.started, l.prev, l.code = true, p, c
}

func (l *lines) put(p mvt.Point) {
	if l.open < 0 {
		l.open = int32(len(l.pts))
	} else if l.pts[len(l.pts)-1] == p {
		return
	}
	l.pts = append(l.pts, p)
}

// end closes the piece that is open; a single point is none.
func (l *lines) end() {
	if n := int32(len(l.pts)); l.open >= 0 && n-l.open > 1 {
		l.pieces = append(l.pieces, piece{from: l.open, to: n})
	}
	l.open = -1
}

// write strings the pieces together where one ends as the next begins, so that dashes and labels run on, and
// writes them as the lines of one feature.
func (l *lines) write(out *mvt.Layer) {
	if len(l.pieces) == 1 || len(l.pieces) > maxLink {
		for _, p := range l.pieces {
			out.Line(l.pts[p.from:p.to])
		}
		return
	}
	for i := range l.pieces {
		if l.pieces[i].used {
			continue
		}
		// Go back to the first piece of the string, once round at most, then forward along it.
		first := i
		for range l.pieces {
			start := l.pts[l.pieces[first].from]
			k := l.joining(func(p piece) bool { return l.pts[p.to-1] == start })
			if k < 0 || k == i {
				break
			}
			first = k
		}
		l.joined = l.joined[:0]
		for k := first; k >= 0; {
			p := &l.pieces[k]
			p.used = true
			from := p.from
			if len(l.joined) > 0 {
				from++
			}
			l.joined = append(l.joined, l.pts[from:p.to]...)
			last := l.joined[len(l.joined)-1]
			k = l.joining(func(p piece) bool { return l.pts[p.from] == last })
		}
		out.Line(l.joined)
	}
}

// joining returns the first unused piece for which fits holds, or -1.
func (l *lines) joining(fits func(piece) bool) int {
	for k := range l.pieces {
		if !l.pieces[k].used && fits(l.pieces[k]) {
			return k
		}
	}
	return -1
}
