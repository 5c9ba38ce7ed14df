package division

import (
	"cmp"
	"maps"
	"slices"
)

// Dependents are the events that rest on what the event made: they must be withdrawn before it, the last of them first. Empty means
// that the event can be withdrawn.
func (s *State) Dependents(eventID int64) []Event {
	made := map[int64]bool{}
	for _, e := range s.edges {
		if e.EventID == eventID && e.After != 0 && e.After != e.Before {
			made[e.After] = true
		}
	}
	events := map[int64]bool{}
	for grown := true; grown; {
		grown = false
		for _, e := range s.edges {
			if e.EventID == 0 || e.EventID == eventID || events[e.EventID] || !made[e.Before] {
				continue
			}
			events[e.EventID], grown = true, true
		}
		for _, e := range s.edges {
			if events[e.EventID] && e.After != 0 {
				made[e.After] = true
			}
		}
	}
	// A unit that stands under one that the event made, or bears a code that it freed, rests on it too.
	for id := range maps.Clone(made) {
		u, ok := s.Unit(id)
		if !ok {
			continue
		}
		for _, c := range s.below[u.Code] {
			v := &s.units[c]
			for _, i := range s.before[v.ID] {
				if e := s.edges[i]; e.EventID != 0 && e.EventID != eventID && v.Valid.From >= u.Valid.From && u.Valid.Contains(v.Valid.From) && s.begins(u, v) {
					events[e.EventID] = true
				}
			}
		}
	}
	for _, e := range s.edges {
		if e.EventID != eventID || e.Before == 0 || e.Before == e.After {
			continue
		}
		u, ok := s.Unit(e.Before)
		if !ok {
			continue
		}
		for _, c := range s.byCode[u.Code] {
			v := &s.units[c]
			if v.Valid.From < u.Valid.To || v.ID == u.ID {
				continue
			}
			for _, i := range s.before[v.ID] {
				if b := s.edges[i]; b.EventID != 0 && b.EventID != eventID {
					events[b.EventID] = true
				}
			}
		}
	}
	out := s.eventsOf(events)
	slices.SortFunc(out, func(a, b Event) int { return cmp.Or(-cmp.Compare(a.Date, b.Date), -cmp.Compare(a.ID, b.ID)) })
	return out
}

// begins reports whether the unit above is the first that bears its code without a break before, so that what lies below could not
// stand without it.
func (s *State) begins(above, _ *Unit) bool {
	for _, i := range s.byCode[above.Code] {
		if s.units[i].Valid.To == above.Valid.From {
			return false
		}
	}
	return true
}

// Withdraw says what takes an event back, or which events stand in the way. were and became are the versions that the event amended, before
// and after; those that were amended again since stay as they are (a vertex more on a border changes nothing).
func (s *State) Withdraw(eventID int64, were, became []Unit) (Reversal, []Event) {
	if in := s.Dependents(eventID); len(in) > 0 {
		return Reversal{}, in
	}
	remove, reopen := map[int64]bool{}, map[int64]bool{}
	for _, e := range s.edges {
		if e.EventID != eventID || e.Before == e.After {
			continue
		}
		if e.After != 0 {
			remove[e.After] = true
		}
		if e.Before != 0 {
			reopen[e.Before] = true
		}
	}
	return Reversal{Remove: slices.Sorted(maps.Keys(remove)), Reopen: slices.Sorted(maps.Keys(reopen)),
		Restore: slices.DeleteFunc(slices.Clone(were), func(u Unit) bool {
			now, ok := s.Unit(u.ID)
			i := slices.IndexFunc(became, func(v Unit) bool { return v.ID == u.ID })
			return !ok || i < 0 || now.GeomHash() != became[i].GeomHash()
		})}, nil
}

// With returns the state after the effect was recorded as the event, whose ID must be set; newID gives the versions that begin
// their IDs.
func (s *State) With(e Effect, event Event, newID func() int64) *State {
	units := slices.Clone(s.units)
	for _, u := range e.Amend {
		units[s.byID[u.ID]] = u
	}
	for _, v := range e.End {
		units[s.byID[v.ID]].Valid.To = v.Date
	}
	ids := map[int64]int64{}
	for _, u := range e.Begin {
		id := newID()
		ids[u.ID], u.ID = id, id
		units = append(units, u)
	}
	edges := s.recorded()
	for _, x := range e.Lineage {
		x.EventID = event.ID
		if id, ok := ids[x.After]; ok {
			x.After = id
		}
		edges = append(edges, x)
	}
	return NewState(units, append(slices.Collect(maps.Values(s.events)), event), edges, s.codes)
}

// Without returns the state after the event was taken back.
func (s *State) Without(eventID int64, r Reversal) *State {
	units := make([]Unit, 0, len(s.units))
	for _, u := range s.units {
		if slices.Contains(r.Remove, u.ID) {
			continue
		}
		if i := slices.IndexFunc(r.Restore, func(v Unit) bool { return v.ID == u.ID }); i >= 0 {
			u.Geom = r.Restore[i].Geom
		}
		if slices.Contains(r.Reopen, u.ID) {
			u.Valid.To = Future
		}
		units = append(units, u)
	}
	edges := slices.DeleteFunc(s.recorded(), func(e Edge) bool { return e.EventID == eventID })
	events := slices.DeleteFunc(slices.Collect(maps.Values(s.events)), func(e Event) bool { return e.ID == eventID })
	return NewState(units, events, edges, s.codes)
}

// recorded are the edges without those that are only implied.
func (s *State) recorded() []Edge {
	return slices.DeleteFunc(slices.Clone(s.edges), func(e Edge) bool { return e.EventID == 0 })
}
