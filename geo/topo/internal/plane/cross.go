package plane

import (
	"cmp"
	"math"
	"slices"

	"yutu/geo/topo/exact"
)

func orient(a, b, c Vertex) int { return exact.Orient(a.X, a.Y, b.X, b.Y, c.X, c.Y) }

// passes reports whether the edge a b meets the pixel of v: the square of one step around it, its upper and right sides
// left out, so that every place lies in one pixel only.
func passes(a, b, v Vertex) bool {
	if a.X > b.X {
		a, b = b, a
	}
	// Twice the grid makes corners exact.
	ax, ay, bx, by := 2*a.X, 2*a.Y, 2*b.X, 2*b.Y
	minX, maxX, minY, maxY := 2*v.X-1, 2*v.X+1, 2*v.Y-1, 2*v.Y+1
	if ax >= maxX || bx < minX || min(ay, by) >= maxY || max(ay, by) < minY {
		return false
	}
	if ax == bx || ay == by {
		return true
	}
	rises := by > ay
	side := func(x, y int64) int { return exact.Orient(ax, ay, bx, by, x, y) }
	ul := side(minX, maxY)
	if ul == 0 { // the corner itself is left out: only a falling edge goes on inside
		return !rises
	}
	ur := side(maxX, maxY)
	if ur == 0 {
		return rises
	}
	if ul != ur {
		return true
	}
	ll := side(minX, minY)
	if ll == 0 || ll != ul {
		return true
	}
	lr := side(maxX, minY)
	if lr == 0 { // left out as well
		return !rises
	}
	return ll != lr
}

// stop is a place on an edge through which it has to go.
type stop struct {
	low, high int32 // the ends of the edge
	at        Vertex
}

// met is what one worker found.
type met struct {
	stops     []stop
	crossings []Vertex
	junctions []junction
	selves    []int32
}

type junction struct {
	v       int32 // the vertex
	of      int32 // an arc that has it
	through edge
}

// cross finds the edges that meet outside of common vertices and puts vertices into rings there; more tells whether
// it did. note makes it remember junctions and crossings.
func (b *builder) cross(note bool) (more bool, err error) {
	t := newTree(b.Plane, b.table.keys)
	found := make([]met, workers())
	err = t.pairs(b.ctx, len(found), func(w int, e, f edge) { b.pair(t, &found[w], e, f) })
	if err != nil {
		return false, err
	}
	var all met
	for _, m := range found {
		all.stops = append(all.stops, m.stops...)
		all.crossings = append(all.crossings, m.crossings...)
		all.junctions = append(all.junctions, m.junctions...)
		all.selves = append(all.selves, m.selves...)
	}
	b.Selves = append(b.Selves, all.selves...)
	if len(all.stops) == 0 && len(all.crossings) == 0 {
		return false, nil
	}
	slices.SortFunc(all.crossings, compareVertices)
	all.crossings = slices.Compact(all.crossings)
	if note {
		b.note(&all)
	}
	// Edges that pass by a new vertex go through it as well.
	for _, v := range all.crossings {
		t.search(box{v.X, v.Y, v.X, v.Y}, 0, func(i int) {
			l := &t.leaves[i]
			for k := l.from; k < l.to; k++ {
				p, q := t.ends(edge{l.arc, k})
				if a, c := t.keys[p], t.keys[q]; a != v && c != v && passes(a, c, v) {
					all.stops = append(all.stops, stop{min(p, q), max(p, q), v})
				}
			}
		})
	}
	if len(all.stops) == 0 {
		return false, nil
	}
	b.insert(all.stops)
	if len(b.table.keys) > 8*b.given+1_000_000 {
		return false, ErrTangled
	}
	return true, nil
}

func compareVertices(a, b Vertex) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) }

// pair looks at two edges that come near each other.
func (b *builder) pair(t *tree, m *met, e, f edge) {
	e1, e2 := t.ends(e)
	f1, f2 := t.ends(f)
	k := t.keys
	at := func(v int32, of int32, g edge, g1, g2 int32) bool {
		if v == g1 || v == g2 || !passes(k[g1], k[g2], k[v]) {
			return false
		}
		m.stops = append(m.stops, stop{min(g1, g2), max(g1, g2), k[v]})
		m.junctions = append(m.junctions, junction{v, of, g})
		return true
	}
	any := at(e1, e.arc, f, f1, f2)
	any = at(e2, e.arc, f, f1, f2) || any
	any = at(f1, f.arc, e, e1, e2) || any
	any = at(f2, f.arc, e, e1, e2) || any
	if e1 != f1 && e1 != f2 && e2 != f1 && e2 != f2 &&
		orient(k[e1], k[e2], k[f1])*orient(k[e1], k[e2], k[f2]) < 0 && orient(k[f1], k[f2], k[e1])*orient(k[f1], k[f2], k[e2]) < 0 {
		m.crossings = append(m.crossings, meet(k[e1], k[e2], k[f1], k[f2]))
		any = true
	}
	if any {
		for _, a := range b.owner[e.arc] {
			if slices.Contains(b.owner[f.arc], a) {
				m.selves = append(m.selves, a)
			}
		}
	}
}

