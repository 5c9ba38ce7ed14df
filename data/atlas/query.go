package atlas

import (
	"cmp"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"yutu/geo/division"
)

// Query selects units; zero fields do not restrict.
type Query struct {
	// BBox are boxes in degrees of which the geometry must truly intersect one, borders included: not only its box. A
	// box that is a point or a line works, one with Min beyond Max meets nothing. A box across the antimeridian
	// is given as two. An empty list means everywhere. Corners are taken to the nearest crs.Quantum.
	BBox []orb.Bound
	// From, To is the half-open interval that valid time must overlap. Both zero means all dates; any other
	// empty interval selects nothing. For one day d give [d, d+1).
	From, To division.Date
	Level    division.Level
	Code     division.Code
	Parent   division.Code
	// Within keeps the unit of that code and all units below it, by digits.
	Within division.Code
	// Name and Type are compared exactly.
	Name, Type string
	// Limit is the size of the page; 0 means no limit, negative only counts.
	Limit int
	// After is the id of the last item of the page before; units come ordered by id.
	After int64
}

// Page is one page of a query's result.
type Page struct {
	Units []*Item
	// Matched counts all units that the query selects, on all pages.
	Matched int
	// Next is the After of the following page, 0 when this is the last.
	Next int64
}

// manyCandidates is where sorting what the R-tree found costs more than a scan, which comes in order.
const manyCandidates = 2000

// Query returns the units that satisfy all of q, ordered by id.
func (s *Snapshot) Query(q Query) Page {
	m := newMatcher(&q)
	var page Page
	if m.nothing {
		return page
	}
	take := func(it *Item) {
		page.Matched++
		switch {
		case it.Unit.ID <= q.After || q.Limit < 0:
		case q.Limit == 0 || len(page.Units) < q.Limit:
			page.Units = append(page.Units, it)
		default:
			page.Next = page.Units[len(page.Units)-1].Unit.ID
		}
	}
	if few, ok := s.candidates(&q, m); ok {
		slices.SortFunc(few, func(a, b *Item) int { return cmp.Compare(a.Unit.ID, b.Unit.ID) })
		for _, it := range few {
			if r := it.row(); m.matches(&r) {
				take(it)
			}
		}
		return page
	}
	// Most of the work of a page is to count the others. The next page asks for the same count again.
	key, keyed := m.key()
	total, counted := -1, false
	if keyed {
		total, counted = s.memo.matched(key)
	}
	chunk, i := 0, 0
	if counted {
		if page.Matched = total; q.Limit < 0 {
			return page
		}
		chunk, i, _ = s.rows.search(func(r *row) int { return cmp.Compare(r.id, q.After+1) })
	}
	for ; chunk < len(s.rows.chunks) && !(counted && page.Next != 0); chunk, i = chunk+1, 0 {
		for rows := s.rows.chunks[chunk]; i < len(rows); i++ {
			if m.matches(&rows[i]) {
				take(rows[i].item)
			}
		}
	}
	if counted {
		page.Matched = total
	} else if keyed {
		s.memo.setMatched(key, page.Matched)
	}
	return page
}

// candidates returns a small list that holds all matches, when an index gives one.
func (s *Snapshot) candidates(q *Query, m *matcher) ([]*Item, bool) {
	switch {
	case q.Code != "":
		return s.Versions(q.Code), true
	case q.Parent != "":
		return slices.Clone(s.childRows(q.Parent)), true
	case m.within != "":
		// By code the units of one area stand together.
		if rows := s.codesUnder(m.within); len(rows) <= manyCandidates {
			return itemsIn(rows), true
		}
	}
	if len(m.boxes) == 0 {
		return nil, false
	}
	first, last := 0, len(s.trees)-1
	if q.Level != 0 {
		first, last = treeOf(q.Level), treeOf(q.Level)
	}
	var out []*Item
	for _, b := range m.boxes {
		for _, t := range s.trees[first : last+1] {
			t.Search([2]float64{b.minX, b.minY}, [2]float64{b.maxX, b.maxY}, func(_, _ [2]float64, it *Item) bool {
				out = append(out, it)
				return len(out) <= manyCandidates
			})
			if len(out) > manyCandidates {
				return nil, false
			}
		}
	}
	if len(m.boxes) > 1 {
		slices.SortFunc(out, func(a, b *Item) int { return cmp.Compare(a.Unit.ID, b.Unit.ID) })
		out = slices.Compact(out)
	}
	return out, true
}

// matcher is a query made ready to be asked of many rows.
type matcher struct {
	q       *Query
	boxes   []box
	days    division.Range
	within  string
	nothing bool
}

func newMatcher(q *Query) *matcher {
	m := &matcher{q: q, days: division.Range{From: q.From, To: q.To}}
	if q.From == 0 && q.To == 0 {
		m.days = division.Always
	}
	m.nothing = m.days.Empty()
	for _, b := range q.BBox {
		if sb := snapBox(b); sb.minX <= sb.maxX && sb.minY <= sb.maxY {
			m.boxes = append(m.boxes, sb)
		}
	}
	if len(q.BBox) > 0 && len(m.boxes) == 0 {
		m.nothing = true
	}
	if q.Within != "" {
		m.within = q.Within.Short()
		// A malformed code has no digits of its own and lies above nothing.
		m.nothing = m.nothing || m.within == ""
	}
	return m
}

func (m *matcher) matches(r *row) bool {
	q := m.q
	if q.Level != 0 && r.level != q.Level || !r.valid.Overlaps(m.days) ||
		q.Code != "" && r.code != q.Code || q.Parent != "" && r.parent != q.Parent ||
		m.within != "" && !strings.HasPrefix(string(r.code), m.within) ||
		q.Name != "" && r.item.Unit.Name != q.Name || q.Type != "" && r.item.Unit.Type != q.Type {
		return false
	}
	if len(q.BBox) == 0 {
		return true
	}
	for _, b := range m.boxes {
		if r.box.touches(b) && (b.holds(r.box) || r.item.intersects(b)) {
			return true
		}
	}
	return false
}

// queryKey is what decides how many units a query without Code and Parent matches.
type queryKey struct {
	boxes      [2]box
	days       division.Range
	level      division.Level
	within     string
	name, kind string
	n          int
}

// key returns the query's key, and false for one that is too large to be remembered.
func (m *matcher) key() (queryKey, bool) {
	k := queryKey{
		days: m.days, level: m.q.Level, within: m.within, name: m.q.Name, kind: m.q.Type, n: len(m.boxes),
	}
	copy(k.boxes[:], m.boxes)
	return k, len(m.boxes) <= len(k.boxes) && len(k.within)+len(k.name)+len(k.kind) <= 256
}
