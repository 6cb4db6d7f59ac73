package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/core/otlp"
)

func configCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check or print the configuration",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("unknown command %q; %s has check and print", args[0], cmd.CommandPath()))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	check := &cobra.Command{
		Use:   "check",
		Short: "Tell what is wrong with the configuration",
		Long:  "Reads flags, environment and file as run does, and tells all that is wrong with them. Exit status 2: something is.",
		Args:  noArguments,
		RunE: configured(env, func(cmd *cobra.Command, _ []string, c Config) error {
			if _, err := otlp.SettingsFromEnv(c.receiver(), env.lookup); err != nil {
				return usage(err)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "ok")
			return err
		}),
	}
	show := &cobra.Command{
		Use:   "print",
		Short: "Print the configuration that is in force, defaults included",
		Args:  noArguments,
		RunE: configured(env, func(cmd *cobra.Command, _ []string, c Config) error {
			b, err := yaml.Marshal(c)
			if err != nil {
				return fmt.Errorf("print configuration: %w", err)
			}
			_, err = cmd.OutOrStdout().Write(b)
			return err
		}),
	}
	for _, sub := range []*cobra.Command{check, show} {
		addFlags(sub, clusterFlags, outputFlags)
		cmd.AddCommand(sub)
	}
	return cmd
}

// receiver is what the configuration says about the OTLP receiver.
func (c *Config) receiver() otlp.Config {
	return otlp.Config{Endpoint: c.OTLP.Endpoint, Protocol: c.OTLP.Protocol}
}
