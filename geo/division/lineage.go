package division

import (
	"cmp"
	"maps"
	"slices"
)

// Part is one of the versions into which a unit has gone by a day, or of which it was made.
type Part struct {
	Unit *Unit
	// AreaShare is the share of the area: of the unit asked for that is in Unit (BecameOf), or that Unit was (WasHere); 0 to 1.
	AreaShare float64
	// PeopleShare is the share of people of the unit asked for that went into Unit (BecameOf only). PeopleKnown is false where a share
	// of people was not on record and that of the area stands for it.
	PeopleShare float64
	PeopleKnown bool
	// Events are those on the way, by date.
	Events []Event
}

// History is what a unit came from and what it became, over all dates.
type History struct {
	Nodes []*Unit // by first day, then level and code
	Edges []Edge  // between Nodes
	// Events are those of Edges, by date.
	Events []Event
}

// follows reports whether the edge leads on in time; others, of damaged data or of Reseat, are no way to go.
func (s *State) follows(e *Edge) bool {
	a, okA := s.Unit(e.Before)
	b, okB := s.Unit(e.After)
	return okA && okB && a.ID != b.ID && b.Valid.From >= a.Valid.To
}

// flow is how much has arrived at a version.
type flow struct {
	area, people float64
	known        bool
	events       map[int64]bool
}

func (f *flow) add(area, people float64, known bool, events map[int64]bool, event int64) {
	f.area += area
	f.people += people
	f.known = f.known && known
	maps.Copy(f.events, events)
	if event != 0 {
		f.events[event] = true
	}
}

// BecameOf says what the unit that bore the code on the day from has become by the day to, which is not before it. lost is the
// share of its area of which nothing on record became anything, 0 in a sound history; ok is false when there was no such unit.
func (s *State) BecameOf(code Code, from, to Date) (parts []Part, lost float64, ok bool) {
	start, ok := s.At(code, from)
	if !ok || to < from {
		return nil, 0, false
	}
	pending := map[int64]*flow{start.ID: {area: 1, people: 1, known: true, events: map[int64]bool{}}}
	var done []Part
	for len(pending) > 0 {
		// What ends first cannot receive any more.
		id := earliestOf(pending, func(a, b int64) int { return cmp.Compare(s.units[s.byID[a]].Valid.To, s.units[s.byID[b]].Valid.To) })
		f := pending[id]
		delete(pending, id)
		u := &s.units[s.byID[id]]
		if u.Valid.To > to {
			if u.Valid.Contains(to) {
				done = append(done, Part{Unit: u, AreaShare: f.area, PeopleShare: f.people, PeopleKnown: f.known, Events: s.eventsOf(f.events)})
			}
			continue
		}
		for _, i := range s.after[id] {
			e := &s.edges[i]
			if !s.follows(e) {
				continue
			}
			people, known := e.AreaShare, e.AreaShare == 1
			if e.PopulationShare != nil {
				people, known = *e.PopulationShare, true
			}
			g := pending[e.After]
			if g == nil {
				g = &flow{known: true, events: map[int64]bool{}}
				pending[e.After] = g
			}
			g.add(f.area*e.AreaShare, f.people*people, f.known && known, f.events, e.EventID)
		}
	}
	sortParts(done)
	lost = 1
	for i := range done {
		lost -= done[i].AreaShare
	}
	if lost < shareSlack {
		lost = 0
	}
	return done, lost, true
}

// shareSlack is what sums of shares may be off by rounding: a square metre in a thousand square kilometres.
const shareSlack = 1e-9

