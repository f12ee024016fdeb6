//go:build real && linux

package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"unsafe"
)

// traceVariable makes this test program a tracer: it runs the rest of its arguments under ptrace, and ends them by SIGKILL at the
// entry of the system call of the number that the variable gives (0: never). What it saw it writes to standard error's place 3.
const traceVariable = "SIMSID_TEST_TRACE"

// traced is what a tracer saw.
type traced struct {
	Calls  int    // system calls that count
	Posted int    // the number of the one that sent the refresh; 0: none
	Killed bool   // it was ended
	At     uint64 // the system call that it was about to make
	Code   int    // its exit code where it wasn't ended
}

// quiet are system calls that change nothing for anybody else: Go's memory, threads and waiting.
func quiet() []uint64 {
	return []uint64{
		syscall.SYS_FUTEX, syscall.SYS_NANOSLEEP, syscall.SYS_EPOLL_PWAIT, syscall.SYS_RT_SIGACTION, syscall.SYS_RT_SIGPROCMASK,
		syscall.SYS_RT_SIGRETURN, syscall.SYS_SIGALTSTACK, syscall.SYS_SCHED_YIELD, syscall.SYS_MMAP, syscall.SYS_MUNMAP,
		syscall.SYS_MADVISE, syscall.SYS_GETTID, syscall.SYS_GETPID, syscall.SYS_TGKILL, syscall.SYS_CLONE, syscall.SYS_PRLIMIT64,
		syscall.SYS_SCHED_GETAFFINITY, syscall.SYS_RESTART_SYSCALL, syscall.SYS_UNAME, syscall.SYS_BRK,
	}
}

const (
	ptraceGetSyscallInfo = 0x420e
	syscallEntry         = 1
	ptraceOExitKill      = 1 << 20
	waitAll              = 0x40000000 // __WALL
	tracedStop           = syscall.SIGTRAP | 0x80
	refreshRequest       = "POST /connect/token"
	longestTrace         = 100_000 // system calls
)

// syscallInfo is the kernel's struct ptrace_syscall_info, as far as it is needed.
type syscallInfo struct {
	op   uint8
	_    [3]uint8
	arch uint32
	ip   uint64
	sp   uint64
	nr   uint64
	args [6]uint64
	_    [24]uint8
}

// trace is the tracer's main.
func trace(args []string) int {
	runtime.LockOSThread()
	at, err := strconv.Atoi(os.Getenv(traceVariable))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "trace:", err)
		return 2
	}
	saw, err := follow(cmd.Process.Pid, at)
	if err != nil {
		fmt.Fprintln(os.Stderr, "trace:", err)
		return 2
	}
	if err := json.NewEncoder(os.NewFile(3, "report")).Encode(saw); err != nil {
		return 2
	}
	return 0
}

func follow(pid, at int) (saw traced, err error) {
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, waitAll, nil); err != nil {
		return saw, err
	}
	options := syscall.PTRACE_O_TRACESYSGOOD | syscall.PTRACE_O_TRACECLONE | ptraceOExitKill
	if err := syscall.PtraceSetOptions(pid, options); err != nil {
		return saw, err
	}
	thread, signal := pid, 0
	left := quiet()
	for range longestTrace {
		if !saw.Killed {
			// A thread that is gone by now has nothing to go on with.
			if err := syscall.PtraceSyscall(thread, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return saw, err
			}
		}
		signal = 0
		if thread, err = syscall.Wait4(-1, &ws, waitAll, nil); err != nil {
			return saw, err
		}
		switch {
		case ws.Exited() || ws.Signaled():
			if thread == pid {
				saw.Code = ws.ExitStatus()
				return saw, nil
			}
		case ws.StopSignal() == tracedStop:
			info, ok := enters(thread)
			if !ok || slices.Contains(left, info.nr) || saw.Killed {
				break
			}
			saw.Calls++
			if saw.Posted == 0 && posts(thread, info) {
				saw.Posted = saw.Calls
			}
			if saw.Calls == at {
				saw.Killed, saw.At = true, info.nr
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					return saw, err
				}
			}
		case ws.StopSignal() != syscall.SIGTRAP && ws.StopSignal() != syscall.SIGSTOP:
			signal = int(ws.StopSignal())
		}
	}
	return saw, errors.New("it goes on and on")
}

// enters reads which system call a stopped thread is about to make.
func enters(thread int) (info syscallInfo, ok bool) {
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, ptraceGetSyscallInfo, uintptr(thread), unsafe.Sizeof(info),
		uintptr(unsafe.Pointer(&info)), 0, 0)
	return info, errno == 0 && info.op == syscallEntry
}

// posts reports whether a system call sends the refresh.
func posts(thread int, info syscallInfo) bool {
	if info.nr != syscall.SYS_WRITE {
		return false
	}
	b := make([]byte, len(refreshRequest))
	n, err := syscall.PtracePeekData(thread, uintptr(info.args[1]), b)
	return err == nil && n == len(b) && string(b) == refreshRequest
}

// traced runs simsid under a tracer.
func (u *user) traced(at int, args ...string) (traced, result) {
	u.t.Helper()
	self, err := os.Executable()
	if err != nil {
		u.t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		u.t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.CommandContext(u.t.Context(), self, append([]string{binary}, args...)...)
	cmd.Env = append(slices.Clip(u.env), fmt.Sprintf("%s=%d", traceVariable, at))
	cmd.ExtraFiles = []*os.File{w}
	said := finish(u.t, cmd)
	_ = w.Close()
	var report bytes.Buffer
	if _, err := report.ReadFrom(r); err != nil {
		u.t.Fatal(err)
	}
	var saw traced
	if err := json.Unmarshal(report.Bytes(), &saw); err != nil {
		u.t.Fatalf("the tracer (ptrace must be allowed here): %v\n%s", err, said.stderr)
	}
	return saw, said
}

func TestTracer(t *testing.T) {
	s := newSTS(t)
	u := newUser(t, s, "file")
	saw, said := u.traced(0, "version")
	if saw.Calls < 10 || saw.Killed || saw.Code != 0 || said.stdout == "" {
		t.Errorf("untouched: %+v, %q", saw, said.stdout)
	}
	saw, said = u.traced(saw.Calls/2, "version")
	if !saw.Killed || said.stdout != "" {
		t.Errorf("killed half way: %+v, %q", saw, said.stdout)
	}
}
