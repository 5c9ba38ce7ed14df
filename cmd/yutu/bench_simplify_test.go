package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yutu/data/exchange"
	"yutu/data/synth"
	"yutu/geo/division"
	"yutu/geo/geojson"
	"yutu/geo/topo"
)

// provinceVillages is the file that both simplifiers read: 24,000 villages; it is kept between runs.
func provinceVillages(b *testing.B) string {
	b.Helper()
	home, err := filepath.Abs("../../.yutu/bench")
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(home, "villages.geojson")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		b.Fatal(err)
	}
	w, err := synth.Generate(context.Background(), synth.Options{Size: synth.ProvinceSize, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	var areas []exchange.Area
	for _, u := range w.Units {
		if u.Level == division.Village {
			areas = append(areas, exchange.Area{Record: len(areas) + 1, Geom: u.Geom,
				Properties: []geojson.Property{{Key: "code", Value: string(u.Code)}, {Key: "name", Value: u.Name}}})
		}
	}
	if err := writeWhole(path, func(f io.Writer) error { return exchange.WriteAreas(f, areas) }); err != nil {
		b.Fatal(err)
	}
	return path
}

// positions counts the positions of all rings in a file.
func positions(b *testing.B, path string) (shapes, n int) {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	count := func(p orb.Polygon) {
		for _, r := range p {
			n += len(r)
		}
	}
	if _, err := geojson.Read(bufio.NewReaderSize(f, 1<<20), geojson.Limits{}, func(ft geojson.Feature) error {
		switch g := ft.Geometry.(type) {
		case orb.Polygon:
			shapes++
			count(g)
		case orb.MultiPolygon:
			shapes++
			for _, p := range g {
				count(p)
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	return shapes, n
}

// The same file in, the same share of vertices kept, file to file: yutu simplify against mapshaper with its shapes kept
// and its intersections repaired, as it does by itself.
func BenchmarkSimplifyProvinceAgainstMapshaper(b *testing.B) {
	mapshaper, err := filepath.Abs("../../.ci/mapshaper/node_modules/.bin/mapshaper-xl")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(mapshaper); err != nil {
		b.Skip("mapshaper is not installed: npm ci in .ci/mapshaper")
	}
	in, dir := provinceVillages(b), b.TempDir()
	ours, theirs := filepath.Join(dir, "yutu.geojson"), filepath.Join(dir, "mapshaper.geojson")
	for b.Loop() {
		begun := time.Now()
		msg, err := exec.Command(binary(b), "simplify", in, "-o", ours, "--keep", "10", "--json").Output()
		if err != nil {
			b.Fatal(err, string(msg))
		}
		yutu := time.Since(begun)
		var report simplifyReport
		if err := json.Unmarshal(msg, &report); err != nil {
			b.Fatal(err)
		}
		begun = time.Now()
		if msg, err := exec.Command(mapshaper, "6gb", in, "-simplify", "10%", "weighted", "keep-shapes", "-o", theirs, "precision=0.000000001").CombinedOutput(); err != nil {
			b.Fatal(err, string(msg))
		}
		rival := time.Since(begun)
		shapes, n := positions(b, ours)
		_, m := positions(b, theirs)
		if shapes != report.Areas {
			b.Fatalf("%d areas are left of %d", shapes, report.Areas)
		}
		if d := float64(n-m) / float64(m); d < -0.02 || d > 0.02 {
			b.Errorf("yutu keeps %d positions, mapshaper %d: not the same work", n, m)
		}
		b.ReportMetric(yutu.Seconds(), "yutu-s")
		b.ReportMetric(report.Seconds.Simplify, "simplify-s")
		b.ReportMetric(rival.Seconds(), "mapshaper-s")
		b.ReportMetric(rival.Seconds()/yutu.Seconds(), "times-mapshaper")
		b.ReportMetric(float64(n)/float64(m), "positions-ratio")
		b.ReportMetric(0, "ns/op")
	}
}

// The whole province for all zooms of a map, from arcs to what each zoom shows.
func BenchmarkSimplifyProvinceForAllZooms(b *testing.B) {
	in, err := exchange.ReadAreas(context.Background(), provinceVillages(b), exchange.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var shapes []orb.MultiPolygon
	for _, a := range in.Areas {
		shapes = append(shapes, a.Geom)
	}
	for b.Loop() {
		begun := time.Now()
		c, err := topo.NewCoverage(context.Background(), shapes)
		if err != nil {
			b.Fatal(err)
		}
		built := time.Since(begun)
		var tolerances []float64
		for z := range uint8(15) {
			tolerances = append(tolerances, topo.ToleranceAt(z, c.Middle()))
		}
		for _, m := range []topo.Method{topo.Visvalingam, topo.DouglasPeucker} {
			begun = time.Now()
			t, err := c.Simplify(context.Background(), m, tolerances)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(time.Since(begun).Seconds(), string(m)+"-s")
			b.ReportMetric(float64(t.Kept(14)), string(m)+"-z14")
		}
		arcs, vertices := c.Vertices()
		b.ReportMetric(built.Seconds(), "arcs-s")
		b.ReportMetric(float64(arcs), "arcs")
		b.ReportMetric(float64(vertices), "vertices")
		b.ReportMetric(0, "ns/op")
	}
}
