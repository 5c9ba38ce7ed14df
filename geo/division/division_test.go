package division

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func square(x, y, size float64) orb.Ring {
	return orb.Ring{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}
}

func drawUnit(t *rapid.T) Unit {
	n := rapid.IntRange(1, 3).Draw(t, "polygons")
	var mp orb.MultiPolygon
	for i := range n {
		x := float64(i) * 10
		p := orb.Polygon{square(x, 0, 8)}
		for h := range rapid.IntRange(0, 2).Draw(t, "holes") {
			p = append(p, square(x+1+3*float64(h), 1, 2))
		}
		mp = append(mp, p)
	}
	return Unit{
		Code: "330727001000", Level: Township, Name: rapid.String().Draw(t, "name"), Geom: mp,
		Valid: Range{Date(rapid.Int32().Draw(t, "from")), Future},
	}
}

// The same area written another way is the same statement about the world.
func TestHashDoesNotSeeHowTheGeometryIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := drawUnit(t)
		v := u
		v.ID, v.Label = 7, orb.Point{1, 2}
		v.Geom = u.Geom.Clone()
		for _, p := range v.Geom {
			for i, r := range p {
				k := rapid.IntRange(0, len(r)-2).Draw(t, "start")
				open := slices.Concat(r[k:len(r)-1], r[:k])
				if rapid.Bool().Draw(t, "reverse") {
					slices.Reverse(open)
				}
				p[i] = append(open, open[0])
			}
			if len(p) > 2 && rapid.Bool().Draw(t, "swap holes") {
				p[1], p[2] = p[2], p[1]
			}
		}
		if rapid.Bool().Draw(t, "reverse polygons") {
			slices.Reverse(v.Geom)
		}
		if u.Hash() != v.Hash() {
			t.Fatalf("hash differs for the same area\n%v\n%v", u.Geom, v.Geom)
		}
	})
}

