package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/scaffold"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func pluginNewCommand(env Environment) *cobra.Command {
	var clone string
	languages := scaffold.Languages()
	cmd := &cobra.Command{
		Use:   "new " + strings.Join(languages, "|") + " NAME",
		Short: "Write the files of a new plugin",
		Long: `Writes a working plugin into the folder NAME, which must not contain files yet:
the plugin, its test, a Dockerfile and a README with the next steps. The plugin
adds an attribute from a label of the pod.`,
		Example: `  pod-status-logger plugin new go team
  pod-status-logger plugin new python team`,
		Args:              newPluginArguments,
		ValidArgsFunction: completeLanguage,
		RunE: func(cmd *cobra.Command, args []string) error {
			p := scaffold.Plugin{Language: args[0], Name: args[1], Version: env.Version}
			if clone != "" {
				path, err := filepath.Abs(clone)
				if err != nil {
					return err
				}
				p.Clone = path
			}
			names, err := p.Write(p.Name)
			if err != nil {
				return fmt.Errorf("plugin new: %w", err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s into %s; its README has the next steps\n",
				strings.Join(names, ", "), p.Name)
			return err
		},
	}
	cmd.Flags().StringVar(&clone, "clone", "",
		"`folder` of a clone of pod-status-logger to build a plugin in Go with; default: the published module")
	return cmd
}

func newPluginArguments(cmd *cobra.Command, args []string) error {
	languages := scaffold.Languages()
	if len(args) != 2 || !slices.Contains(languages, args[0]) {
		return config.Usage(fmt.Errorf("%s needs a language, one of %s, and the name of the plugin",
			pathOf(cmd), strings.Join(languages, ", ")))
	}
	if err := record.CheckPluginName(args[1]); err != nil {
		return config.Usage(fmt.Errorf("%s: %w", pathOf(cmd), err))
	}
	return nil
}

func completeLanguage(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return scaffold.Languages(), cobra.ShellCompDirectiveNoFileComp
}
