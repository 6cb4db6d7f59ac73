package record_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// row is a row of the contract's table: key on stdout, name and place over OTLP, type.
type row struct {
	key, otlp string
	place     record.Place
	typ       record.Type
}

// contract is the expected table. It uses the constants of semantic conventions, so
// that a misspelled key is found.
var contract = []row{
	{"time", "Timestamp", record.Own, record.Time},
	{"level", "SeverityText", record.Own, record.String},
	{"msg", "Body", record.Own, record.String},
	{"", "EventName", record.Own, record.String},
	{"action", "podstatus.action", record.Attribute, record.String},
	{"state", "podstatus.state", record.Attribute, record.String},
	{"reason", "podstatus.reason", record.Attribute, record.String},
	{"info", "podstatus.info", record.Attribute, record.String},
	{"pod", string(semconv.K8SPodNameKey), record.Resource, record.String},
	{"namespace", string(semconv.K8SNamespaceNameKey), record.Resource, record.String},
	{"pod_uid", string(semconv.K8SPodUIDKey), record.Resource, record.String},
	{"node", string(semconv.K8SNodeNameKey), record.Resource, record.String},
	{"cluster", string(semconv.K8SClusterNameKey), record.Resource, record.String},
	{"phase", string(semconv.K8SPodStatusPhaseKey), record.Attribute, record.String},
	{"object_kind", "podstatus.object.kind", record.Attribute, record.String},
	{"object_name", "podstatus.object.name", record.Attribute, record.String},
	{"event_type", "podstatus.event.type", record.Attribute, record.String},
	{"event_count", "podstatus.event.count", record.Attribute, record.Int},
	{"event_source", "podstatus.event.source", record.Attribute, record.String},
	{"rollout_status", "podstatus.rollout.status", record.Attribute, record.String},
	{"generation", "podstatus.object.generation", record.Attribute, record.Int},
	{"replicas_desired", "podstatus.replicas.desired", record.Attribute, record.Int},
	{"replicas_updated", "podstatus.replicas.updated", record.Attribute, record.Int},
	{"replicas_ready", "podstatus.replicas.ready", record.Attribute, record.Int},
	{"replicas_available", "podstatus.replicas.available", record.Attribute, record.Int},
	{"replicas_succeeded", "podstatus.replicas.succeeded", record.Attribute, record.Int},
	{"replicas_failed", "podstatus.replicas.failed", record.Attribute, record.Int},
	{"container", string(semconv.K8SContainerNameKey), record.Attribute, record.String},
	{"container_type", "podstatus.container.type", record.Attribute, record.String},
	{"image", string(semconv.ContainerImageNameKey), record.Attribute, record.String},
	{"ready", "podstatus.container.ready", record.Attribute, record.Bool},
	{"restart_count", string(semconv.K8SContainerRestartCountKey), record.Attribute, record.Int},
	{"exit_code", "podstatus.container.exit_code", record.Attribute, record.Int},
	{"signal", "podstatus.container.signal", record.Attribute, record.Int},
	{"device", "podstatus.device.id", record.Attribute, record.String},
	{"device_health", "podstatus.device.health", record.Attribute, record.String},
	{"condition", "podstatus.condition.type", record.Attribute, record.String},
	{"condition_status", "podstatus.condition.status", record.Attribute, record.String},
	{"occurred_at", "podstatus.occurred_at", record.Attribute, record.Time},
	{"", string(semconv.K8SContainerStatusStateKey), record.Attribute, record.String},
	{"", string(semconv.K8SContainerStatusReasonKey), record.Attribute, record.String},
	{"", string(semconv.K8SPodStatusReasonKey), record.Attribute, record.String},
	{"", string(semconv.ServiceNameKey), record.Resource, record.String},
	{"", string(semconv.ServiceNamespaceKey), record.Resource, record.String},
	{"", string(semconv.ServiceVersionKey), record.Resource, record.String},
	{"", string(semconv.ServiceInstanceIDKey), record.Resource, record.String},
	{"", string(semconv.K8SDeploymentNameKey), record.Resource, record.String},
	{"", string(semconv.K8SReplicaSetNameKey), record.Resource, record.String},
	{"", string(semconv.K8SStatefulSetNameKey), record.Resource, record.String},
	{"", string(semconv.K8SDaemonSetNameKey), record.Resource, record.String},
	{"", string(semconv.K8SJobNameKey), record.Resource, record.String},
	{"", string(semconv.K8SCronJobNameKey), record.Resource, record.String},
	{"trace_id", "TraceId", record.Own, record.String},
	{"span_id", "SpanId", record.Own, record.String},
	{"enrichment", "podstatus.enrichment", record.Attribute, record.String},
	{"initial", "podstatus.initial", record.Attribute, record.Bool},
	{"recovered", "podstatus.recovered", record.Attribute, record.Bool},
	{"dropped", "podstatus.dropped.records", record.Attribute, record.Int},
	{"dropped_first_seq", "podstatus.dropped.first_seq", record.Attribute, record.Int},
	{"dropped_last_seq", "podstatus.dropped.last_seq", record.Attribute, record.Int},
	{"dropped_total", "podstatus.dropped.total", record.Attribute, record.Int},
	{"gap_from", "podstatus.gap.from", record.Attribute, record.Time},
	{"gap_to", "podstatus.gap.to", record.Attribute, record.Time},
	{"resource_version", "podstatus.resource_version", record.Attribute, record.String},
	{"record_id", string(semconv.LogRecordUIDKey), record.Attribute, record.String},
	{"seq", "podstatus.seq", record.Attribute, record.Int},
	{"truncated", "podstatus.truncated", record.Attribute, record.Bool},
}

