package topo

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yutu/geo/topo/valid"
)

// drawing is a random sheet of four areas that may be in pieces, have holes and touch at corners.
func drawing(t *rapid.T) []string {
	rows := make([]string, 6)
	for y := range rows {
		row := make([]byte, 6)
		for x := range row {
			row[x] = rapid.SampledFrom([]byte("aabbcd.")).Draw(t, "cell")
		}
		rows[y] = string(row)
	}
	return rows
}

func TestUnionIsTheOutlineOfWhatIsUnited(t *testing.T) {
	holes, several := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s := sheet{size: 0.01, segs: rapid.SampledFrom([]int{1, 4}).Draw(t, "segs"), rough: 0.3, seed: rapid.Uint64Range(1, 1e6).Draw(t, "seed")}
		rows := drawing(t)
		which := rapid.SampledFrom([]string{"a", "ab", "abc", "abcd"}).Draw(t, "which")
		in := func(c byte) bool { return strings.IndexByte(which, c) >= 0 }
		var parts []orb.MultiPolygon
		for i := range which {
			parts = append(parts, s.area(rows, func(c byte) bool { return c == which[i] }))
		}
		got, err := Union(parts)
		if err != nil {
			t.Fatal(err)
		}
		// The tracing of the drawing knows nothing of shared edges; its outlines touch themselves at corners.
		want, err := Union([]orb.MultiPolygon{s.area(rows, in)})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\n%v\nwant\n%v", strings.Join(rows, "\n"), got, want)
		}
		if bad := valid.Check(got); len(bad) > 0 {
			t.Fatalf("%v", bad[0])
		}
		cells := 0
		for _, row := range rows {
			for i := range row {
				if in(row[i]) {
					cells++
				}
			}
		}
		// Rough sides give to one cell what they take from its neighbour, so only straight ones can be counted.
		var sum int64
		for _, p := range got {
			if len(p) > 1 {
				holes++
			}
			for _, r := range p {
				sum += doubleSteps(r)
			}
		}
		if s.segs == 1 && s.rough == 0 && sum != int64(cells)*2e14 {
			t.Fatalf("area %d of %d cells", sum, cells)
		}
		if len(got) > 1 {
			several++
		}
		slices.Reverse(parts)
		if again, _ := Union(parts); !reflect.DeepEqual(got, again) {
			t.Fatal("the order of the shapes changes the result")
		}
	})
	if holes == 0 || several == 0 {
		t.Errorf("%d holes and %d results of several polygons: too few kinds were drawn", holes, several)
	}
}

// doubleSteps is twice the signed area of a ring in square grid steps; exact for small rings near lon 120, lat 30.
func doubleSteps(r orb.Ring) (sum int64) {
	o, _ := vertexOf(r[0])
	for k := 1; k < len(r); k++ {
		a, _ := vertexOf(r[k-1])
		b, _ := vertexOf(r[k])
		sum += (a.X-o.X)*(b.Y-o.Y) - (b.X-o.X)*(a.Y-o.Y)
	}
	return sum
}

func TestUnionOfPlainDrawings(t *testing.T) {
	for _, c := range []struct {
		name, rows   string
		which        string
		rings, holes int // of the result
		cells        int64
	}{
		{"two beside each other", "ab", "ab", 1, 0, 2},
		{"an enclave filled", "aaa aba aaa", "ab", 1, 0, 9},
		{"an enclave left out", "aaa aba aca", "ac", 1, 1, 8},
		{"touching at a corner", "a. .b", "ab", 2, 0, 2},
		{"a hole that hangs in a corner", "aab a.a baa", "ab", 1, 1, 8},
		{"an exclave", "a.b", "ab", 2, 0, 2},
		{"a ring of two halves", "aab a.b abb", "ab", 1, 1, 8},
		{"an island in a lake", "aaaaa a...a a.b.a a...a aaaaa", "ab", 2, 1, 17},
		{"corners that close a ring", "aa.. aa.. ..aa ..aa", "a", 2, 0, 8},
		{"a lake between corners", ".aa. a..a a..a .aa.", "a", 4, 0, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := strings.Fields(c.rows)
			var parts []orb.MultiPolygon
			for i := range c.which {
				parts = append(parts, plain.area(rows, func(b byte) bool { return b == c.which[i] }))
			}
			got, err := Union(parts)
			if err != nil {
				t.Fatal(err)
			}
			holes, sum := 0, int64(0)
			for _, p := range got {
				holes += len(p) - 1
				for _, r := range p {
					sum += doubleSteps(r)
				}
			}
			if len(got) != c.rings || holes != c.holes || sum != c.cells*2e14 {
				t.Errorf("%d polygons with %d holes, area %v: %v", len(got), holes, sum, got)
			}
		})
	}
}

func TestUnionRefusesWhatIsNotACoverage(t *testing.T) {
	box := func(x0, y0, x1, y1 float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}}
	}
	for name, shapes := range map[string][]orb.MultiPolygon{
		"the same twice":                 {box(0, 0, 1, 1), box(0, 0, 1, 1)},
		"one over the other":             {box(0, 0, 2, 2), box(1, 1, 3, 3)},
		"one inside the other":           {box(0, 0, 3, 3), box(1, 1, 2, 2)},
		"a border not vertex for vertex": {box(0, 0, 1, 2), box(1, 0, 2, 1)},
	} {
		var bad *BadShape
		if _, err := Union(shapes); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		} else if f := bad.Finding(); f.Rule == "" || f.Position == nil {
			t.Errorf("%s: %v", name, f)
		}
	}
	if _, err := Union([]orb.MultiPolygon{box(0, 0, 200, 1)}); err == nil {
		t.Error("a position not on the earth passed")
	}
	if got, err := Union(nil); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
}

func TestInsertReachesEdgesInBothSenses(t *testing.T) {
	left := orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}}}
	right := orb.MultiPolygon{{{{1, 0}, {2, 0}, {2, 1}, {1, 1}, {1, 0}}}}
	ins := []Insertion{{From: orb.Point{1, 0}, To: orb.Point{1, 1}, At: []orb.Point{{1, 0.25}, {1, 0.5}}}}
	l, okL := Insert(left, ins)
	r, okR := Insert(right, ins)
	if !okL || !okR || fmt.Sprint(l) != "[[[[0 0] [1 0] [1 0.25] [1 0.5] [1 1] [0 1] [0 0]]]]" ||
		fmt.Sprint(r) != "[[[[1 0] [2 0] [2 1] [1 1] [1 0.5] [1 0.25] [1 0]]]]" {
		t.Error(l, r)
	}
	if len(left[0][0]) != 5 || len(right[0][0]) != 5 {
		t.Error("the shapes given have changed")
	}
	if got, ok := Insert(left, nil); ok || !reflect.DeepEqual(got, left) {
		t.Error("nothing to insert changed something")
	}
}
