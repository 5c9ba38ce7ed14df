package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yutu/data/seed"
)

// The table of the demonstration county's 19 townships becomes one of 14, on the command line as over the history in the database.
func TestCrosswalkOnTheCommandLine(t *testing.T) {
	dir := home(t)
	serve(t, "--home", dir, "--demo")
	tables, err := seed.Demo()
	if err != nil {
		t.Fatal(err)
	}
	change := tables.County.TownshipChange
	var table strings.Builder
	table.WriteString("代码,乡镇,户数\n")
	want, total := map[string]int{}, 0
	for i, old := range tables.Townships {
		if old.Into == "" && old.VillagesBefore == 0 {
			continue // a new one
		}
		into := old.Code
		if old.Into != "" {
			into = old.Into
		}
		n := 1000 + i*i
		fmt.Fprintf(&table, "%s,%s,%d\n", old.Code.Short(), old.Name, n)
		want[string(into)] += n
		total += n
	}
	file := filepath.Join(t.TempDir(), "户数.csv")
	if err := os.WriteFile(file, []byte(table.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "新户数.csv")
	args := []string{"crosswalk", "--home", dir, "--from", (change - 1).String(), "--to", change.String(), "--level", "township", file, "--column", "户数"}
	code, stdout, stderr := yutu(t, "", append(args, "-o", out)...)
	if code != exitFine || stdout != "" || !strings.Contains(stderr, fmt.Sprint(total)) {
		t.Fatalf("exit %d %s%s", code, stdout, stderr)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil || len(lines) != 15 {
		t.Fatalf("%d lines, %v:\n%s%s", len(lines), err, b, stderr)
	}
	for _, line := range lines[1:] {
		if fmt.Sprint(want[line[0]]) != line[2] || line[3] != "整体 exact" {
			t.Errorf("%v, want %d", line, want[line[0]])
		}
	}
	var doc struct {
		Totals map[string]struct{ In, Out int }
	}
	if err := json.Unmarshal([]byte(mustRun(t, append(args, "--json")...)), &doc); err != nil || doc.Totals["户数"].In != total || doc.Totals["户数"].Out != total {
		t.Errorf("%+v %v", doc, err)
	}
	if err := os.WriteFile(file, []byte(table.String()+"330727001,安文,多\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = yutu(t, "", append(args, "-o", out)...)
	after, err := os.ReadFile(out)
	if code != exitFindings || stdout != "" || !strings.Contains(stderr, "[not-numeric]") || err != nil || string(before) != string(after) {
		t.Errorf("exit %d %s%s %v", code, stdout, stderr, err)
	}
}
