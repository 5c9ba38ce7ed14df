package exchange

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo/division"
)

// The county of these tests is drawn on a grid of three townships by four rows of villages:
//
//	        township 001   102    203
//	row 3   [ 201 ]     [ 201 ] [ 201 ]
//	row 2   [ 202 ]     [ 202 ] [ 202 ]
//	row 1   [ 203 (204)][ 203 ] [ 203 ]      (204): an enclave, a hole in 203
//	row 0   [ 205 ]     [ 205 ] [ 205 ]  + 206: an exclave of township 203, away to the east
//
// Every edge winds in the same way on both sides; the corners are the nodes of the grid.
const (
	columns, rows = 3, 4
	west, south   = 120.3, 28.9
	step          = 0.05
	perEdge       = 25
)

func node(i, j int) orb.Point {
	return grid(orb.Point{west + step*float64(i), south + step*float64(j)})
}

// grid rounds to nine decimals the way a file writes them.
func grid(p orb.Point) orb.Point {
	for k := range p {
		p[k], _ = strconv.ParseFloat(strconv.FormatFloat(p[k], 'f', 9, 64), 64)
	}
	return p
}

// edge is the way from one node to a neighbour, without the last point.
func edge(i0, j0, i1, j1 int) []orb.Point {
	forward := i0+j0 < i1+j1
	a, b := node(i0, j0), node(i1, j1)
	if !forward {
		a, b = b, a
	}
	seed := float64(min(i0, i1)*7 + min(j0, j1)*13)
	pts := []orb.Point{a}
	for k := 1; k < perEdge; k++ {
		t := float64(k) / perEdge
		wave := 0.003 * math.Sin(math.Pi*t) * math.Sin(9*t+seed)
		pts = append(pts, grid(orb.Point{
			a[0] + t*(b[0]-a[0]) + wave*(b[1]-a[1])/step,
			a[1] + t*(b[1]-a[1]) + wave*(b[0]-a[0])/step,
		}))
	}
	if !forward {
		pts = append(pts, b)
		slices.Reverse(pts)
		return pts[:len(pts)-1]
	}
	return pts
}

// block is the ring around the cells [i0, i1) × [j0, j1), counter-clockwise.
func block(i0, j0, i1, j1 int) orb.Ring {
	var r orb.Ring
	for i := i0; i < i1; i++ {
		r = append(r, edge(i, j0, i+1, j0)...)
	}
	for j := j0; j < j1; j++ {
		r = append(r, edge(i1, j, i1, j+1)...)
	}
	for i := i1; i > i0; i-- {
		r = append(r, edge(i, j1, i-1, j1)...)
	}
	for j := j1; j > j0; j-- {
		r = append(r, edge(i0, j, i0, j-1)...)
	}
	return append(r, r[0])
}

func square(x, y, size float64) orb.Ring {
	r := orb.Ring{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}
	for i := range r {
		r[i] = grid(r[i])
	}
	return r
}

func reversed(r orb.Ring) orb.Ring {
	r = slices.Clone(r)
	slices.Reverse(r)
	return r
}

func unitOf(code division.Code, name, kind string, geom orb.MultiPolygon) division.Unit {
	return division.Unit{Code: code, Level: code.Level(), Name: name, Type: kind, Geom: geom, Valid: division.Always}
}

// county returns the units sorted by level and code, as the reader does.
func county() []division.Unit {
	enclave, exclave := square(west+0.02, south+step+0.02, 0.006), square(west+step*columns+0.05, south, 0.02)
	us := []division.Unit{unitOf("330727000000", "磐安县", "县", orb.MultiPolygon{{block(0, 0, columns, rows)}, {exclave}})}
	towns := []struct {
		code division.Code
		name string
		kind string
	}{{"330727001000", "安文街道", "街道"}, {"330727102000", "尖山镇", "镇"}, {"330727203000", "双溪乡", "乡"}}
	var villages []division.Unit
	for i, t := range towns {
		geom := orb.MultiPolygon{{block(i, 0, i+1, rows)}}
		if i == 2 {
			geom = append(geom, orb.Polygon{exclave})
		}
		us = append(us, unitOf(t.code, t.name, t.kind, geom))
		for j := range rows {
			number := []int{205, 203, 202, 201}[j]
			v := orb.Polygon{block(i, j, i+1, j+1)}
			if i == 0 && j == 1 {
				v = append(v, reversed(enclave))
				villages = append(villages, unitOf(t.code[:9]+"204", "飞地村", "村民委员会", orb.MultiPolygon{{enclave}}))
			}
			villages = append(villages, unitOf(t.code[:9]+division.Code(fmt.Sprint(number)), fmt.Sprintf("第%d社区", number), "居民委员会", orb.MultiPolygon{v}))
		}
		if i == 2 {
			villages = append(villages, unitOf(t.code[:9]+"206", "外垟村", "村民委员会", orb.MultiPolygon{{exclave}}))
		}
	}
	slices.SortFunc(villages, func(a, b division.Unit) int { return strings.Compare(string(a.Code), string(b.Code)) })
	us = append(us, villages...)
	for i := range us {
		if us[i].Level > division.County {
			us[i].Parent, _ = us[i].Code.Parent()
		}
	}
	return us
}

// property is one member of a feature's properties, its value already JSON.
type property struct{ key, json string }

// feature writes a feature by hand, so that nothing of ours has a part in it.
func feature(mp orb.MultiPolygon, props ...property) string {
	var b strings.Builder
	b.WriteString(`{"type":"Feature","properties":{`)
	for i, p := range props {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", p.key, p.json)
	}
	b.WriteString(`},"geometry":{"type":"MultiPolygon","coordinates":[`)
	for i, poly := range mp {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('[')
		for j, ring := range poly {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('[')
			for k, p := range ring {
				if k > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, "[%s,%s]", strconv.FormatFloat(p[0], 'f', -1, 64), strconv.FormatFloat(p[1], 'f', -1, 64))
			}
			b.WriteByte(']')
		}
		b.WriteByte(']')
	}
	b.WriteString("]}}")
	return b.String()
}

func text(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func featuresOf(us []division.Unit) []string {
	var out []string
	for _, u := range us {
		out = append(out, feature(u.Geom, property{"code", text(string(u.Code))}, property{"name", text(u.Name)}, property{"type", text(u.Type)}))
	}
	return out
}

func collection(features []string) string {
	return "{\"type\":\"FeatureCollection\",\"features\":[\n" + strings.Join(features, ",\n") + "\n]}\n"
}

// put writes a file into a folder of the test.
func put(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func ogr2ogr(t testing.TB, args ...string) {
	t.Helper()
	if b, err := exec.Command("ogr2ogr", args...).CombinedOutput(); err != nil {
		t.Fatalf("ogr2ogr (package gdal-bin) %v: %v\n%s", args, err, b)
	}
}
