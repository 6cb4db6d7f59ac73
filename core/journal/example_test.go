package journal_test

import (
	"context"
	"fmt"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

// A producer commits groups, and the consumer of a signal acknowledges what its receiver has.
func Example() {
	ctx := context.Background()
	j := journal.NewMemory(journal.Options{Capacity: 64 << 20})
	group := journal.Group{
		Records: map[journal.Signal][][]byte{journal.Logs: {[]byte("create pod"), []byte("start container")}},
		Emitted: 2, Seq: 2,
	}
	if err := j.Commit(ctx, group); err != nil {
		fmt.Println(err)
	}
	logs := j.Outbox(journal.Logs)
	batch, err := logs.Next(ctx, 1<<20, 100)
	if err != nil {
		fmt.Println(err)
	}
	sent, rest := batch.Cut(1) // the receiver takes one only
	if err := logs.Ack(sent); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%s was sent, %s waits\n", sent.Records[0], rest.Records[0])
	fmt.Println("records in the journal:", logs.Stats().Records)
	// Output:
	// create pod was sent, start container waits
	// records in the journal: 1
}
