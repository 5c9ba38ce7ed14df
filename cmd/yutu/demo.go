package main

import (
	"fmt"
	"path/filepath"

	"yutu/data/pg"
	"yutu/data/synth"
)

const demoHelp = `生成合成示范县（或合成省），连同其真值一起写在工作目录的 demo/ 下，并载入数据库。
示范数据全部标明“合成”，导入真实数据时自动撤下。数据库中已有真实数据时拒绝执行。

Makes a synthetic county (or province) from a seed, writes it with its known truth under demo/ in the home
directory, and loads it. Everything is labelled synthetic and gives way to real data by itself; beside real data
the command refuses to work.`

type demoCmd struct {
	Size string `help:"规模 county 或 province · Size." default:"county" enum:"county,province"`
	Seed uint64 `help:"随机种子 · Seed." default:"1"`
}

// Help returns the text of yutu demo --help.
func (demoCmd) Help() string { return demoHelp }

func (c demoCmd) Run(a *app) error {
	db, err := a.openDatabase(false)
	if err != nil {
		return err
	}
	defer db.Close()
	return c.load(a, db)
}

// loadDemoIfEmpty gives a first-time user something to look at.
func loadDemoIfEmpty(a *app, db *database) error {
	imports, err := db.Imports(a.ctx, 1)
	if err != nil {
		return err
	}
	total, _, err := db.DivisionCount(a.ctx)
	if err != nil {
		return err
	}
	// A database that was emptied on purpose has a history and is left alone.
	if total > 0 || len(imports) > 0 {
		return nil
	}
	return demoCmd{Size: "county", Seed: 1}.load(a, db)
}

func (c demoCmd) load(a *app, db *database) error {
	total, synthetic, err := db.DivisionCount(a.ctx)
	if err != nil {
		return err
	}
	if total > synthetic {
		return refuse("数据库中已有 %d 条真实区划，不再载入示范数据。请用 --home 另选目录",
			"the database holds %d real divisions; demonstration data are not loaded beside them: choose another --home", total-synthetic)
	}
	name := fmt.Sprintf("%s-%d", c.Size, c.Seed)
	if synthetic > 0 {
		if err := withdrawOtherDemo(a, db, name); err != nil {
			return err
		}
	}
	bar := a.progress("生成示范数据", "Making demonstration data")
	world, err := generate(a.ctx, synth.Options{
		Size: synth.Size(c.Size), Seed: c.Seed,
		Progress: func(done, total int) { bar.update(int64(done), int64(total)) },
	})
	bar.end()
	if err != nil {
		return err
	}
	dir := filepath.Join(a.Home, "demo", name)
	if err := world.WriteTruth(dir); err != nil {
		return err
	}
	bar = a.progress("载入数据库", "Loading")
	result, err := db.ImportDivisions(a.ctx, pg.ImportRequest{
		Actor: actor(), File: name, Events: history(world),
		Progress: func(done, total int) { bar.update(int64(done), int64(total)) },
	}, world.Units)
	bar.end()
	if err != nil {
		return err
	}
	if a.JSON {
		return a.writeJSON(map[string]any{"import": result.ID, "added": result.Added, "changed": result.Changed,
			"unchanged": result.Unchanged, "withdrawn": result.Withdrawn, "events": len(world.History), "truth": dir})
	}
	a.tell("已载入合成示范数据 %d 条、区划变更事件 %d 件（种子 %d），真值在 %s",
		"Loaded %d synthetic divisions and %d events of their past (seed %d); their truth is in %s",
		len(world.Units), len(world.History), c.Seed, dir)
	return nil
}

// generate is a variable for tests alone: they make the same county many times.
var generate = synth.Generate

// history is the world's past as the store takes it.
func history(w *synth.World) []pg.HistoricEvent {
	key := func(i int) pg.VersionKey { return pg.VersionKey{Code: w.Units[i].Code, From: w.Units[i].Valid.From} }
	out := make([]pg.HistoricEvent, 0, len(w.History))
	for _, c := range w.History {
		e := pg.HistoricEvent{Event: c.Event, Synthetic: true}
		for _, l := range c.Edges {
			e.Edges = append(e.Edges, pg.HistoricEdge{
				Before: key(l.Before), After: key(l.After), AreaShare: l.AreaShare, AreaM2: l.AreaM2, PopulationShare: &l.PeopleShare,
			})
		}
		out = append(out, e)
	}
	return out
}

// withdrawOtherDemo takes an earlier demonstration back: two made-up worlds do not fit together.
func withdrawOtherDemo(a *app, db *database, name string) error {
	imports, err := db.Imports(a.ctx, 100)
	if err != nil {
		return err
	}
	for _, i := range imports {
		if i.Undone || i.Undoes != 0 || i.File == name {
			continue
		}
		if _, err := db.UndoImport(a.ctx, i.ID, actor()); err != nil {
			return err
		}
	}
	return nil
}
