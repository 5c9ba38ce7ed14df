package migrations

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestMigrationsAreNumberedOneByOne(t *testing.T) {
	if n, err := Latest(); err != nil || n < 3 {
		t.Errorf("%d, %v", n, err)
	}
	for _, c := range []struct{ files, says string }{
		{"0001_create_a.sql 0002_create_b.sql", ""},
		{"0001_create_a.sql 0001_create_b.sql", "0001_create_b.sql"},
		{"0001_create_a.sql 0003_create_b.sql", "0003_create_b.sql"},
		{"0002_create_a.sql", "0002_create_a.sql"},
		{"0001_create.sql", "0001_create.sql"},
		{"001_create_a.sql", "001_create_a.sql"},
		{"0001_create_a.go", "0001_create_a.go"},
	} {
		fsys := fstest.MapFS{}
		for _, f := range strings.Fields(c.files) {
			fsys[f] = &fstest.MapFile{}
		}
		n, err := latest(fsys)
		if c.says == "" {
			if err != nil || n != int64(len(fsys)) {
				t.Errorf("%s: %d, %v", c.files, n, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %d, %v", c.files, n, err)
		}
	}
}
