package status

// The tables of the rules as rows of cells in Markdown, from which docs/records.md is
// generated.

// ContainerTable returns the states and levels of a container: when, state, level.
func ContainerTable() (rows [][]string) {
	for _, r := range containerRules() {
		rows = append(rows, []string{r.when, "`" + r.state.String() + "`", r.level.String()})
	}
	return rows
}

// SummaryTable returns the summary states of a pod: when, state, level.
func SummaryTable() (rows [][]string) {
	for _, r := range summaryRules() {
		rows = append(rows, []string{r.when, r.state, r.level})
	}
	return rows
}

// ConditionTable returns the conditions that have records: condition, whether it has
// one beside records about containers, level.
func ConditionTable() (rows [][]string) {
	for _, r := range conditionRules() {
		rows = append(rows, []string{r.name, r.beside, r.leveling})
	}
	return rows
}
