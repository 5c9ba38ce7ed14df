package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"yutu/geo"
)

// writeJSON writes one value for machines.
func (a *app) writeJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printFindings writes findings for people: where, what is wrong, what to do. Errors come first.
func (a *app) printFindings(w io.Writer, findings []geo.Finding) {
	marks := map[geo.Severity]geo.Text{
		geo.Error:   {ZH: "错误", EN: "error"},
		geo.Warning: {ZH: "警告", EN: "warning"},
		geo.Info:    {ZH: "说明", EN: "note"},
	}
	for _, severity := range []geo.Severity{geo.Error, geo.Warning, geo.Info} {
		for _, f := range findings {
			if f.Severity != severity {
				continue
			}
			var where []string
			if f.File != "" {
				where = append(where, f.File)
			}
			if f.Record > 0 {
				where = append(where, a.say(geo.Text{ZH: fmt.Sprintf("第 %d 条", f.Record), EN: fmt.Sprintf("record %d", f.Record)}))
			}
			if f.Object != "" {
				where = append(where, f.Object)
			}
			if f.Position != nil {
				where = append(where, fmt.Sprintf("%.6f,%.6f", f.Position[0], f.Position[1]))
			}
			fmt.Fprintf(w, "%s [%s] %s\n    %s\n", a.say(marks[severity]), f.Rule, strings.Join(where, " · "), a.say(f.Message))
			if advice := a.say(f.Advice); advice != "" {
				fmt.Fprintf(w, "    → %s\n", advice)
			}
			if f.Basis != "" {
				fmt.Fprintf(w, "    § %s\n", f.Basis)
			}
		}
	}
}

// summary counts findings by severity in one sentence.
func (a *app) summary(findings []geo.Finding) string {
	var n [3]int
	for _, f := range findings {
		n[f.Severity]++
	}
	return a.say(geo.Text{
		ZH: fmt.Sprintf("%d 个错误，%d 个警告，%d 条说明", n[geo.Error], n[geo.Warning], n[geo.Info]),
		EN: fmt.Sprintf("%d errors, %d warnings, %d notes", n[geo.Error], n[geo.Warning], n[geo.Info]),
	})
}

// progress shows how far a step is: a bar on a terminal, a line every few seconds elsewhere, nothing in JSON mode.
type progress struct {
	update func(done, total int64)
	end    func()
}

func (a *app) progress(zh, en string) progress {
	title := a.say(geo.Text{ZH: zh, EN: en})
	if a.JSON {
		return progress{func(int64, int64) {}, func() {}}
	}
	if f, ok := a.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		bars := mpb.New(mpb.WithOutput(f), mpb.WithWidth(48))
		bar := bars.AddBar(0,
			mpb.PrependDecorators(decor.Name(title+" ")),
			mpb.AppendDecorators(decor.Percentage(), decor.Name(" "), decor.Elapsed(decor.ET_STYLE_GO)))
		var once sync.Once
		return progress{
			update: func(done, total int64) {
				bar.SetTotal(total, false)
				bar.SetCurrent(done)
			},
			end: func() {
				once.Do(func() {
					bar.SetTotal(-1, true)
					bars.Wait()
				})
			},
		}
	}
	var mu sync.Mutex
	last := time.Now()
	return progress{
		update: func(done, total int64) {
			mu.Lock()
			defer mu.Unlock()
			if time.Since(last) < 2*time.Second || total <= 0 {
				return
			}
			last = time.Now()
			fmt.Fprintf(a.stderr, "%s %d %%\n", title, 100*done/total)
		},
		end: func() {},
	}
}
