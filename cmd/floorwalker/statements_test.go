package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// builders are the functions that put statements together, each with the reason why no value gets into them.
var builders = map[string]string{
	"behaviour makePartition":        "a partition's name and bounds are made of a month's digits",
	"behaviour dropBefore":           "a partition's name was read as a month before",
	"retrieval browse":               limits,
	"retrieval textLeg":              limits,
	"retrieval textScores":           limits,
	"retrieval vectorLeg":            limits,
	"retrieval expected":             limits,
	"cmd/floorwalker exportTable":    "a table's name as PostgreSQL lists it, quoted",
	"cmd/floorwalker scratchOn":      "a database for measuring, under a random name of our own",
	"chaos birth":                    "an empty database of the trial, under a name of our own",
	"embedded/pgtest ensureTemplate": "a test's own database, under a name of our own",
	"embedded/pgtest execute":        "the same",
}

// limits: hard limits become conditions with numbered parameters; retrieval's TestValuesOfLimitsAreParameters holds that.
const limits = "conditions with numbered parameters"

// TestStatementsAreConstant reads the syntax of every package: what is sent to PostgreSQL is text that the compiler knows,
// so that no value, whoever sent it, becomes a part of a statement.
func TestStatementsAreConstant(t *testing.T) {
	loaded, err := packages.Load(&packages.Config{Dir: filepath.Join("..", ".."),
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	statements, used := 0, map[string]bool{}
	for _, p := range loaded {
		for _, err := range p.Errors {
			t.Fatal(err)
		}
		n, found := variableStatements(p.Fset, p.Syntax, p.TypesInfo)
		statements += n
		for _, f := range found {
			where := strings.TrimPrefix(p.PkgPath, "floorwalker/") + " " + f.function
			if used[where] = true; builders[where] == "" {
				t.Errorf("%s: the statement in %s is not constant; give values as parameters", f.at, where)
			}
		}
	}
	for where := range builders {
		if !used[where] {
			t.Errorf("%s puts no statement together any more; strike it", where)
		}
	}
	if statements < 200 {
		t.Errorf("only %d statements were found", statements)
	}
}

func TestTheCheckOfStatementsFindsValuesInThem(t *testing.T) {
	const head = `package p
		type database struct{ update string }
		func (database) Exec(sql string, args ...any) {}
		const columns = "a, b"
		func text() string { return "" }
		`
	for name, c := range map[string]struct {
		constant bool
		code     string
	}{
		"constant":                          {true, `func f(d database, v string) { d.Exec("SELECT " + columns + " FROM t WHERE a = $1", v) }`},
		"one of two constants":              {true, `func f(d database, other bool) { q := "SELECT 1"; if other { q = "SELECT 2" }; d.Exec(q) }`},
		"all of a list":                     {true, `func f(d database) { for _, q := range []string{"a", "b"} { d.Exec(q) } }`},
		"values of a map":                   {true, `func f(d database) { for name, q := range map[string]string{"a": "b"} { d.Exec(q, name) } }`},
		"handed on by its name":             {true, `func f(d database, sql string, v int) { d.Exec(sql, v) }; func g(d database) { f(d, "SELECT $1", 1) }`},
		"kept in a field":                   {true, `func f(d database) { d.update = "UPDATE t"; d.Exec(d.update) }`},
		"a value in between":                {false, `func f(d database, v string) { d.Exec("SELECT '" + v + "'") }`},
		"a value in a variable":             {false, `func f(d database, v string) { q := "SELECT "; q += v; d.Exec(q) }`},
		"a value handed on":                 {false, `func f(d database, sql string) { d.Exec(sql) }; func g(d database, v string) { f(d, v) }`},
		"a value in a field":                {false, `func f(d database, v string) { d.update = v; d.Exec(d.update) }`},
		"a value in a new struct":           {false, `func f(v string) { d := database{update: v}; d.Exec(d.update) }`},
		"a list of values":                  {false, `func f(d database, all []string) { for _, q := range all { d.Exec(q) } }`},
		"what a function returns":           {false, `func f(d database) { d.Exec(text()) }`},
		"what is written through a pointer": {false, `func g(*string) {}; func f(d database) { q := ""; g(&q); d.Exec(q) }`},
		"one of several returned":           {false, `func g() (string, error) { return "", nil }; func f(d database) { q, _ := g(); d.Exec(q) }`},
	} {
		t.Run(name, func(t *testing.T) {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, "p.go", head+c.code, 0)
			if err != nil {
				t.Fatal(err)
			}
			info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
				Selections: map[*ast.SelectorExpr]*types.Selection{}}
			if _, err := (&types.Config{}).Check("p", files, []*ast.File{file}, info); err != nil {
				t.Fatal(err)
			}
			if n, found := variableStatements(files, []*ast.File{file}, info); n == 0 || (len(found) == 0) != c.constant {
				t.Errorf("of %d statements %v are taken for variable", n, found)
			}
		})
	}
}

// variable is a statement that is not constant.
type variable struct {
	at       token.Position
	function string
}

