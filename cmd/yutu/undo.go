package main

import (
	"fmt"
	"os/user"
	"text/tabwriter"
	"time"
)

const undoHelp = `撤销一次导入：数据恢复到导入之前的样子，撤销本身也记入日志。
若之后的改动依赖于这次导入，则说明是哪一次并拒绝执行。编号见 yutu imports。

Takes an import back: the data are as they were before it, and the taking back is logged as well. If later changes
build on the import, the command names them and refuses. yutu imports lists the numbers.`

type undoCmd struct {
	ID int64 `arg:"" name:"import-id" help:"导入编号 · Number of the import."`
}

// Help returns the text of yutu undo --help.
func (undoCmd) Help() string { return undoHelp }

func (c undoCmd) Run(a *app) error {
	db, err := a.openDatabase(false)
	if err != nil {
		return err
	}
	defer db.Close()
	result, err := db.UndoImport(a.ctx, c.ID, actor())
	if err != nil {
		return err
	}
	if a.JSON {
		return a.writeJSON(result)
	}
	a.tell("已撤销导入 %d：撤下 %d 条，恢复 %d 条，找回 %d 条。", "Import %d was taken back: %d removed, %d restored, %d brought back.",
		c.ID, result.Added, result.Changed, result.Withdrawn)
	return nil
}

type importsCmd struct {
	Limit int `help:"最多列出多少条 · How many to list." default:"20"`
}

func (c importsCmd) Run(a *app) error {
	db, err := a.openDatabase(false)
	if err != nil {
		return err
	}
	defer db.Close()
	list, err := db.Imports(a.ctx, c.Limit)
	if err != nil {
		return err
	}
	if a.JSON {
		return a.writeJSON(list)
	}
	if len(list) == 0 {
		a.tell("还没有导入记录。", "Nothing was imported yet.")
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, i := range list {
		state := ""
		if i.Undone {
			state = map[string]string{"zh": "已撤销", "en": "undone"}[a.Lang]
		}
		file := i.File
		if i.Undoes != 0 {
			file = fmt.Sprintf(map[string]string{"zh": "撤销导入 %d", "en": "undo of %d"}[a.Lang], i.Undoes)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t+%d\t~%d\t−%d\t%s\n", i.ID, i.Time.In(time.Local).Format("2006-01-02 15:04"),
			i.Actor, file, i.Added, i.Changed, i.Withdrawn, state)
	}
	return w.Flush()
}

// actor names who runs the command in the audit log, until there are accounts.
func actor() string {
	if u, err := user.Current(); err == nil {
		return "cli:" + u.Username
	}
	return "cli"
}
