package pg_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/crs"
	"yutu/geo/division"
)

// block is the border of the cells [i0, i1) × [j0, j1) of a lattice, with a vertex at every corner of a cell, so that
// whatever is made of cells shares its borders vertex for vertex.
func block(i0, j0, i1, j1 int) orb.MultiPolygon {
	at := func(i, j int) orb.Point { return crs.Snap(orb.Point{120 + 0.01*float64(i), 29 + 0.01*float64(j)}) }
	var r orb.Ring
	for i := i0; i < i1; i++ {
		r = append(r, at(i, j0))
	}
	for j := j0; j < j1; j++ {
		r = append(r, at(i1, j))
	}
	for i := i1; i > i0; i-- {
		r = append(r, at(i, j1))
	}
	for j := j1; j >= j0; j-- {
		r = append(r, at(i0, j))
	}
	return orb.MultiPolygon{{r}}
}

// latticeCounty is a county of six townships of four villages each:
//
//	4 +---+---+---+
//	  |102|104|106|    each township has the villages 200 201
//	2 +---+---+---+                                  202 203, from the south-west
//	  |101|103|105|
//	0 +---+---+---+
//	  0   2   4   6
func latticeCounty() []division.Unit {
	var out []division.Unit
	add := func(code division.Code, kind, name string, g orb.MultiPolygon) {
		parent, _ := code.Parent()
		if code.Level() == division.County {
			parent = ""
		}
		out = append(out, division.Unit{
			Code: code, Level: code.Level(), Type: kind, Name: name, Parent: parent, Valid: division.Always,
			Secrecy: division.Public, Source: "试验", CRSOriginal: "EPSG:4490", Geom: g, Label: orb.Point{},
		})
	}
	add("330727000000", "县", "试验县", block(0, 0, 6, 4))
	for t := range 6 {
		i, j := t/2*2, t%2*2
		town := division.Code(fmt.Sprintf("330727%03d000", 101+t))
		add(town, "镇", string(rune('甲'+t))+"镇", block(i, j, i+2, j+2))
		for v := range 4 {
			x, y := i+v%2, j+v/2
			add(town[:9]+division.Code(fmt.Sprintf("%03d", 200+v)), "村民委员会", fmt.Sprintf("%c%c村", '甲'+t, '东'+v), block(x, y, x+1, y+1))
		}
	}
	return out
}

var codeRanges = []division.CodeRange{
	{Level: division.Township, Type: "街道", Generic: "街道", From: 1, To: 99},
	{Level: division.Township, Type: "镇", Generic: "镇", From: 100, To: 199},
	{Level: division.Township, Type: "乡", Generic: "乡", From: 200, To: 399},
	{Level: division.Village, Type: "居民委员会", Generic: "社区", From: 1, To: 199},
	{Level: division.Village, Type: "村民委员会", Generic: "村", From: 200, To: 399},
}

func order(r division.Request) pg.EventRequest {
	return pg.EventRequest{Actor: "test", Codes: codeRanges, Request: r}
}

func mergeOf(date string, result division.Result, units ...division.Code) division.Request {
	return division.Request{
		Kind: division.Merge, Date: day(date), Units: units, Results: []division.Result{result},
		Document: division.Document{Number: "试政〔" + date[:4] + "〕1号", Issuer: "试验省人民政府"},
	}
}

func mustRecord(t testing.TB, s *pg.Store, r division.Request) pg.Recorded {
	t.Helper()
	done, err := s.RecordEvent(t.Context(), order(r))
	if err != nil {
		t.Fatalf("%s: %v", r.Kind, err)
	}
	return done
}

// withLattice is a store that holds the county, and the number of its import.
func withLattice(t testing.TB) (*pg.Store, string, int64) {
	t.Helper()
	url := pgtest.URL(t)
	s := open(t, url)
	return s, url, mustImport(t, s, nil, latticeCounty()...).ID
}

