package main

import (
	"regexp"
	"strings"
)

// The habits. Each has a limit per 1,000 words, at or above what model codebases have.
var (
	what  = regexp.MustCompile(`(?i)\b(?:what|whatever|who) (?:it|is|are|was|were|has|have|had|can|could|they|there|nobody|somebody|comes?|goes|must|does)\b`)
	tell  = regexp.MustCompile(`(?i)\b(?:tells?|told|telling)\b`)
	where = regexp.MustCompile(`(?i)\b(?:empty|nil|zero|only|except|also|even|but|and),? where\b|[.;:,(] where (?:it|that|there|no|nothing|one|the|a|an|this|these|they)\b`)

	word     = regexp.MustCompile(`[A-Za-z][A-Za-z'-]*`)
	sentence = regexp.MustCompile(`[.!?](?:\s+|$)`)
)

const (
	maxWhat     = 0.7
	maxTell     = 0.3
	maxWhere    = 1.4
	maxSentence = 20.0
	// minWords is the size from which rates are meaningful: below it a single match is over the limit,
	// so small texts are allowed one match of each habit.
	minWords = 1000
)

// text is the prose of one page, package or proto file: paragraphs of running text, and fragments
// (headings, table cells, list items without a full stop) that count for habits only.
type text struct {
	paragraphs []string
	fragments  []string
}

type measurement struct {
	words, what, tell, where int
	sentences, inSentences   int
	hits                     []string
}

func (t *text) measure() measurement {
	var m measurement
	for _, p := range t.paragraphs {
		m.habits(p)
		for _, s := range sentence.Split(p, -1) {
			if n := len(word.FindAllString(s, -1)); n > 0 {
				m.sentences++
				m.inSentences += n
			}
		}
	}
	for _, f := range t.fragments {
		m.habits(f)
	}
	return m
}

func (m *measurement) habits(s string) {
	m.words += len(word.FindAllString(s, -1))
	m.what += m.count(what, s)
	m.tell += m.count(tell, s)
	m.where += m.count(where, s)
}

func (m *measurement) count(habit *regexp.Regexp, s string) int {
	found := habit.FindAllStringIndex(s, -1)
	for _, at := range found {
		from, to := max(0, at[0]-40), min(len(s), at[1]+40)
		m.hits = append(m.hits, strings.TrimSpace(s[from:to]))
	}
	return len(found)
}

func (m *measurement) perThousand(n int) float64 {
	return 1000 * float64(n) / float64(max(1, m.words))
}

// sentence returns the average length of a sentence in words.
func (m *measurement) sentence() float64 {
	return float64(m.inSentences) / float64(max(1, m.sentences))
}

func (m *measurement) over() bool {
	return m.exceeds(m.what, maxWhat) || m.exceeds(m.tell, maxTell) || m.exceeds(m.where, maxWhere) ||
		m.sentences >= 10 && m.sentence() > maxSentence
}

func (m *measurement) exceeds(n int, limit float64) bool {
	if m.words < minWords && n <= 1 {
		return false
	}
	return m.perThousand(n) > limit
}
