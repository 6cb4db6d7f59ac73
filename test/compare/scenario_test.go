package compare

// play has the build go through everything that can happen between starts: live changes,
// broken streams, changes while it is down, history that is gone, and a receiver that is
// away.
func (r *rig) play() result {
	r.t.Helper()
	pods := r.settings.pods
	changes := pods * 5 / 2 // between two incidents
	step := func() { r.world.step(changes, pods) }

	r.world.populate(pods / 6)
	r.listed(r.start)
	r.settle()
	step()
	r.server.CutStreams()
	step()
	r.server.EndStreams()
	step()
	r.settle()

	if !r.settings.forgetful {
		r.stop(false) // with the history still there
		step()
		r.start()
		step()
		r.settle()

		r.stop(false) // with the history gone
		step()
		r.server.Expire()
		r.listed(r.start)
		step()
		r.settle()
	}

	r.server.Down() // while it runs; the history is gone with that
	step()
	r.listed(r.up)
	step()
	r.settle()
	r.deliver()

	if !r.settings.forgetful {
		r.receiver.Stop()
		r.world.step(changes/4, pods)
		r.settle()
		r.stop(true)
		r.receiver.Start(r.t)
		r.start()
		step()
		r.settle()
		r.deliver()
	}
	r.stop(false)
	r.out.lines = r.lines()
	r.out.otlp = distinct(r.otlp(), &r.out.repeated)
	return r.out
}

func (r *rig) up() {
	r.t.Helper()
	if err := r.server.Up(); err != nil {
		r.t.Fatal(err)
	}
}
