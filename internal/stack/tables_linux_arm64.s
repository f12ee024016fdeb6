#include "textflag.h"

// func tables() (from, to uintptr)
TEXT ·tables(SB), NOSPLIT, $0-16
	MOVD $runtime·pclntab(SB), R0
	MOVD R0, from+0(FP)
	MOVD $runtime·epclntab(SB), R0
	MOVD R0, to+8(FP)
	RET

// func unmap(first, size uintptr)
TEXT ·unmap(SB), NOSPLIT, $0-16
	MOVD first+0(FP), R0
	MOVD size+8(FP), R1
	MOVD $4, R2   // MADV_DONTNEED
	MOVD $233, R8 // SYS_madvise
	SVC
	RET
