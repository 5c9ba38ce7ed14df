package division

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"yutu/geo/geodesy"
)

// State is everything on record that an event is decided on. It is immutable and safe for concurrent use.
type State struct {
	units  []Unit
	bounds []orb.Bound
	events map[int64]Event
	edges  []Edge
	codes  []CodeRange
	byID   map[int64]int
	byCode map[Code][]int // by the first day
	below  map[Code][]int // by parent
	// after and before are the places in edges of what became of a version, and of what it came from.
	after, before map[int64][]int
}

// NewState takes all versions of all units, all events that are in effect (not those withdrawn) with their edges, and the code
// ranges. The slices are kept and must not be changed. Where a version follows on another of its code without an edge, the one is taken
// to have become the other. IDs of units are unique and positive.
func NewState(units []Unit, events []Event, edges []Edge, codes []CodeRange) *State {
	s := &State{units: units, bounds: make([]orb.Bound, len(units)), edges: edges, codes: codes,
		events: make(map[int64]Event, len(events)), byID: make(map[int64]int, len(units)), byCode: make(map[Code][]int, len(units)),
		below: map[Code][]int{}, after: map[int64][]int{}, before: map[int64][]int{}}
	for i := range units {
		u := &units[i]
		s.bounds[i] = u.Geom.Bound()
		s.byID[u.ID] = i
		s.byCode[u.Code] = append(s.byCode[u.Code], i)
		if u.Parent != "" {
			s.below[u.Parent] = append(s.below[u.Parent], i)
		}
	}
	for _, list := range s.byCode {
		slices.SortFunc(list, func(a, b int) int { return cmp.Compare(units[a].Valid.From, units[b].Valid.From) })
	}
	for _, list := range s.below {
		slices.SortFunc(list, func(a, b int) int {
			return cmp.Or(cmp.Compare(units[a].Code, units[b].Code), cmp.Compare(units[a].Valid.From, units[b].Valid.From))
		})
	}
	for _, e := range events {
		s.events[e.ID] = e
	}
	s.imply()
	for i, e := range s.edges {
		if e.Before != 0 {
			s.after[e.Before] = append(s.after[e.Before], i)
		}
		if e.After != 0 {
			s.before[e.After] = append(s.before[e.After], i)
		}
	}
	return s
}

// imply adds edges between versions of one code that follow on each other without an event on record, as data sets bring them.
func (s *State) imply() {
	gone, come := map[int64]bool{}, map[int64]bool{}
	for _, e := range s.edges {
		if e.Before != e.After {
			gone[e.Before], come[e.After] = true, true
		}
	}
	s.edges = slices.Clone(s.edges)
	for _, list := range s.byCode {
		for k := 1; k < len(list); k++ {
			a, b := &s.units[list[k-1]], &s.units[list[k]]
			if a.Valid.To == b.Valid.From && a.Level == b.Level && !gone[a.ID] && !come[b.ID] {
				s.edges = append(s.edges, Edge{Before: a.ID, After: b.ID, AreaShare: 1, AreaM2: geodesy.AreaM2(a.Geom)})
			}
		}
	}
}

// Unit returns the version with the id.
func (s *State) Unit(id int64) (*Unit, bool) {
	i, ok := s.byID[id]
	if !ok {
		return nil, false
	}
	return &s.units[i], true
}

// At returns the version of the code in force on the day.
func (s *State) At(code Code, day Date) (*Unit, bool) {
	for _, i := range s.byCode[code] {
		if u := &s.units[i]; u.Valid.Contains(day) {
			return u, true
		}
	}
	return nil, false
}

// Children returns the versions in force on the day whose parent is the code, by code.
func (s *State) Children(code Code, day Date) []*Unit {
	var out []*Unit
	for _, i := range s.below[code] {
		if u := &s.units[i]; u.Valid.Contains(day) {
			out = append(out, u)
		}
	}
	return out
}

// InForce returns the versions of the level in force on the day, by code.
func (s *State) InForce(level Level, day Date) []*Unit {
	var out []*Unit
	for i := range s.units {
		if u := &s.units[i]; u.Level == level && u.Valid.Contains(day) {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b *Unit) int { return cmp.Compare(a.Code, b.Code) })
	return out
}

// Units are all versions; they must not be changed.
func (s *State) Units() []Unit { return s.units }
