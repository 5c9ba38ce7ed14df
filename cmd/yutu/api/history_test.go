package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/division"
)

// twoTowns is a county of two townships of two villages each, which share their borders vertex for vertex:
//
//	+---+---+   101 甲镇 with 甲一村, 甲二村 in the west,
//	|101|102|   102 乙镇 with 乙一村, 乙二村 in the east
//	+---+---+
func twoTowns() []division.Unit {
	var out []division.Unit
	add := func(code, parent division.Code, kind, name string, w, s, e, n float64) {
		// A vertex on every line of the lattice.
		xs, ys := steps(w, e, 0.1), steps(s, n, 0.05)
		var r orb.Ring
		for _, x := range xs {
			r = append(r, orb.Point{x, s})
		}
		for _, y := range ys[1:] {
			r = append(r, orb.Point{e, y})
		}
		for i := len(xs) - 2; i >= 0; i-- {
			r = append(r, orb.Point{xs[i], n})
		}
		for i := len(ys) - 2; i >= 0; i-- {
			r = append(r, orb.Point{w, ys[i]})
		}
		out = append(out, division.Unit{Code: code, Parent: parent, Level: code.Level(), Type: kind, Name: name, Valid: division.Always,
			Secrecy: division.Public, Source: "试验", CRSOriginal: "EPSG:4490", Geom: orb.MultiPolygon{{r}}, Label: orb.Point{(w + e) / 2, (s + n) / 2}})
	}
	add("330727000000", "", "县", "试验县", 120, 29, 120.2, 29.1)
	for i, name := range []string{"甲", "乙"} {
		w := []float64{120, 120.1, 120.2}
		town := division.Code(fmt.Sprintf("33072710%d000", i+1))
		add(town, "330727000000", "镇", name+"镇", w[i], 29, w[i+1], 29.1)
		add(town[:9]+"200", town, "村民委员会", name+"一村", w[i], 29, w[i+1], 29.05)
		add(town[:9]+"201", town, "村民委员会", name+"二村", w[i], 29.05, w[i+1], 29.1)
	}
	return out
}

func steps(from, to, step float64) []float64 {
	out := []float64{from}
	for v := from + step; v < to-step/2; v += step {
		out = append(out, float64(int(v*1e4+0.5))/1e4)
	}
	return append(out, to)
}

// clerks is a service with accounts whose divisions are in the database too.
func clerks(t *testing.T) *members {
	t.Helper()
	url := pgtest.URL(t)
	store, err := pg.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	if _, err := store.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test", File: "f"}, twoTowns()); err != nil {
		t.Fatal(err)
	}
	return newMembersOn(t, url, func(c *Config) { c.Atlas = openAtlas(t, store) })
}

const eventsPath = "/api/v1/divisions/events"

var mergeTowns = map[string]any{
	"kind": "merge", "date": "2018-10-31", "document": map[string]any{"number": "试政〔2018〕1号", "issuer": "试验省人民政府"},
	"units": []string{"330727101", "330727102"}, "results": []any{map[string]any{"code": "330727109", "name": "新镇"}},
}

type postedEvent struct {
	ID, Seq int64
	Event   eventDoc
}

