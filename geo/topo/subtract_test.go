package topo

import (
	"errors"
	"testing"

	"github.com/paulmach/orb"
)

// cells is the area of whole cells with a vertex at every corner of a cell.
func cells4(x0, y0, x1, y1 int) orb.MultiPolygon {
	var r orb.Ring
	at := func(x, y int) { r = append(r, orb.Point{120 + float64(x)/100, 29 + float64(y)/100}) }
	for x := x0; x < x1; x++ {
		at(x, y0)
	}
	for y := y0; y < y1; y++ {
		at(x1, y)
	}
	for x := x1; x > x0; x-- {
		at(x, y1)
	}
	for y := y1; y >= y0; y-- {
		at(x0, y)
	}
	return orb.MultiPolygon{{r}}
}

// +--+--+--+
// |  |  |  |   what is taken out of the square of nine cells
// +--+--+--+   and put back makes the same square
// |  |##|  |
// +--+--+--+
// |  |  |  |
// +--+--+--+
func TestSubtractUndoesUnion(t *testing.T) {
	whole := cells4(0, 0, 3, 3)
	for name, parts := range map[string][]orb.MultiPolygon{
		"the middle":  {cells4(1, 1, 2, 2)},
		"a corner":    {cells4(0, 0, 1, 1)},
		"two corners": {cells4(0, 0, 1, 1), cells4(2, 2, 3, 3)},
		"a bar":       {cells4(1, 0, 2, 3)},
		"two cells":   {cells4(0, 0, 1, 1), cells4(1, 0, 2, 1)},
	} {
		rest, err := Subtract(whole, parts)
		if err != nil || len(rest) == 0 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "a bar" && len(rest) != 2 || name == "the middle" && len(rest[0]) != 2 {
			t.Errorf("%s leaves %v", name, rest)
		}
		back, err := Union(append([]orb.MultiPolygon{rest}, parts...))
		want, _ := Union([]orb.MultiPolygon{whole})
		if err != nil || !orb.Equal(back, want) {
			t.Errorf("%s: put back makes %v, %v", name, back, err)
		}
	}
	if rest, err := Subtract(whole, []orb.MultiPolygon{whole}); err != nil || len(rest) != 0 {
		t.Errorf("all of it leaves %v, %v", rest, err)
	}
	for name, parts := range map[string][]orb.MultiPolygon{
		"twice the same": {cells4(1, 1, 2, 2), cells4(1, 1, 2, 2)}, "reaching out": {cells4(2, 2, 4, 3)}, "outside": {cells4(5, 5, 6, 6)},
	} {
		var bad *BadShape
		if rest, err := Subtract(whole, parts); !errors.As(err, &bad) {
			t.Errorf("%s: %v %v, want a BadShape", name, rest, err)
		}
	}
}
