package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"yutu/data/atlas"
	"yutu/data/pg"
	"yutu/data/seed"
	"yutu/geo"
	"yutu/geo/division"
)

const eventsHelp = `列出区划变更事件：日期、种类、批准文号、变更前后的单位。

Lists the events of the divisions: date, kind, number of the approval, and the units before and after.

    yutu events --from 2018-01-01 --to 2020-12-31
    yutu events --at 2018-10-31`

type eventsCmd struct {
	At   string `help:"只列这一天的 · Of this day alone." placeholder:"YYYY-MM-DD" xor:"from,to"`
	From string `help:"自该日起 · The first day." placeholder:"YYYY-MM-DD" xor:"from"`
	To   string `help:"至该日止 · The last day." placeholder:"YYYY-MM-DD" xor:"to"`
}

// Help returns the text of yutu events --help.
func (eventsCmd) Help() string { return eventsHelp }

// eventRow is an event as --json lists it.
type eventRow struct {
	ID        int64              `json:"id"`
	Kind      division.EventKind `json:"kind"`
	Date      division.Date      `json:"date"`
	Document  division.Document  `json:"document"`
	Note      string             `json:"note"`
	Actor     string             `json:"actor"`
	Synthetic bool               `json:"synthetic"`
	Withdrawn bool               `json:"withdrawn"`
	Before    []eventUnit        `json:"before"`
	After     []eventUnit        `json:"after"`
}

type eventUnit struct {
	Code  division.Code `json:"code"`
	Name  string        `json:"name"`
	Level string        `json:"level"`
}

func (c eventsCmd) days() (division.Range, error) {
	days := division.Always
	for _, x := range []struct {
		text string
		day  *division.Date
		add  division.Date
	}{{c.At, &days.From, 0}, {c.At, &days.To, 1}, {c.From, &days.From, 0}, {c.To, &days.To, 1}} {
		if x.text == "" {
			continue
		}
		d, err := division.ParseDate(x.text)
		if err != nil {
			return days, refuse("“%s”不是日期，请写成 2026-01-31 的形式", "%q is not a date: write it like 2026-01-31", x.text)
		}
		*x.day = d + x.add
	}
	return days, nil
}

