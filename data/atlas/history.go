package atlas

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"yutu/data/pg"
	"yutu/geo/division"
)

// book is all events on record with their lineage, by what a reader asks for. It is immutable: an event more makes
// another book, which for thousands of events takes a millisecond.
type book struct {
	events []*pg.EventRecord // by date, then id; withdrawn ones too
	byID   map[int64]*pg.EventRecord
	// from and into have the edges in effect by the version that they leave and the one that they lead to.
	from, into map[int64][]division.Edge
}

func newBook(events []*pg.EventRecord) *book {
	b := &book{events: events, byID: make(map[int64]*pg.EventRecord, len(events)), from: map[int64][]division.Edge{}, into: map[int64][]division.Edge{}}
	slices.SortFunc(b.events, func(x, y *pg.EventRecord) int { return cmp.Or(cmp.Compare(x.Date, y.Date), cmp.Compare(x.ID, y.ID)) })
	for _, e := range b.events {
		b.byID[e.ID] = e
		if e.Withdrawn != nil {
			continue
		}
		for _, l := range e.Edges {
			if l.Before != 0 {
				b.from[l.Before] = append(b.from[l.Before], l)
			}
			if l.After != 0 {
				b.into[l.After] = append(b.into[l.After], l)
			}
		}
	}
	return b
}

// with returns the book in which the events in changed replace those with the same ids; nil means gone.
func (b *book) with(changed map[int64]*pg.EventRecord) *book {
	if len(changed) == 0 {
		return b
	}
	events := make([]*pg.EventRecord, 0, len(b.events)+len(changed))
	for _, e := range b.events {
		if _, ok := changed[e.ID]; !ok {
			events = append(events, e)
		}
	}
	for _, e := range changed {
		if e != nil {
			events = append(events, e)
		}
	}
	return newBook(events)
}

// readEvents puts the events with the ids into changed.
func (a *Atlas) readEvents(ctx context.Context, ids map[int64]struct{}, changed map[int64]*pg.EventRecord) error {
	page := make([]int64, 0, len(ids))
	for id := range ids {
		page = append(page, id)
		changed[id] = nil
	}
	for chunk := range slices.Chunk(page, unitPage) {
		ctx, cancel := context.WithTimeout(ctx, queryTimeout)
		events, err := a.src.EventsByID(ctx, chunk)
		cancel()
		if err != nil {
			return fmt.Errorf("reading %d changed events: %w", len(chunk), err)
		}
		for i := range events {
			changed[events[i].ID] = &events[i]
		}
	}
	return nil
}

// allEvents reads the book anew.
func allEvents(ctx context.Context, src Source) (*book, error) {
	list, _, err := src.Events(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading the events: %w", err)
	}
	events := make([]*pg.EventRecord, len(list))
	for i := range list {
		events[i] = &list[i]
	}
	return newBook(events), nil
}

// EventView is an event together with the versions it is about.
type EventView struct {
	*pg.EventRecord
	// Before and After are the versions that the event ended and began, those of the highest level first, then by
	// code. Versions that a withdrawn event began are no longer on record, and missing here.
	Before, After []*Item
}

// Event returns the event with the number. An event of which no version may be shown does not exist here.
func (s *Snapshot) Event(id int64) (EventView, bool) {
	e, ok := s.book.byID[id]
	if !ok {
		return EventView{}, false
	}
	return s.viewEvent(e)
}

func (s *Snapshot) viewEvent(e *pg.EventRecord) (EventView, bool) {
	v := EventView{EventRecord: e}
	seen := make(map[int64]bool, 2*len(e.Edges))
	add := func(to *[]*Item, id int64) {
		if it, ok := s.ByID(id); ok && !seen[id] {
			seen[id] = true
			*to = append(*to, it)
		}
	}
	for _, l := range e.Edges {
		add(&v.Before, l.Before)
	}
	clear(seen) // a version that an event alters in place stands on both sides
	for _, l := range e.Edges {
		add(&v.After, l.After)
	}
	for _, items := range [][]*Item{v.Before, v.After} {
		slices.SortFunc(items, func(a, b *Item) int {
			return cmp.Or(cmp.Compare(a.Unit.Level, b.Unit.Level), cmp.Compare(a.Unit.Code, b.Unit.Code), cmp.Compare(a.Unit.ID, b.Unit.ID))
		})
	}
	return v, len(v.Before)+len(v.After) > 0
}

// Events returns the events of the days in the range, withdrawn ones too, by date and number. With a code only those
// that are about a version of that code.
func (s *Snapshot) Events(days division.Range, code division.Code) []EventView {
	var out []EventView
	for _, e := range s.book.events {
		if !days.Contains(e.Date) {
			continue
		}
		if v, ok := s.viewEvent(e); ok && (code == "" || v.about(code)) {
			out = append(out, v)
		}
	}
	return out
}

func (v *EventView) about(code division.Code) bool {
	is := func(it *Item) bool { return it.Unit.Code == code }
	return slices.ContainsFunc(v.Before, is) || slices.ContainsFunc(v.After, is)
}

// Withdrawable reports whether the event can be taken back as far as events tell: it wrote its versions itself, is in
// effect, and no later event goes on from what it made or left. The store knows of imports as well, and decides.
func (s *Snapshot) Withdrawable(v *EventView) bool {
	if !v.Own || v.Withdrawn != nil {
		return false
	}
	later := func(edges []division.Edge) bool {
		return slices.ContainsFunc(edges, func(l division.Edge) bool { return l.EventID > v.ID })
	}
	for _, l := range v.Edges {
		for _, id := range []int64{l.Before, l.After} {
			if id != 0 && (later(s.book.from[id]) || later(s.book.into[id])) {
				return false
			}
		}
	}
	return true
}

