package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yutu/geo/division"
)

// The county's own history is in the demonstration, can be walked from date to date, and goes on with new events.
func TestTheHistoryOfTheDemonstration(t *testing.T) {
	dir := home(t)
	mustRun(t, "demo", "--home", dir)
	list := func(args ...string) []eventRow {
		t.Helper()
		var rows []eventRow
		if err := json.Unmarshal([]byte(mustRun(t, append([]string{"events", "--json", "--home", dir}, args...)...)), &rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	townships := list("--at", "2018-10-31")
	into := map[division.Code]int{}
	for _, e := range townships {
		for _, u := range e.Before {
			if u.Level == "township" {
				into[e.After[0].Code]++
			}
		}
		if !strings.Contains(e.Note, "文号待补") || !e.Synthetic {
			t.Errorf("%+v", e)
		}
	}
	if len(townships) != 6 || into["330727001000"] != 1 || into["330727002000"] != 2 || into["330727109000"] != 2 || into["330727212000"] != 2 {
		t.Errorf("%d events of townships: %v", len(townships), into)
	}
	all := list()
	lost := 0
	for _, e := range list("--from", "2018-11-01") {
		lost += len(e.Before) - len(e.After)
	}
	if lost != 371-236 {
		t.Errorf("the villages became %d fewer", lost)
	}
	// A second demonstration adds nothing.
	mustRun(t, "demo", "--home", dir)
	if again := list(); len(again) != len(all) {
		t.Errorf("%d events, then %d", len(all), len(again))
	}
	file := filepath.Join(t.TempDir(), "rename.json")
	if err := os.WriteFile(file, []byte(`{"kind":"rename","date":"2024-01-01","units":["330727104"],"results":[{"name":"大盘山镇"}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, errs := yutu(t, "", "event", file, "--dry-run", "--home", dir); !strings.Contains(errs, "1 个版本终止") {
		t.Errorf("dry run: %s", errs)
	}
	var done struct{ Event int64 }
	if err := json.Unmarshal([]byte(mustRun(t, "event", file, "--json", "--home", dir)), &done); err != nil || done.Event == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if code, _, errs := yutu(t, "", "event", file, "--home", dir); code != exitFindings || !strings.Contains(errs, "大盘") {
		t.Errorf("recorded twice: exit %d, %s", code, errs)
	}
	if code, _, errs := yutu(t, "", "undo", "1", "--home", dir); code == exitFine || !strings.Contains(errs, fmt.Sprintf("事件 %d", done.Event)) {
		t.Errorf("undoing the import below an event: exit %d, %s", code, errs)
	}
	mustRun(t, "event", "--withdraw", fmt.Sprint(done.Event), "--home", dir)
	if rows := list("--at", "2024-01-01"); len(rows) != 1 || !rows[0].Withdrawn {
		t.Errorf("%+v", rows)
	}
	if code, _, _ := yutu(t, "", "event", "--home", dir); code == exitFine {
		t.Error("an event of nothing")
	}
	mustRun(t, "undo", "1", "--home", dir)
}
