package record_test

import (
	"fmt"

	"go.opentelemetry.io/otel/attribute"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// The same change has the same ID after a restart, so a receiver can remove duplicates.
func ExampleNewID() {
	id := record.NewID("prod", "6f9c", "1001", record.Update, "web", 0)
	again := record.NewID("prod", "6f9c", "1001", record.Update, "web", 0)
	next := record.NewID("prod", "6f9c", "1002", record.Update, "web", 0)
	fmt.Println(id)
	fmt.Println("duplicate:", id == again)
	fmt.Println("next version of the pod:", id == next)
	// Output:
	// 76a2ddc53fca69f2bba5140be9d8f6a6
	// duplicate: true
	// next version of the pod: false
}

// Equal sets of labels share their memory and compare with ==.
func ExampleNewLabels() {
	cart := record.NewLabels(map[string]string{"app": "cart", "tier": "web"})
	other := record.NewLabels(map[string]string{"tier": "web", "app": "cart"})
	for key, value := range cart.All() {
		fmt.Println(key, "=", value)
	}
	fmt.Println("equal:", cart == other)
	// Output:
	// app = cart
	// tier = web
	// equal: true
}

// A label whose key is that of a field gets a prefix on stdout.
func ExampleLabelKey() {
	taken := func(key string) bool { return key == "team.name" } // by a plugin's attribute
	for _, label := range []string{"app", "pod", "team.name"} {
		fmt.Println(label, "->", record.LabelKey(label, taken))
	}
	// Output:
	// app -> app
	// pod -> label.pod
	// team.name -> label.team.name
}

// The table of fields has the name of each field on stdout and over OTLP.
func ExampleFields() {
	for _, f := range record.Fields() {
		if f.Type == record.Int && f.Place == record.Attribute {
			fmt.Printf("%-18s %s\n", f.Key, f.OTLP)
		}
	}
	// Output:
	// event_count        podstatus.event.count
	// generation         podstatus.object.generation
	// replicas_desired   podstatus.replicas.desired
	// replicas_updated   podstatus.replicas.updated
	// replicas_ready     podstatus.replicas.ready
	// replicas_available podstatus.replicas.available
	// replicas_succeeded podstatus.replicas.succeeded
	// replicas_failed    podstatus.replicas.failed
	// restart_count      k8s.container.restart_count
	// exit_code          podstatus.container.exit_code
	// signal             podstatus.container.signal
	// dropped            podstatus.dropped.records
	// dropped_first_seq  podstatus.dropped.first_seq
	// dropped_last_seq   podstatus.dropped.last_seq
	// dropped_total      podstatus.dropped.total
	// seq                podstatus.seq
}

// A host rejects attributes that could be mistaken for those of another plugin.
func ExampleCheckAttributes() {
	fmt.Println(record.CheckAttributes("team", []attribute.KeyValue{attribute.String("team.name", "checkout")}))
	fmt.Println(record.CheckAttributes("team", []attribute.KeyValue{attribute.String("owner.name", "checkout")}))
	// Output:
	// <nil>
	// attribute "owner.name" does not begin with "team." and a name
}
