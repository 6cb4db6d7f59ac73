package prometheus

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pod-status-logger/pod-status-logger/test/program"
)

// targetLabels are those that Prometheus adds.
var targetLabels = []string{"cluster", "namespace", "job", "instance"}

// exposition is what the program shows: for each series name its labels, with
// their values.
type exposition map[string]map[string][]string

// scrape runs the program without an API server and without a receiver: all of
// its series are there from the start.
func scrape(t *testing.T) (page string, series exposition) {
	t.Helper()
	address := startProgram(t, "http://127.0.0.1:1", "http://127.0.0.1:1")
	page, err := program.Get(t, "http://"+address+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	return page, seriesOf(t, page)
}

func seriesOf(t *testing.T, page string) exposition {
	t.Helper()
	textParser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := textParser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	series := exposition{}
	for name, f := range families {
		names := []string{name}
		if f.GetType() == dto.MetricType_HISTOGRAM {
			names = []string{name + "_bucket", name + "_sum", name + "_count"}
		}
		for _, name := range names {
			series[name] = map[string][]string{"le": nil}
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					series[name][l.GetName()] = append(series[name][l.GetName()], l.GetValue())
				}
			}
		}
	}
	return series
}

// TestExposition has Prometheus' own tool check what the program shows.
func TestExposition(t *testing.T) {
	page, _ := scrape(t)
	promtool(t, page, "check", "metrics")
}

// TestNames: alerts and dashboard parse, and ask for nothing that there is not:
// no metric, no label, no value of a label.
func TestNames(t *testing.T) {
	_, series := scrape(t)
	series["up"] = map[string][]string{}
	used := map[string]bool{}
	for _, r := range rules(t) {
		series.check(t, r.Alert, r.Expr, used)
		for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(r.Annotations["description"], -1) {
			if !slices.Contains(targetLabels, m[1]) && !slices.Contains(series.labelsIn(t, r.Expr), m[1]) {
				t.Errorf("%s: its description has the label %s, which is not in %s", r.Alert, m[1], r.Expr)
			}
		}
	}
	for _, e := range dashboardQueries(t) {
		series.check(t, e.where, e.expr, used)
	}
	for _, name := range slices.Sorted(maps.Keys(series)) {
		base := strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count")
		if strings.HasPrefix(name, "pod_status_logger_") && !used[name] && !used[base+"_bucket"] {
			t.Errorf("neither an alert nor the dashboard shows %s", name)
		}
	}
}

func parse(t *testing.T, where, expr string) parser.Expr {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %s: %v", where, expr, err)
	}
	return parsed
}

func (e exposition) labelsIn(t *testing.T, expr string) (names []string) {
	t.Helper()
	parser.Inspect(parse(t, "", expr), func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			names = slices.AppendSeq(names, maps.Keys(e[s.Name]))
		}
		return nil
	})
	return names
}

// check looks at one expression, and notes which metrics it uses.
func (e exposition) check(t *testing.T, where, expr string, used map[string]bool) {
	t.Helper()
	known := slices.Concat(targetLabels, e.labelsIn(t, expr))
	knows := func(names []string) {
		for _, name := range names {
			if !slices.Contains(known, name) {
				t.Errorf("%s: there is no label %s in %s", where, name, expr)
			}
		}
	}
	parser.Inspect(parse(t, where, expr), func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			used[n.Name] = true
			e.checkSelector(t, where, n)
		case *parser.AggregateExpr:
			knows(n.Grouping)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				knows(n.VectorMatching.MatchingLabels)
			}
		}
		return nil
	})
}

func (e exposition) checkSelector(t *testing.T, where string, s *parser.VectorSelector) {
	t.Helper()
	have, ok := e[s.Name]
	if !ok {
		t.Errorf("%s: there is no metric %s", where, s.Name)
		return
	}
	for _, m := range s.LabelMatchers {
		values, ok := have[m.Name]
		switch {
		case m.Name == model.MetricNameLabel, slices.Contains(targetLabels, m.Name):
		case !ok:
			t.Errorf("%s: %s has no label %s", where, s.Name, m.Name)
		case (m.Type == labels.MatchEqual || m.Type == labels.MatchNotEqual) && !slices.Contains(values, m.Value):
			t.Errorf("%s: the label %s of %s is never %q but one of %v", where, m.Name, s.Name, m.Value, values)
		}
	}
}

type query struct{ where, expr string }

// dashboardQueries returns the expressions of the dashboard, with values for its
// variables.
func dashboardQueries(t *testing.T) (all []query) {
	t.Helper()
	variables := strings.NewReplacer("$__rate_interval", "5m", "$namespace", ".*", "$instance", ".*")
	d := dashboard(t)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all = append(all, query{"panel " + p.Title, variables.Replace(target.Expr)})
		}
	}
	for _, a := range d.Annotations.List {
		all = append(all, query{"annotation " + a.Name, variables.Replace(a.Expr)})
	}
	asked := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		m := asked.FindStringSubmatch(v.Definition)
		if m == nil || v.Query == nil || !slices.Contains(targetLabels, m[2]) {
			t.Errorf("variable %s asks for %q", v.Name, v.Definition)
			continue
		}
		all = append(all, query{"variable " + v.Name, variables.Replace(m[1])})
	}
	return all
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}
