package pg_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"yutu/data/pg"
	"yutu/data/pgtest"
	"yutu/geo/division"
	"yutu/geo/topo"
)

const (
	anwen   = division.Code("330727001000")
	xinwo   = division.Code("330727002000")
	renchun = division.Code("330727103000")
)

// Each timeline is what is on record, an import, and what is on record afterwards.
func TestTimelines(t *testing.T) {
	always := func(c division.Code, name string) division.Unit { return unit(c, name) }
	at := func(s string) *division.Date { d := day(s); return &d }
	for _, c := range []struct {
		name    string
		record  []division.Unit
		at      *division.Date
		file    []division.Unit
		want    []string
		figures pg.ImportResult
		err     error
		says    []string
	}{
		{name: "into nothing", file: []division.Unit{always(anwen, "安文镇")},
			want: []string{"330727001000 安文镇 .."}, figures: pg.ImportResult{Added: 1}},
		{name: "into nothing from a day on", at: at("2018-10-31"), file: []division.Unit{always(anwen, "安文镇")},
			want: []string{"330727001000 安文镇 2018-10-31.."}, figures: pg.ImportResult{Added: 1}},
		{name: "the same again", record: []division.Unit{always(anwen, "安文镇")}, file: []division.Unit{always(anwen, "安文镇")},
			want: []string{"330727001000 安文镇 .."}, figures: pg.ImportResult{Unchanged: 1}},
		{name: "the same again, dates from the record", record: []division.Unit{valid(always(anwen, "安文镇"), "2001-01-01", "future")},
			file: []division.Unit{always(anwen, "安文镇")},
			want: []string{"330727001000 安文镇 2001-01-01.."}, figures: pg.ImportResult{Unchanged: 1}},
		{name: "the same again from a day on", record: []division.Unit{valid(always(anwen, "安文镇"), "2001-01-01", "future")},
			at: at("2018-10-31"), file: []division.Unit{always(anwen, "安文镇")},
			want: []string{"330727001000 安文镇 2001-01-01.."}, figures: pg.ImportResult{Unchanged: 1}},
		{name: "a correction keeps the dates", record: []division.Unit{valid(always(anwen, "安文镇"), "2001-01-01", "future")},
			file: []division.Unit{always(anwen, "安文街道")},
			want: []string{"330727001000 安文街道 2001-01-01.."}, figures: pg.ImportResult{Changed: 1}},
		{name: "a correction is of the version valid today", record: []division.Unit{
			valid(always(anwen, "甲"), "past", "2000-01-01"), valid(always(anwen, "乙"), "2000-01-01", "2030-01-01"), valid(always(anwen, "丙"), "2030-01-01", "future")},
			file:    []division.Unit{always(anwen, "丁")},
			want:    []string{"330727001000 甲 ..2000-01-01", "330727001000 丁 2000-01-01..2030-01-01", "330727001000 丙 2030-01-01.."},
			figures: pg.ImportResult{Changed: 1}},
		{name: "a new version from a day on", record: []division.Unit{always(anwen, "安文镇")}, at: at("2018-10-31"),
			file:    []division.Unit{always(anwen, "安文街道")},
			want:    []string{"330727001000 安文镇 ..2018-10-31", "330727001000 安文街道 2018-10-31.."},
			figures: pg.ImportResult{Changed: 1}},
		{name: "a new version up to the end of the old one", record: []division.Unit{
			valid(always(anwen, "甲"), "1990-01-01", "2010-01-01"), valid(always(anwen, "乙"), "2010-01-01", "future")},
			at: at("2000-01-01"), file: []division.Unit{always(anwen, "丙")},
			want:    []string{"330727001000 甲 1990-01-01..2000-01-01", "330727001000 丙 2000-01-01..2010-01-01", "330727001000 乙 2010-01-01.."},
			figures: pg.ImportResult{Changed: 1}},
		{name: "from the very day on which the version begins", record: []division.Unit{valid(always(anwen, "甲"), "2018-10-31", "future")},
			at: at("2018-10-31"), file: []division.Unit{always(anwen, "乙")},
			want: []string{"330727001000 乙 2018-10-31.."}, figures: pg.ImportResult{Changed: 1}},
		{name: "on the last day of a version", record: []division.Unit{valid(always(anwen, "甲"), "2018-10-01", "2018-11-01")},
			at: at("2018-10-31"), file: []division.Unit{always(anwen, "乙")},
			want:    []string{"330727001000 甲 2018-10-01..2018-10-31", "330727001000 乙 2018-10-31..2018-11-01"},
			figures: pg.ImportResult{Changed: 1}},
		{name: "before the first version", record: []division.Unit{valid(always(anwen, "甲"), "2018-10-31", "future")},
			at: at("2010-01-01"), file: []division.Unit{always(anwen, "乙")},
			want:    []string{"330727001000 乙 2010-01-01..2018-10-31", "330727001000 甲 2018-10-31.."},
			figures: pg.ImportResult{Added: 1}},
		{name: "on the day after the last version", record: []division.Unit{valid(always(anwen, "甲"), "past", "2018-10-31")},
			at: at("2018-10-31"), file: []division.Unit{always(anwen, "乙")},
			want:    []string{"330727001000 甲 ..2018-10-31", "330727001000 乙 2018-10-31.."},
			figures: pg.ImportResult{Added: 1}},
		{name: "stated dates are kept", record: []division.Unit{valid(always(anwen, "甲"), "past", "2018-10-31")},
			at: at("2020-01-01"), file: []division.Unit{valid(always(anwen, "乙"), "2018-10-31", "future")},
			want:    []string{"330727001000 甲 ..2018-10-31", "330727001000 乙 2018-10-31.."},
			figures: pg.ImportResult{Added: 1}},
		{name: "a past version is corrected by its dates", record: []division.Unit{
			valid(always(anwen, "甲"), "past", "2018-10-31"), valid(always(anwen, "乙"), "2018-10-31", "future")},
			file:    []division.Unit{valid(always(anwen, "丙"), "past", "2018-10-31")},
			want:    []string{"330727001000 丙 ..2018-10-31", "330727001000 乙 2018-10-31.."},
			figures: pg.ImportResult{Changed: 1}},
		{name: "the file knows that a version has ended", record: []division.Unit{valid(always(anwen, "甲"), "2001-01-01", "future")},
			file: []division.Unit{valid(always(anwen, "甲"), "2001-01-01", "2018-10-31"), valid(always(anwen, "乙"), "2018-10-31", "future")},
			want: []string{"330727001000 甲 2001-01-01..2018-10-31", "330727001000 乙 2018-10-31.."}, figures: pg.ImportResult{Added: 1, Changed: 1}},
		{name: "the first day is corrected", record: []division.Unit{valid(always(anwen, "甲"), "2001-01-01", "future")},
			file: []division.Unit{valid(always(anwen, "甲"), "2001-02-01", "future")},
			want: []string{"330727001000 甲 2001-02-01.."}, figures: pg.ImportResult{Changed: 1}},
		{name: "a whole history twice", record: []division.Unit{
			valid(always(anwen, "甲"), "past", "2018-10-31"), valid(always(anwen, "乙"), "2018-10-31", "future")},
			file: []division.Unit{valid(always(anwen, "乙"), "2018-10-31", "future"), valid(always(anwen, "甲"), "past", "2018-10-31")},
			want: []string{"330727001000 甲 ..2018-10-31", "330727001000 乙 2018-10-31.."}, figures: pg.ImportResult{Unchanged: 2}},
		{name: "stated dates overlap", record: []division.Unit{valid(always(anwen, "甲"), "past", "2018-10-31")},
			file: []division.Unit{valid(always(anwen, "乙"), "2018-10-30", "2019-01-01")},
			err:  pg.ErrOverlap, says: []string{"330727001000", "2018-10-31", "2018-10-30", "2019-01-01"}},
		{name: "one code twice in a file", file: []division.Unit{always(anwen, "甲"), always(anwen, "乙"), always(xinwo, "丙"), always(xinwo, "丁")},
			err: pg.ErrOverlap, says: []string{"330727001000", "1 more"}},
		{name: "no dates for a code that has ended", record: []division.Unit{valid(always(anwen, "甲"), "past", "2018-10-31")},
			file: []division.Unit{always(anwen, "乙")},
			err:  pg.ErrOverlap, says: []string{"330727001000", "--at"}},
		{name: "real over synthetic", record: []division.Unit{synthetic(always(anwen, "假")), synthetic(always(xinwo, "假"))},
			file: []division.Unit{always(anwen, "安文街道")},
			want: []string{"330727001000 安文街道 .."}, figures: pg.ImportResult{Added: 1, Withdrawn: 2}},
		{name: "synthetic over synthetic", record: []division.Unit{synthetic(always(anwen, "假")), synthetic(always(xinwo, "假"))},
			file: []division.Unit{synthetic(always(anwen, "假二"))},
			want: []string{"330727001000 假二 ..", "330727002000 假 .."}, figures: pg.ImportResult{Changed: 1}},
		{name: "synthetic over real", record: []division.Unit{always(anwen, "安文街道")},
			file: []division.Unit{synthetic(always(xinwo, "假"))}, err: pg.ErrSyntheticOverReal},
		{name: "synthetic together with real", file: []division.Unit{always(anwen, "安文街道"), synthetic(always(xinwo, "假"))},
			err: pg.ErrSyntheticOverReal},
		{name: "an empty file", record: []division.Unit{synthetic(always(anwen, "假"))}, want: []string{"330727001000 假 .."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := pgtest.New(t)
			if len(c.record) > 0 {
				mustImport(t, s, nil, c.record...)
			}
			before, seq := all(t, s)
			request := pg.ImportRequest{Actor: "test", File: "f", At: c.at}
			planned, planErr := s.PlanImport(t.Context(), request, c.file)
			if _, now := all(t, s); now != seq {
				t.Error("a dry run has written")
			}
			done, err := s.ImportDivisions(t.Context(), request, c.file)
			if !errors.Is(err, c.err) || !errors.Is(planErr, c.err) {
				t.Fatalf("import: %v, dry run: %v, want %v", err, planErr, c.err)
			}
			after, last := all(t, s)
			if c.err != nil {
				var e *pg.Error
				if !errors.As(err, &e) || e.Text.ZH == "" {
					t.Errorf("%v says nothing in Chinese", err)
				}
				for _, w := range c.says {
					if !strings.Contains(err.Error(), w) {
						t.Errorf("%q does not say %q", err, w)
					}
				}
				if !equal(before, after) || last != seq {
					t.Error("a refused import has written")
				}
				return
			}
			if planned.ID != 0 || planned.Seq != seq {
				t.Errorf("dry run: %+v", planned)
			}
			if done.Seq != last || (done.ID == 0) != (last == seq) {
				t.Errorf("result %+v, log from %d to %d", done, seq, last)
			}
			done.ID, done.Seq, planned.Seq = 0, 0, 0
			if done != c.figures || planned != c.figures {
				t.Errorf("import %+v, dry run %+v, want %+v", done, planned, c.figures)
			}
			if got := lines(t, s); !slices.Equal(got, c.want) {
				t.Errorf("on record %q, want %q", got, c.want)
			}
			again := mustImport(t, s, c.at, c.file...)
			if again.ID != 0 || again.Seq != last || again.Unchanged != len(c.file) {
				t.Errorf("the same import again: %+v", again)
			}
		})
	}
}

