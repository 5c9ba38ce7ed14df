package atlas

import (
	"math"

	"github.com/paulmach/orb"

	"yutu/geo/crs"
)

// states builds the lists of a locator: each is another with one unit more, so that a cell holds one number while units are added.
type states struct {
	list []state
	next map[step]uint32
	// The last steps taken, for neighbouring cells mostly take the same.
	lastStep [2]step
	lastTo   [2]uint32
}

type state struct {
	prev uint32
	ref  ref
}

type step struct {
	from uint32
	ref  ref
}

func (s *states) add(from uint32, r ref) uint32 {
	k := step{from, r}
	slot := 0
	if r.touches {
		slot = 1
	}
	if s.lastTo[slot] != 0 && s.lastStep[slot] == k {
		return s.lastTo[slot]
	}
	to, known := s.next[k]
	if !known {
		to = uint32(len(s.list))
		s.list = append(s.list, state{from, r})
		s.next[k] = to
	}
	s.lastStep[slot], s.lastTo[slot] = k, to
	return to
}

// fill adds unit after unit to the cells that they hold or whose borders touch them, then writes out the lists that are left.
func (l *Locator) fill() {
	s := &states{list: make([]state, 1), next: map[step]uint32{}}
	var marks []bool
	for i, it := range l.units {
		marks = l.rasterize(s, int32(i), it, marks)
	}
	// Most states were only passed through.
	used := make([]uint32, len(s.list))
	l.lists = make([]candidates, 1)
	for i, id := range l.cells {
		if id != 0 && used[id] == 0 {
			used[id] = uint32(len(l.lists))
			l.lists = append(l.lists, l.writeOut(s, id))
		}
		l.cells[i] = used[id]
	}
}

// writeOut lists the units of a state: the last added first, which is the lowest level; within a level by code.
func (l *Locator) writeOut(s *states, id uint32) candidates {
	c := candidates{first: uint32(len(l.refs))}
	for ; id != 0; id = s.list[id].prev {
		l.refs = append(l.refs, s.list[id].ref)
		c.mixed = c.mixed || s.list[id].ref.touches
	}
	c.end = uint32(len(l.refs))
	refs := l.refs[c.first:c.end]
	for from := 0; from < len(refs); {
		to := from + 1
		for to < len(refs) && l.level[refs[to].unit] == l.level[refs[from].unit] {
			to++
		}
		for i, j := from, to-1; i < j; i, j = i+1, j-1 {
			refs[i], refs[j] = refs[j], refs[i]
		}
		from = to
	}
	if !c.mixed {
		places := make([]place, len(refs))
		for i := range places {
			places[i] = inside
		}
		c.chain = l.choose(refs, places)
	}
	return c
}

// rasterize adds a unit to its cells. marks is room that is clean before and after.
func (l *Locator) rasterize(s *states, unit int32, it *Item, marks []bool) []bool {
	c0, c1 := l.col(it.Bounds.Min[0]), l.col(it.Bounds.Max[0])
	r0, r1 := l.row(it.Bounds.Min[1]), l.row(it.Bounds.Max[1])
	width := int(c1-c0) + 1
	if n := width * (int(r1-r0) + 1); len(marks) < n {
		marks = make([]bool, n)
	}
	b := brush{l, marks, c0, r0, width}
	for k := range it.runs {
		line := it.runs[k].line
		for j := 1; j < len(line); j++ {
			b.edge(line[j-1], line[j])
		}
	}
	for r := r0; r <= r1; r++ {
		marked := marks[int(r-r0)*width:][:width]
		cells := l.cells[int(r)*int(l.cols)+int(c0):][:width]
		for c := 0; c < width; {
			if marked[c] {
				marked[c] = false
				cells[c] = s.add(cells[c], ref{unit, true})
				c++
				continue
			}
			// No border between two marks: all or nothing.
			end := c + 1
			for end < width && !marked[end] {
				end++
			}
			middle := crs.Snap(orb.Point{l.min[0] + (float64(c0)+float64(c)+0.5)/l.perX, l.min[1] + (float64(r)+0.5)/l.perY})
			if it.locate(middle) == inside {
				for ; c < end; c++ {
					cells[c] = s.add(cells[c], ref{unit, false})
				}
			}
			c = end
		}
	}
	return marks
}

// brush marks the cells of a unit's box that edges touch, and now and then one beside.
type brush struct {
	l      *Locator
	marks  []bool
	c0, r0 int32
	width  int
}

func (b *brush) edge(p, q orb.Point) {
	l := b.l
	ca, cb := l.col(p[0]), l.col(q[0])
	ra, rb := l.row(p[1]), l.row(q[1])
	if ca > cb {
		ca, cb = cb, ca
	}
	if ra > rb {
		ra, rb = rb, ra
	}
	if ra == rb || ca == cb {
		for r := ra; r <= rb; r++ {
			b.span(r, ca, cb)
		}
		return
	}
	// Row by row. A row is taken a quantum higher and lower than it is, far more than the arithmetic is wrong by.
	if p[1] > q[1] {
		p, q = q, p
	}
	slope := (q[0] - p[0]) / (q[1] - p[1])
	lo, hi := min(p[0], q[0]), max(p[0], q[0])
	for r := ra; r <= rb; r++ {
		bottom := max(l.min[1]+float64(r)/l.perY-crs.Quantum, p[1])
		top := min(l.min[1]+float64(r+1)/l.perY+crs.Quantum, q[1])
		x1, x2 := p[0]+(bottom-p[1])*slope, p[0]+(top-p[1])*slope
		if x1 > x2 {
			x1, x2 = x2, x1
		}
		b.span(r, l.col(math.Max(x1-crs.Quantum, lo)), l.col(math.Min(x2+crs.Quantum, hi)))
	}
}

func (b *brush) span(r, from, to int32) {
	row := b.marks[int(r-b.r0)*b.width:]
	for c := from; c <= to; c++ {
		row[c-b.c0] = true
	}
}
