#include "textflag.h"

// func tables() (from, to uintptr)
TEXT ·tables(SB), NOSPLIT, $0-16
	MOVQ $runtime·pclntab(SB), AX
	MOVQ AX, from+0(FP)
	MOVQ $runtime·epclntab(SB), AX
	MOVQ AX, to+8(FP)
	RET

// func unmap(first, size uintptr)
TEXT ·unmap(SB), NOSPLIT, $0-16
	MOVQ first+0(FP), DI
	MOVQ size+8(FP), SI
	MOVQ $4, DX  // MADV_DONTNEED
	MOVQ $28, AX // SYS_madvise
	SYSCALL
	RET
