package geo

import (
	"encoding/json"
	"testing"
)

func TestFindingSaysOnlyWhatItKnows(t *testing.T) {
	b, err := json.Marshal(Finding{Rule: "r", Severity: Warning, Message: Text{ZH: "甲", EN: "a"}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"rule":"r","severity":"warning","message":{"zh":"甲","en":"a"}}`
	if string(b) != want {
		t.Errorf("got %s\nwant %s", b, want)
	}
	var f Finding
	if err := json.Unmarshal(b, &f); err != nil || f.Severity != Warning {
		t.Errorf("read back %v, %v", f, err)
	}
	if json.Unmarshal([]byte(`{"severity":"fatal"}`), &f) == nil {
		t.Error("an unknown severity was accepted")
	}
}

func TestWorst(t *testing.T) {
	fs := []Finding{{Severity: Info}, {Severity: Warning}, {Severity: Warning}}
	if s, n := Worst(fs); s != Warning || n != 2 {
		t.Errorf("Worst = %v, %d", s, n)
	}
	if s, n := Worst(nil); s != Info || n != 0 {
		t.Errorf("Worst of nothing = %v, %d", s, n)
	}
}