func (m *members) mustRecord(b *browser, body any) postedEvent {
	m.t.Helper()
	a := b.do("POST", eventsPath, body)
	if a.StatusCode != 201 {
		m.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	var out postedEvent
	m.json(a, &out)
	return out
}

func TestAnEventOverHTTPFromPreviewToWithdrawal(t *testing.T) {
	m := clerks(t)
	editor := m.as("editor")
	a := editor.do("POST", eventsPath+"?dry_run=true", mergeTowns)
	var p previewDoc
	m.json(a, &p)
	if a.StatusCode != 200 || len(p.Refusals) != 0 || len(p.Ends) != 6 || len(p.Begins) != 5 || len(p.Edges) != 6 || p.Proposed == nil ||
		p.Proposed.Results[0].Type != "镇" || len(p.Proposed.Children) == 0 {
		t.Fatalf("%d %.2000s", a.StatusCode, a.body)
	}
	if !slices.ContainsFunc(p.Touched, func(d touchedDoc) bool { return d.Kind == "villages" && d.Count == 4 && strings.Contains(d.Examples[0], " → 330727109") }) {
		t.Errorf("touched: %+v", p.Touched)
	}
	if !strings.Contains(string(p.Begins[0]), `"level_number":4`) || !strings.Contains(string(p.Begins[0]), `"id":-1`) {
		t.Errorf("the first that begins: %s", p.Begins[0])
	}
	done := m.mustRecord(editor, mergeTowns)
	e := done.Event
	if e.ID != done.ID || e.Actor != "editor" || e.Date != "2018-10-31" || e.Document.Number != "试政〔2018〕1号" || !e.Withdrawable || e.WithdrawnAt != nil ||
		len(e.Before) != 6 || len(e.After) != 5 || e.After[0].Code != "330727109000" || e.Before[0].ValidTo == nil || *e.Before[0].ValidTo != "2018-10-31" {
		t.Errorf("%+v", e)
	}

	// As of: every kind of read shows the day before and the day itself as they were.
	for _, c := range []struct{ path, then, now string }{
		{"/api/v1/locate?lon=120.02&lat=29.02&at=%s", "甲镇", "新镇"},
		{"/ogc/collections/divisions/items?level=township&datetime=%s", "甲镇", "新镇"},
		{"/api/v1/divisions/330727?at=%s", "甲镇", "新镇"},
		{"/api/v1/status?at=%s", `"township":2`, `"township":1`},
	} {
		for day, want := range map[string]string{"2018-10-30": c.then, "2018-10-31": c.now} {
			a := m.get(fmt.Sprintf(c.path, day))
			other := c.then
			if want == c.then {
				other = c.now
			}
			if a.StatusCode != 200 || !strings.Contains(string(a.body), want) || strings.Contains(string(a.body), other) {
				t.Errorf("%s: %d %.600s", a.url, a.StatusCode, a.body)
			}
		}
	}
	var found searchDoc
	m.json(m.get("/api/v1/search?q=新镇&at=2018-10-30"), &found)
	if len(found.Items) != 0 {
		t.Errorf("found before it was there: %+v", found.Items)
	}
	m.json(m.get("/api/v1/search?q=甲镇&at=2018-10-31"), &found)
	if len(found.Items) != 1 || !found.Items[0].Former {
		t.Errorf("the former name finds %+v", found.Items)
	}
	tile := func(day string) string {
		a := m.get("/tiles/divisions/10/853/425.mvt?at=" + day)
		if a.StatusCode != 200 {
			t.Fatalf("%s: %d", a.url, a.StatusCode)
		}
		return a.Header.Get("Etag")
	}
	if tile("2018-10-30") == tile("2018-10-31") || tile("1999-01-01") != tile("2018-10-30") {
		t.Error("tiles do not follow the date")
	}

	var dates datesDoc
	m.json(m.get("/api/v1/divisions/dates"), &dates)
	if len(dates.Dates) != 1 || dates.Dates[0].Date != "2018-10-31" || !slices.Equal(dates.Dates[0].Events, []int64{done.ID}) || dates.Dates[0].Changed != 11 {
		t.Errorf("%+v", dates)
	}
	var line lineageDoc
	m.json(m.get("/api/v1/divisions/330727101/lineage?at=2018-10-30"), &line)
	if len(line.Nodes) != 2 || len(line.Edges) != 1 || len(line.Events) != 1 || line.Edges[0].AreaShare != 1 || *line.Edges[0].Event != done.ID {
		t.Errorf("what 甲镇 became: %+v", line)
	}
	m.json(m.get("/api/v1/divisions/330727109/lineage"), &line)
	if len(line.Nodes) != 3 || len(line.Edges) != 2 || line.Nodes[0].AreaKM2 <= 0 {
		t.Errorf("what 新镇 came from: %+v", line)
	}

	later := m.mustRecord(editor, map[string]any{"kind": "rename", "date": "2020-01-01", "units": []string{"330727109"}, "results": []any{map[string]any{"name": "更新镇"}}})
	withdraw := func(id int64) answer {
		return editor.do("POST", fmt.Sprintf("%s/%d/withdraw", eventsPath, id), map[string]string{"reason": "录入有误"})
	}
	a = withdraw(done.ID)
	var blocked problem
	m.json(a, &blocked)
	if a.StatusCode != 409 || len(blocked.Events) != 1 || blocked.Events[0].ID != later.ID || blocked.Events[0].Date != "2020-01-01" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for _, id := range []int64{later.ID, done.ID} {
		if a := withdraw(id); a.StatusCode != 200 {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
	}
	if a := withdraw(done.ID); a.StatusCode != 409 {
		t.Errorf("withdrawn twice: %d", a.StatusCode)
	}
	var list eventsDoc
	m.json(m.get(eventsPath), &list)
	if len(list.Events) != 2 || list.Events[0].WithdrawnAt == nil || *list.Events[0].WithdrawnReason != "录入有误" || list.Events[0].Withdrawable {
		t.Errorf("%+v", list)
	}
	m.json(m.get(eventsPath+"?to=2018-12-31&code=330727101"), &list)
	if len(list.Events) != 1 || list.Events[0].ID != done.ID {
		t.Errorf("of one unit: %+v", list)
	}
	m.json(m.get("/api/v1/divisions/dates"), &dates)
	if len(dates.Dates) != 0 {
		t.Errorf("days of change after all was withdrawn: %+v", dates)
	}
}

func TestWhoMayRecordWhat(t *testing.T) {
	m := clerks(t)
	if a := m.stranger().do("POST", eventsPath, mergeTowns); a.StatusCode != 401 {
		t.Errorf("a stranger: %d", a.StatusCode)
	}
	if a := m.as("viewer").do("POST", eventsPath+"?dry_run=true", mergeTowns); a.StatusCode != 403 {
		t.Errorf("a viewer: %d", a.StatusCode)
	}
	hash, err := HashPassword(t.Context(), testPassword)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.store.CreateAccount(t.Context(), "test", pg.NewAccount{Name: "town", DisplayName: "town", PasswordHash: hash,
		Grants: []pg.Grant{{Role: "editor", Scope: "330727101000"}}})
	if err != nil {
		t.Fatal(err)
	}
	town := m.as("town")
	if a := town.do("POST", eventsPath, mergeTowns); a.StatusCode != 403 {
		t.Errorf("an editor of one of the two: %d %s", a.StatusCode, a.body)
	}
	rename := map[string]any{"kind": "rename", "date": "2020-01-01", "units": []string{"330727101200"}, "results": []any{map[string]any{"name": "甲新村"}}}
	done := m.mustRecord(town, rename)
	// A village that passes to a township of one's own is still another's.
	if a := town.do("POST", eventsPath, map[string]any{"kind": "transfer", "date": "2021-01-01", "units": []string{"330727102"}, "to": "330727101", "members": []string{"330727102200"}}); a.StatusCode != 403 {
		t.Errorf("taking over another's village: %d %s", a.StatusCode, a.body)
	}
	if a := m.stranger().do("POST", fmt.Sprintf("%s/%d/withdraw", eventsPath, done.ID), map[string]string{"reason": "x"}); a.StatusCode != 401 {
		t.Errorf("a stranger withdraws: %d", a.StatusCode)
	}
	editor := m.as("editor")
	for name, c := range map[string]struct {
		body   any
		status int
	}{
		"no JSON":     {`{"kind":`, 422},
		"unknown key": {`{"kind":"merge","date":"2020-01-01","unitz":[]}`, 422},
		"nothing":     {`{}`, 422},
		"impossible":  {map[string]any{"kind": "rename", "date": "2019-01-01", "units": []string{"330727101200"}, "results": []any{map[string]any{"name": "早村"}}}, 422},
	} {
		a := editor.do("POST", eventsPath, c.body)
		var p problem
		m.json(a, &p)
		if a.StatusCode != c.status || len(p.Findings) == 0 || p.Findings[0].Message.ZH == "" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	if a := editor.do("POST", eventsPath, "{}", "Content-Type", "text/plain"); a.StatusCode != 415 {
		t.Errorf("as text: %d", a.StatusCode)
	}
	if a := editor.do("POST", eventsPath+"/9999/withdraw", map[string]string{"reason": "x"}); a.StatusCode != 404 {
		t.Errorf("no such event: %d", a.StatusCode)
	}
	if a := editor.do("POST", fmt.Sprintf("%s/%d/withdraw", eventsPath, done.ID), map[string]string{"reason": ""}); a.StatusCode != 422 {
		t.Errorf("without a reason: %d", a.StatusCode)
	}
}

func TestHistoryOutlivesTheDatabase(t *testing.T) {
	w := newWorld(t)
	share := 1.0
	w.src.mu.Lock()
	w.src.events = []pg.EventRecord{{
		Event: division.Event{ID: 7, Kind: division.Recode, Date: mustDay("2018-01-01"), Document: division.Document{Number: "试〔2018〕1号"}, RecordedAt: time.Now()},
		Own:   true, Edges: []division.Edge{{EventID: 7, Before: 14, After: 15, AreaShare: 1, AreaM2: 1e8, PopulationShare: &share}},
	}}
	w.src.log = append(w.src.log, pg.Change{Seq: int64(len(w.src.log) + 1), Subject: "event", ID: 7, Time: time.Now()})
	w.src.mu.Unlock()
	eventually(t, "the event", func() bool { _, ok := w.atlas.Snapshot().Event(7); return ok })
	w.src.setAway(true)
	eventually(t, "the outage", func() bool { return w.atlas.Health().Degraded })
	for path, want := range map[string]string{
		"/api/v1/divisions/events": "试〔2018〕1号", "/api/v1/divisions/dates": `{"date":"2018-01-01","events":[7],"changed":`,
		"/api/v1/divisions/330727005/lineage": "胡宅乡", "/api/v1/divisions/330727004/lineage?at=2000-01-01": "方前镇",
	} {
		a := w.get(path)
		if a.StatusCode != 200 || !strings.Contains(string(a.body), want) || a.Header.Get("Warning") == "" {
			t.Errorf("%s: %d %s %.800s", path, a.StatusCode, a.Header.Get("Warning"), a.body)
		}
	}
}
