package pgtest_test

import (
	"fmt"
	"testing"

	"yutu/data/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestDatabasesAreFreshAndApart(t *testing.T) {
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			s := pgtest.New(t)
			if n, _, err := s.DivisionCount(t.Context()); n != 0 || err != nil {
				t.Errorf("%d divisions, %v", n, err)
			}
			if a, b := pgtest.URL(t), pgtest.URL(t); a == b {
				t.Errorf("%s twice", a)
			}
		})
	}
}