func equal(a, b []division.Unit) bool {
	return slices.EqualFunc(a, b, func(a, b division.Unit) bool { return same(&a, &b) && a.ID == b.ID })
}

// same compares everything but the id, geometry vertex by vertex.
func same(a, b *division.Unit) bool {
	return a.Hash() == b.Hash() && a.Label == b.Label && a.CRSOriginal == b.CRSOriginal && a.Geom.Equal(b.Geom)
}

func TestEveryFieldComesBack(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	in := []division.Unit{
		{Code: "330000000000", Level: division.Province, Name: "浙江省", Valid: division.Always, Secrecy: division.Secret,
			Geom: orb.MultiPolygon{{ring(118, 27, 5), hole(119, 28, 1), hole(121, 30, 1)}}},
		{Code: "330727001000", Level: division.Township, Type: "街道", Name: "安文街道 𠮷'\"\\\t", Parent: "330727000000",
			Valid: dates("0001-01-01", "9999-12-31"), Secrecy: division.Internal, Source: "浙政函〔2018〕", Synthetic: false,
			CRSOriginal: "EPSG:4549", Geom: orb.MultiPolygon{{ring(120.123456789, 29.05, 0.1)}, {ring(-180, -90, 0.1)}},
			Label: orb.Point{120.15, 29.1}},
		{Code: "330727001001", Level: division.Village, Name: "村", Parent: "330727001000", Valid: dates("1949-10-01", "future"),
			Secrecy: division.Public, Geom: orb.MultiPolygon{{ring(120, 29, 0.1)}}, Label: orb.Point{120.05, 29.05}},
	}
	mustImport(t, s, nil, in...)
	out, _ := all(t, s)
	if len(out) != len(in) {
		t.Fatalf("%d units", len(out))
	}
	var ids []int64
	for i := range in {
		if in[i].Label == (orb.Point{}) {
			in[i].Label = topo.LabelPoint(in[i].Geom)
		}
		if !same(&in[i], &out[i]) || out[i].ID == 0 {
			t.Errorf("got  %+v\nwant %+v", out[i], in[i])
		}
		ids = append(ids, out[i].ID)
	}
	byID, err := s.DivisionsByID(t.Context(), append(ids, 1e9))
	if err != nil || !equal(byID, out) {
		t.Errorf("by id: %+v, %v", byID, err)
	}
	if none, err := s.DivisionsByID(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("no ids: %v, %v", none, err)
	}
	if total, made, err := s.DivisionCount(t.Context()); total != 3 || made != 0 || err != nil {
		t.Errorf("count %d, %d, %v", total, made, err)
	}
}

