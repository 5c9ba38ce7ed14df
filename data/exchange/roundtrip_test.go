package exchange

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"yutu/geo"
	"yutu/geo/division"
	"yutu/geo/geodesy"
)

func check1(t testing.TB, path string, o Options, known Known) *Divisions {
	t.Helper()
	d, err := ReadDivisions(context.Background(), path, o, known)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rulesOf lists severity and rule of the findings, as they come.
func rulesOf(fs []geo.Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, f.Severity.String()+" "+f.Rule)
	}
	return strings.Join(out, ", ")
}

// What GDAL makes of the county in any format and system is the same county within a millimetre.
func TestRoundTripsThroughGDAL(t *testing.T) {
	want := county()
	in := put(t, "county.geojson", collection(featuresOf(want)))
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	src := []string{"-s_srs", "EPSG:4490"}
	for _, c := range []struct {
		name, file, crs string
		args            []string
		findings        string
	}{
		{"Shapefile GBK in metres", "county_gbk.shp", "EPSG:4549", []string{"-f", "ESRI Shapefile", "-t_srs", "EPSG:4549", "-lco", "ENCODING=GBK"}, ""},
		{"Shapefile with zone number", "zone.shp", "EPSG:4528", []string{"-f", "ESRI Shapefile", "-t_srs", "EPSG:4528", "-lco", "ENCODING=UTF-8"}, ""},
		{"Shapefile in degrees", "degrees.shp", "EPSG:4490", []string{"-f", "ESRI Shapefile", "-t_srs", "EPSG:4490", "-lco", "ENCODING=GBK"}, ""},
		{"GeoPackage in degrees", "degrees.gpkg", "EPSG:4490", []string{"-f", "GPKG", "-t_srs", "EPSG:4490", "-nlt", "MULTIPOLYGON"}, ""},
		{"GeoPackage in metres", "metres.gpkg", "EPSG:4549", []string{"-f", "GPKG", "-t_srs", "EPSG:4549", "-nlt", "MULTIPOLYGON"}, ""},
		{"GeoPackage in 6° zone 20", "six.gpkg", "EPSG:4509", []string{"-f", "GPKG", "-t_srs", "EPSG:4509", "-nlt", "MULTIPOLYGON"}, ""},
		{"GeoPackage of the web", "web.gpkg", "EPSG:3857", []string{"-f", "GPKG", "-t_srs", "EPSG:3857", "-nlt", "MULTIPOLYGON"}, ""},
		{"GeoJSON by lines", "lines.geojsonl", "EPSG:4326", []string{"-f", "GeoJSONSeq", "-t_srs", "EPSG:4326", "-lco", "COORDINATE_PRECISION=10"}, ""},
		{"GeoJSON text sequence", "rs.geojsons", "EPSG:4326", []string{"-f", "GeoJSONSeq", "-t_srs", "EPSG:4326", "-lco", "RS=YES", "-lco", "COORDINATE_PRECISION=10"}, ""},
		{"GeoJSON RFC 7946", "rfc.geojson", "EPSG:4326", []string{"-f", "GeoJSON", "-t_srs", "EPSG:4326", "-lco", "RFC7946=YES", "-lco", "COORDINATE_PRECISION=10"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ogr2ogr(t, slices.Concat(src, c.args, []string{at(c.file), in})...)
			got := check1(t, at(c.file), Options{}, nil)
			if r := rulesOf(got.Findings); r != c.findings {
				t.Errorf("findings: %+v, want %q", got.Findings, c.findings)
			}
			if got.CRS != c.crs || got.Records != len(want) || got.HasValidRange {
				t.Errorf("CRS %s, %d records, ranges %v", got.CRS, got.Records, got.HasValidRange)
			}
			if got.Columns["code"] != "code" || got.Columns["name"] != "name" || got.Columns["type"] != "type" {
				t.Errorf("columns %v", got.Columns)
			}
			sameCounty(t, got.Units, want)
			for _, u := range got.Units {
				if u.Source != c.file || u.CRSOriginal != c.crs {
					t.Errorf("source %q, original CRS %q", u.Source, u.CRSOriginal)
				}
			}
		})
	}
}

func sameCounty(t testing.TB, got, want []division.Unit) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d units, want %d", len(got), len(want))
	}
	for i := range want {
		g, w := &got[i], &want[i]
		if g.Code != w.Code || g.Name != w.Name || g.Type != w.Type || g.Level != w.Level || g.Parent != w.Parent || g.Valid != w.Valid {
			t.Errorf("unit %d is %v %v %v %v %v %v, want %v %v %v %v %v %v", i, g.Code, g.Name, g.Type, g.Level, g.Parent, g.Valid, w.Code, w.Name, w.Type, w.Level, w.Parent, w.Valid)
		}
		if d := displacementM(t, g.Geom, w.Geom); d > 0.001 {
			t.Errorf("%s: moved by %.6f m", w.Name, d)
		}
	}
}

