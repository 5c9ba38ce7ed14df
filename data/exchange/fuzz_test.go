package exchange

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"yutu/geo"
)

// Whatever the bytes: no panic, no error of the check itself, findings with words, and units only with codes.
func FuzzReadDivisions(f *testing.F) {
	us := county()
	small := collection(featuresOf(us[len(us)-1:]))
	f.Add([]byte(small), "code=code", "")
	f.Add([]byte(small[:len(small)/2]), "", "EPSG:4490")
	f.Add([]byte(featuresOf(us[len(us)-1:])[0]+"\n{"), "name=code", "EPSG:4549")
	f.Add([]byte("SQLite format 3\x00"), "", "GCJ02")
	f.Fuzz(func(t *testing.T, b []byte, m, crs string) {
		path := filepath.Join(t.TempDir(), "x.geojson")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, err := ReadDivisions(context.Background(), path, Options{CRS: crs, Map: map[string]string{"code": m}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20+1000*uint64(len(b)) {
			t.Errorf("%d bytes allocated for %d", used, len(b))
		}
		for _, f := range d.Findings {
			if f.Rule == "" || f.Message.ZH == "" || f.Message.EN == "" {
				t.Errorf("without words: %+v", f)
			}
		}
		if worst, _ := geo.Worst(d.Findings); len(d.Units) == 0 && worst != geo.Error {
			t.Errorf("neither units nor an error: %+v", d.Findings)
		}
		if _, err := json.Marshal(d.Findings); err != nil {
			t.Error(err)
		}
		for _, u := range d.Units {
			if len(u.Code) != 12 || u.Level == 0 {
				t.Errorf("unit %+v", u)
			}
		}
	})
}