func TestAnImportIsLoggedAndAudited(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	mustImport(t, s, nil, synthetic(unit(anwen, "假")))
	a, b := unit(anwen, "甲"), unit(xinwo, "乙")
	r := mustImport(t, s, nil, a, b)
	changes, err := s.ChangesAfter(t.Context(), 1, 10)
	if err != nil || len(changes) != 3 {
		t.Fatal(changes, err)
	}
	us, _ := all(t, s)
	for i, c := range changes {
		if c.Seq != int64(i)+2 || c.Subject != "division" || c.Actor != "test" || c.Time.IsZero() {
			t.Errorf("change %+v", c)
		}
		if i == 0 {
			if c.Before == nil || c.After != nil || c.ID == us[0].ID {
				t.Errorf("the synthetic row is not withdrawn: %+v", c)
			}
			continue
		}
		hash := us[i-1].Hash()
		if c.Before != nil || string(c.After) != string(hash[:]) || c.ID != us[i-1].ID {
			t.Errorf("change %+v of %+v", c, us[i-1])
		}
	}
	if page, err := s.ChangesAfter(t.Context(), 1, 2); err != nil || len(page) != 2 || page[1].Seq != 3 {
		t.Errorf("page %v, %v", page, err)
	}
	detail := query[string](t, url, `SELECT actor || ' ' || action || ' ' || subject || ' ' || (detail ->> 'withdrawn') FROM audit WHERE subject_id = $1`, r.ID)
	if detail != "test import import 1" {
		t.Errorf("audit %q", detail)
	}
	imports, err := s.Imports(t.Context(), 1)
	if err != nil || len(imports) != 1 {
		t.Fatal(imports, err)
	}
	i := imports[0]
	if i.ID != r.ID || i.File != "f.geojson" || i.Actor != "test" || i.Added != 2 || i.Withdrawn != 1 || i.Undone || i.Time.IsZero() {
		t.Errorf("import %+v", i)
	}
}

