package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"yutu/data/atlas"
	"yutu/data/pg"
	"yutu/data/seed"
	"yutu/geo"
	"yutu/geo/division"
	"yutu/geo/geodesy"
	"yutu/geo/geojson"
)

const (
	// followTimeout is how long whoever has written waits for the atlas to show it.
	followTimeout = 10 * time.Second
	// maxExamples is how many of the records that an event touches are named.
	maxExamples = 5
)

// previewDoc is what an event would do.
type previewDoc struct {
	Refusals []division.Refusal `json:"refusals"`
	Warnings []division.Refusal `json:"warnings"`
	// Ends and Begins are the versions that end and begin, as GeoJSON features; those that begin have negative ids.
	Ends   []json.RawMessage `json:"ends"`
	Begins []json.RawMessage `json:"begins"`
	Edges  []edgeDoc         `json:"edges"`
	// Touched are the records that the event changes besides the units that it is about.
	Touched []touchedDoc `json:"touched"`
	// Proposed is what the service fills in where the request leaves it open; null when the event is refused.
	Proposed *proposedDoc `json:"proposed"`
}

type touchedDoc struct {
	Kind     string   `json:"kind"`
	Count    int      `json:"count"`
	Examples []string `json:"examples"`
}

type proposedDoc struct {
	Results  []division.Result   `json:"results"`
	Children []division.Recoding `json:"children"`
}

// postEvent records an event, or with dry_run=true tells what it would do.
func (s *server) postEvent(w http.ResponseWriter, r *http.Request) error {
	p, err := readParams(r, "dry_run")
	if err != nil {
		return err
	}
	dry := p.get("dry_run")
	if dry != "" && dry != "true" && dry != "false" {
		return badParameter("dry_run", "dry_run 应为 true 或 false", "dry_run is true or false")
	}
	// A foreign page can send text and forms without asking, but no JSON.
	if typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || typ != typeJSON {
		return errMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, division.MaxRequestBytes))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return errTooLarge
		}
		return err
	}
	request, bad := division.DecodeRequest(body)
	if len(bad) > 0 {
		return refuseEvent(bad)
	}
	named := subjects(&request)
	if err := s.authorize(r, DivisionsWrite, named...); err != nil {
		return err
	}
	codes, err := seed.CodeRanges()
	if err != nil {
		return err
	}
	order := pg.EventRequest{
		Actor: actorOf(r), Codes: codes, Request: request,
		// The request does not name all that it changes: the units above and below may end too.
		Allow: func(plan *pg.EventPlan) error { return s.authorize(r, DivisionsWrite, altered(plan)...) },
	}
	if dry == "true" {
		plan, err := s.Accounts.PlanEvent(r.Context(), order)
		if err != nil {
			return err
		}
		if len(named) == 0 && len(plan.Refusals) > 0 {
			return refuseEvent(plan.Refusals) // of nobody's divisions
		}
		return s.plain(w, r, preview(&plan))
	}
	done, err := s.Accounts.RecordEvent(r.Context(), order)
	if err != nil {
		return err
	}
	s.follow(r.Context(), done.Seq)
	v := s.view()
	e, ok := v.Event(done.ID)
	if !ok {
		// The atlas is late, or may not show the units.
		records, err := s.Accounts.EventsByID(r.Context(), []int64{done.ID})
		if err != nil {
			return err
		}
		if len(records) > 0 {
			e.EventRecord = &records[0]
		}
	}
	if e.EventRecord == nil {
		return errNotFound // somebody else was quicker to withdraw and clean up
	}
	h := w.Header()
	h.Set("Content-Type", typeJSON)
	h.Set("Location", s.root+"/api/v1/divisions/events?from="+e.Date.String()+"&to="+e.Date.String())
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(struct {
		ID       int64              `json:"id"`
		Seq      int64              `json:"seq"`
		Event    eventDoc           `json:"event"`
		Warnings []division.Refusal `json:"warnings"`
	}{done.ID, done.Seq, s.eventDoc(v, &e), append([]division.Refusal{}, done.Warnings...)})
}

// refuseEvent is the refusal of a request for the reasons.
func refuseEvent(reasons []division.Refusal) error {
	return &pg.Error{Kind: pg.ErrRefused, Refusals: reasons, Text: reasons[0].Message}
}

// subjects are the divisions that a request names as being changed.
func subjects(r *division.Request) []division.Code {
	var out []division.Code
	put := func(codes ...division.Code) {
		for _, c := range codes {
			if len(c) == 12 {
				out = append(out, c)
			}
		}
	}
	put(r.Units...)
	put(r.Members...)
	put(r.To)
	for i := range r.Results {
		put(r.Results[i].Parent)
	}
	return out
}

// altered are the codes of all versions that a plan ends or begins.
func altered(plan *pg.EventPlan) []division.Code {
	var out []division.Code
	ends := endsOf(plan)
	for i := range ends {
		out = append(out, ends[i].Code)
	}
	for i := range plan.Effect.Begin {
		out = append(out, plan.Effect.Begin[i].Code)
	}
	return out
}

// endsOf are the versions that end; others only get vertices on their border.
func endsOf(plan *pg.EventPlan) []division.Unit {
	ends := make(map[int64]bool, len(plan.Effect.End))
	for _, e := range plan.Effect.End {
		ends[e.ID] = true
	}
	var out []division.Unit
	for _, u := range plan.Before {
		if ends[u.ID] {
			out = append(out, u)
		}
	}
	return out
}

