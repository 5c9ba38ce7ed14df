package synth

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"yutu/geo/geojson"
)

func TestTruthIsWrittenWholeAndLabelled(t *testing.T) {
	w := county1(t).World
	dir := filepath.Join(t.TempDir(), "a", "county-1")
	for range 2 { // the second replaces the first
		if err := w.WriteTruth(dir); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the folder there is %v, %v", left, err)
	}
	want := map[string]int{"divisions.geojson": 258, "divisions-history.geojson": len(w.Units), "roads.geojson": len(w.Roads.Edges),
		"road-nodes.geojson": len(w.Roads.Nodes), "rivers.geojson": len(w.Rivers), "ridges.geojson": len(w.Ridges)}
	for name, count := range want {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if _, err := geojson.Read(f, geojson.Limits{}, func(f geojson.Feature) error {
			n++
			for _, p := range f.Properties {
				if p.Key == "synthetic" && p.Value == true {
					return nil
				}
			}
			return errors.New("a feature is not labelled")
		}); err != nil || n != count {
			t.Errorf("%s: %d features, want %d, %v", name, n, count, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if out, err := exec.Command("ogrinfo", "-so", "-al", filepath.Join(dir, name)).CombinedOutput(); err != nil ||
			!strings.Contains(string(out), "Feature Count: ") {
			t.Errorf("ogrinfo %s: %v\n%s", name, err, out)
		}
	}
	for _, name := range []string{"lineage.csv", "population.csv"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
			if i == 0 && !strings.HasSuffix(line, ",synthetic") || i > 0 && !strings.HasSuffix(line, ",true") {
				t.Fatalf("%s line %d is not labelled: %s", name, i+1, line)
			}
		}
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.txt"))
	if err != nil || !strings.Contains(string(readme), "虚构") || !strings.Contains(string(readme), "invented") {
		t.Errorf("README.txt: %s %v", readme, err)
	}
}

func TestTruthLeavesAStrangersFolderAlone(t *testing.T) {
	w := county1(t).World
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(mine, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteTruth(dir); !errors.Is(err, ErrNotOurs) {
		t.Error(err)
	}
	if b, err := os.ReadFile(mine); err != nil || string(b) != "x" {
		t.Errorf("%q %v", b, err)
	}
}