func TestNamesOfFilesInOtherEncodings(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	r, err := s.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "cli:\xc4\xe3", File: "\xb0\xb2\xce\xc4.shp\x00"}, []division.Unit{unit(anwen, "甲")})
	if err != nil {
		t.Fatal(err)
	}
	mustUndo(t, s, r.ID)
	if imports, err := s.Imports(t.Context(), 2); err != nil || !strings.HasSuffix(imports[1].File, ".shp\uFFFD") {
		t.Errorf("%+v, %v", imports, err)
	}
}

func TestWhatTheSchemaCannotHoldIsRefusedByName(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t)
	for name, spoil := range map[string]func(u *division.Unit){
		"code":        func(u *division.Unit) { u.Code = "33072700100" },
		"code x":      func(u *division.Unit) { u.Code = "33072700100x" },
		"parent":      func(u *division.Unit) { u.Parent = "330727" },
		"level 0":     func(u *division.Unit) { u.Level = 0 },
		"level 6":     func(u *division.Unit) { u.Level = 6 },
		"secrecy":     func(u *division.Unit) { u.Secrecy = 3 },
		"no name":     func(u *division.Unit) { u.Name = "" },
		"NUL":         func(u *division.Unit) { u.Type = "a\x00b" },
		"not UTF-8":   func(u *division.Unit) { u.Source = "\xb0\xb2" },
		"empty range": func(u *division.Unit) { u.Valid = dates("2020-01-01", "2020-01-01") },
		"turned":      func(u *division.Unit) { u.Valid = dates("2020-01-02", "2020-01-01") },
		"far past":    func(u *division.Unit) { u.Valid.From = division.Past + 1 },
		"far future":  func(u *division.Unit) { u.Valid.To = division.Future - 1 },
		"no geometry": func(u *division.Unit) { u.Geom = nil },
		"no ring":     func(u *division.Unit) { u.Geom = orb.MultiPolygon{{}} },
		"open ring":   func(u *division.Unit) { u.Geom[0][0] = u.Geom[0][0][:4] },
		"short ring":  func(u *division.Unit) { u.Geom[0][0] = orb.Ring{{1, 1}, {2, 2}, {1, 1}} },
		"NaN":         func(u *division.Unit) { u.Geom[1][0][1][0] = nan },
		"metres":      func(u *division.Unit) { u.Geom[1][0][1] = orb.Point{500000, 3200000} },
		"label":       func(u *division.Unit) { u.Label = orb.Point{nan, 0} },
	} {
		bad := unit(anwen, "坏")
		spoil(&bad)
		units := []division.Unit{unit(xinwo, "好"), bad}
		_, err := s.ImportDivisions(t.Context(), pg.ImportRequest{Actor: "test"}, units)
		if !errors.Is(err, pg.ErrInvalid) {
			t.Errorf("%s: import: %v", name, err)
		}
		if _, err := s.PlanImport(t.Context(), pg.ImportRequest{}, units); !errors.Is(err, pg.ErrInvalid) {
			t.Errorf("%s: dry run: %v", name, err)
		}
		if _, err := s.PutDivision(t.Context(), "test", bad); !errors.Is(err, pg.ErrInvalid) {
			t.Errorf("%s: put: %v", name, err)
		}
	}
	if us, seq := all(t, s); len(us) != 0 || seq != 0 {
		t.Errorf("%d units at %d", len(us), seq)
	}
}