func TestAnEventIsRecordedAndWithdrawnExactly(t *testing.T) {
	t.Parallel()
	s, url, imported := withLattice(t)
	before, seq := all(t, s)
	request := mergeOf("2018-10-31", division.Result{Code: "330727109000", Name: "新镇", Type: "镇"}, "330727101000", "330727103000")
	plan, err := s.PlanEvent(t.Context(), order(request))
	if err != nil || len(plan.Refusals) > 0 {
		t.Fatalf("%v, %v", plan.Refusals, err)
	}
	if again, end := all(t, s); !equal(again, before) || end != seq {
		t.Fatal("a plan wrote something")
	}
	done := mustRecord(t, s, request)
	after, end := all(t, s)
	// Two townships and their eight villages end, one and eight begin; the event itself has a row in the log.
	if len(after) != len(before)+9 || end != done.Seq || end != seq+10+9+1 {
		t.Errorf("%d versions and seq %d, before %d and %d", len(after), end, len(before), seq)
	}
	for _, u := range after {
		if u.Code == "330727109000" && (u.Valid.From != day("2018-10-31") || u.Name != "新镇" || u.Label == (orb.Point{})) {
			t.Errorf("the new township is %+v", u)
		}
		if u.Code == "330727101000" && u.Valid.To != day("2018-10-31") {
			t.Errorf("the old township is in force in %v", u.Valid)
		}
	}
	events, at, err := s.Events(t.Context())
	if err != nil || len(events) != 1 || at != end {
		t.Fatalf("%+v at %d, %v", events, at, err)
	}
	e := events[0]
	if e.ID != done.ID || e.Kind != division.Merge || e.Date != day("2018-10-31") || e.Document.Number != "试政〔2018〕1号" || e.Actor != "test" ||
		!e.Own || e.Withdrawn != nil || e.Synthetic || len(e.Edges) != 10 {
		t.Errorf("%+v", e)
	}
	if n := query[int](t, url, `SELECT count(*) FROM event WHERE payload->'results'->0->>'code' = '330727109000'`); n != 1 {
		t.Error("the request is not kept")
	}
	if _, err := s.UndoImport(t.Context(), imported, "test"); !errors.Is(err, pg.ErrUndoBlocked) || !strings.Contains(err.Error(), fmt.Sprintf("event %d", e.ID)) ||
		!slices.Equal(err.(*pg.Error).Events, []int64{e.ID}) {
		t.Errorf("undoing the import below an event: %v", err)
	}
	own := query[int64](t, url, `SELECT import_id FROM event`)
	if _, err := s.UndoImport(t.Context(), own, "test"); !errors.Is(err, pg.ErrNotFound) || !strings.Contains(err.Error(), "withdraw") {
		t.Errorf("undoing an event as if it were an import: %v", err)
	}
	if list, err := s.Imports(t.Context(), 10); err != nil || len(list) != 1 {
		t.Errorf("the list of imports has %+v, %v", list, err)
	}
	if _, err := s.WithdrawEvent(t.Context(), e.ID, "other", "录入有误"); err != nil {
		t.Fatal(err)
	}
	if again, _ := all(t, s); !equal(again, before) {
		t.Error("the withdrawal does not restore what was before")
	}
	events, _, err = s.Events(t.Context())
	if err != nil || len(events) != 1 || events[0].Withdrawn == nil || events[0].Withdrawn.Actor != "other" || events[0].Withdrawn.Reason != "录入有误" {
		t.Errorf("%+v, %v", events, err)
	}
	if _, err := s.WithdrawEvent(t.Context(), e.ID, "other", "again"); !errors.Is(err, pg.ErrAlreadyUndone) {
		t.Errorf("withdrawn twice: %v", err)
	}
	if _, err := s.WithdrawEvent(t.Context(), 4711, "other", "none"); !errors.Is(err, pg.ErrNotFound) {
		t.Errorf("no such event: %v", err)
	}
	if got := query[string](t, url, `SELECT string_agg(action || ' ' || subject, ', ' ORDER BY id) FROM audit`); got != "import import, record event, withdraw event" {
		t.Errorf("the audit log says %s", got)
	}
	// Nothing rests on the import any more.
	mustUndo(t, s, imported)
}

func TestWhatAnEventRestsOnStays(t *testing.T) {
	t.Parallel()
	s, _, _ := withLattice(t)
	first := mustRecord(t, s, mergeOf("2018-10-31", division.Result{Code: "330727109000", Name: "新镇"}, "330727101000", "330727103000"))
	second := mustRecord(t, s, division.Request{Kind: division.Rename, Date: day("2019-05-01"), Units: []division.Code{"330727109000"}, Results: []division.Result{{Name: "更新镇"}}})
	apart := mustRecord(t, s, division.Request{Kind: division.Rename, Date: day("2019-05-01"), Units: []division.Code{"330727106000"}, Results: []division.Result{{Name: "远镇"}}})
	_, err := s.WithdrawEvent(t.Context(), first.ID, "test", "有误")
	if !errors.Is(err, pg.ErrUndoBlocked) || !slices.Equal(err.(*pg.Error).Events, []int64{second.ID}) || !strings.Contains(err.Error(), fmt.Sprintf("event %d", second.ID)) {
		t.Errorf("withdrawn below another: %v", err)
	}
	// An import that corrects what the event made stands in the way as well.
	now := unit("330727109000", "改正镇")
	now.Geom = block(0, 0, 4, 2)
	fix := mustImport(t, s, nil, now)
	if _, err := s.WithdrawEvent(t.Context(), second.ID, "test", "有误"); !errors.Is(err, pg.ErrUndoBlocked) || !strings.Contains(err.Error(), fmt.Sprintf("import %d", fix.ID)) {
		t.Errorf("withdrawn below an import: %v", err)
	}
	mustUndo(t, s, fix.ID)
	for _, id := range []int64{second.ID, first.ID, apart.ID} {
		if _, err := s.WithdrawEvent(t.Context(), id, "test", "有误"); err != nil {
			t.Errorf("event %d: %v", id, err)
		}
	}
}