// displacementM is how far the vertices of b are from those of a at most, in metres on the ellipsoid. Rings may begin
// anywhere; there must be as many of the same length.
func displacementM(t testing.TB, a, b orb.MultiPolygon) float64 {
	t.Helper()
	count := func(mp orb.MultiPolygon) (out []int) {
		for _, p := range mp {
			for k, r := range p {
				out = append(out, len(r)*2+min(k, 1))
			}
		}
		slices.Sort(out)
		return out
	}
	if !slices.Equal(count(a), count(b)) {
		t.Errorf("rings %v, want %v", count(a), count(b))
		return math.Inf(1)
	}
	var worst float64
	for _, p := range b {
		for _, r := range p {
			for _, v := range r {
				best := math.Inf(1)
				for _, q := range a {
					for _, s := range q {
						for _, w := range s {
							if math.Abs(w[0]-v[0]) < 1e-6 && math.Abs(w[1]-v[1]) < 1e-6 {
								best = min(best, geodesy.DistanceM(v, w))
							}
						}
					}
				}
				worst = max(worst, best)
			}
		}
	}
	return worst
}

// Without .cpg and without .prj, as files of the wild come: the text says GBK, the system must be named.
func TestShapefileWithoutCpgAndPrj(t *testing.T) {
	want := county()
	in := put(t, "county.geojson", collection(featuresOf(want)))
	shp := filepath.Join(t.TempDir(), "磐安.shp")
	ogr2ogr(t, "-f", "ESRI Shapefile", "-s_srs", "EPSG:4490", "-t_srs", "EPSG:4549", "-lco", "ENCODING=GBK", shp, in)
	stem := strings.TrimSuffix(shp, ".shp")
	os.Remove(stem + ".cpg")
	os.Remove(stem + ".prj")
	dbf, err := os.ReadFile(stem + ".dbf")
	if err != nil {
		t.Fatal(err)
	}
	dbf[29] = 0 // the language byte
	os.WriteFile(stem+".dbf", dbf, 0o600)
	d := check1(t, shp, Options{}, nil)
	if rulesOf(d.Findings) != "info encoding-assumed, error crs-unknown" || len(d.Units) != 0 || !strings.Contains(d.Findings[1].Advice.ZH, "--crs") {
		t.Errorf("%+v", d.Findings)
	}
	d = check1(t, shp, Options{CRS: "EPSG:4549"}, nil)
	if rulesOf(d.Findings) != "info encoding-assumed" {
		t.Errorf("%+v", d.Findings)
	}
	sameCounty(t, d.Units, want)
}

// The same file twice is the same statement: the hashes agree, whatever way the geometry took.
func TestReadingIsDeterministic(t *testing.T) {
	in := put(t, "county.geojson", collection(featuresOf(county())))
	gpkg := filepath.Join(t.TempDir(), "county.gpkg")
	ogr2ogr(t, "-f", "GPKG", "-s_srs", "EPSG:4490", "-t_srs", "EPSG:4549", "-nlt", "MULTIPOLYGON", gpkg, in)
	a, b := check1(t, gpkg, Options{}, nil), check1(t, gpkg, Options{}, nil)
	for i := range a.Units {
		if a.Units[i].Hash() != b.Units[i].Hash() {
			t.Errorf("%s differs", a.Units[i].Name)
		}
	}
}

// Neighbours share their borders vertex for vertex before and after the way through another system.
func TestSharedBordersStayShared(t *testing.T) {
	in := put(t, "county.geojson", collection(featuresOf(county())))
	shp := filepath.Join(t.TempDir(), "county.shp")
	ogr2ogr(t, "-f", "ESRI Shapefile", "-s_srs", "EPSG:4490", "-t_srs", "EPSG:4549", "-lco", "ENCODING=GBK", shp, in)
	seen := map[orb.Point]bool{}
	d := check1(t, shp, Options{}, nil)
	for _, u := range d.Units {
		if u.Level == division.Township {
			for _, p := range u.Geom {
				for _, v := range p[0] {
					seen[v] = true
				}
			}
		}
	}
	for _, u := range d.Units {
		if u.Level == division.County {
			for _, p := range u.Geom {
				for _, v := range p[0] {
					if !seen[v] {
						t.Fatalf("the county has the vertex %v that no township has", v)
					}
				}
			}
		}
	}
}

func TestProgressGoesForwardToTheEnd(t *testing.T) {
	in := put(t, "county.geojson", collection(featuresOf(county())))
	var steps []int64
	check1(t, in, Options{Progress: func(done, total int64) {
		if total != progressSteps {
			t.Errorf("total %d", total)
		}
		steps = append(steps, done)
	}}, nil)
	if !slices.IsSorted(steps) || len(steps) < 2 || steps[len(steps)-1] != progressSteps {
		t.Errorf("steps %v", steps)
	}
}

func TestCancelledReadingIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	in := put(t, "county.geojson", collection(featuresOf(county())))
	if d, err := ReadDivisions(ctx, in, Options{}, nil); err == nil {
		t.Errorf("got %d units", len(d.Units))
	}
}
