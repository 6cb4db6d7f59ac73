package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// announceEvery is the least time between two announcements of dropped records: while
// the journal is full, each group drops some.
const announceEvery = 10 * time.Second

// unannounced returns a channel that fires when it is time to announce dropped records,
// nil if there are none.
func (p *Pipeline) unannounced() <-chan time.Time {
	if p.set.Journal.Dropped().Records == 0 {
		return nil
	}
	return time.After(announceEvery - time.Since(p.announced))
}

// announce emits a record about the records that the journal dropped since the last
// announcement, and returns their number.
func (p *Pipeline) announce(ctx context.Context) (dropped uint64, err error) {
	d := p.set.Journal.Dropped()
	now := time.Now()
	if d.Records == 0 || now.Sub(p.announced) < announceEvery {
		return 0, nil
	}
	p.announced = now
	if p.set.OnDropped != nil {
		p.set.OnDropped(d)
	}
	r := record.Record{
		Time:    now,
		Level:   record.LevelError,
		Message: fmt.Sprintf("%d records were dropped before they were sent, because the journal was full", d.Records),
		Action:  record.Drop,
		ID: record.NewID(p.set.Rules.Cluster, "", now.UTC().Format(time.RFC3339Nano), record.Drop,
			fmt.Sprint(d.FirstSeq, "-", d.LastSeq), 0),
		Dropped: &record.Dropped{
			Records: d.Records, FirstSeq: d.FirstSeq, LastSeq: d.LastSeq,
			Total: p.set.Journal.Stats().Signals[journal.Logs].Totals.Dropped,
		},
	}
	return d.Records, p.emitOne(ctx, &r)
}
