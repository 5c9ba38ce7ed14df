package main

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/geodesy"
)

// feature is a GeoJSON feature with every geometry as polygons.
type feature struct {
	Properties map[string]any `json:"properties"`
	Geometry   struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
}

// collection reads all pages of the divisions in force today, by code.
func collection(t *testing.T, base string) map[string]feature {
	t.Helper()
	out := map[string]feature{}
	for next := base + "/ogc/collections/divisions/items?limit=100&f=json"; next != ""; {
		code, body := get(t, next)
		if code != 200 {
			t.Fatalf("%s: %d %s", next, code, body)
		}
		var page struct {
			Features []feature `json:"features"`
			Links    []struct{ Rel, Href string }
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		for _, f := range page.Features {
			out[fmt.Sprint(f.Properties["code"])] = f
		}
		next = ""
		for _, l := range page.Links {
			if l.Rel == "next" {
				next = l.Href
			}
		}
	}
	return out
}

func polygons(raw json.RawMessage) ([][][]orb.Point, error) {
	var multi [][][]orb.Point
	if err := json.Unmarshal(raw, &multi); err == nil {
		return multi, nil
	}
	var one [][]orb.Point
	err := json.Unmarshal(raw, &one)
	return [][][]orb.Point{one}, err
}

// ringDistanceM returns the largest distance in metres from a vertex of a to the nearest vertex of b; an error when
// they differ in the number of vertices.
func ringDistanceM(a, b json.RawMessage) (float64, error) {
	one, err := polygons(a)
	if err != nil {
		return 0, err
	}
	two, err := polygons(b)
	if err != nil {
		return 0, err
	}
	// Nearest by grid: vertices that are the same place fall into the same or a neighbouring cell of a millionth of a degree.
	type cell [2]int64
	cells := map[cell][]orb.Point{}
	count := 0
	at := func(p orb.Point) cell { return cell{int64(math.Floor(p[0] * 1e6)), int64(math.Floor(p[1] * 1e6))} }
	for _, p := range two {
		for _, r := range p {
			for _, v := range r {
				cells[at(v)] = append(cells[at(v)], v)
				count++
			}
		}
	}
	worst := 0.0
	for _, p := range one {
		for _, r := range p {
			for _, v := range r {
				count--
				c, nearest := at(v), math.Inf(1)
				for dx := int64(-1); dx <= 1; dx++ {
					for dy := int64(-1); dy <= 1; dy++ {
						for _, w := range cells[cell{c[0] + dx, c[1] + dy}] {
							nearest = min(nearest, geodesy.DistanceM(v, w))
						}
					}
				}
				worst = max(worst, nearest)
			}
		}
	}
	if count != 0 {
		return worst, fmt.Errorf("the number of vertices differs by %d", -count)
	}
	return worst, nil
}