func TestHashSeesEveryField(t *testing.T) {
	base := Unit{Code: "330727001000", Level: Township, Name: "a", Geom: orb.MultiPolygon{{square(0, 0, 1)}}}
	seen := map[[32]byte]string{base.Hash(): "base"}
	for name, change := range map[string]func(*Unit){
		"code":      func(u *Unit) { u.Code = "330727002000" },
		"level":     func(u *Unit) { u.Level = Village },
		"type":      func(u *Unit) { u.Type = "镇" },
		"name":      func(u *Unit) { u.Name = "b" },
		"parent":    func(u *Unit) { u.Parent = "330727000000" },
		"from":      func(u *Unit) { u.Valid.From = 1 },
		"to":        func(u *Unit) { u.Valid.To = 1 },
		"secrecy":   func(u *Unit) { u.Secrecy = Public },
		"source":    func(u *Unit) { u.Source = "s" },
		"synthetic": func(u *Unit) { u.Synthetic = true },
		"geometry":  func(u *Unit) { u.Geom = orb.MultiPolygon{{square(0, 0, 1.000000001)}} },
		// The boundary between two texts counts: "a"+"" is not ""+"a".
		"shift": func(u *Unit) { u.Type, u.Name = "a", "" },
	} {
		u := base
		change(&u)
		if other, ok := seen[u.Hash()]; ok {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[u.Hash()] = name
	}
}

func TestHashOfDamagedGeometryDoesNotPanic(t *testing.T) {
	for _, mp := range []orb.MultiPolygon{nil, {}, {{}}, {nil, {nil}}, {{{}}}, {{{{1, 1}}}}, {{{{1, 1}, {1, 1}}}}} {
		u := Unit{Geom: mp}
		u.Hash()
	}
}

func TestParseCode(t *testing.T) {
	for _, c := range []struct {
		in    string
		want  Code
		level Level
		short string
	}{
		{"33", "330000000000", Province, "33"},
		{"3307", "330700000000", Prefecture, "3307"},
		{" 330727 ", "330727000000", County, "330727"},
		{"330727001", "330727001000", Township, "330727001"},
		{"330727001201", "330727001201", Village, "330727001201"},
		{"330727.0", "330727000000", County, "330727"},
		{"330727001000.000", "330727001000", Township, "330727001"},
	} {
		got, err := ParseCode(c.in)
		if err != nil || got != c.want || got.Level() != c.level || got.Short() != c.short {
			t.Errorf("ParseCode(%q) = %q, level %v, short %q, %v", c.in, got, got.Level(), got.Short(), err)
		}
	}
	for _, in := range []string{"", "3", "330", "33072x", "３３０７２７", "00", "3307270010001", "33.5", "-3307", "."} {
		if got, err := ParseCode(in); err == nil {
			t.Errorf("ParseCode(%q) = %q, want an error", in, got)
		}
	}
}

func TestCodesFormATree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[1-9][0-9]{11}`).Draw(t, "code")
		c, err := ParseCode(digits[:rapid.SampledFrom([]int{2, 4, 6, 9, 12}).Draw(t, "n")])
		if err != nil {
			t.Fatal(err)
		}
		for p, ok := c, true; ok; p, ok = p.Parent() {
			if !c.Within(p) {
				t.Fatalf("%s is not within its ancestor %s", c, p)
			}
			if q, ok := p.Parent(); ok && (q.Level() >= p.Level() || q.Within(p) && q != p) {
				t.Fatalf("parent of %s is %s", p, q)
			}
		}
	})
	if Code("").Level() != 0 || Code("33").Level() != 0 {
		t.Error("a malformed code has a level")
	}
	if _, ok := Code("").Parent(); ok {
		t.Error("a malformed code has a parent")
	}
}

func TestLevelsAndSecrecyReadTheirOwnNames(t *testing.T) {
	for _, l := range Levels {
		if got, ok := ParseLevel(l.String()); !ok || got != l {
			t.Errorf("ParseLevel(%q) = %v, %v", l.String(), got, ok)
		}
	}
	for _, s := range []Secrecy{Secret, Internal, Public} {
		if got, ok := ParseSecrecy(s.String()); !ok || got != s {
			t.Errorf("ParseSecrecy(%q) = %v, %v", s.String(), got, ok)
		}
	}
	if s, ok := ParseSecrecy("谁都可以看"); ok || s != Secret {
		t.Error("an unknown secrecy must be refused and read as the strictest")
	}
}

func TestDates(t *testing.T) {
	for _, in := range []string{"2026-11-24", "2026/11/24", "20261124", "2026年11月24日"} {
		if d, err := ParseDate(in); err != nil || d.String() != "2026-11-24" {
			t.Errorf("ParseDate(%q) = %v, %v", in, d, err)
		}
	}
	for _, in := range []string{"", "2026-02-30", "24.11.2026", "2026-11-24T00:00:00Z"} {
		if d, err := ParseDate(in); err == nil {
			t.Errorf("ParseDate(%q) = %v, want an error", in, d)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := Date(rapid.Int32Range(-300000, 300000).Draw(t, "day"))
		if got, err := ParseDate(d.String()); err != nil || got != d {
			t.Fatalf("%d → %s → %v, %v", d, d, got, err)
		}
	})
	if Past.String() != "" || Future.String() != "" {
		t.Error("open ends have no date")
	}
}

func TestRangesAreHalfOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.Int32Range(0, 12)
		a := Range{Date(day.Draw(t, "a")), Date(day.Draw(t, "a"))}
		b := Range{Date(day.Draw(t, "b")), Date(day.Draw(t, "b"))}
		shared := false
		for d := Date(0); d < 12; d++ {
			shared = shared || a.Contains(d) && b.Contains(d)
		}
		if a.Overlaps(b) != shared || b.Overlaps(a) != shared {
			t.Fatalf("%v overlaps %v = %v, days in common: %v", a, b, a.Overlaps(b), shared)
		}
	})
	if !Always.Contains(0) || Always.Empty() {
		t.Error("Always is empty")
	}
}