// variableStatements counts the statements that a package sends, and lists those that are not constant. A statement is
// what stands for a parameter of the name sql, as pgx and our own functions call it, or for that of pgx's Batch.Queue.
func variableStatements(files *token.FileSet, syntax []*ast.File, info *types.Info) (n int, found []variable) {
	s := given{info: info, values: map[types.Object][]ast.Expr{}, unknown: map[types.Object]bool{}, parameters: map[types.Object]bool{}}
	for _, file := range syntax {
		ast.Inspect(file, s.note)
	}
	for _, file := range syntax {
		for _, d := range file.Decls {
			name := "var"
			if f, ok := d.(*ast.FuncDecl); ok {
				name = f.Name.Name
			}
			ast.Inspect(d, func(node ast.Node) bool {
				call, ok := node.(*ast.CallExpr)
				if !ok {
					return true
				}
				if at := statementOf(call, info); at >= 0 {
					if n++; !s.constant(call.Args[at], map[types.Object]bool{}) {
						found = append(found, variable{files.Position(call.Pos()), name})
					}
				}
				return true
			})
		}
	}
	return n, found
}

// statementOf is which argument of a call is a statement, -1 for none.
func statementOf(call *ast.CallExpr, info *types.Info) int {
	signature, ok := info.TypeOf(call.Fun).(*types.Signature)
	if !ok {
		return -1
	}
	for i := range signature.Params().Len() {
		p := signature.Params().At(i)
		if basic, ok := p.Type().(*types.Basic); !ok || basic.Kind() != types.String || i >= len(call.Args) {
			continue
		}
		if p.Name() == "sql" || p.Name() == "query" && p.Pkg() != nil && strings.HasSuffix(p.Pkg().Path(), "jackc/pgx/v5") {
			return i
		}
	}
	return -1
}

// given says what the variables and fields of a package are given.
type given struct {
	info       *types.Info
	values     map[types.Object][]ast.Expr
	unknown    map[types.Object]bool
	parameters map[types.Object]bool
}

func (s *given) object(e ast.Expr) types.Object {
	switch e := e.(type) {
	case *ast.Ident:
		return s.info.ObjectOf(e)
	case *ast.SelectorExpr:
		return s.info.ObjectOf(e.Sel)
	case *ast.ParenExpr:
		return s.object(e.X)
	}
	return nil
}

func (s *given) give(to, value ast.Expr) {
	if o := s.object(to); o != nil {
		s.values[o] = append(s.values[o], value)
	}
}

func (s *given) giveUp(to ast.Expr) {
	if o := s.object(to); o != nil {
		s.unknown[o] = true
	}
}

func (s *given) note(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			if len(n.Lhs) == len(n.Rhs) {
				s.give(to, n.Rhs[i])
			} else {
				s.giveUp(to)
			}
		}
	case *ast.ValueSpec:
		for i, to := range n.Names {
			switch {
			case len(n.Values) == len(n.Names):
				s.give(to, n.Values[i])
			case len(n.Values) > 0:
				s.giveUp(to)
			default:
				s.values[s.info.ObjectOf(to)] = []ast.Expr{} // the empty text, so far
			}
		}
	case *ast.RangeStmt:
		list, ok := n.X.(*ast.CompositeLit)
		for i, to := range []ast.Expr{n.Key, n.Value} {
			switch {
			case to == nil:
			case !ok:
				s.giveUp(to)
			default:
				for _, e := range list.Elts {
					if pair, ok := e.(*ast.KeyValueExpr); ok {
						e = []ast.Expr{pair.Key, pair.Value}[i]
					} else if i == 0 {
						continue // the key of a list is a number
					}
					s.give(to, e)
				}
			}
		}
	case *ast.CompositeLit:
		of, ok := s.info.TypeOf(n).Underlying().(*types.Struct)
		for i, e := range n.Elts {
			if pair, named := e.(*ast.KeyValueExpr); !ok {
			} else if named {
				s.give(pair.Key, pair.Value)
			} else {
				s.values[of.Field(i)] = append(s.values[of.Field(i)], e)
			}
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			s.giveUp(n.X)
		}
	case *ast.FuncType:
		for _, list := range []*ast.FieldList{n.Params, n.Results} {
			if list == nil {
				continue
			}
			for _, field := range list.List {
				for _, name := range field.Names {
					s.parameters[s.info.ObjectOf(name)] = true
				}
			}
		}
	}
	return true
}

// constant is true for what is made of constants alone. A parameter called sql is: its calls are looked at as well.
func (s *given) constant(e ast.Expr, within map[types.Object]bool) bool {
	if s.info.Types[e].Value != nil {
		return true
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return s.constant(e.X, within)
	case *ast.BinaryExpr:
		return s.constant(e.X, within) && s.constant(e.Y, within)
	case *ast.Ident, *ast.SelectorExpr:
		o := s.object(e)
		if s.parameters[o] {
			return o.Name() == "sql"
		}
		values, known := s.values[o]
		if !known || s.unknown[o] {
			return false
		}
		if within[o] {
			return true
		}
		within[o] = true
		for _, v := range values {
			if !s.constant(v, within) {
				return false
			}
		}
		return true
	}
	return false
}

func (v variable) String() string { return fmt.Sprintf("%s in %s", v.at, v.function) }
