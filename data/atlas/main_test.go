package atlas

import (
	"testing"

	"yutu/data/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
