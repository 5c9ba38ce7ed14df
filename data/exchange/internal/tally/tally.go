// Package tally collects findings and keeps their number in bounds: a file with a million faults of one kind is
// told about the first thousand and about how many there are.
package tally

import (
	"fmt"
	"slices"

	"yutu/geo"
)

// PerRule is how many findings of one rule are kept.
const PerRule = 1000

// List collects findings. The zero value is empty and ready.
type List struct {
	kept  []geo.Finding
	seen  map[string]int
	worst map[string]geo.Severity
}

// Add keeps f, or only counts it once its rule has filled its share.
func (l *List) Add(f geo.Finding) {
	if l.seen == nil {
		l.seen, l.worst = map[string]int{}, map[string]geo.Severity{}
	}
	if l.seen[f.Rule]++; l.seen[f.Rule] <= PerRule {
		l.kept = append(l.kept, f)
	} else {
		l.worst[f.Rule] = max(l.worst[f.Rule], f.Severity)
	}
}

// Omitted is how many findings were counted only.
func (l *List) Omitted() int {
	n := 0
	for rule := range l.worst {
		n += l.seen[rule] - PerRule
	}
	return n
}

// All returns what was kept, in the order in which it came, and for every rule of which more was found one
// finding that says how much, as severe as the worst it stands for.
func (l *List) All(file string) []geo.Finding {
	out := slices.Clone(l.kept)
	rules := make([]string, 0, len(l.worst))
	for rule := range l.worst {
		rules = append(rules, rule)
	}
	slices.Sort(rules)
	for _, rule := range rules {
		n := l.seen[rule] - PerRule
		out = append(out, geo.Finding{
			Rule: "findings-omitted", Severity: l.worst[rule], File: file,
			Message: geo.Text{
				ZH: fmt.Sprintf("规则 %s 共有 %d 条，另有 %d 条未列出。", rule, l.seen[rule], n),
				EN: fmt.Sprintf("Rule %s has %d findings; %d of them are not listed.", rule, l.seen[rule], n),
			},
			Advice: geo.Text{ZH: "请先处理已列出的问题，再检查一次。", EN: "Mend what is listed first, then check again."},
		})
	}
	return out
}
