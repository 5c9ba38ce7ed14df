package topo_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yutu/data/synth"
	"yutu/geo/division"
	"yutu/geo/geodesy"
	"yutu/geo/topo"
	"yutu/geo/topo/valid"
)

// county is the synthetic county on the last day of its record: villages, townships and the county itself.
var county = sync.OnceValues(func() (map[division.Level][]division.Unit, error) {
	w, err := synth.Generate(context.Background(), synth.Options{Seed: 7})
	if err != nil {
		return nil, err
	}
	out := map[division.Level][]division.Unit{}
	for _, u := range w.Units {
		if u.Valid.To == division.Future && (u.Level != division.County || u.Code == "330727000000") {
			out[u.Level] = append(out[u.Level], u)
		}
	}
	return out, nil
})

func villages(t *testing.T) []division.Unit {
	t.Helper()
	c, err := county()
	if err != nil {
		t.Fatal(err)
	}
	return c[division.Village]
}

// one is a shape as Union writes it.
func one(t interface{ Fatal(...any) }, shapes ...orb.MultiPolygon) orb.MultiPolygon {
	u, err := topo.Union(shapes)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// sharedChain is the border of two villages when it is one chain, a on its left.
func sharedChain(a, b orb.MultiPolygon) orb.LineString {
	has := map[[2]orb.Point]bool{}
	for _, p := range b {
		for _, r := range p {
			for k := 1; k < len(r); k++ {
				has[[2]orb.Point{r[k], r[k-1]}] = true
			}
		}
	}
	next, prev := map[orb.Point]orb.Point{}, map[orb.Point]bool{}
	for _, p := range a {
		for _, r := range p {
			for k := 1; k < len(r); k++ {
				if has[[2]orb.Point{r[k-1], r[k]}] {
					next[r[k-1]] = r[k]
					prev[r[k]] = true
				}
			}
		}
	}
	var starts []orb.Point
	for v := range next {
		if !prev[v] {
			starts = append(starts, v)
		}
	}
	if len(starts) != 1 {
		return nil
	}
	line := orb.LineString{starts[0]}
	for v, ok := next[starts[0]]; ok; v, ok = next[v] {
		line = append(line, v)
	}
	if len(line) != len(next)+1 {
		return nil
	}
	return line
}

type pair struct {
	a, b  int
	chain orb.LineString
}

var pairs = sync.OnceValues(func() ([]pair, error) {
	c, err := county()
	if err != nil {
		return nil, err
	}
	vs := c[division.Village]
	var out []pair
	for i := range vs {
		bi := vs[i].Geom.Bound()
		for j := range vs {
			if i != j && bi.Intersects(vs[j].Geom.Bound()) {
				if chain := sharedChain(vs[i].Geom, vs[j].Geom); len(chain) > 2 {
					out = append(out, pair{i, j, chain})
				}
			}
		}
	}
	return out, nil
})

func TestMergeThenSplitBackGivesTheSameArcsBitForBit(t *testing.T) {
	vs := villages(t)
	ps, err := pairs()
	if err != nil || len(ps) < 200 {
		t.Fatal(len(ps), err)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(ps).Draw(t, "pair")
		a, b := vs[p.a].Geom, vs[p.b].Geom
		whole, err := topo.Union([]orb.MultiPolygon{a, b})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := geodesy.AreaM2(whole), geodesy.AreaM2(a)+geodesy.AreaM2(b); math.Abs(got-want) > 1e-9*want {
			t.Fatalf("the whole has %v m², its parts %v m²", got, want)
		}
		// Sometimes the ends come back from a file of six decimals.
		line := slices.Clone(p.chain)
		if rapid.Bool().Draw(t, "ends rounded") {
			for _, k := range []int{0, len(line) - 1} {
				line[k] = orb.Point{math.Round(line[k][0]*1e6) / 1e6, math.Round(line[k][1]*1e6) / 1e6}
			}
		}
		got, err := topo.Split(whole, line)
		if err != nil {
			t.Fatal(err)
		}
		wantA, errA := topo.Union([]orb.MultiPolygon{a})
		wantB, errB := topo.Union([]orb.MultiPolygon{b})
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if !reflect.DeepEqual(got.Parts, []orb.MultiPolygon{wantA, wantB}) || len(got.Inserted) != 0 {
			t.Fatalf("%s and %s came back otherwise; inserted %v", vs[p.a].Code, vs[p.b].Code, got.Inserted)
		}
		if !reflect.DeepEqual(got.Line, orb.MultiLineString{p.chain}) {
			t.Fatalf("the cut is not the former border")
		}
	})
}

