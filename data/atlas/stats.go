package atlas

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"

	"yutu/geo/division"
)

// Stats sums up a snapshot at one date.
type Stats struct {
	Seq int64
	// Counts is indexed by level; Counts[0] counts units of unknown level.
	Counts [6]int
	// Synthetic is true when any unit in force at the date is made-up demonstration data.
	Synthetic bool
	// Bounds is the box of all units in force at the date; Bounds.IsEmpty is true when there are none.
	Bounds orb.Bound
	// Top are the units whose parent is not among the units in force at the date, ordered by level and code.
	// The slice is shared: the caller must not change it.
	Top []*Item
}

// memo keeps answers that are asked for again and again. They belong to one state of the units.
type memo struct {
	stats atomic.Pointer[datedStats] // the last; nearly everybody asks about today

	locators locators

	mu     sync.Mutex
	counts map[queryKey]int
}

// maxCounts bounds the memory that strangers' queries can take; when it is reached all are forgotten.
const maxCounts = 1000

func (m *memo) matched(k queryKey) (int, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.counts[k]
	return n, ok
}

func (m *memo) setMatched(k queryKey, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil || len(m.counts) >= maxCounts {
		m.counts = map[queryKey]int{}
	}
	m.counts[k] = n
}

type datedStats struct {
	from  division.Date
	stats Stats
}

// Stats counts the units in force on the day at.
func (s *Snapshot) Stats(at division.Date) Stats {
	from := s.interval(at)
	c := s.memo.stats.Load()
	if c == nil || c.from != from {
		c = &datedStats{from, s.countAt(from)}
		s.memo.stats.Store(c)
	}
	out := c.stats
	out.Seq = s.seq
	return out
}

func (s *Snapshot) countAt(at division.Date) Stats {
	var st Stats
	all := emptyBox
	for _, rows := range s.rows.chunks {
		for i := range rows {
			r := &rows[i]
			if !r.valid.Contains(at) {
				continue
			}
			st.Counts[treeOf(r.level)]++
			st.Synthetic = st.Synthetic || r.item.Unit.Synthetic
			if r.box.minX <= r.box.maxX {
				all = all.with(orb.Point{r.box.minX, r.box.minY}).with(orb.Point{r.box.maxX, r.box.maxY})
			}
		}
	}
	st.Bounds = orb.Bound{Min: orb.Point{all.minX, all.minY}, Max: orb.Point{all.maxX, all.maxY}}
	// Siblings stand together: their parent is looked up once.
	parent, known, first := division.Code(""), false, true
	for _, items := range s.byParent.chunks {
		for _, it := range items {
			if first || it.Unit.Parent != parent {
				parent, first = it.Unit.Parent, false
				_, known = s.ByCode(parent, at)
			}
			if !known && it.Unit.Valid.Contains(at) {
				st.Top = append(st.Top, it)
			}
		}
	}
	slices.SortFunc(st.Top, func(a, b *Item) int {
		return cmp.Or(cmp.Compare(a.Unit.Level, b.Unit.Level), cmp.Compare(a.Unit.Code, b.Unit.Code))
	})
	return st
}