func (c eventsCmd) Run(a *app) error {
	days, err := c.days()
	if err != nil {
		return err
	}
	db, err := a.openDatabase(false)
	if err != nil {
		return err
	}
	defer db.Close()
	snapshot, err := atlas.Load(a.ctx, db.Store)
	if err != nil {
		return err
	}
	rows := []eventRow{}
	for _, e := range snapshot.Events(days, "") {
		rows = append(rows, eventRow{e.ID, e.Kind, e.Date, e.Document, e.Note, e.Actor, e.Synthetic, e.Withdrawn != nil, eventUnits(e.Before), eventUnits(e.After)})
	}
	if a.JSON {
		return a.writeJSON(rows)
	}
	if len(rows) == 0 {
		a.tell("没有区划变更事件。", "There are no events.")
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		state := ""
		if r.Withdrawn {
			state = a.say(geo.Text{ZH: "已撤回", EN: "withdrawn"})
		}
		number := r.Document.Number
		if number == "" {
			number = a.say(geo.Text{ZH: "文号待补", EN: "no document"})
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s → %s\t%s\n", r.ID, r.Date, a.say(eventKinds[r.Kind]), number, topmost(r.Before), topmost(r.After), state)
	}
	return w.Flush()
}

func eventUnits(items []*atlas.Item) []eventUnit {
	out := make([]eventUnit, len(items))
	for i, it := range items {
		out[i] = eventUnit{it.Unit.Code, it.Unit.Name, it.Unit.Level.String()}
	}
	return out
}

// topmost names the units of the first one's level.
func topmost(units []eventUnit) string {
	var names []string
	for _, u := range units {
		if u.Level == units[0].Level {
			names = append(names, u.Name)
		}
	}
	if len(names) > 6 {
		names = append(names[:5], fmt.Sprintf("… (%d)", len(names)))
	}
	return strings.Join(names, "、")
}

// eventKinds are the kinds in the words of people.
var eventKinds = map[division.EventKind]geo.Text{
	division.Establish: {ZH: "设立", EN: "establish"}, division.Abolish: {ZH: "撤销", EN: "abolish"},
	division.Merge: {ZH: "合并", EN: "merge"}, division.Split: {ZH: "拆分", EN: "split"},
	division.Transfer: {ZH: "划转", EN: "transfer"}, division.Rename: {ZH: "更名", EN: "rename"},
	division.Recode: {ZH: "变更代码", EN: "recode"}, division.Upgrade: {ZH: "改设", EN: "upgrade"},
	division.Reseat: {ZH: "驻地迁移", EN: "reseat"}, division.Adjust: {ZH: "界线变更", EN: "adjust"},
}

const eventHelp = `记录一件区划变更，或撤回误录的一件。FILE 是 POST /api/v1/divisions/events 的 JSON，“-”为标准输入。
不能记录时列出全部理由，什么也不写入；--dry-run 只说明会发生什么。

Records an event, or withdraws one that was recorded in error. FILE is the JSON of POST /api/v1/divisions/events, "-" is
standard input. If the event cannot be, all reasons are listed and nothing is written; --dry-run only says what would
happen.

    yutu event 合并.json --dry-run
    yutu event --withdraw 12 --reason 录入有误`

type eventCmd struct {
	File     string `arg:"" optional:"" help:"事件的 JSON 文件 · File with the event." placeholder:"FILE"`
	DryRun   bool   `name:"dry-run" help:"只预览，不写入 · Write nothing."`
	Withdraw int64  `help:"撤回该编号的事件 · Withdraw the event with this number." placeholder:"ID"`
	Reason   string `help:"撤回的原因 · Why it is withdrawn." default:"录入有误"`
}

// Help returns the text of yutu event --help.
func (eventCmd) Help() string { return eventHelp }

func (c eventCmd) Run(a *app) error {
	if (c.File == "") == (c.Withdraw == 0) {
		return refuse("请给出事件文件，或用 --withdraw 给出要撤回的编号", "give a file with an event, or the number of one to --withdraw")
	}
	if c.Withdraw != 0 && c.DryRun {
		return refuse("--dry-run 不用于撤回", "--dry-run does not go with --withdraw")
	}
	var request division.Request
	if c.File != "" {
		var bad []division.Refusal
		text, err := readRequest(a, c.File)
		if err != nil {
			return err
		}
		if request, bad = division.DecodeRequest(text); len(bad) > 0 {
			return a.refuseEvent(bad)
		}
	}
	codes, err := seed.CodeRanges()
	if err != nil {
		return err
	}
	db, err := a.openDatabase(false)
	if err != nil {
		return err
	}
	defer db.Close()
	order := pg.EventRequest{Actor: actor(), Codes: codes, Request: request}
	switch {
	case c.Withdraw != 0:
		seq, err := db.WithdrawEvent(a.ctx, c.Withdraw, actor(), c.Reason)
		if err != nil {
			return err
		}
		if a.JSON {
			return a.writeJSON(map[string]int64{"event": c.Withdraw, "seq": seq})
		}
		a.tell("已撤回事件 %d。", "Event %d was withdrawn.", c.Withdraw)
		return nil
	case c.DryRun:
		plan, err := db.PlanEvent(a.ctx, order)
		if err != nil {
			return err
		}
		if len(plan.Refusals) > 0 {
			return a.refuseEvent(plan.Refusals)
		}
		if a.JSON {
			return a.writeJSON(map[string]any{"request": plan.Effect.Request, "ends": len(plan.Effect.End), "begins": len(plan.Effect.Begin),
				"amends": len(plan.Effect.Amend), "warnings": plan.Effect.Warnings})
		}
		a.printFindings(a.stderr, findingsOf(plan.Effect.Warnings))
		a.tell("可以记录：%d 个版本终止，%d 个版本开始，%d 个版本的边界增加顶点。什么也没有写入。",
			"It can be recorded: %d versions end, %d begin, %d get vertices on their border. Nothing was written.",
			len(plan.Effect.End), len(plan.Effect.Begin), len(plan.Effect.Amend))
		return nil
	}
	done, err := db.RecordEvent(a.ctx, order)
	var e *pg.Error
	if errors.Is(err, pg.ErrRefused) && errors.As(err, &e) {
		return a.refuseEvent(e.Refusals)
	}
	if err != nil {
		return err
	}
	if a.JSON {
		return a.writeJSON(map[string]any{"event": done.ID, "seq": done.Seq, "warnings": done.Warnings})
	}
	a.printFindings(a.stderr, findingsOf(done.Warnings))
	a.tell("已记录事件 %[1]d；撤回：yutu event --withdraw %[1]d", "Recorded as event %[1]d; to take it back: yutu event --withdraw %[1]d", done.ID)
	return nil
}

func readRequest(a *app, file string) ([]byte, error) {
	in := a.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return io.ReadAll(io.LimitReader(in, division.MaxRequestBytes+1))
}

// refuseEvent prints the reasons and returns errReported.
func (a *app) refuseEvent(reasons []division.Refusal) error {
	if a.JSON {
		return errors.Join(a.writeJSON(map[string]any{"refusals": reasons}), errReported)
	}
	a.printFindings(a.stderr, findingsOf(reasons))
	return errReported
}

func findingsOf(refusals []division.Refusal) []geo.Finding {
	out := make([]geo.Finding, len(refusals))
	for i := range refusals {
		out[i] = refusals[i].Finding
	}
	return out
}
