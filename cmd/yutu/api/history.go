package api

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"yutu/data/atlas"
	"yutu/geo/division"
)

// unitRef is a version of a unit with the dates at which it is in force.
type unitRef struct {
	summary
	ValidFrom *string `json:"valid_from"`
	ValidTo   *string `json:"valid_to"`
}

func refer(it *atlas.Item) unitRef {
	return unitRef{summarize(it), optionalDay(it.Unit.Valid.From), optionalDay(it.Unit.Valid.To)}
}

func referAll(items []*atlas.Item) []unitRef {
	out := make([]unitRef, len(items))
	for i, it := range items {
		out[i] = refer(it)
	}
	return out
}

type eventDoc struct {
	ID       int64              `json:"id"`
	Kind     division.EventKind `json:"kind"`
	Date     string             `json:"date"`
	Document division.Document  `json:"document"`
	Note     string             `json:"note"`
	// Actor is who recorded it; not part of what strangers see.
	Actor      string    `json:"actor,omitempty"`
	RecordedAt time.Time `json:"recorded_at"`
	Synthetic  bool      `json:"synthetic"`
	// WithdrawnAt and WithdrawnReason are null for an event in effect.
	WithdrawnAt     *time.Time `json:"withdrawn_at"`
	WithdrawnReason *string    `json:"withdrawn_reason"`
	// Withdrawable: it wrote its versions itself, and no later event builds on them. An import still may.
	Withdrawable bool      `json:"withdrawable"`
	Before       []unitRef `json:"before"`
	After        []unitRef `json:"after"`
}

func (s *server) eventDoc(v *view, e *atlas.EventView) eventDoc {
	doc := eventDoc{
		ID: e.ID, Kind: e.Kind, Date: e.Date.String(), Document: e.Document, Note: e.Note, RecordedAt: e.RecordedAt.UTC(),
		Synthetic: e.Synthetic, Withdrawable: v.Withdrawable(e), Before: referAll(e.Before), After: referAll(e.After),
	}
	if !s.Public {
		doc.Actor = e.Actor
	}
	if w := e.Withdrawn; w != nil {
		at := w.Time.UTC()
		doc.WithdrawnAt, doc.WithdrawnReason = &at, &w.Reason
	}
	return doc
}

func (s *server) eventDocs(v *view, events []atlas.EventView) []eventDoc {
	out := make([]eventDoc, len(events))
	for i := range events {
		out[i] = s.eventDoc(v, &events[i])
	}
	return out
}

type eventsDoc struct {
	Events []eventDoc `json:"events"`
}

// history lists what the law made of the divisions, by date.
func (s *server) history(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "from", "to", "code")
	if err != nil {
		return err
	}
	days := division.Always
	for _, end := range []struct {
		name string
		day  *division.Date
		add  division.Date
	}{{"from", &days.From, 0}, {"to", &days.To, 1}} { // to is the last day that counts
		if p.get(end.name) == "" {
			continue
		}
		d, err := p.day(end.name)
		if err != nil {
			return err
		}
		*end.day = d + end.add
	}
	code, err := p.code("code")
	if err != nil {
		return err
	}
	v := s.view()
	doc := eventsDoc{s.eventDocs(v, v.Events(days, code))}
	return s.json(w, r, v, doc, "history", strconv.Itoa(int(days.From)), strconv.Itoa(int(days.To)), string(code))
}

type datesDoc struct {
	Dates []dateDoc `json:"dates"`
}

type dateDoc struct {
	Date   string  `json:"date"`
	Events []int64 `json:"events"`
	// Changed is how many versions begin or end on the date.
	Changed int `json:"changed"`
}

// dates lists every day on which the map changes.
func (s *server) dates(w http.ResponseWriter, r *http.Request) error {
	if _, err := readParams(r); err != nil {
		return err
	}
	v := s.view()
	doc := datesDoc{[]dateDoc{}}
	for _, d := range v.ChangeDays() {
		doc.Dates = append(doc.Dates, dateDoc{d.Day.String(), append([]int64{}, d.Events...), d.Versions})
	}
	return s.json(w, r, v, doc, "dates")
}

type lineageDoc struct {
	Code   division.Code `json:"code"`
	Nodes  []nodeDoc     `json:"nodes"`
	Edges  []edgeDoc     `json:"edges"`
	Events []eventDoc    `json:"events"`
}

type nodeDoc struct {
	unitRef
	AreaKM2 float64 `json:"area_km2"`
}

type edgeDoc struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
	// Event is null where a file gave the unit another version without an event.
	Event           *int64   `json:"event"`
	AreaShare       float64  `json:"area_share"`
	AreaM2          float64  `json:"area_m2"`
	PopulationShare *float64 `json:"population_share"`
}

func edgeOf(l division.Edge) edgeDoc {
	d := edgeDoc{Before: l.Before, After: l.After, AreaShare: l.AreaShare, AreaM2: math.Round(l.AreaM2*10) / 10, PopulationShare: l.PopulationShare}
	if l.EventID != 0 {
		d.Event = &l.EventID
	}
	return d
}

// lineage is everything that a unit came from and everything that it became.
func (s *server) lineage(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "at")
	if err != nil {
		return err
	}
	at, err := p.day("at")
	if err != nil {
		return err
	}
	text := chi.URLParam(r, "code")
	code, err := readCode(text)
	if err != nil {
		return refuse(errPath, "“%s”不是区划代码，请写 2、4、6、9 或 12 位数字", "%q is no division code: write 2, 4, 6, 9 or 12 digits", printable(text))
	}
	v := s.view()
	d, ok := v.Descent(code, at)
	if !ok {
		return refuse(errNotFound, "没有代码为 %s 的区划，请用 /api/v1/search 按名称查找", "there is no division with the code %s; look it up by name with /api/v1/search", code)
	}
	doc := lineageDoc{Code: code, Nodes: []nodeDoc{}, Edges: []edgeDoc{}, Events: s.eventDocs(v, d.Events)}
	for _, it := range d.Nodes {
		doc.Nodes = append(doc.Nodes, nodeDoc{refer(it), math.Round(it.AreaM2()) / 1e6})
	}
	for _, l := range d.Edges {
		doc.Edges = append(doc.Edges, edgeOf(l))
	}
	return s.json(w, r, v, doc, "lineage", string(code), at.String())
}
