package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// initCmd writes the settings file.
type initCmd struct {
	File string `arg:"" optional:"" default:"floorwalker.env" help:"Where to; never over a file that is there."`
}

// Run writes every setting of serve, commented out, with its default.
func (c *initCmd) Run(k *kong.Context, std streams) error {
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; name another file, or take it away first", c.File)
	}
	if err != nil {
		return fmt.Errorf("write the settings: %w", err)
	}
	_, err = f.Write(settingsTemplate(k.Model))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the settings: %w", err)
	}
	fmt.Fprintf(std.out, "%s holds every setting. Take the # away from those that you change; `floorwalker doctor` says whether they work.\n", c.File)
	return nil
}

// setting is one of serve's that the environment and the settings file can give.
type setting struct{ name, flag, value, help string }

// allSettings are serve's, in the order of its flags.
func allSettings(app *kong.Application) []setting {
	var all []setting
	for _, command := range app.Children {
		if command.Name != "serve" {
			continue
		}
		for _, flag := range command.Flags {
			if len(flag.Envs) == 0 {
				continue
			}
			s := setting{name: flag.Envs[0], flag: "--" + flag.Name, value: flag.Default, help: flag.Help}
			if flag.Enum != "" {
				s.help += " One of " + strings.ReplaceAll(flag.Enum, ",", ", ") + "."
			}
			all = append(all, s)
		}
	}
	return all
}

func settingsTemplate(app *kong.Application) []byte {
	var b bytes.Buffer
	b.WriteString(`# Settings of Floorwalker: NAME=value on each line. A flag or the environment goes before what stands here.
# A secret can stand in a file of its own: DATABASE_URL_FILE=/run/secrets/database and so on for each name.
`)
	for _, s := range allSettings(app) {
		fmt.Fprintf(&b, "\n# %s\n#%s=%s\n", s.help, s.name, s.value)
	}
	return b.Bytes()
}

// settingsReference is docs/settings.md.
func settingsReference(app *kong.Application) []byte {
	var b bytes.Buffer
	b.WriteString(`# Settings
Generated from the code. A flag goes before the environment, the environment before the settings file: ` + "`floorwalker.env`" + ` in
the working folder or the one that ` + "`--config`" + ` names; ` + "`floorwalker init`" + ` writes one. A line that names no setting, or whose value
can't be read, stops the start with its number. Each name also takes its value from a file: ` + "`DATABASE_URL_FILE=/run/secrets/database`" + `.
` + "`floorwalker doctor`" + ` looks at what the settings lead to.

| name | flag | default | what |
|---|---|---|---|
`)
	for _, s := range allSettings(app) {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", s.name, s.flag, strings.ReplaceAll(s.value, "|", `\|`), strings.ReplaceAll(s.help, "|", `\|`))
	}
	return b.Bytes()
}