func TestACancelledImportLeavesNothing(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	mustImport(t, s, nil, synthetic(unit(anwen, "假")))
	var us []division.Unit
	for i := range 3000 {
		u := unit(anwen+"", "村")
		u.Code = division.Code(codeOf(i))
		us = append(us, u)
	}
	for _, stop := range []int{0, 1024, len(us)} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := s.ImportDivisions(ctx, pg.ImportRequest{Actor: "test", Progress: func(done, total int) {
			if total != len(us) {
				t.Errorf("progress %d of %d", done, total)
			}
			if done >= stop {
				cancel()
			}
		}}, us)
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled at %d: %v", stop, err)
		}
		if got, seq := all(t, s); len(got) != 1 || seq != 1 {
			t.Fatalf("cancelled at %d: %d units at %d", stop, len(got), seq)
		}
		for _, table := range []string{"import", "audit", "division_past"} {
			if n := query[int](t, url, `SELECT count(*)::int FROM `+table); n != map[string]int{"import": 1, "audit": 1}[table] {
				t.Errorf("cancelled at %d: %d rows in %s", stop, n, table)
			}
		}
	}
	if r := mustImport(t, s, nil, us...); r.Added != len(us) || r.Withdrawn != 1 {
		t.Errorf("afterwards: %+v", r)
	}
}

// Every unit is stored with a place for its name: its own, or one that the store seeks.
func TestUnitsWithoutLabelGetOne(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.URL(t))
	own := unit(anwen, "安文街道")
	var us []division.Unit
	us = append(us, own)
	for i := range 3 * 32 { // several portions of those that are sought at once
		u := unit(codeOf(i), "村")
		u.Label = orb.Point{}
		us = append(us, u)
	}
	mustImport(t, s, nil, us...)
	stored, _ := all(t, s)
	if len(stored) != len(us) {
		t.Fatalf("%d units", len(stored))
	}
	for _, u := range stored {
		want := topo.LabelPoint(u.Geom)
		if u.Code == own.Code {
			want = own.Label
		}
		if u.Label != want {
			t.Errorf("%s: label %v, want %v", u.Code, u.Label, want)
		}
	}
}