func TestARefusalSaysWhyAndWritesNothing(t *testing.T) {
	t.Parallel()
	s, _, _ := withLattice(t)
	mustRecord(t, s, mergeOf("2018-10-31", division.Result{Code: "330727109000", Name: "新镇"}, "330727101000", "330727103000"))
	before, seq := all(t, s)
	for name, r := range map[string]division.Request{
		"not touching":  mergeOf("2020-01-01", division.Result{Code: "330727110000", Name: "飞镇"}, "330727109000", "330727106000"),
		"later event":   {Kind: division.Rename, Date: day("2010-01-01"), Units: []division.Code{"330727101000"}, Results: []division.Result{{Name: "旧镇"}}},
		"unknown":       {Kind: division.Rename, Date: day("2020-01-01"), Units: []division.Code{"330727555000"}, Results: []division.Result{{Name: "某镇"}}},
		"code in use":   {Kind: division.Recode, Date: day("2020-01-01"), Units: []division.Code{"330727109000"}, Results: []division.Result{{Code: "330727102000"}}},
		"nothing named": {Kind: division.Merge, Date: day("2020-01-01")},
	} {
		_, err := s.RecordEvent(t.Context(), order(r))
		var e *pg.Error
		if !errors.Is(err, pg.ErrRefused) || !errors.As(err, &e) || len(e.Refusals) == 0 || e.Text.ZH == "" || e.Text.EN == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	denied := order(division.Request{Kind: division.Rename, Date: day("2020-01-01"), Units: []division.Code{"330727109000"}, Results: []division.Result{{Name: "某镇"}}})
	no := errors.New("no")
	denied.Allow = func(p *pg.EventPlan) error {
		if len(p.Effect.End) != 1 || len(p.Before) != 1 {
			t.Errorf("asked about %+v", p.Effect)
		}
		return no
	}
	if _, err := s.RecordEvent(t.Context(), denied); !errors.Is(err, no) {
		t.Errorf("not allowed: %v", err)
	}
	if after, end := all(t, s); !equal(after, before) || end != seq {
		t.Error("a refusal wrote something")
	}
}

// Of many who change the same unit on one day, one wins, and the others learn why not; whoever changes something else
// is not kept from it, though it was decided before others wrote.
func TestEventsAtOnceAreDecidedOnWhatIsTrue(t *testing.T) {
	t.Parallel()
	s, _, _ := withLattice(t)
	const n = 6
	var wg sync.WaitGroup
	errs := make([]error, 2*n)
	for i := range n {
		wg.Go(func() {
			_, errs[i] = s.RecordEvent(t.Context(), order(division.Request{Kind: division.Rename, Date: day("2020-01-01"),
				Units: []division.Code{"330727101000"}, Results: []division.Result{{Name: fmt.Sprintf("争%d镇", i)}}}))
		})
		wg.Go(func() {
			_, errs[n+i] = s.RecordEvent(t.Context(), order(division.Request{Kind: division.Rename, Date: day("2020-01-01"),
				Units: []division.Code{division.Code(fmt.Sprintf("33072710%d20%d", 2+i%4, i/4))}, Results: []division.Result{{Name: fmt.Sprintf("新%c村", '甲'+i)}}}))
		})
	}
	wg.Wait()
	won := 0
	for i, err := range errs {
		switch {
		case i >= n && err != nil:
			t.Errorf("a rename elsewhere: %v", err)
		case i < n && err == nil:
			won++
		case i < n && !errors.Is(err, pg.ErrRefused):
			t.Errorf("the loser learns: %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d renames of one unit were recorded", won, n)
	}
	events, _, err := s.Events(t.Context())
	if err != nil || len(events) != n+1 {
		t.Errorf("%d events, %v", len(events), err)
	}
}
