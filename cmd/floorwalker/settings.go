package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// settingsFile is read from the working folder where it is there; --config names another.
const settingsFile = "floorwalker.env"

// maxSetting bounds a line of the settings file and a secret's file, in bytes.
const maxSetting = 64 << 10

// line is one setting as a file gives it.
type line struct {
	number int
	value  string
}

// settings are those of a file: a name as in the environment, '=' and the value on each line, so that systemd
// (EnvironmentFile) and shells read the same file. They stand behind flags and the environment. The zero value has
// none, but still takes a setting from the file that the environment's NAME_FILE names.
type settings struct {
	file  string
	lines map[string]line
}

// readSettings reads a file. An error names the line.
func readSettings(r io.Reader) (kong.Resolver, error) {
	s := settings{file: settingsFile, lines: map[string]line{}}
	if f, ok := r.(*os.File); ok {
		s.file = f.Name()
	}
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, maxSetting)
	for n := 1; scan.Scan(); n++ {
		text := strings.TrimSpace(scan.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" {
			return nil, fmt.Errorf("%s line %d: a setting is NAME=value", s.file, n)
		}
		if before, twice := s.lines[name]; twice {
			return nil, fmt.Errorf("%s line %d: %s stands in line %d already", s.file, n, name, before.number)
		}
		if len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		s.lines[name] = line{n, value}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", s.file, err)
	}
	return s, nil
}

// Validate refuses names that no command has, so that a misspelt setting is not passed over.
func (s settings) Validate(app *kong.Application) error {
	known := map[string]bool{}
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error { //nolint:errcheck // it returns what it is given: nothing
		if flag, ok := node.(*kong.Flag); ok {
			for _, name := range flag.Envs {
				known[name], known[name+fromFile] = true, true
			}
		}
		return next(nil)
	})
	var errs []error
	for name, l := range s.lines {
		if !known[name] {
			errs = append(errs, fmt.Errorf("%s line %d: there is no setting %s; docs/settings.md lists them", s.file, l.number, name))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// fromFile ends the name of a setting whose value stands in the file that is named, as Docker, Kubernetes and systemd
// hand secrets over.
const fromFile = "_FILE"

// Resolve gives a flag's value, or nil where neither the file nor NAME_FILE has one.
func (s settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return nil, nil // kong has taken it
		}
		if path := os.Getenv(name + fromFile); path != "" {
			return secretFrom(name+fromFile, path)
		}
		if l, ok := s.lines[name+fromFile]; ok {
			return secretFrom(fmt.Sprintf("%s line %d", s.file, l.number), l.value)
		}
		if l, ok := s.lines[name]; ok {
			if err := parses(flag, l.value); err != nil {
				return nil, fmt.Errorf("%s line %d: %w", s.file, l.number, err)
			}
			return l.value, nil
		}
	}
	return nil, nil
}

// meanings say of settings what their type does not: a value that the shop could not open with is refused where it stands.
var meanings = map[string]func(value any) error{
	"FLOORWALKER_ORIGINS":          func(v any) error { return checkOrigins(v.([]string)) },
	"FLOORWALKER_CONSOLE_ORIGINS":  func(v any) error { return checkOrigins(v.([]string)) },
	"FLOORWALKER_LINK_HOSTS":       func(v any) error { return checkOrigins(v.([]string)) },
	"FLOORWALKER_IMAGE_HOSTS":      func(v any) error { return checkOrigins(v.([]string)) },
	"FLOORWALKER_SITE_KEYS":        func(v any) error { _, err := readSiteKeys(v.(map[string]string)); return err },
	"FLOORWALKER_TRUSTED_PROXIES":  func(v any) error { _, err := networks(v.([]string)); return err },
	"FLOORWALKER_WEBHOOK_NETWORKS": func(v any) error { _, err := networks(v.([]string)); return err },
	"FLOORWALKER_RATES":            func(v any) error { _, err := parseRates(v.(map[string]float64)); return err },
	"FLOORWALKER_PERSON_FROM":      func(v any) error { _, err := personRules{PersonFrom: v.(string)}.read(); return err },
	"FLOORWALKER_PERSON_TOPICS":    func(v any) error { _, err := personRules{PersonTopics: v.([]string)}.read(); return err },
	"FLOORWALKER_SPONSORED_WEIGHT": func(v any) error { return checkShare(v.(float64)) },
	"FLOORWALKER_KEEP_SESSIONS":    func(v any) error { return keeping{KeepSessions: v.(time.Duration)}.check() },
	"FLOORWALKER_KEEP_MESSAGES":    func(v any) error { return keeping{KeepMessages: v.(time.Duration)}.check() },
	"FLOORWALKER_KEEP_AUDIT":       func(v any) error { return keeping{KeepAudit: v.(time.Duration)}.check() },
}

// parses says whether the flag would take the value and the shop could work with it, so that the error can name its line.
func parses(flag *kong.Flag, value string) error {
	target := reflect.New(flag.Target.Type()).Elem()
	if err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: kong.Scan().PushTyped(value, kong.FlagValueToken)}, target); err != nil {
		return fmt.Errorf("%s: %w", flag.Envs[0], err)
	}
	if flag.Enum != "" && !slices.Contains(strings.Split(flag.Enum, ","), value) {
		return fmt.Errorf("%s is one of %s, not %q", flag.Envs[0], flag.Enum, value)
	}
	if check := meanings[flag.Envs[0]]; check != nil && value != "" {
		if err := check(target.Interface()); err != nil {
			return fmt.Errorf("%s: %w", flag.Envs[0], err)
		}
	}
	return nil
}

func secretFrom(asked, path string) (any, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, fmt.Errorf("%s: %w", asked, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSetting))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", asked, err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}
