package topo

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// path runs through corners x, y of the plain drawing; halves and the like are allowed.
func path(xy ...float64) orb.LineString {
	var out orb.LineString
	for i := 0; i < len(xy); i += 2 {
		v, _ := vertexOf(orb.Point{120 + xy[i]*plain.size, 30 - xy[i+1]*plain.size})
		out = append(out, v.point())
	}
	return out
}

func drawn(rows, which string) []orb.MultiPolygon {
	var out []orb.MultiPolygon
	for i := range which {
		out = append(out, plain.area(strings.Fields(rows), func(b byte) bool { return b == which[i] }))
	}
	return out
}

func cellsOf(mp orb.MultiPolygon) float64 {
	var sum int64
	for _, p := range mp {
		for _, r := range p {
			sum += doubleSteps(r)
		}
	}
	return float64(sum) / 2e14
}

func TestSplitOfPlainDrawings(t *testing.T) {
	for _, c := range []struct {
		name, rows  string
		line        orb.LineString
		left, right float64 // cells; north is up, so left of eastward is the upper part
		polygons    [2]int
		inserted    int
	}{
		{"across, beyond both ends", "aaa aaa", path(-1, 1.5, 4, 1.5), 4.5, 1.5, [2]int{1, 1}, 2},
		{"the other way", "aaa aaa", path(4, 1.5, -1, 1.5), 1.5, 4.5, [2]int{1, 1}, 2},
		{"from corner to corner", "aa aa", path(0, 0, 2, 2), 2, 2, [2]int{1, 1}, 0},
		{"ends on the border", "aa aa", path(0.5, 0, 0.5, 2), 3, 1, [2]int{1, 1}, 2},
		{"along the border first", "aa aa", path(0, 1, 0, 0, 1, 0, 1, 2), 2, 2, [2]int{1, 1}, 0},
		{"over a hole", "aaa a.a aaa", path(-1, 1.5, 4, 1.5), 4, 4, [2]int{1, 1}, 4},
		{"beside an exclave", "aaaa.aa", path(2, -1, 2, 2), 4, 2, [2]int{2, 1}, 0},
		{"between an exclave and its land", "aa.aaa", path(4, -1, 4, 2), 2, 3, [2]int{1, 2}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Split(drawn(c.rows, "a")[0], c.line)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, i := range got.Inserted {
				n += len(i.At)
			}
			l, r := cellsOf(got.Parts[0]), cellsOf(got.Parts[1])
			if l != c.left || r != c.right || [2]int{len(got.Parts[0]), len(got.Parts[1])} != c.polygons || n != c.inserted {
				t.Errorf("left %v right %v in %d and %d polygons, %d inserted", l, r, len(got.Parts[0]), len(got.Parts[1]), n)
			}
		})
	}
}

func TestSplitRefusesWithTheReason(t *testing.T) {
	bay := "aaa a.a"
	for _, c := range []struct {
		name, rows string
		line       orb.LineString
		want       error
	}{
		{"ends inside", "aa aa", path(-1, 1, 1.5, 1), &NoCrossing{}},
		{"wholly inside", "aa aa", path(0.5, 1, 1.5, 1), &NoCrossing{}},
		{"wholly outside", "aa aa", path(3, 0, 3, 2), &NoCrossing{}},
		{"along the border", "aa aa", path(0, 0, 2, 0), &NoCrossing{}},
		{"into a hole", "aaa a.a aaa", path(-1, 1.5, 1.5, 1.5), &NoCrossing{}},
		{"through both sides of a bay", bay, path(-1, 1.5, 4, 1.5), &ManyCrossings{}},
		{"back again", "aa aa", path(-1, 0.5, 3, 0.5, 3, 1.5, -1, 1.5), &ManyCrossings{}},
		{"crosses itself", "aa aa", path(-1, 1, 1.5, 1, 1.5, 0.5, 1, 0.5, 1, 3), &SelfCrossing{}},
		{"folds back", "aa aa", path(-1, 1, 3, 1, 1, 1), &SelfCrossing{}},
		{"a point", "aa aa", path(1, 1, 1, 1), &SelfCrossing{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Split(drawn(c.rows, "a")[0], c.line)
			if reflect.TypeOf(err) != reflect.TypeOf(c.want) {
				t.Fatalf("%T: %v", err, err)
			}
			var no *NoCrossing
			if errors.As(err, &no) && c.name == "ends inside" {
				// Half a cell to the right side, 0.005° of longitude at latitude 29.99°.
				if no.Line != path(1.5, 1)[0] || no.Border != path(2, 1)[0] || no.DistanceM < 482 || no.DistanceM > 483 {
					t.Error(no)
				}
			}
		})
	}
}