// WasHere says of which units of the day before the unit is made that bears the code on the day at; back is not after at. The
// shares are of its area. They sum to less than 1 where nothing on record was before.
func (s *State) WasHere(code Code, at, back Date) (parts []Part, ok bool) {
	start, ok := s.At(code, at)
	if !ok || back > at {
		return nil, false
	}
	pending := map[int64]*flow{start.ID: {area: 1, events: map[int64]bool{}}}
	for len(pending) > 0 {
		id := earliestOf(pending, func(a, b int64) int {
			return -cmp.Compare(s.units[s.byID[a]].Valid.From, s.units[s.byID[b]].Valid.From)
		})
		f := pending[id]
		delete(pending, id)
		u := &s.units[s.byID[id]]
		if u.Valid.From <= back {
			if u.Valid.Contains(back) {
				parts = append(parts, Part{Unit: u, AreaShare: f.area, Events: s.eventsOf(f.events)})
			}
			continue
		}
		var all float64
		var in []*Edge
		for _, i := range s.before[id] {
			if e := &s.edges[i]; e.Before == 0 || s.follows(e) {
				all += e.AreaM2
				in = append(in, e)
			}
		}
		for _, e := range in {
			if e.Before == 0 {
				continue // newly established: nothing was there
			}
			share := 1 / float64(len(in)) // areas unknown
			if all > 0 {
				share = e.AreaM2 / all
			}
			g := pending[e.Before]
			if g == nil {
				g = &flow{events: map[int64]bool{}}
				pending[e.Before] = g
			}
			g.add(f.area*share, 0, false, f.events, e.EventID)
		}
	}
	sortParts(parts)
	return parts, true
}

// Documents returns the events through which the unit that bore the code on the day at came to be and passed on, over all dates.
func (s *State) Documents(code Code, at Date) []Event {
	h, ok := s.History(code, at)
	if !ok {
		return nil
	}
	return h.Events
}

// History returns everything that the unit that bears the code on the day came from, and everything it became.
func (s *State) History(code Code, at Date) (History, bool) {
	start, ok := s.At(code, at)
	if !ok {
		return History{}, false
	}
	nodes, edges := map[int64]bool{start.ID: true}, map[int]bool{}
	walk := func(next map[int64][]int, end func(*Edge) int64) {
		seen := map[int64]bool{start.ID: true}
		for queue := []int64{start.ID}; len(queue) > 0; queue = queue[1:] {
			for _, i := range next[queue[0]] {
				e := &s.edges[i]
				if e.Before == e.After && e.Before != 0 {
					edges[i] = true
				}
				if !s.follows(e) {
					if e.Before == 0 || e.After == 0 {
						edges[i] = true
					}
					continue
				}
				edges[i] = true
				if id := end(e); !seen[id] {
					seen[id], nodes[id] = true, true
					queue = append(queue, id)
				}
			}
		}
	}
	walk(s.after, func(e *Edge) int64 { return e.After })
	walk(s.before, func(e *Edge) int64 { return e.Before })
	var h History
	for id := range nodes {
		u, _ := s.Unit(id)
		h.Nodes = append(h.Nodes, u)
	}
	slices.SortFunc(h.Nodes, func(a, b *Unit) int {
		return cmp.Or(cmp.Compare(a.Valid.From, b.Valid.From), cmp.Compare(a.Level, b.Level), cmp.Compare(a.Code, b.Code))
	})
	events := map[int64]bool{}
	for _, i := range slices.Sorted(maps.Keys(edges)) {
		h.Edges = append(h.Edges, s.edges[i])
		events[s.edges[i].EventID] = true
	}
	h.Events = s.eventsOf(events)
	return h, true
}

// eventsOf returns the events with the ids, by date and id.
func (s *State) eventsOf(ids map[int64]bool) []Event {
	var out []Event
	for id := range ids {
		if e, ok := s.events[id]; ok {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Event) int { return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.ID, b.ID)) })
	return out
}

// earliestOf returns the key that comes first, the smaller one of equals.
func earliestOf(m map[int64]*flow, compare func(a, b int64) int) int64 {
	first, any := int64(0), false
	for id := range m {
		if !any || cmp.Or(compare(id, first), cmp.Compare(id, first)) < 0 {
			first, any = id, true
		}
	}
	return first
}

func sortParts(parts []Part) {
	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(a.Unit.Level, b.Unit.Level), cmp.Compare(a.Unit.Code, b.Unit.Code))
	})
}
