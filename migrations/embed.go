// Package migrations is the schema of the database: numbered steps NNNN_verb_noun.sql in goose's SQL format, each
// one transaction. A step that was shipped is never edited. schema.sql is the sum of all steps as pg_dump writes
// it, for reading; a test keeps it up to date (go test ./migrations -update).
package migrations

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
)

// FS holds the steps.
//
//go:embed [0-9]*.sql
var FS embed.FS

var stepName = regexp.MustCompile(`^([0-9]{4})(_[a-z0-9]+){2,}\.sql$`)

// Latest returns the number of the last step. The steps are numbered 1, 2, 3 …; an error says which file does not
// fit.
func Latest() (int64, error) { return latest(FS) }

func latest(fsys fs.FS) (int64, error) {
	entries, err := fs.ReadDir(fsys, ".") // sorted by name
	if err != nil {
		return 0, err
	}
	for i, e := range entries {
		m := stepName.FindStringSubmatch(e.Name())
		if m == nil {
			return 0, fmt.Errorf("migrations: %s is not named NNNN_verb_noun.sql", e.Name())
		}
		if n, err := strconv.Atoi(m[1]); err != nil || n != i+1 {
			return 0, fmt.Errorf("migrations: %s has number %d where %d is expected", e.Name(), n, i+1)
		}
	}
	return int64(len(entries)), nil
}
