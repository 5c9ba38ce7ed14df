package exchange

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"yutu/geo"
)

// Files that broke other readers, and one that a county would send. They are not part of the product:
// YUTU_REFERENCE_DATA names the folder that holds them.
func TestReferenceDataTorture(t *testing.T) {
	root := os.Getenv("YUTU_REFERENCE_DATA")
	if root == "" {
		t.Skip("YUTU_REFERENCE_DATA is not set: the reference data is not part of the product")
	}
	seen := 0
	err := filepath.WalkDir(filepath.Join(root, "torture"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".shp", ".gpkg", ".json", ".geojson", ".geojsonl", ".zip", ".dbf", ".shx":
		default:
			return nil
		}
		seen++
		before := len(path)
		d := check1(t, path, Options{}, nil)
		for _, f := range d.Findings {
			if f.Message.ZH == "" || f.Message.EN == "" {
				t.Errorf("%s: without words: %+v", path[before-min(before, 40):], f)
			}
		}
		if worst, n := geo.Worst(d.Findings); testing.Verbose() {
			t.Logf("%s: %d records, %d units, %d × %v: %s", strings.TrimPrefix(path, root), d.Records, len(d.Units), n, worst, first(d.Findings))
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatalf("%d files, %v", seen, err)
	}
}

func first(fs []geo.Finding) string {
	for _, f := range fs {
		if worst, _ := geo.Worst(fs); f.Severity == worst {
			return f.Rule + ": " + f.Message.EN
		}
	}
	return ""
}

// A Shapefile of counties as it circulates: GBK, no .cpg, no .prj.
func TestReferenceDataCountiesInGBK(t *testing.T) {
	root := os.Getenv("YUTU_REFERENCE_DATA")
	if root == "" {
		t.Skip("YUTU_REFERENCE_DATA is not set: the reference data is not part of the product")
	}
	paths, _ := filepath.Glob(filepath.Join(root, "torture", "*", "*.shp"))
	more, _ := filepath.Glob(filepath.Join(root, "torture", "*.shp"))
	found := false
	for _, path := range append(paths, more...) {
		d := check1(t, path, Options{CRS: "EPSG:4490", Map: map[string]string{}}, nil)
		if d.Records != 78 {
			continue
		}
		found = true
		t.Logf("%s: columns %v", filepath.Base(path), d.Columns)
		for _, f := range d.Findings {
			t.Logf("%v %s %d %s %s", f.Severity, f.Rule, f.Record, f.Object, f.Message.ZH)
		}
		for _, u := range d.Units {
			for _, r := range u.Name {
				if !unicode.Is(unicode.Han, r) {
					t.Errorf("name %q", u.Name)
				}
			}
		}
	}
	if !found {
		t.Error("no Shapefile of 78 counties")
	}
}
