package tally

import (
	"strings"
	"testing"

	"yutu/geo"
)

func TestKeepsTheFirstAndCountsTheRest(t *testing.T) {
	var l List
	for i := range PerRule + 7 {
		sev := geo.Warning
		if i == PerRule+3 {
			sev = geo.Error
		}
		l.Add(geo.Finding{Rule: "a", Severity: sev, Record: i + 1})
	}
	l.Add(geo.Finding{Rule: "b", Severity: geo.Info})
	all := l.All("x.shp")
	if len(all) != PerRule+2 || l.Omitted() != 7 {
		t.Fatalf("%d findings, %d omitted", len(all), l.Omitted())
	}
	for i := range PerRule {
		if all[i].Record != i+1 {
			t.Fatalf("finding %d is of record %d", i, all[i].Record)
		}
	}
	// What is not listed stops the work as much as what is.
	last := all[len(all)-1]
	if last.Rule != "findings-omitted" || last.Severity != geo.Error || last.File != "x.shp" || !strings.Contains(last.Message.ZH, "7") {
		t.Errorf("%+v", last)
	}
	if len((&List{}).All("x")) != 0 {
		t.Error("nothing became something")
	}
}
