package main

import (
	"fmt"

	"yutu/geo"
)

const checkHelp = `检查文件而不连接数据库、不写入任何内容。WHAT：topology（界线与代码）。
有错误时退出码为 1。

Checks a file without a database and writes nothing. WHAT: topology (rings, codes, parents). Exits with 1 if there are
errors.`

type checkCmd struct {
	What string `arg:"" help:"topology" enum:"topology"`
	File string `arg:"" help:"文件 · File."`
	readFlags
}

// Help returns the text of yutu check --help.
func (checkCmd) Help() string { return checkHelp }

func (c checkCmd) Run(a *app) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	_, report, err := a.readFiles([]string{c.File}, options, newKnownUnits())
	if err != nil {
		return err
	}
	worst, _ := geo.Worst(report.Findings)
	if a.JSON {
		err = a.writeJSON(map[string]any{"findings": report.Findings, "records": report.Records, "units": report.Units})
	} else {
		a.printFindings(a.stdout, report.Findings)
		fmt.Fprintln(a.stdout, a.summary(report.Findings))
	}
	if err == nil && worst == geo.Error {
		err = errReported
	}
	return err
}