func TestRerouteOfPlainDrawings(t *testing.T) {
	rows := "aabb aabb aabb"
	town := plain.area(strings.Fields(rows), func(b byte) bool { return b == 'b' })
	shapes := append(drawn(rows, "ab"), town, plain.area(strings.Fields(rows), func(byte) bool { return true }))
	got, err := Reroute(shapes, [2]int{0, 1}, path(2, 0, 3, 1, 3, 2, 2, 3))
	if err != nil {
		t.Fatal(err)
	}
	if a, b, up, all := cellsOf(got.Shapes[0]), cellsOf(got.Shapes[1]), cellsOf(got.Shapes[2]), -cellsOf(got.Shapes[3]); a != 8 || b != 4 || up != 4 || all != 12 {
		t.Error(a, b, up, all)
	}
	if !reflect.DeepEqual(got.Changed, []bool{true, true, true, false}) || got.MovedM < 900 || got.MovedM > 1000 {
		t.Error(got.Changed, got.MovedM)
	}
	// Ends in the middle of edges: the county's border is not touched, whoever has the edge gets the vertices.
	got, err = Reroute(shapes, [2]int{1, 0}, path(2, 2.5, 1, 2, 1, 1, 2, 0.5))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := cellsOf(got.Shapes[0]), cellsOf(got.Shapes[1]); a != 4.5 || b != 7.5 || len(got.Inserted) != 2 {
		t.Error(a, b, got.Inserted)
	}
}

func TestRerouteThroughANodeAndRound(t *testing.T) {
	// b and c end on the border of a, in one point.
	shapes := drawn("aab aab aac aac", "abc")
	both := plain.area(strings.Fields("aab aab aac aac"), func(b byte) bool { return b != 'a' })
	shapes = append(shapes, both)
	_, err := Reroute(shapes, [2]int{0, 3}, path(2, 0, 1.5, 1, 1.5, 3, 2, 4))
	var node *LeavesNode
	if !errors.As(err, &node) || node.Position != path(2, 2)[0] || node.DistanceM < 480 || node.DistanceM > 484 {
		t.Fatal(err)
	}
	got, err := Reroute(shapes, [2]int{0, 3}, path(2, 0, 1.5, 1, 2, 2, 1.5, 3, 2, 4))
	if err != nil {
		t.Fatal(err)
	}
	if a, b, c, d := cellsOf(got.Shapes[0]), cellsOf(got.Shapes[1]), cellsOf(got.Shapes[2]), cellsOf(got.Shapes[3]); a != 7 || b != 2.5 || c != 2.5 || d != 5 {
		t.Error(a, b, c, d)
	}
	// The border of an enclave is closed: the shorter way round it moves.
	got, err = Reroute(drawn("aaaa abba abba aaaa", "ab"), [2]int{1, 0}, path(1, 1, 2, 0.5, 3, 1))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := cellsOf(got.Shapes[0]), cellsOf(got.Shapes[1]); a != 11.5 || b != 4.5 {
		t.Error(a, b)
	}
}

func TestRerouteRefusesWithThePlace(t *testing.T) {
	shapes := drawn("aabbc aabbc aabbc", "abc")
	for _, c := range []struct {
		name  string
		sides [2]int
		line  orb.LineString
		want  error
	}{
		{"over the next border", [2]int{0, 1}, path(2, 0, 4.5, 1.5, 2, 3), &CrossesBorder{}},
		{"touching the next border", [2]int{0, 1}, path(2, 0, 4, 1, 2, 3), &CrossesBorder{}},
		{"along its own outer border", [2]int{0, 1}, path(2, 0, 3, 0, 2, 3), &CrossesBorder{}},
		{"ends off the border", [2]int{0, 1}, path(2.5, 0.5, 3, 1, 2, 3), &NoCrossing{}},
		{"no common border", [2]int{0, 2}, path(2, 0, 2, 3), &NotShared{}},
		{"crosses itself", [2]int{0, 1}, path(2, 0, 3, 2, 3, 1, 2.5, 2, 2, 3), &SelfCrossing{}},
		{"closed", [2]int{0, 1}, path(2, 0, 3, 2, 2.5, 1, 2, 0), &SelfCrossing{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Reroute(shapes, c.sides, c.line)
			if reflect.TypeOf(err) != reflect.TypeOf(c.want) {
				t.Fatalf("%T: %v", err, err)
			}
			if f := err.(Refusal).Finding(); f.Position == nil || f.Message.EN == "" {
				t.Error(f)
			}
		})
	}
	// An enclave of a third unit that the line would leave on the other side.
	rows := "aaaabb axaabb aaaabb"
	if _, err := Reroute(drawn(rows, "abx"), [2]int{0, 1}, path(4, 0, 0.5, 0.5, 0.5, 2.5, 4, 3)); reflect.TypeOf(err) != reflect.TypeOf(&BadShape{}) {
		t.Errorf("%T: %v", err, err)
	}
}
