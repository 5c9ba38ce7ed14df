package fit

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/geodesy"
)

// box is a rectangle in thousandths of a degree from lon 120, lat 29, with corners only.
func box(x0, y0, x1, y1 float64) orb.Ring {
	p := func(x, y float64) orb.Point {
		return orb.Point{math.Round((120+x/1000)*1e9) / 1e9, math.Round((29+y/1000)*1e9) / 1e9}
	}
	return orb.Ring{p(x0, y0), p(x1, y0), p(x1, y1), p(x0, y1), p(x0, y0)}
}

func path(xy ...float64) orb.Ring {
	var r orb.Ring
	for i := 0; i < len(xy); i += 2 {
		r = append(r, box(xy[i], xy[i+1], 0, 0)[0])
	}
	return append(r, r[0])
}

func area(code string, rank uint8, parent string, rings ...orb.Ring) Area {
	mp := orb.MultiPolygon{}
	for _, r := range rings {
		mp = append(mp, orb.Polygon{r})
	}
	return Area{Name: code, Code: code, Rank: rank, Parent: parent, From: math.MinInt32, To: math.MaxInt32, Geom: mp}
}

func holed(a Area, holes ...orb.Ring) Area {
	a.Geom[0] = append(a.Geom[0], holes...)
	return a
}