// ChangeDay is a day on which the map changes.
type ChangeDay struct {
	Day division.Date
	// Versions is how many versions begin or end on it.
	Versions int
	// Events are the numbers of the day's events in effect, ascending; none where a file brought the change alone.
	Events []int64
}

// ChangeDays returns every day on which a version begins or ends, or of which an event is on record, ascending.
func (s *Snapshot) ChangeDays() []ChangeDay {
	var out []ChangeDay
	for _, b := range s.breaks {
		if b.day != division.Past && b.day != division.Future {
			out = append(out, ChangeDay{Day: b.day, Versions: b.n})
		}
	}
	for _, e := range s.book.events {
		if e.Withdrawn != nil {
			continue
		}
		if _, ok := s.viewEvent(e); !ok {
			continue
		}
		i, found := slices.BinarySearchFunc(out, e.Date, func(d ChangeDay, day division.Date) int { return cmp.Compare(d.Day, day) })
		if !found {
			out = slices.Insert(out, i, ChangeDay{Day: e.Date})
		}
		out[i].Events = append(out[i].Events, e.ID)
	}
	return out
}

// Descent is the history of one unit: every version that it came from and that came from it.
type Descent struct {
	// Nodes are ordered by first day, then level and code.
	Nodes []*Item
	// Edges are ordered by day of change; an edge with EventID 0 joins two versions of one code that no event joins:
	// a file brought the later one.
	Edges []division.Edge
	// Events are those of the edges, by date and number.
	Events []EventView
}

// Descent returns the history of the unit that bears the code on the day at; of one that does not exist on that day,
// that of its last version until then, or else of its first. False: there is no such code.
func (s *Snapshot) Descent(code division.Code, at division.Date) (Descent, bool) {
	if len(s.codeRows(code)) == 0 {
		return Descent{}, false
	}
	start := s.lastUntil(code, at)
	var d Descent
	seen := map[int64]bool{start.Unit.ID: true}
	d.Nodes = append(d.Nodes, start)
	type edgeKey struct{ event, before, after int64 }
	had := map[edgeKey]bool{}
	walk := func(next func(*Item) []division.Edge, end func(division.Edge) int64) {
		for queue := []*Item{start}; len(queue) > 0; queue = queue[1:] {
			for _, l := range next(queue[0]) {
				it, ok := s.ByID(end(l))
				if !ok {
					continue
				}
				if k := (edgeKey{l.EventID, l.Before, l.After}); !had[k] {
					had[k] = true
					d.Edges = append(d.Edges, l)
				}
				if !seen[it.Unit.ID] {
					seen[it.Unit.ID] = true
					d.Nodes = append(d.Nodes, it)
					queue = append(queue, it)
				}
			}
		}
	}
	walk(s.forward, func(l division.Edge) int64 { return l.After })
	walk(s.backward, func(l division.Edge) int64 { return l.Before })
	slices.SortFunc(d.Nodes, func(a, b *Item) int {
		return cmp.Or(cmp.Compare(a.Unit.Valid.From, b.Unit.Valid.From), cmp.Compare(a.Unit.Level, b.Unit.Level),
			cmp.Compare(a.Unit.Code, b.Unit.Code), cmp.Compare(a.Unit.ID, b.Unit.ID))
	})
	day := func(l division.Edge) division.Date {
		it, _ := s.ByID(l.After)
		return it.Unit.Valid.From
	}
	slices.SortFunc(d.Edges, func(a, b division.Edge) int {
		return cmp.Or(cmp.Compare(day(a), day(b)), cmp.Compare(a.Before, b.Before), cmp.Compare(a.After, b.After))
	})
	events := map[int64]bool{}
	for _, l := range d.Edges {
		if l.EventID == 0 || events[l.EventID] {
			continue
		}
		events[l.EventID] = true
		if v, ok := s.Event(l.EventID); ok {
			d.Events = append(d.Events, v)
		}
	}
	slices.SortFunc(d.Events, func(a, b EventView) int { return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.ID, b.ID)) })
	return d, true
}

// forward returns what became of a version: by events, or by a file that gave its code a later version.
func (s *Snapshot) forward(it *Item) []division.Edge {
	edges := s.book.from[it.Unit.ID]
	if follows(edges) {
		return edges
	}
	for _, r := range s.codeRows(it.Unit.Code) {
		if n := r.item; n.Unit.Valid.From == it.Unit.Valid.To && !follows(s.book.into[n.Unit.ID]) {
			return append(slices.Clip(edges), plainEdge(it, n))
		}
	}
	return edges
}

func (s *Snapshot) backward(it *Item) []division.Edge {
	edges := s.book.into[it.Unit.ID]
	if follows(edges) {
		return edges
	}
	for _, r := range s.codeRows(it.Unit.Code) {
		if o := r.item; o.Unit.Valid.To == it.Unit.Valid.From && !follows(s.book.from[o.Unit.ID]) {
			return append(slices.Clip(edges), plainEdge(o, it))
		}
	}
	return edges
}

// follows reports whether an edge leads from one version to another; a unit's seat may move while the version stays.
func follows(edges []division.Edge) bool {
	return slices.ContainsFunc(edges, func(l division.Edge) bool { return l.Before != l.After })
}

// plainEdge joins two versions of one code of which a file says that they follow each other: the unit goes on whole.
func plainEdge(before, after *Item) division.Edge {
	share := 1.0
	return division.Edge{Before: before.Unit.ID, After: after.Unit.ID, AreaShare: 1, AreaM2: before.AreaM2(), PopulationShare: &share}
}
