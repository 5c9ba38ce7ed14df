package atlas

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"yutu/geo/division"
)

func named(id int64, code division.Code, name string, valid division.Range) division.Unit {
	return division.Unit{
		ID: id, Code: code, Level: code.Level(), Name: name, Valid: valid, Secrecy: division.Public,
		Geom: orb.MultiPolygon{{{{120, 29}, {120.1, 29}, {120.1, 29.1}, {120, 29}}}}, Label: orb.Point{120.09, 29.01},
	}
}

func searchWorld(t testing.TB) *Snapshot {
	d2001, d2016 := day(t, "2001-11-01"), day(t, "2016-07-01")
	return mustBuild(t, []division.Unit{
		named(1, "330727000000", "磐安县", division.Always),
		named(2, "330727001000", "安文镇", division.Range{From: division.Past, To: d2016}),
		named(3, "330727001000", "安文街道", division.Range{From: d2016, To: division.Future}),
		named(4, "330727001201", "安文村", division.Always),
		named(5, "330727001202", "上安文村", division.Always),
		named(6, "330727002000", "新渥街道", division.Always),
		named(7, "330727002201", "大盘村", division.Range{From: d2001, To: d2016}),
		named(8, "330727002202", "ＡＢ１２村", division.Always),
		named(9, "330727002203", "安 文", division.Always),
		named(10, "330727009000", "将来镇", division.Range{From: day(t, "2100-01-01"), To: division.Future}),
	})
}

func TestSearchRanking(t *testing.T) {
	s := searchWorld(t)
	now := day(t, "2026-11-24")
	for _, c := range []struct {
		q    string
		at   division.Date
		want string
	}{
		// whole; then beginnings, the township before the village; then the former beginning, which is the same code and so gone; then parts
		{"安文", now, "9 3 4 5"},
		{"安文", day(t, "2010-01-01"), "9 2 4 5"},
		{"安文街道", now, "3"},
		{"安文街道", day(t, "2010-01-01"), ""}, // not yet
		{"安文镇", now, "3!"},
		{"安文镇", day(t, "2010-01-01"), "2"},
		{"大盘", now, "7!"},
		{"大盘", day(t, "2016-06-30"), "7"},
		{"大盘", day(t, "2001-10-31"), ""},
		{"县", now, "1"},
		{" 磐　安 县 ", now, "1"},
		{"ab12", now, "8"},
		{"ＡＢ12村", now, "8"},
		{"330727", now, "1 3 6 4 5 8 9 7!"},
		{"33072700", now, "1 3 6 4 5 8 9 7!"},
		{"330727002202", now, "8"},
		{"330727000000", now, "1"},
		{"将来", now, ""},
		{"没有", now, ""},
		{"", now, ""},
		{" 。—()", now, ""},
		{"\xff\xfe", now, ""},
	} {
		var got []string
		last := 2.0
		for _, h := range s.Search(c.q, c.at, 0) {
			mark := ""
			if h.Former {
				mark = "!"
			}
			got = append(got, fmt.Sprint(h.Item.Unit.ID, mark))
			if h.Score <= 0 || h.Score > 1 || h.Score > last {
				t.Errorf("%q: score %v after %v", c.q, h.Score, last)
			}
			last = h.Score
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q at %v: %v, want %v", c.q, c.at, got, c.want)
		}
	}
}

func TestSearchLimitAndLength(t *testing.T) {
	s := mustBuild(t, newLattice(1, 8, 8, 1).units(2))
	all := s.Search("村", 0, 1000)
	if len(all) != 64 {
		t.Fatalf("%d villages", len(all))
	}
	if got := s.Search("村", 0, 0); len(got) != DefaultHits || !slices.Equal(hitIDs(got), hitIDs(all)[:DefaultHits]) {
		t.Errorf("default limit: %d hits", len(got))
	}
	long := "第1镇1村" + strings.Repeat("很", 1<<20)
	if got := s.Search(long, 0, 5); len(got) != 0 {
		t.Errorf("a long text found %d", len(got))
	}
	if got := cut(long, MaxQueryRunes); utf8.RuneCountInString(got) != MaxQueryRunes {
		t.Errorf("cut left %d", utf8.RuneCountInString(got))
	}
}

func FuzzSearch(f *testing.F) {
	s := searchWorld(f)
	for _, q := range []string{"安文", "330727", "０１２", "\xff", "İ", "ﷺ"} {
		f.Add(q, 3)
	}
	f.Fuzz(func(t *testing.T, q string, limit int) {
		hits := s.Search(q, 20000, limit)
		most := limit
		if limit <= 0 {
			most = DefaultHits
		}
		if len(hits) > most {
			t.Fatalf("%d hits of %d", len(hits), most)
		}
		for _, h := range hits {
			if h.Item == nil {
				t.Fatal("nil item")
			}
		}
	})
}
