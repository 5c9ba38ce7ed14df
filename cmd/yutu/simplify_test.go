package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"yutu/data/exchange"
	"yutu/data/synth"
	"yutu/geo/division"
	"yutu/geo/geojson"
	"yutu/geo/topo/valid"
)

// villageFile writes the villages of a synthetic county as GeoJSON with a property of every kind.
func villageFile(t *testing.T) (path string, areas []exchange.Area) {
	t.Helper()
	w, err := generate(context.Background(), synth.Options{Size: synth.CountySize, Seed: demoSeed})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range w.Units {
		if u.Level == division.Village && u.Valid.To == division.Future {
			areas = append(areas, exchange.Area{Record: len(areas) + 1, Geom: u.Geom, Properties: []geojson.Property{
				{Key: "code", Value: string(u.Code)}, {Key: "名称", Value: u.Name}, {Key: "n", Value: json.Number("12345678901234567890")},
				{Key: "ok", Value: true}, {Key: "none", Value: nil}, {Key: "list", Value: json.RawMessage(`[1,{"a":null}]`)},
			}})
		}
	}
	var b bytes.Buffer
	if err := exchange.WriteAreas(&b, areas); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "村.geojson")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path, areas
}

func yutuSimplify(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(context.Background(), append([]string{"simplify"}, args...), strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func TestSimplifyKeepsPropertiesAndReportsWhatMoved(t *testing.T) {
	in, areas := villageFile(t)
	out := filepath.Join(t.TempDir(), "out.geojson")
	for _, how := range [][]string{{"--zoom", "10"}, {"--tolerance", "30", "--method", "douglas-peucker"}, {"--keep", "20"}} {
		code, stdout, stderr := yutuSimplify(t, append([]string{in, "-o", out, "--json"}, how...)...)
		if code != 0 {
			t.Fatal(code, stdout, stderr)
		}
		var r struct {
			Areas          int     `json:"areas"`
			VerticesBefore int     `json:"vertices_before"`
			VerticesAfter  int     `json:"vertices_after"`
			P50            float64 `json:"p50_m"`
			P95            float64 `json:"p95_m"`
			Max            float64 `json:"max_m"`
			MostChanged    []struct {
				Name     string  `json:"name"`
				BeforeM2 float64 `json:"before_m2"`
			} `json:"most_changed"`
		}
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatal(err, stdout)
		}
		if r.Areas != len(areas) || r.VerticesAfter >= r.VerticesBefore || !(0 < r.P50 && r.P50 <= r.P95 && r.P95 <= r.Max) || len(r.MostChanged) != 10 ||
			r.MostChanged[0].Name == "" || r.MostChanged[0].BeforeM2 == 0 {
			t.Errorf("%v: %+v", how, r)
		}
		if how[0] == "--tolerance" && r.Max > 30.01 {
			t.Errorf("moved %v m", r.Max)
		}
		got, err := exchange.ReadAreas(context.Background(), out, exchange.Options{})
		if err != nil || len(got.Findings) > 0 || len(got.Areas) != len(areas) {
			t.Fatal(err, got.Findings)
		}
		for i, a := range got.Areas {
			if !reflect.DeepEqual(a.Properties, areas[i].Properties) {
				t.Fatalf("%v: %v", how, a.Properties)
			}
			if bad := valid.Check(a.Geom); len(bad) > 0 || len(a.Geom) == 0 {
				t.Fatalf("%v: record %d: %v", how, a.Record, bad)
			}
		}
	}
	code, stdout, _ := yutuSimplify(t, in, "-o", out, "--zoom", "8")
	if code != 0 || !strings.Contains(stdout, "位移") || !strings.Contains(stdout, "平方公里") {
		t.Error(code, stdout)
	}
}

func TestSimplifyReadsProjectedFiles(t *testing.T) {
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		t.Skip("ogr2ogr (gdal-bin) writes the files that this test reads")
	}
	in, areas := villageFile(t)
	dir := t.TempDir()
	for _, name := range []string{"v.shp", "v.gpkg"} {
		file := filepath.Join(dir, name)
		if msg, err := exec.Command("ogr2ogr", "-t_srs", "EPSG:4549", "-s_srs", "EPSG:4490", "-select", "code", "-lco", "ENCODING=UTF-8", file, in).CombinedOutput(); err != nil {
			t.Fatal(err, string(msg))
		}
		out := filepath.Join(dir, "out.geojson")
		if code, stdout, stderr := yutuSimplify(t, file, "-o", out, "--tolerance", "20"); code != 0 {
			t.Fatal(name, code, stdout, stderr)
		}
		got, err := exchange.ReadAreas(context.Background(), out, exchange.Options{})
		if err != nil || len(got.Areas) != len(areas) {
			t.Fatal(name, err)
		}
		b, want := got.Areas[0].Geom.Bound(), areas[0].Geom.Bound()
		if b.Min[0] < want.Min[0]-1e-3 || b.Max[1] > want.Max[1]+1e-3 || !slices.ContainsFunc(got.Areas[0].Properties, func(p geojson.Property) bool { return p.Key == "code" && p.Value == areas[0].Properties[0].Value }) {
			t.Error(name, b, want, got.Areas[0].Properties)
		}
	}
}

func TestSimplifyRefuses(t *testing.T) {
	in, _ := villageFile(t)
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept.geojson")
	if err := os.WriteFile(kept, []byte("what stood here"), 0o644); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "points.geojson")
	if err := os.WriteFile(bad, []byte(`{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[120,29]}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"no level":          {[]string{in, "-o", kept}, exitUsage},
		"two levels":        {[]string{in, "-o", kept, "--zoom", "3", "--tolerance", "4"}, exitUsage},
		"a negative":        {[]string{in, "-o", kept, "--tolerance=-1"}, exitFindings},
		"not a number":      {[]string{in, "-o", kept, "--tolerance=NaN"}, exitFindings},
		"a zoom too deep":   {[]string{in, "-o", kept, "--zoom", "19"}, exitFindings},
		"another format":    {[]string{in, "-o", filepath.Join(dir, "x.shp"), "--zoom", "3"}, exitFindings},
		"points":            {[]string{bad, "-o", kept, "--zoom", "3"}, exitFindings},
		"a missing file":    {[]string{filepath.Join(dir, "no.geojson"), "-o", kept, "--zoom", "3"}, exitFindings},
		"an unknown CRS":    {[]string{in, "-o", kept, "--zoom", "3", "--crs", "EPSG:1"}, exitFindings},
		"an unknown folder": {[]string{in, "-o", filepath.Join(dir, "no", "x.geojson"), "--zoom", "3"}, exitFindings},
	} {
		if code, stdout, stderr := yutuSimplify(t, c.args...); code != c.code || stdout+stderr == "" {
			t.Errorf("%s: %d %s%s", name, code, stdout, stderr)
		}
	}
	if text, _ := os.ReadFile(kept); string(text) != "what stood here" {
		t.Error("a refusal wrote over the file that stood there")
	}
}
