package exchange

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"yutu/data/exchange/gpkg"
	"yutu/geo"
)

// A province of 24,025 villages with 4.5 million vertices, written by GDAL. YUTU_BENCH_DIR keeps the files between
// runs, so that another program can be measured with the same ones.
const benchSide, benchPerEdge = 155, 47

func benchEdge(i0, j0, i1, j1 int) []orb.Point {
	forward := i0+j0 < i1+j1
	if !forward {
		i0, j0, i1, j1 = i1, j1, i0, j0
	}
	const step = 0.02
	seed := float64(i0*7 + j0*13)
	var pts []orb.Point
	for k := range benchPerEdge {
		t := float64(k) / benchPerEdge
		wave := step * 0.08 * math.Sin(math.Pi*t) * (math.Sin(9*t+seed) + 0.3*math.Sin(41*t+2*seed))
		pts = append(pts, orb.Point{
			118 + step*(float64(i0)+t*float64(i1-i0)) + wave*float64(j1-j0),
			27 + step*(float64(j0)+t*float64(j1-j0)) + wave*float64(i1-i0),
		})
	}
	if !forward {
		pts = append(pts[1:], orb.Point{118 + step*float64(i1), 27 + step*float64(j1)})
		slices.Reverse(pts)
	}
	return pts
}

func benchFile(b *testing.B, name string, args ...string) string {
	b.Helper()
	dir := os.Getenv("YUTU_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	out := filepath.Join(dir, name)
	if _, err := os.Stat(out); err == nil {
		return out
	}
	in := filepath.Join(dir, "province.geojsonl")
	f, err := os.Create(in)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range benchSide {
		for j := range benchSide {
			ring := slices.Concat(benchEdge(i, j, i+1, j), benchEdge(i+1, j, i+1, j+1), benchEdge(i+1, j+1, i, j+1), benchEdge(i, j+1, i, j))
			code := fmt.Sprintf("33%02d%02d%03d%03d", 1+i/99, 1+i%99, 100+j/16, 200+j%16)
			w.WriteString(feature(orb.MultiPolygon{{append(ring, ring[0])}}, property{"code", text(code)}, property{"name", text("第" + code[6:] + "村")}))
			w.WriteByte('\n')
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	f.Close()
	if filepath.Ext(name) != ".geojsonl" {
		ogr2ogr(b, slices.Concat(args, []string{"-s_srs", "EPSG:4490", out, in})...)
	}
	return out
}

func benchmarkRead(b *testing.B, path string) {
	for b.Loop() {
		d, err := ReadDivisions(context.Background(), path, Options{}, nil)
		if err != nil {
			b.Fatal(err)
		}
		if worst, n := geo.Worst(d.Findings); len(d.Units) != benchSide*benchSide || worst == geo.Error {
			b.Fatalf("%d units, %d findings, first %+v", len(d.Units), n, d.Findings[:1])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/province")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MB-from-system")
}

func BenchmarkGeoPackage(b *testing.B) {
	benchmarkRead(b, benchFile(b, "province.gpkg", "-f", "GPKG", "-t_srs", "EPSG:4490", "-nln", "villages", "-nlt", "MULTIPOLYGON"))
}

func BenchmarkGeoPackageInMetres(b *testing.B) {
	benchmarkRead(b, benchFile(b, "province4549.gpkg", "-f", "GPKG", "-t_srs", "EPSG:4549", "-nln", "villages", "-nlt", "MULTIPOLYGON"))
}

func BenchmarkShapefile(b *testing.B) {
	benchmarkRead(b, benchFile(b, "province.shp", "-f", "ESRI Shapefile", "-t_srs", "EPSG:4549", "-lco", "ENCODING=GBK"))
}

func BenchmarkGeoJSON(b *testing.B) {
	benchmarkRead(b, benchFile(b, "province.geojsonl"))
}

// BenchmarkGeoPackageReading is the file alone, without any check.
func BenchmarkGeoPackageReading(b *testing.B) {
	path := benchFile(b, "province.gpkg", "-f", "GPKG", "-t_srs", "EPSG:4490", "-nln", "villages", "-nlt", "MULTIPOLYGON")
	for b.Loop() {
		n := 0
		if _, _, err := gpkg.Read(context.Background(), path, "", gpkg.Limits{}, nil, func(gpkg.Record) error { n++; return nil }); err != nil || n != benchSide*benchSide {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/province")
}
