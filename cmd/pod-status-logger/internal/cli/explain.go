package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/explain"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/term"
)

func explainCommand(env Environment) *cobra.Command {
	var f timeline.Filter
	cmd := &cobra.Command{
		Use:   "explain POD [FILE...|-]",
		Short: "Explain in sentences why a pod failed",
		Long: `Explains in sentences why a pod failed: the cause first, then where the pod
comes from, what followed and how often, what Kubernetes reported, and what
usually helps, with a page of Kubernetes' documentation. The causes are those of
a table, see docs/timeline.md.

POD is a name or a pattern such as cart-* or shop/cart-*. The records come from
the files or from stdin, in any form that timeline reads.`,
		Example: `  kubectl logs deploy/pod-status-logger | pod-status-logger explain cart-0
  pod-status-logger explain 'shop/checkout-*' records.jsonl`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return config.Usage(errors.New("explain needs the name of a pod"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Pods = args[:1]
			return explainPods(cmd.OutOrStdout(), args[1:], f, env)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveDefault
		},
	}
	cmd.Flags().StringSliceVarP(&f.Namespaces, "namespace", "n", nil, "explain only pods in these `namespaces`")
	return cmd
}

func explainPods(w io.Writer, files []string, f timeline.Filter, env Environment) error {
	sources, err := openSources(files, env)
	if err != nil {
		return err
	}
	defer sources.close()
	b := timeline.NewBuilder(f)
	if err := sources.read(b.Add, env); err != nil {
		return err
	}
	var texts []string
	for _, r := range b.Build().Rollouts {
		for _, p := range r.Pods {
			texts = append(texts, layOut(explain.Pod(r, p, time.Local), env))
		}
	}
	if len(texts) == 0 {
		return fmt.Errorf("explain: there is no record of a pod %s", f.Pods[0])
	}
	_, err = io.WriteString(w, strings.Join(texts, "\n"))
	return err
}

// layOut returns a story in lines of the terminal's width.
func layOut(s explain.Story, env Environment) string {
	width := helpWidth
	if env.Stdout != nil {
		if n := widthOf(env.Stdout); n > 0 {
			width = min(n, maxHelpWidth)
		}
	}
	parts := append([]string{s.First, s.Identity}, s.Then...)
	if s.Message != "" {
		parts = append(parts, "Kubernetes reported: "+s.Message)
	}
	if s.Help != "" {
		parts = append(parts, "What helps: "+s.Help)
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(term.Wrap(p, width, !hasUnicode(env.Lookup)) + "\n")
	}
	if s.Link != "" {
		b.WriteString("See " + s.Link + "\n") // in one piece, so that terminals find it
	}
	return b.String()
}
