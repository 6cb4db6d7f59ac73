// Package events decides which Events of Kubernetes become records, and makes these
// records. An Event is an object that its reporter patches each time the same thing
// happens again; there is one record for each piece of news: a new Event, and then
// whenever its count has reached the next power of two. So a loop of 10,000 repeats
// makes 14 records, without a clock and the same ones after a restart.
//
// [Rules] are pure functions. A [Tracker] has the last reported power of each Event
// that the API server still has.
package events
