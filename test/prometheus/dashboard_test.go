package prometheus

import (
	"strings"
	"testing"
)

// board is what matters of Grafana's model of a dashboard.
type board struct {
	UID, Title    string
	SchemaVersion int
	Inputs        any `json:"__inputs"`
	Panels        []panel
	Annotations   struct {
		List []struct {
			Name, Expr string
			Datasource source
		}
	}
	Templating struct {
		List []struct {
			Name, Type, Definition, AllValue string
			Query                            any
			Datasource                       source
		}
	}
}

type panel struct {
	ID          int
	Type, Title string
	Datasource  source
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct {
		RefID, Expr, LegendFormat string
		Datasource                source
	}
}

type source struct{ Type, UID string }

func dashboard(t *testing.T) (d board) {
	t.Helper()
	decode(t, read(t, dashboardPath), &d)
	return d
}

// TestDashboard: what Grafana wants of a dashboard, and what a provisioned one
// needs: an id that stays, and no data source that is asked for at an import.
func TestDashboard(t *testing.T) {
	d := dashboard(t)
	if d.UID != "pod-status-logger" || d.Title == "" || d.SchemaVersion < 36 || d.Inputs != nil {
		t.Errorf("uid %q, title %q, schemaVersion %d, inputs %v", d.UID, d.Title, d.SchemaVersion, d.Inputs)
	}
	mine := source{"prometheus", "${datasource}"}
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if p.ID <= 0 || ids[p.ID] || p.Title == "" {
			t.Errorf("panel %q has the id %d", p.Title, p.ID)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			continue
		}
		if p.Datasource != mine || len(p.Targets) == 0 {
			t.Errorf("panel %q has the data source %v and %d queries", p.Title, p.Datasource, len(p.Targets))
		}
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if target.Datasource != mine || refs[target.RefID] || target.RefID == "" {
				t.Errorf("panel %q has a query %q of %v", p.Title, target.RefID, target.Datasource)
			}
			refs[target.RefID] = true
			for _, variable := range []string{`namespace=~"$namespace"`, `instance=~"$instance"`} {
				if !strings.Contains(target.Expr, variable) {
					t.Errorf("panel %q does not heed %s: %s", p.Title, variable, target.Expr)
				}
			}
		}
	}
	var names []string
	for _, v := range d.Templating.List {
		names = append(names, v.Name)
		if v.Type == "query" && (v.Datasource != mine || v.AllValue != ".*") {
			t.Errorf("variable %s is of %v, and all of it is %q", v.Name, v.Datasource, v.AllValue)
		}
	}
	if got := strings.Join(names, " "); got != "datasource namespace instance" {
		t.Errorf("the variables are %s", got)
	}
}

// TestDashboardGrid: panels are within the 24 columns and on top of none other.
func TestDashboardGrid(t *testing.T) {
	taken := map[[2]int]string{}
	for _, p := range dashboard(t).Panels {
		g := p.GridPos
		if g.X < 0 || g.Y < 0 || g.W <= 0 || g.H <= 0 || g.X+g.W > 24 {
			t.Errorf("panel %q is at %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other, ok := taken[[2]int{x, y}]; ok {
					t.Fatalf("panels %q and %q overlap", other, p.Title)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}