// meet is the grid point nearest to where two edges cross, or in rare cases its neighbour.
func meet(a, b, d, e Vertex) Vertex {
	rx, ry := float64(b.X-a.X), float64(b.Y-a.Y)
	sx, sy := float64(e.X-d.X), float64(e.Y-d.Y)
	den := float64(rx*sy) - float64(ry*sx)
	if den == 0 {
		return a
	}
	t := (float64(float64(d.X-a.X)*sy) - float64(float64(d.Y-a.Y)*sx)) / den
	t = min(max(t, 0), 1)
	return Vertex{a.X + int64(math.Round(t*rx)), a.Y + int64(math.Round(t*ry))}
}

// note remembers junctions, one for each vertex and edge, and crossings.
func (b *builder) note(all *met) {
	b.Crossings = slices.Clone(all.crossings)
	slices.SortFunc(all.junctions, func(x, y junction) int {
		return cmp.Or(compareVertices(b.table.keys[x.v], b.table.keys[y.v]), cmp.Compare(x.through.arc, y.through.arc),
			cmp.Compare(x.through.at, y.through.at), cmp.Compare(x.of, y.of))
	})
	for i := 0; i < len(all.junctions); {
		j := i
		var has []int32
		for ; j < len(all.junctions) && all.junctions[j].v == all.junctions[i].v && all.junctions[j].through == all.junctions[i].through; j++ {
			has = append(has, b.owner[all.junctions[j].of]...)
		}
		through := slices.Clone(b.owner[all.junctions[i].through.arc])
		slices.Sort(has)
		slices.Sort(through)
		b.Junctions = append(b.Junctions, Junction{b.table.keys[all.junctions[i].v], slices.Compact(has), slices.Compact(through)})
		i = j
	}
}

// insert puts the stops into all rings that have their edges.
func (b *builder) insert(stops []stop) {
	keys := b.table.keys
	along := func(s stop) float64 {
		a, c := keys[s.low], keys[s.high]
		return float64(s.at.X-a.X)*float64(c.X-a.X) + float64(s.at.Y-a.Y)*float64(c.Y-a.Y)
	}
	slices.SortFunc(stops, func(x, y stop) int {
		if o := cmp.Or(cmp.Compare(x.low, y.low), cmp.Compare(x.high, y.high)); o != 0 {
			return o
		}
		return cmp.Or(cmp.Compare(along(x), along(y)), compareVertices(x.at, y.at))
	})
	stops = slices.Compact(stops)
	type span struct{ from, to int }
	edges := map[uint64]span{}
	touched := make([]bool, len(keys))
	for i := 0; i < len(stops); {
		j := i
		for j < len(stops) && stops[j].low == stops[i].low && stops[j].high == stops[i].high {
			j++
		}
		edges[edgeKey(stops[i].low, stops[i].high)] = span{i, j}
		touched[stops[i].low], touched[stops[i].high] = true, true
		i = j
	}
	ids := make([]int32, len(stops))
	for i, s := range stops {
		ids[i] = b.table.id(s.at)
	}
	for i := range b.rings {
		r := &b.rings[i]
		var out []int32
		for n, p := range r.ids {
			q := r.ids[(n+1)%len(r.ids)]
			if touched[p] && touched[q] {
				if s, ok := edges[edgeKey(min(p, q), max(p, q))]; ok {
					if out == nil {
						out = append(make([]int32, 0, len(r.ids)+s.to-s.from), r.ids[:n]...)
					}
					out = append(out, p)
					for k := range s.to - s.from {
						if p < q {
							out = append(out, ids[s.from+k])
						} else {
							out = append(out, ids[s.to-1-k])
						}
					}
					continue
				}
			}
			if out != nil {
				out = append(out, p)
			}
		}
		if out != nil {
			r.ids = out
			b.Inserted = append(b.Inserted, r.area)
		}
	}
}
