package seed

import (
	"bytes"
	"encoding/csv"
	"io/fs"
	"slices"
	"testing"

	"yutu/geo/division"
)

func TestEveryTableReadsAndEveryRowHasASource(t *testing.T) {
	if _, err := Demo(); err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(files, "*.csv")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		b, _ := files.ReadFile(name)
		rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		k := slices.Index(rows[0], "source")
		if k < 0 {
			t.Errorf("%s has no column source", name)
			continue
		}
		for i, r := range rows[1:] {
			if r[k] == "" {
				t.Errorf("%s line %d has no source", name, i+2)
			}
		}
	}
}

// The plan says: 14 townships, 371 villages and communities became 236. The census of townships before: 19.
func TestTheFiguresOfThePlan(t *testing.T) {
	s, err := Demo()
	if err != nil {
		t.Fatal(err)
	}
	var now, before, villages, villagesBefore int
	codes := map[division.Code]bool{}
	communities := map[division.Code]int{}
	for _, x := range s.Townships {
		if codes[x.Code] {
			t.Errorf("%s occurs twice", x.Code)
		}
		codes[x.Code] = true
		if x.Code.Level() != division.Township || !x.Code.Within(s.County.Code) {
			t.Errorf("%s is no township of the county", x.Code)
		}
		if x.Into == "" {
			now++
			villages += x.Villages + x.Communities
		}
		if x.VillagesBefore > 0 {
			before++
			villagesBefore += x.VillagesBefore
			if x.Into != "" {
				communities[x.Into] += x.Communities
			} else {
				communities[x.Code] += x.Communities
			}
		}
		found := false
		for _, c := range s.Codes {
			n := int(x.Code[6]-'0')*100 + int(x.Code[7]-'0')*10 + int(x.Code[8]-'0')
			found = found || c.Level == division.Township && c.Type == x.Type && c.From <= n && n <= c.To
		}
		if !found {
			t.Errorf("%s %s: the serial number does not belong to its type", x.Code, x.Type)
		}
	}
	for _, x := range s.Townships {
		if x.Into != "" && !codes[x.Into] {
			t.Errorf("%s went into %s, which is not there", x.Code, x.Into)
		}
		if x.Into == "" && communities[x.Code] != x.Communities {
			t.Errorf("%s has %d communities, its parts had %d", x.Name, x.Communities, communities[x.Code])
		}
	}
	if now != 14 || before != 19 || villages != 236 || villagesBefore != 371 || len(s.Neighbours) != 7 {
		t.Errorf("%d townships, %d before; %d villages, %d before; %d neighbours", now, before, villages, villagesBefore, len(s.Neighbours))
	}
	sum, old := 0, 0
	for _, a := range s.Ages {
		sum += a.MalePermyriad + a.FemalePermyriad
		if a.Age >= 60 {
			old += a.MalePermyriad + a.FemalePermyriad
		}
	}
	if sum != 10000 || old != 2700 {
		t.Errorf("shares add up to %d, 60 and over to %d, of 10000", sum, old)
	}
}

func TestAMistakeInATableIsNamed(t *testing.T) {
	var err error
	r := record{file: "x.csv", line: 3, err: &err, get: func(string) (string, bool) { return "1.5", true }}
	if r.hundredths("male"); err == nil || err.Error() != `x.csv line 3, male: "1.5" must have two decimal places` {
		t.Error(err)
	}
}