func TestSplitAnywhereLosesNothing(t *testing.T) {
	vs := villages(t)
	done, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		area := rapid.SampledFrom(vs).Draw(t, "village").Geom
		box := area.Bound()
		// From one side to the other, sometimes ending inside, with bends on the way.
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		line, end := orb.LineString{}, 1-0.3*float64(r.IntN(4)/3)
		bends, wide := 1+r.IntN(6), r.Float64()
		for k := range bends + 1 {
			x, y := -0.01+(end+0.02)*float64(k)/float64(bends), 0.5+wide*(r.Float64()-0.5)
			if bends%2 == 1 {
				x, y = y, 1-x
			}
			line = append(line, orb.Point{box.Min[0] + x*(box.Max[0]-box.Min[0]), box.Min[1] + y*(box.Max[1]-box.Min[1])})
		}
		got, err := topo.Split(area, line)
		if err != nil {
			var refusal topo.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("%v is no refusal", err)
			}
			if f := refusal.Finding(); f.Rule == "" || f.Position == nil || f.Message.ZH == "" {
				t.Fatalf("a refusal without its reason: %+v", f)
			}
			refused++
			return
		}
		done++
		with, _ := topo.Insert(area, got.Inserted)
		want, err := topo.Union([]orb.MultiPolygon{with})
		if err != nil {
			t.Fatal(err)
		}
		back, err := topo.Union(got.Parts)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, want) {
			t.Fatal("the parts together are not the whole")
		}
		// The whole with the vertices that the cut put into its border, which rounding moved by less than 0.08 mm.
		sum, whole := geodesy.AreaM2(got.Parts[0])+geodesy.AreaM2(got.Parts[1]), geodesy.AreaM2(with)
		if math.Abs(sum-whole) > 1e-9*whole {
			t.Fatalf("parts have %v m², the whole %v m²", sum, whole)
		}
		if was := geodesy.AreaM2(area); math.Abs(whole-was) > 0.02 {
			t.Fatalf("the vertices on the border changed the area from %v to %v m²", was, whole)
		}
		for _, p := range got.Parts {
			if bad := valid.Check(p); len(bad) > 0 {
				t.Fatal(bad[0])
			}
		}
		if got.BorderMovedM > 0.00008 || got.LineMovedM > topo.SnapM*1.01 {
			t.Fatalf("the border moved %v m, the line %v m", got.BorderMovedM, got.LineMovedM)
		}
	})
	if !testing.Short() && (done < 10 || refused < 10) {
		t.Errorf("%d splits and %d refusals: too few of either", done, refused)
	}
}

func TestTownshipsAreTheUnionOfTheirVillages(t *testing.T) {
	vs := villages(t)
	c, _ := county()
	var all []orb.MultiPolygon
	for _, town := range c[division.Township] {
		var parts []orb.MultiPolygon
		sum := 0.0
		for _, v := range vs {
			if v.Parent == town.Code {
				parts = append(parts, v.Geom)
				sum += geodesy.AreaM2(v.Geom)
			}
		}
		all = append(all, parts...)
		if !reflect.DeepEqual(one(t, parts...), one(t, town.Geom)) {
			t.Errorf("%s is not the union of its %d villages", town.Code, len(parts))
		}
		if whole := geodesy.AreaM2(town.Geom); math.Abs(sum-whole) > 1e-9*whole {
			t.Errorf("%s has %v m², its villages %v m²", town.Code, whole, sum)
		}
	}
	if !reflect.DeepEqual(one(t, all...), one(t, c[division.County][0].Geom)) {
		t.Error("the county is not the union of its villages")
	}
}

// A border between two townships moves for villages, townships and whoever else has it, and nobody gains a gap.
func TestRerouteMovesEveryLevelTogether(t *testing.T) {
	vs := villages(t)
	c, _ := county()
	ps, err := pairs()
	if err != nil {
		t.Fatal(err)
	}
	towns := c[division.Township]
	var shapes []orb.MultiPolygon
	for _, units := range [][]division.Unit{vs, towns, c[division.County]} {
		for _, u := range units {
			shapes = append(shapes, u.Geom)
		}
	}
	across := slices.DeleteFunc(slices.Clone(ps), func(p pair) bool { return vs[p.a].Parent == vs[p.b].Parent || len(p.chain) < 8 })
	if len(across) < 10 {
		t.Fatalf("%d borders between townships", len(across))
	}
	done, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(across).Draw(t, "pair")
		from := rapid.IntRange(0, len(p.chain)-4).Draw(t, "from")
		to := rapid.IntRange(from+2, len(p.chain)-1).Draw(t, "to")
		line := slices.Clone(p.chain[from : to+1])
		off := rapid.Float64Range(-0.3, 0.3).Draw(t, "off")
		for k := 1; k < len(line)-1; k++ {
			u, v := p.chain[from+k-1], p.chain[from+k+1]
			line[k] = orb.Point{line[k][0] - off*(v[1]-u[1]), line[k][1] + off*(v[0]-u[0])}
		}
		if rapid.Bool().Draw(t, "backwards") {
			line.Reverse()
		}
		got, err := topo.Reroute(shapes, [2]int{p.a, p.b}, line)
		if err != nil {
			var refusal topo.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("%v is no refusal", err)
			}
			refused++
			return
		}
		done++
		changed := 0
		for i, is := range got.Changed {
			if is {
				changed++
			} else if !reflect.DeepEqual(got.Shapes[i], shapes[i]) {
				t.Fatal("a shape changed without a word")
			}
		}
		if changed != 4 {
			t.Fatalf("%d shapes changed, want two villages and two townships", changed)
		}
		n := len(vs)
		for k, town := range towns {
			var parts []orb.MultiPolygon
			for i, v := range vs {
				if v.Parent == town.Code {
					parts = append(parts, got.Shapes[i])
				}
			}
			union, err := topo.Union(parts)
			if err != nil {
				t.Fatal(err)
			}
			if whole, err := topo.Union(got.Shapes[n+k : n+k+1]); err != nil || !reflect.DeepEqual(union, whole) {
				t.Fatalf("%s is no longer the union of its villages: %v", town.Code, err)
			}
		}
		union, err := topo.Union(got.Shapes[:n])
		if err != nil {
			t.Fatal(err)
		}
		if whole, _ := topo.Union(shapes[len(shapes)-1:]); !reflect.DeepEqual(union, whole) {
			t.Fatal("the county changed")
		}
		back, err := topo.Reroute(got.Shapes, [2]int{p.a, p.b}, got.Old)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := topo.Union(back.Shapes[p.a : p.a+1]); !reflect.DeepEqual(again, one(t, shapes[p.a])) {
			t.Fatal("the old border does not come back")
		}
	})
	if done < 20 {
		t.Errorf("%d borders moved, %d refused", done, refused)
	}
}