func look(t *testing.T, areas ...Area) *Report {
	t.Helper()
	r, err := Check(context.Background(), areas, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// said is the report in short: kind, areas, and size in m².
func said(r *Report, areas []Area) []string {
	var out []string
	for _, x := range r.Conflicts {
		var names []string
		for _, a := range x.Areas {
			names = append(names, areas[a].Name)
		}
		s := strings.TrimPrefix(x.Kind.String(), "topology-") + " " + strings.Join(names, ",")
		if x.Thin && x.AreaM2 > 0 {
			s += " thin"
		}
		out = append(out, s)
	}
	return out
}

func TestEveryKindIsFoundWhereItIsDrawn(t *testing.T) {
	// Distances are thousandths of a degree: some 100 m.
	for _, c := range []struct {
		name  string
		areas []Area
		want  []string
		size  orb.Ring // the region of the first
	}{
		{"neighbours that share their border vertex for vertex", []Area{
			area("A", 1, "", box(0, 0, 10, 10)), area("B", 1, "", box(10, 0, 20, 10)), area("C", 1, "", path(0, 10, 10, 10, 20, 10, 20, 20, 0, 20)),
		}, nil, nil},
		{"one rank within another", []Area{
			area("P", 1, "", path(0, 0, 10, 0, 20, 0, 20, 10, 10, 10, 0, 10)), area("A", 2, "P", box(0, 0, 10, 10)), area("B", 2, "P", box(10, 0, 20, 10)),
		}, nil, nil},
		{"an overlap", []Area{area("A", 1, "", box(0, 0, 12, 10)), area("B", 1, "", path(10, 0, 12, 0, 20, 0, 20, 10, 12, 10, 10, 10))},
			[]string{"overlap A,B", "junction B,A", "junction B,A"}, box(10, 0, 12, 10)},
		{"an overlap that crosses", []Area{area("A", 1, "", box(0, 0, 10, 10)), area("B", 1, "", box(9, 5, 20, 15))},
			[]string{"overlap A,B"}, box(9, 5, 10, 10)},
		{"an area over two that share a border", []Area{area("A", 1, "", box(0, 0, 10, 10)), area("B", 1, "", box(10, 0, 20, 10)), area("X", 1, "", box(8, 2, 12, 8))},
			[]string{"overlap A,X", "overlap B,X"}, box(8, 2, 10, 8)},
		{"the same area twice", []Area{area("A", 1, "", box(0, 0, 10, 10)), area("B", 1, "", box(0, 0, 10, 10))}, []string{"overlap A,B"}, box(0, 0, 10, 10)},
		{"an area in another", []Area{area("A", 1, "", box(0, 0, 10, 10)), area("B", 1, "", box(2, 2, 5, 5))}, []string{"overlap A,B"}, box(2, 2, 5, 5)},
		{"a gap between three", []Area{
			area("A", 1, "", path(0, 0, 20, 0, 20, 10, 12, 10, 10, 8, 8, 10, 0, 10)), area("B", 1, "", path(0, 10, 8, 10, 10, 12, 10, 20, 0, 20)),
			area("C", 1, "", path(20, 10, 20, 20, 10, 20, 10, 12, 12, 10)),
		}, []string{"gap A,B,C"}, path(8, 10, 10, 8, 12, 10, 10, 12)},
		{"a sliver", []Area{
			area("A", 1, "", path(0, 0, 10, 0, 10.004, 5, 10, 10, 0, 10)), area("B", 1, "", path(10, 0, 20, 0, 20, 10, 10, 10, 9.999, 5)),
		}, []string{"overlap A,B thin"}, path(10, 0, 10.004, 5, 10, 10, 9.999, 5)},
		{"a lake in one area", []Area{holed(area("A", 1, "", box(0, 0, 10, 10)), box(2, 2, 4, 4))}, []string{"hole A"}, box(2, 2, 4, 4)},
		{"an enclave", []Area{holed(area("A", 1, "", box(0, 0, 10, 10)), box(2, 2, 4, 4)), area("B", 1, "", box(2, 2, 4, 4))},
			[]string{"enclave B,A"}, box(2, 2, 4, 4)},
		{"an exclave", []Area{
			holed(area("A", 1, "", box(0, 0, 10, 10)), box(2, 2, 4, 4)), area("B", 1, "", path(10, 0, 20, 0, 20, 10, 10, 10), box(2, 2, 4, 4)),
		}, []string{"exclave B,A"}, box(2, 2, 4, 4)},
		{"an island is no exclave", []Area{area("A", 1, "", box(0, 0, 10, 10), box(15, 0, 16, 1))}, nil, nil},
		{"a vertex without a partner", []Area{area("A", 1, "", box(0, 0, 10, 10)), area("B", 1, "", path(10, 0, 20, 0, 20, 10, 10, 10, 10, 3))},
			[]string{"junction B,A"}, nil},
		{"a child outside of its parent", []Area{
			area("P", 1, "", box(0, 0, 10, 10)), area("A", 2, "P", path(0, 0, 12, 0, 12, 3, 10, 3, 10, 10, 0, 10)),
		}, []string{"outside-parent A,P", "junction A,P", "junction P,A"}, box(10, 0, 12, 3)},
		{"a parent that is not filled", []Area{area("P", 1, "", box(0, 0, 10, 10)), area("A", 2, "P", path(0, 0, 10, 0, 10, 7, 0, 7))},
			[]string{"uncovered P,A", "junction A,P", "junction A,P"}, box(0, 7, 10, 10)},
		{"a gap within a parent", []Area{area("P", 1, "", box(0, 0, 10, 10)), holed(area("A", 2, "P", box(0, 0, 10, 10)), box(2, 2, 4, 4))},
			[]string{"gap A"}, box(2, 2, 4, 4)},
		{"a unit that is not divided, between some that are", []Area{
			area("P", 1, "", box(0, 0, 10, 10)), area("Q", 1, "", box(10, 0, 20, 10)), area("R", 1, "", box(20, 0, 30, 10)),
			area("A", 2, "P", box(0, 0, 10, 10)), area("C", 2, "R", box(20, 0, 30, 10)),
		}, nil, nil},
		{"a ring that crosses itself", []Area{area("A", 1, "", path(0, 0, 10, 10, 10, 0, 0, 10))}, []string{"invalid A"}, nil},
		{"borders that run along each other, open at the ends", []Area{
			area("A", 1, "", path(0, 0, 10, 0, 10, 5, 10, 10, 0, 10)), area("B", 1, "", path(10.005, 0, 20, 0, 20, 10, 10.005, 10, 10.004, 4)),
		}, []string{"near-borders A,B"}, nil},
		{"corners that touch", []Area{area("A", 1, "", box(0, 0, 10, 10)), area("B", 1, "", box(10, 10, 20, 20))}, nil, nil},
		{"nothing", []Area{area("A", 1, "")}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := look(t, c.areas...)
			got := said(r, c.areas)
			// Two pieces of one area that touch at a point are one finding here or there; what is compared is the list.
			if !slices.Equal(got, c.want) {
				t.Fatalf("found %q, want %q", got, c.want)
			}
			if c.size == nil {
				return
			}
			want := geodesy.AreaM2(orb.MultiPolygon{{c.size}})
			if x := r.Conflicts[0]; math.Abs(x.AreaM2-want) > 1e-6*want {
				t.Errorf("%v m², want %v", x.AreaM2, want)
			} else if !ringHas(c.size, x.At) {
				t.Errorf("%v does not lie inside", x.At)
			}
			for i, f := range r.Findings(c.areas) {
				if f.Message.ZH == "" || f.Message.EN == "" || f.Position == nil || !strings.HasPrefix(f.Rule, "topology-") {
					t.Errorf("finding %d: %+v", i, f)
				}
			}
		})
	}
}

func ringHas(r orb.Ring, p orb.Point) bool {
	in := false
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1])+a[0] {
			in = !in
		}
	}
	return in
}

func TestAreasNotInForceTakeNoPart(t *testing.T) {
	old := area("A", 1, "", box(0, 0, 10, 10))
	old.To = 100
	now := area("B", 1, "", box(5, 0, 15, 10))
	now.From = 100
	for day, want := range map[int32]int{99: 1, 100: 1, -5: 1} {
		r, err := Check(context.Background(), []Area{old, now}, Options{Day: day})
		if err != nil || len(r.Conflicts) != 0 || r.Areas != want {
			t.Errorf("day %d: %d areas, %+v, %v", day, r.Areas, r.Conflicts, err)
		}
	}
}

func TestAPositionThatIsNoneIsRefused(t *testing.T) {
	for _, p := range []orb.Point{{math.NaN(), 0}, {0, 91}, {math.Inf(1), 0}} {
		a := area("A", 1, "", orb.Ring{{0, 0}, p, {1, 1}, {0, 0}})
		if _, err := Check(context.Background(), []Area{a}, Options{}); err == nil {
			t.Errorf("%v was taken", p)
		}
	}
}
