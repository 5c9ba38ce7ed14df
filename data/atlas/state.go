package atlas

import (
	"yutu/geo/division"
)

// State is all that the snapshot holds, with the events in effect, as decisions and crosswalks take it. It costs some milliseconds for
// a county and about a tenth of a second for a province: callers keep it as long as the snapshot is current.
func (s *Snapshot) State() *division.State {
	units := make([]division.Unit, 0, s.Len())
	for _, chunk := range s.rows.chunks {
		for i := range chunk {
			units = append(units, chunk[i].item.Unit)
		}
	}
	var events []division.Event
	var edges []division.Edge
	for _, e := range s.book.events {
		if e.Withdrawn == nil {
			events = append(events, e.Event)
			edges = append(edges, e.Edges...)
		}
	}
	return division.NewState(units, events, edges, nil)
}
