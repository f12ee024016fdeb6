package main

import (
	"runtime/debug"
	"testing"

	"github.com/simsid/simsid/internal/cli"
)

// What "go install simsid@v1.2.3" builds knows its version from Go; a checkout knows its commit, and its version is nobody's yet.
func TestBuildInfo(t *testing.T) {
	checkout := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123abc"}, {Key: "vcs.time", Value: "2026-11-22T09:00:00Z"}}
	for _, c := range []struct {
		info debug.BuildInfo
		want cli.Build
	}{
		{debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, cli.Build{Version: "1.2.3"}},
		{debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-20261122090000-0123abc"}, Settings: checkout}, cli.Build{Version: "dev", Commit: "0123abc", Date: "2026-11-22T09:00:00Z"}},
		{debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, cli.Build{Version: "dev"}},
		{debug.BuildInfo{}, cli.Build{Version: "dev"}},
	} {
		got := cli.Build{Version: "dev"}
		if addBuildInfo(&got, &c.info); got != c.want {
			t.Errorf("%+v is %+v, want %+v", c.info.Main, got, c.want)
		}
	}
}