func TestFieldsAreTheContracts(t *testing.T) {
	var got []row
	for _, f := range record.Fields() {
		got = append(got, row{f.Key, f.OTLP, f.Place, f.Type})
		if f.Present == "" {
			t.Errorf("field %q (%s) doesn't say when it is present", f.Key, f.OTLP)
		}
	}
	if diff := cmp.Diff(contract, got, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("table of fields (-want +got):\n%s", diff)
	}
}

func TestLabelPrefixIsSemconvs(t *testing.T) {
	if got, want := record.AttrLabelPrefix+"team", string(semconv.K8SPodLabel("team", "").Key); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFieldsAreUnique(t *testing.T) {
	keys, otlp := map[string]bool{}, map[string]bool{}
	for _, f := range record.Fields() {
		if f.Key == "" && f.OTLP == "" {
			t.Errorf("a field is nowhere: %+v", f)
		}
		if f.Key != "" && keys[f.Key] {
			t.Errorf("key %q is there twice", f.Key)
		}
		if f.OTLP != "" && otlp[f.OTLP] {
			t.Errorf("%q is there twice", f.OTLP)
		}
		keys[f.Key], otlp[f.OTLP] = true, true
	}
}

// TestFieldsIsACopy checks that a change of the result does not change the table.
func TestFieldsIsACopy(t *testing.T) {
	record.Fields()[0].Key = "changed"
	if got := record.Fields()[0].Key; got != record.KeyTime {
		t.Errorf("first key is %q", got)
	}
}

func TestLookups(t *testing.T) {
	for _, f := range record.Fields() {
		if f.Key != "" && !record.IsKey(f.Key) {
			t.Errorf("IsKey(%q) = false", f.Key)
		}
		got := record.ByAttribute(f.OTLP)
		if isAttribute := f.Place != record.Own; (got != nil) != isAttribute || got != nil && *got != f {
			t.Errorf("ByAttribute(%q) = %+v, want one: %v", f.OTLP, got, isAttribute)
		}
	}
	for _, key := range []string{"Namespace", "POD_UID", "k8s.pod.name", "Service.Name"} {
		if !record.IsKey(key) {
			t.Errorf("IsKey(%q) = false", key)
		}
	}
	for _, key := range []string{"", "team", "label.pod", "k8s.pod.label.app"} {
		if record.IsKey(key) {
			t.Errorf("IsKey(%q) = true", key)
		}
	}
	if f := record.ByAttribute("bundle.id"); f != nil {
		t.Errorf("ByAttribute(bundle.id) = %+v", f)
	}
}

// TestConstantsAreInTheTable checks that every constant for a key is in the table.
func TestConstantsAreInTheTable(t *testing.T) {
	keys, attributes := 0, 0
	for name, value := range constants(t, "key.go") {
		switch {
		case strings.HasSuffix(name, "Prefix"):
		case strings.HasPrefix(name, "Attr"):
			attributes++
			if record.ByAttribute(value) == nil {
				t.Errorf("%s (%q) is not in the table", name, value)
			}
		case strings.HasPrefix(name, "Key"):
			keys++
			if !record.IsKey(value) {
				t.Errorf("%s (%q) is not in the table", name, value)
			}
		}
	}
	if attributes < 35 || keys < 6 {
		t.Errorf("found only %d Attr and %d Key constants", attributes, keys)
	}
}

// constants returns the string constants of a file with their values.
func constants(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != len(spec.Values) {
			return true
		}
		for i, name := range spec.Names {
			lit, ok := spec.Values[i].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				continue
			}
			value, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			found[name.Name] = value
		}
		return true
	})
	return found
}
