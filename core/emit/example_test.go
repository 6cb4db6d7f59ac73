package emit_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// A record becomes a line for stdout. Write retries until stdout has taken it.
func ExampleEmitter() {
	ctx := context.Background()
	emitter := emit.New(emit.Settings{
		Cluster: "prod",
		Stdout:  emit.NewStdout(os.Stdout, emit.Pretty{}, func(err error) { fmt.Println(err) }),
	})
	r := &record.Record{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local), Action: record.Create, Message: "pod shop/cart-0 was created",
		Pod: &record.Pod{Namespace: "shop", Name: "cart-0", Phase: "Pending"}, ResourceVersion: "7", Seq: 1,
	}
	if err := emitter.Emit(ctx, r); err != nil {
		fmt.Println(err)
	}
	if err := emitter.Write(ctx, emitter.Take()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 03:04:05.000  create      shop/cart-0                        was created
}
