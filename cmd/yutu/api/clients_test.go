package api

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yutu/geo/division"
)

// GDAL as a client that somebody else wrote. It is required: a bureau's GIS speaks to the service in the same way.

func gdal(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestGDALReadsTheCollection(t *testing.T) {
	w := newWorld(t)
	today := validOn(division.Today().String())
	if out := gdal(t, "ogrinfo", "OAPIF:"+w.URL+"/ogc"); !strings.Contains(out, "divisions") {
		t.Errorf("the collection is not listed:\n%s", out)
	}
	out := gdal(t, "ogrinfo", "-so", "-oo", "PAGE_SIZE=4", "OAPIF:"+w.URL+"/ogc", "divisions")
	if !strings.Contains(out, fmt.Sprintf("Feature Count: %d", len(today))) || !strings.Contains(out, "Extent: (-180.000000, 29.000000) - (180.000000, 67.000000)") {
		t.Errorf("%s", out)
	}
	file := filepath.Join(t.TempDir(), "out.geojson")
	gdal(t, "ogr2ogr", "-f", "GeoJSON", "-oo", "PAGE_SIZE=4", file, "OAPIF:"+w.URL+"/ogc", "divisions")
	var doc jsonItems
	read(t, file, &doc)
	var codes []string
	for _, f := range doc.Features {
		codes = append(codes, fmt.Sprint(f.Properties["code"]))
		if f.Properties["synthetic"] != true {
			t.Errorf("%v is not labelled synthetic", f.Properties)
		}
	}
	if len(codes) != len(today) || !slices.Contains(codes, "330727001203") {
		t.Errorf("%d of %d features: %v", len(codes), len(today), codes)
	}
	// Filters that GDAL hands over to the service.
	gdal(t, "ogr2ogr", "-f", "GeoJSON", "-spat", "120.01", "29.01", "120.02", "29.02", filepath.Join(t.TempDir(), "b.geojson"), "OAPIF:"+w.URL+"/ogc", "divisions")
	out = gdal(t, "ogrinfo", "-q", "-al", "-where", "level = 'township'", "OAPIF:"+w.URL+"/ogc", "divisions")
	if got := strings.Count(out, "OGRFeature("); got != 6 {
		t.Errorf("%d townships, want 6", got)
	}
}

func TestGDALReadsTheTiles(t *testing.T) {
	w := newWorld(t)
	path := tileOver(120.05, 29.05, 11)
	out := gdal(t, "ogrinfo", "-ro", "-oo", "METADATA_FILE=", "MVT:"+w.URL+path)
	for _, layer := range []string{"divisions ", "divisions_line", "divisions_label"} {
		if !strings.Contains(out, layer) {
			t.Errorf("no layer %s in\n%s", layer, out)
		}
	}
}

func read(t *testing.T, file string, out any) {
	t.Helper()
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, out); err != nil {
		t.Fatal(err)
	}
}
