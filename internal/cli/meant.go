package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/simsid/simsid/internal/word"
)

// mistyped is the error of "simsid logn --help", whose help would be that of what lies above.
func mistyped(cmd *cobra.Command) error {
	args := cmd.Flags().Args()
	switch {
	case len(args) == 0 || !cmd.HasSubCommands():
		return nil
	case !cmd.HasParent():
		return noArguments(cmd, args)
	}
	return parent(cmd, args)
}

// nearCommand is the command below parent, or at the top the topic, that a word was meant to be; "" where none is near.
func nearCommand(parent *cobra.Command, typed string) string {
	if parent == nil {
		return ""
	}
	var names []string
	for _, sub := range parent.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			names = append(names, sub.Name())
		}
	}
	if !parent.HasParent() {
		for _, t := range topics() {
			names = append(names, t.name)
		}
	}
	if own := ownWord(parent, typed); own != "" {
		return parent.CommandPath() + " " + own
	}
	// The beginning of a name is near to it, however short.
	near := word.Nearest(typed, names)
	if i := slices.IndexFunc(names, func(name string) bool { return typed != "" && strings.HasPrefix(name, typed) }); i >= 0 {
		near = names[i]
	}
	if near == "" {
		return ""
	}
	return parent.CommandPath() + " " + near
}

// ownWord is the command below parent that goes by another word elsewhere; "" where that isn't known.
func ownWord(parent *cobra.Command, typed string) string {
	typed = strings.ToLower(typed)
	if parent.HasParent() {
		switch typed {
		case "ls":
			typed = "list"
		case "rm", "delete", "del":
			typed = "remove"
		case "mv":
			typed = "move"
		case "new", "create":
			typed = "add"
		case "set", "update", "change":
			typed = "edit"
		case "view", "get":
			typed = "show"
		case "default", "switch":
			typed = "use"
		default:
			return ""
		}
		if !slices.ContainsFunc(parent.Commands(), func(c *cobra.Command) bool { return c.Name() == typed }) {
			return ""
		}
		return typed
	}
	switch typed {
	case "whoami", "who":
		return "status"
	case "show":
		return "profile show"
	case "list", "ls", "profiles":
		return "profile list"
	case "config", "configure", "init", "setup":
		return "profile add"
	case "signin", "sign-in", "auth", "authenticate":
		return "login"
	case "signout", "sign-out":
		return "logout"
	case "expect", "inspect", "verify", "jwt":
		return "decode"
	case "redact":
		return "scan"
	case "run":
		return "exec"
	case "curl", "request", "http", "fetch", "call":
		return "api"
	case "env":
		return "token --env"
	case "get-token", "access-token":
		return "token"
	}
	return ""
}

// nearFlag says which flag a mistyped one was meant to be, "" where that isn't what is wrong.
func nearFlag(cmd *cobra.Command, err error) string {
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok && bad.GetFlag().Value.Type() == "duration" {
		if n := word.Number(bad.GetValue()); n != "" && strings.Trim(n, "0123456789") == "" {
			return "did you mean: --" + bad.GetFlag().Name + " " + n + "s, or " + n + "m"
		}
	}
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return ""
	}
	if hint := curlFlag(cmd, unknown); hint != "" || unknown.GetSpecifiedShortnames() != "" {
		return hint
	}
	own := func(name string) bool {
		return cmd.Flags().Lookup(name) != nil || cmd.InheritedFlags().Lookup(name) != nil
	}
	switch name := unknown.GetSpecifiedName(); {
	case name == "emulator" && own("profile") && !namesProfileItself(cmd):
		return "the emulator is a profile: -p emulator"
	case (name == "user" || name == "username") && own("as"):
		return "did you mean: --as"
	case name == "json":
		return "did you mean: -o json"
	case name == "version" && cmd.HasParent():
		return "did you mean: simsid version"
	}
	near := word.Nearest(unknown.GetSpecifiedName(), append(flagNames(cmd), "json"))
	if begun := flagsBegunBy(cmd, unknown.GetSpecifiedName()); len(begun) == 1 {
		near = begun[0]
	}
	switch near {
	case "":
		return ""
	case "json":
		return "did you mean: -o json"
	}
	return "did you mean: --" + near
}

// flagsBegunBy are the flags whose names begin with what was typed.
func flagsBegunBy(cmd *cobra.Command, typed string) []string {
	return slices.DeleteFunc(flagNames(cmd), func(name string) bool { return typed == "" || !strings.HasPrefix(name, typed) })
}

// curlFlag says what stands at api for a flag that curl has.
func curlFlag(cmd *cobra.Command, unknown *pflag.NotExistError) string {
	if cmd.CommandPath() != "simsid api" {
		return ""
	}
	if strings.HasPrefix(unknown.GetSpecifiedShortnames(), "X") {
		return "the method stands first: simsid api POST PATH"
	}
	switch unknown.GetSpecifiedName() {
	case "request":
		return "the method stands first: simsid api POST PATH"
	case "data-binary", "data-raw", "body", "json":
		return "the body is given by --data: TEXT, @FILE, or @- for standard input"
	case "fail", "fail-with-body":
		return "it is so without a flag: a status of 400 or more is an error"
	}
	return ""
}