func preview(plan *pg.EventPlan) previewDoc {
	doc := previewDoc{
		Refusals: append([]division.Refusal{}, plan.Refusals...), Warnings: []division.Refusal{},
		Ends: []json.RawMessage{}, Begins: []json.RawMessage{}, Edges: []edgeDoc{}, Touched: []touchedDoc{},
	}
	if len(plan.Refusals) > 0 {
		return doc
	}
	effect := &plan.Effect
	doc.Warnings = append(doc.Warnings, effect.Warnings...)
	ends := endsOf(plan)
	for i := range ends {
		doc.Ends = append(doc.Ends, unitFeature(&ends[i]))
	}
	for i := range effect.Begin {
		doc.Begins = append(doc.Begins, unitFeature(&effect.Begin[i]))
	}
	for _, l := range effect.Lineage {
		doc.Edges = append(doc.Edges, edgeOf(l))
	}
	doc.Touched = touched(plan)
	doc.Proposed = &proposedDoc{append([]division.Result{}, effect.Request.Results...), append([]division.Recoding{}, effect.Request.Children...)}
	return doc
}

// unitFeature is a version as a GeoJSON feature.
func unitFeature(u *division.Unit) json.RawMessage {
	b := append([]byte(`{"type":"Feature","id":`), strconv.FormatInt(u.ID, 10)...)
	b = append(b, `,"geometry":`...)
	b = geojson.AppendGeometry(b, u.Geom)
	b = append(b, `,"properties":{"id":`...)
	b = strconv.AppendInt(b, u.ID, 10)
	for _, p := range [][2]string{{"code", string(u.Code)}, {"name", u.Name}, {"type", u.Type}, {"level", u.Level.String()}, {"parent", string(u.Parent)}} {
		b = append(b, `,"`+p[0]+`":`...)
		b = geojson.AppendString(b, p[1])
	}
	b = append(b, `,"level_number":`...)
	b = strconv.AppendInt(b, int64(u.Level), 10)
	b = append(b, `,"area_m2":`...)
	b = strconv.AppendFloat(b, math.Round(geodesy.AreaM2(u.Geom)), 'f', -1, 64)
	b = append(b, `,"valid_from":`...)
	b = appendDay(b, u.Valid.From)
	b = append(b, `,"valid_to":`...)
	b = appendDay(b, u.Valid.To)
	return append(b, `}}`...)
}

// touched counts the records that follow: units below that get another code or parent, and names that go out of use or
// come into use. Nothing else on record refers to divisions so far.
func touched(plan *pg.EventPlan) []touchedDoc {
	units := make(map[int64]*division.Unit, len(plan.Before)+len(plan.Effect.Begin))
	for i := range plan.Before {
		units[plan.Before[i].ID] = &plan.Before[i]
	}
	for i := range plan.Effect.Begin {
		units[plan.Effect.Begin[i].ID] = &plan.Effect.Begin[i]
	}
	villages, names := touchedDoc{"villages", 0, []string{}}, touchedDoc{"names", 0, []string{}}
	put := func(d *touchedDoc, example string) {
		if d.Count++; len(d.Examples) < maxExamples {
			d.Examples = append(d.Examples, example)
		}
	}
	old, fresh := map[string]bool{}, map[string]bool{}
	for _, l := range plan.Effect.Lineage {
		b, a := units[l.Before], units[l.After]
		if b == nil || a == nil {
			continue
		}
		if b.Level == division.Village && b.Code != a.Code {
			put(&villages, b.Name+" "+string(b.Code)+" → "+string(a.Code))
		}
		old[b.Name], fresh[a.Name] = true, true
	}
	for _, u := range endsOf(plan) {
		if !fresh[u.Name] {
			fresh[u.Name] = true
			put(&names, "− "+u.Name)
		}
	}
	for i := range plan.Effect.Begin {
		if u := &plan.Effect.Begin[i]; !old[u.Name] {
			old[u.Name] = true
			put(&names, "+ "+u.Name)
		}
	}
	out := []touchedDoc{}
	for _, d := range []touchedDoc{villages, names} {
		if d.Count > 0 {
			out = append(out, d)
		}
	}
	return out
}

// follow waits until the atlas shows what was written; when it is late, the answer goes out all the same.
func (s *server) follow(ctx context.Context, seq int64) {
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	if err := s.Atlas.WaitFor(ctx, seq); err != nil {
		s.Log.Warn("the atlas is late", "seq", seq, "error", err)
	}
}

// withdrawEvent takes back an event that was recorded in error.
func (s *server) withdrawEvent(w http.ResponseWriter, r *http.Request) error {
	if _, err := readParams(r); err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return errNotFound
	}
	var in struct {
		Reason string `json:"reason"`
	}
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	if in.Reason == "" {
		return &pg.Error{Kind: pg.ErrInvalid, Text: geo.Text{ZH: "请填写撤回的原因", EN: "Say why the event is withdrawn"}}
	}
	// Whoever may not see the event in the atlas finds none.
	e, ok := s.Atlas.Snapshot().Event(id)
	if !ok {
		return errNotFound
	}
	var codes []division.Code
	for _, items := range [][]*atlas.Item{e.Before, e.After} {
		for _, it := range items {
			codes = append(codes, it.Unit.Code)
		}
	}
	if err := s.authorize(r, DivisionsWrite, codes...); err != nil {
		return err
	}
	seq, err := s.Accounts.WithdrawEvent(r.Context(), id, actorOf(r), in.Reason)
	if err != nil {
		return err
	}
	s.follow(r.Context(), seq)
	return s.plain(w, r, map[string]int64{"seq": seq})
}
